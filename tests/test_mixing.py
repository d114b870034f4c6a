"""Mixing schedules against hand-worked shares, tasks that rest, and what the config refuses."""

import json
from collections import Counter
from functools import partial

import numpy as np
import pytest

from mtl_core.config import METHODS, Experiment
from mtl_core.config.mixing import MixedBatches, StopAndGo
from mtl_core.data.catalog import Catalog
from mtl_core.data.choosing import settle
from mtl_core.data.mixing import MIXING, Epoch, Feed
from mtl_core.data.mixing.schedules import annealed, explicit, mixed_batches, temperature
from mtl_core.data.pieces import Pieces
from mtl_core.errors import ConfigError
from mtl_core.training.resting import Resting
from mtl_core.training.setup import prepare
from mtl_core.training.trainer import train

from .conftest import tiny_experiment
from .test_batches import table

CHOICES = pytest.mark.parametrize("choice", METHODS["mixing"], ids=lambda c: c.kind_name())
ONE_AT_A_TIME = [
    c for c in METHODS["mixing"] if c.kind_name() not in {"joint", "mixed_batches"}
]  # fmt: skip
SIZES = {"a": 10, "b": 80, "c": 710}
"""With batches of 10: 1, 8 and 71 batches, 80 steps."""


def rng(seed=0):
    return np.random.default_rng(seed)


def times(plan):
    return Counter(name for step in plan for name in step)


@pytest.mark.parametrize("choice", ONE_AT_A_TIME, ids=lambda c: c.kind_name())
def test_alternating_schedules_are_as_long_as_the_proportional_one(choice):
    epoch = Epoch(SIZES, 10, number=2, count=3)
    plan = MIXING[choice](epoch, rng(), **choice().arguments())
    assert len(plan) == 80
    assert all(list(step.values()) == [None] for step in plan)


def test_temperature_by_hand():
    """τ = 2 of 100, 900 and 2500 rows: p ∝ 10, 30, 50; in 90 steps exactly 10, 30 and 50."""
    epoch = Epoch({"a": 100, "b": 900, "c": 2500}, 50)  # 2 + 18 + 50 = 70 steps
    shares = [times(temperature(epoch, rng(seed), temperature=2.0)) for seed in range(400)]
    for name, part in {"a": 10, "b": 30, "c": 50}.items():
        exact = 70 * part / 90
        found = [count[name] for count in shares]
        assert {np.floor(exact), np.ceil(exact)} >= set(found)
        assert np.mean(found) == pytest.approx(exact, abs=0.1)


def test_temperature_1_is_proportional_and_a_high_one_is_uniform():
    epoch = Epoch(SIZES, 10)
    assert times(temperature(epoch, rng(), temperature=1.0)) == {"a": 1, "b": 8, "c": 71}
    assert max(times(temperature(epoch, rng(), temperature=1000.0)).values()) <= 27


def test_annealed_by_hand():
    """Epoch 1 of 5: α = 1, so 1 : 4 : 16. Epoch 5: α = 0.5 with fall 0.5, so 1 : 2 : 4."""
    rows = {"a": 10, "b": 40, "c": 160}
    first = times(annealed(Epoch(rows, 10, 1, 5), rng(), fall=0.5))
    last = times(annealed(Epoch(rows, 10, 5, 5), rng(), fall=0.5))
    assert first == {"a": 1, "b": 4, "c": 16}
    assert last == {"a": 3, "b": 6, "c": 12}
    alone = times(annealed(Epoch(rows, 10, 1, 1), rng(), fall=0.8))
    assert alone == first


def test_explicit_numbers_are_a_ratio():
    epoch = Epoch(SIZES, 10)
    plan = explicit(epoch, rng(), probabilities={"c": 0.5, "a": 3.0, "b": 1.5})
    assert times(plan) == {"a": 48, "b": 24, "c": 8}
    assert set(times(explicit(epoch, rng(), probabilities={})).values()) <= {26, 27}


def test_random_schedules_are_mixed_not_sorted():
    plan = [next(iter(step)) for step in temperature(Epoch(SIZES, 10), rng(), temperature=2.0)]
    assert plan != sorted(plan)
    assert plan != [next(iter(s)) for s in temperature(Epoch(SIZES, 10), rng(1), temperature=2.0)]


def test_in_turn_goes_on_over_the_end_of_an_epoch():
    in_turn = MIXING[StopAndGo]
    rows = {"a": 10, "b": 10, "c": 20}  # 4 steps an epoch
    names = [
        next(iter(step)) for number in (1, 2, 3) for step in in_turn(Epoch(rows, 10, number), rng())
    ]
    assert names == ["a", "b", "c"] * 4


def test_mixed_batches_fill_a_batch_with_all_datasets_in_proportion():
    """Of 16 rows: a has 0.2, lifted to 1; 15 are left for b and c, 80 : 710, so 1.52 and 13.48."""
    plan = mixed_batches(Epoch(SIZES, 16), rng())
    assert all(list(step) == ["a", "b", "c"] and sum(step.values()) == 16 for step in plan)
    assert {step["a"] for step in plan} == {1}
    assert {step["b"] for step in plan} == {1, 2}
    many = [step["b"] for seed in range(30) for step in mixed_batches(Epoch(SIZES, 16), rng(seed))]
    assert np.mean(many) == pytest.approx(15 * 80 / 790, abs=0.05)


def test_mixed_batches_of_as_many_rows_as_datasets_hold_one_each():
    plan = mixed_batches(Epoch({"a": 1, "b": 1000, "c": 5}, 3), rng())
    assert all(step == {"a": 1, "b": 1, "c": 1} for step in plan)


@pytest.fixture(scope="module")
def tables():
    words = [["the", "tram"], ["trams", "stop", "here"], ["the", "hotel"], ["a"]] * 4
    pieces = Pieces.train(words, vocabulary=60, max_length=12)
    return {"a": table(pieces, "a", "tags", words[:7]), "b": table(pieces, "b", "other", words)}


def feed(tables, choice, only=None, **options) -> Feed:
    mixing = partial(MIXING[choice], **choice().arguments())
    settings = {"batch_size": 4, "seed": 1, "epochs": 3, **options}
    return Feed(tables=tables, mixing=mixing, only=only, **settings)


def content(batch):
    return batch.dataset, batch.ids.tolist(), {t: v.tolist() for t, v in batch.targets.items()}


@CHOICES
def test_a_feed_goes_on_where_it_stopped_with_the_very_same_batches(tables, choice):
    whole = [list(map(content, step)) for step in feed(tables, choice).batches()]
    assert len(whole) == feed(tables, choice).steps
    for start in (1, 5, len(whole) - 1):
        rest = [list(map(content, step)) for step in feed(tables, choice).batches(start)]
        assert rest == whole[start:]
    other = [list(map(content, step)) for step in feed(tables, choice, seed=2).batches()]
    assert other != whole


@CHOICES
@pytest.mark.parametrize("limit", [None, 7])
def test_a_twin_sees_the_very_batches_of_its_task(tables, choice, limit):
    for task in ("tags", "other"):
        steps = feed(tables, choice, limit=limit).batches()
        expected = [content(b) for step in steps for b in step if task in b.targets]
        alone = feed(tables, choice, only=task, limit=limit)
        assert [content(b) for step in alone.batches() for b in step] == expected
        assert alone.steps == len(expected)


def test_mixed_batches_go_through_all_rows_before_any_comes_again(tables):
    """6 steps of 4 rows; a has 7 of 23 rows: 1.2 a step, so its 7 rows are once around in 6."""
    steps = list(feed(tables, MixedBatches, epochs=1).batches())
    assert all(sum(len(batch) for batch in step) == 4 for step in steps)
    rows = [tuple(row) for step in steps for row in step[1].ids.tolist()]
    assert len(rows) in {16, 17}
    counts = Counter(tuple(i for i in row if i) for row in rows[:16])
    assert set(counts.values()) == {4}  # each of the four sentences stands in b four times


@CHOICES
def test_every_mixing_trains_from_an_experiment(make_dataset, tmp_path, choice):
    one, two = make_dataset("one"), make_dataset("two", train=9, seed=3)
    changes = {"mixing": {"kind": choice.kind_name()}, "training__steps": 3}
    experiment = tiny_experiment(one, two, training__evaluate_every=3, **changes)
    prepared = prepare(experiment, Catalog.read([]))
    last = list(train(prepared.parts, prepared.plan, tmp_path))[-1]
    assert last.step == 3 and last.metrics


def test_explicit_numbers_follow_their_datasets_when_cards_get_paths(make_dataset):
    one, two = make_dataset("one"), make_dataset("two", train=40, seed=3)
    mixing = {"kind": "explicit", "probabilities": {"one": 0.001, "two": 999}}
    data = [{"card": d.name, "tasks": ["mood"]} for d in (one, two)]
    experiment = Experiment.parse({"data": data, "mixing": mixing}, source="here")
    settled = settle(experiment, Catalog.read([]), beside=one.path.parents[1])
    assert set(settled.mixing.probabilities) == {c.card for c in settled.data}
    assert Experiment.from_yaml(settled.to_yaml()) == settled
    drawn = prepare(settled, Catalog.read([])).parts.feed
    assert {b.dataset for step in drawn.batches() for b in step} == {"two"}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"kind": "explicit", "probabilities": {"city": 1, "oslo": 2}},
         "'oslo' is not among the datasets of this experiment (city, town); correct mixing.probabilities"),
        ({"kind": "explicit", "probabilities": {"city": 1}},
         "mixing.probabilities has no number for 'town'; give every dataset one"),
        ({"kind": "explicit", "probabilities": {"city": 0, "town": 1}},
         "mixing.probabilities.city: 0 is not usable: input should be greater than or equal to 0.001"),
        ({"kind": "temperature", "temperature": 0.5}, "mixing.temperature: 0.5 is not usable"),
        ({"kind": "stop_and_go", "gap": 1}, "mixing.gap: 1 is not usable"),
        ({"kind": "mixed_batches"}, "raise it to 2 or more"),
    ],
)  # fmt: skip
def test_a_mixing_that_cannot_work_is_one_sentence(options, said):
    data = "data: [{card: city, tasks: [mood]}, {card: town, tasks: [tags]}]\n"
    with pytest.raises(ConfigError) as caught:
        Experiment.from_yaml(f"{data}training: {{batch_size: 1}}\nmixing: {json.dumps(options)}")
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_only_stop_and_go_lets_tasks_rest():
    assert {c.kind_name() for c in METHODS["mixing"] if c().rest} == {"stop_and_go"}
    assert Resting(**StopAndGo(gap=3).rest).gap == 3


def resting(*scores, gap=4, patience=2, converged=0.001, forgotten=0.005):
    """Of one task "t", whether it rests after each validation."""
    made = Resting(gap, patience, converged, forgotten)
    found = []
    for score in scores:
        made.judge({"t": score})
        found.append(made.resting == ("t",))
    return made, found


def test_a_task_rests_when_two_validations_gained_less_than_a_thousandth():
    """0.8 to 0.8007 is a gain of 0.0875 %; 0.8 to 0.8009 is 0.1125 %."""
    assert resting(0.5, 0.8, 0.8003, 0.8007)[1] == [False, False, False, True]
    assert resting(0.5, 0.8, 0.8003, 0.8009)[1] == [False] * 4
    assert resting(0.8, 0.8)[1] == [False, False]  # two validations are not yet two steps of gain


def test_a_dip_is_no_gain_and_no_loss_of_what_was_reached():
    """The best so far is 0.5, 0.8, 0.8, 0.9: 0.9 against 0.8 is a gain."""
    assert resting(0.5, 0.8, 0.4, 0.9)[1] == [False] * 4
    assert resting(0.8, 0.7, 0.79)[1] == [False, False, True]


def test_a_resting_task_wakes_when_it_falls_half_a_percent_below_its_best():
    """0.5 % of 0.8 is 0.004."""
    assert resting(0.8, 0.8, 0.8, 0.797)[1][-1] is True
    assert resting(0.8, 0.8, 0.8, 0.795)[1][-1] is False


def test_a_woken_task_is_judged_anew_but_remembers_its_best():
    made, found = resting(0.8, 0.8, 0.8, 0.7, 0.7, 0.7, 0.79)
    assert found == [False, False, True, False, False, True, False]
    assert made.state()["t"]["best"] == 0.8


def test_a_resting_task_trains_in_every_fourth_of_its_turns():
    made, _ = resting(0.8, 0.8, 0.8)
    assert [turn for turn in range(9) if made.takes_part("t", turn)] == [0, 4, 8]
    assert all(made.takes_part("other", turn) for turn in range(9))


@pytest.mark.parametrize("score", [0.0, -0.2])
def test_a_task_that_has_learnt_nothing_does_not_rest_and_signs_do_not_matter(score):
    assert resting(score, score, score)[1][-1] is (score != 0)


def test_who_rests_survives_a_stop():
    made, _ = resting(0.8, 0.8, 0.8)
    made.judge({"u": 0.3})
    again = Resting(4, 2, 0.001, 0.005)
    again.load(json.loads(json.dumps(made.state())))
    for one in (made, again):
        one.judge({"t": 0.1, "u": 0.3})
        one.judge({"t": 0.1, "u": 0.3})
    assert again.state() == made.state()
    assert again.resting == made.resting == ("u",)
