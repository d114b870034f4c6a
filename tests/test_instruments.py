"""What the instruments leave, replace and shuffle, counted by hand; only training data changes."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtl_core.config import Experiment
from mtl_core.data.catalog import Catalog
from mtl_core.data.instruments import instrumented, limited
from mtl_core.data.spans import may_follow, spans_of
from mtl_core.data.tasks import Sentences, Task
from mtl_core.errors import ConfigError, DataError
from mtl_core.training.setup import prepare

from .conftest import make_rows, tiny_experiment

MOOD = Task("mood", "classification", ("fine", "poor", "so-so"), "accuracy")
TAGS = Task("tags", "tagging", ("ADJ", "ADP", "AUX", "DET", "NOUN", "PROPN"), "accuracy")
PLACES = Task("places", "spans", ("LOC", "ORG", "PER"), "f1")
SORTS = Task("sorts", "multilabel", ("a", "b", "c", "d"), "micro_f1")
VALUE = Task("value", "regression", (), "pearson", 0.0, 5.0)
EVERY = (MOOD, TAGS, PLACES, SORTS, VALUE)
EVERY_KIND = pytest.mark.parametrize("task", EVERY, ids=lambda task: task.kind)


def sentences(count: int = 60) -> Sentences:
    """Rows that are all labelled for all kinds of tasks, but every fifth has no mood."""
    rows = make_rows(count)
    random = np.random.default_rng(0)
    gold = {
        "mood": [None if i % 5 == 0 else row["mood"] for i, row in enumerate(rows)],
        "tags": [list(map(str, random.choice(TAGS.labels, len(row["tags"])))) for row in rows],
        "places": [_other_places(row["places"], random) for row in rows],
        "sorts": [[s for s in "abcd" if random.random() < 0.4] for _ in rows],
        "value": [float(random.integers(0, 6)) for _ in rows],
    }
    words = [[str(i), *row["tokens"][1:]] for i, row in enumerate(rows)]
    return Sentences(words, gold)


def _other_places(tags: list[str], random: np.random.Generator) -> list[str]:
    label = random.choice(PLACES.labels)
    return [tag.replace("LOC", label) for tag in tags]


def numbers(found: Sentences) -> list[int]:
    """Which rows are left, by the number that is their first word."""
    return [int(words[0]) for words in found.words]


def labelled(found: Sentences, task: str) -> set[int]:
    gold = found.gold[task]
    return {row for row, one in zip(numbers(found), gold, strict=True) if one is not None}


def cut(**options) -> Sentences:
    return limited(
        sentences(), ("mood", "tags"), max_rows=options.get("max_rows"), share=options.get("share", {})
    )  # fmt: skip


def test_without_an_instrument_nothing_changes():
    whole = sentences()
    assert vars(instrumented(whole, EVERY)) == vars(whole)
    assert instrumented(whole, EVERY, max_rows=60, noise={"mood": 0.0}).gold == whole.gold


def test_a_cap_keeps_so_many_rows_in_their_order_and_smaller_caps_lie_within():
    found = {cap: numbers(cut(max_rows=cap)) for cap in (7, 20, 59, 60)}
    assert {cap: len(rows) for cap, rows in found.items()} == {7: 7, 20: 20, 59: 59, 60: 60}
    assert all(rows == sorted(rows) for rows in found.values())
    assert set(found[7]) < set(found[20]) < set(found[59])
    assert found[7] != list(range(7))


def test_a_share_is_of_the_labelled_rows_and_smaller_shares_lie_within():
    """48 of 60 rows have a mood: 5 % are 2.4, so 3; 25 % are 12; half are 24."""
    found = {share: cut(share={"mood": share}) for share in (0.05, 0.25, 0.5, 1.0)}
    moods = {share: labelled(one, "mood") for share, one in found.items()}
    assert [len(rows) for rows in moods.values()] == [3, 12, 24, 48]
    assert moods[0.05] < moods[0.25] < moods[0.5] < moods[1.0]
    assert all(len(labelled(one, "tags")) == len(one) == 60 for one in found.values())


def test_rows_without_a_label_left_are_dropped_and_tasks_keep_the_same_ones():
    found = cut(share={"mood": 0.25, "tags": 0.25})
    assert set(numbers(found)) == labelled(found, "mood") | labelled(found, "tags")
    assert len(labelled(found, "tags")) == 15
    first = labelled(cut(share={"tags": 0.25}), "tags")
    assert labelled(found, "mood") >= first - set(range(0, 60, 5))


def test_a_share_is_taken_of_what_the_cap_leaves():
    found = cut(max_rows=20, share={"tags": 0.25})
    assert len(labelled(found, "tags")) == 5
    assert set(numbers(found)) <= set(numbers(cut(max_rows=20)))


def test_labels_stay_with_their_words_and_second_texts_with_the_first():
    whole = sentences()
    pairs = Sentences(whole.words, whole.gold, [["second", words[0]] for words in whole.words])
    found = limited(pairs, ("mood", "tags"), max_rows=9, share={"mood": 0.5})
    assert [second[1] for second in found.seconds or []] == [words[0] for words in found.words]
    for place, row in enumerate(numbers(found)):
        assert found.gold["tags"][place] == whole.gold["tags"][row]
        assert found.gold["mood"][place] in (None, whole.gold["mood"][row])


def test_a_cap_that_leaves_a_task_without_a_label_says_so():
    few = Sentences([["a"]] * 9, {"mood": ["fine", *[None] * 8]})
    for cap in range(1, 9):
        try:
            limited(few, ("mood",), max_rows=cap, share={})
        except DataError as err:
            assert f"'mood' has no label among the first {cap} training rows; raise" in str(err)
            return
    pytest.fail("one row of nine lies in every cap")


def noisy(task: Task, share: float, seed_rows: int = 60):
    before = sentences(seed_rows)
    return before.gold[task.name], instrumented(before, EVERY, noise={task.name: share}).gold[
        task.name
    ]


@pytest.mark.parametrize("share", [0.25, 0.5, 1.0])
def test_noise_on_labels_changes_exactly_its_share_to_other_labels(share):
    before, after = noisy(MOOD, share)
    changed = [(a, b) for a, b in zip(before, after, strict=True) if a != b]
    assert len(changed) == round(share * 48)
    assert all(a is not None and b in MOOD.labels for a, b in changed)


def test_other_labels_are_drawn_evenly():
    """2000 moods, of two sorts, become either of the two others: each about half the time."""
    many = Sentences([["a"]] * 2000, {"mood": ["fine", "poor"] * 1000})
    after = instrumented(many, (MOOD,), noise={"mood": 1.0}).gold["mood"]
    counts = Counter(zip(many.gold["mood"], after, strict=True))
    assert sum(counts.values()) == 2000
    assert all(abs(counts["fine", b] - 500) < 80 for b in ("poor", "so-so"))
    assert all(abs(counts["poor", b] - 500) < 80 for b in ("fine", "so-so"))


def test_noise_on_words_counts_words():
    before, after = noisy(TAGS, 0.25)
    pairs = [
        (a, b)
        for old, new in zip(before, after, strict=True)
        for a, b in zip(old, new, strict=True)
    ]
    assert sum(a != b for a, b in pairs) == round(0.25 * len(pairs))


def test_noise_on_spans_changes_their_labels_and_never_where_they_are():
    before, after = noisy(PLACES, 0.5)
    old = [span for tags in before for span in spans_of(tags)]
    new = [span for tags in after for span in spans_of(tags)]
    assert [span[:2] for span in old] == [span[:2] for span in new]
    assert sum(a != b for a, b in zip(old, new, strict=True)) == round(0.5 * len(old))


def test_noise_on_a_span_stops_where_the_next_one_of_its_label_begins():
    one = Sentences([list("abcd")], {"places": [["B-LOC", "I-LOC", "B-LOC", "I-LOC"]]})
    after = instrumented(one, (PLACES,), noise={"places": 0.5}).gold["places"][0]
    spans = spans_of(after)
    assert [span[:2] for span in spans] == [(0, 2), (2, 4)]
    assert sum(label != "LOC" for *_, label in spans) == 1


def test_noise_on_many_labels_keeps_how_many_a_row_has():
    before, after = noisy(SORTS, 0.5)
    assert [len(set(labels)) for labels in after] == [len(labels) for labels in before]
    assert all(labels == sorted(labels) for labels in after)
    full = [i for i, labels in enumerate(before) if len(labels) == 4]
    assert all(after[i] == before[i] for i in full)
    assert after != before


def test_noise_on_values_takes_other_values_of_the_data():
    before, after = noisy(VALUE, 0.5)
    assert sum(a != b for a, b in zip(before, after, strict=True)) == 30
    assert set(after) <= set(before)


@EVERY_KIND
def test_the_noise_of_a_smaller_share_lies_within_that_of_a_larger_one(task):
    before, little = noisy(task, 0.2)
    _, more = noisy(task, 0.6)
    touched = [i for i, (a, b) in enumerate(zip(before, little, strict=True)) if a != b]
    assert touched
    assert all(before[i] != more[i] for i in touched)


@pytest.mark.parametrize(
    ("task", "gold"),
    [
        (Task("mood", "classification", ("fine",), "accuracy"), ["fine", "fine"]),
        (Task("mood", "regression", (), "pearson"), [1.0, 1.0]),
        (Task("mood", "spans", ("LOC",), "f1"), [["B-LOC"], ["O"]]),
    ],
)
def test_noise_without_another_label_to_put_is_refused(task, gold):
    with pytest.raises(DataError, match="task 'mood' has .*, so noise has no other to put"):
        instrumented(Sentences([["a"], ["b"]], {"mood": gold}), (task,), noise={"mood": 0.1})


def shuffled(task: Task):
    before = sentences()
    found = instrumented(before, EVERY, shuffled=[task.name])
    assert all(found.gold[t.name] == before.gold[t.name] for t in EVERY if t is not task)
    assert found.words == before.words
    return before.gold[task.name], found.gold[task.name]


@EVERY_KIND
def test_shuffled_labels_keep_their_distribution_and_which_rows_have_one(task):
    before, after = shuffled(task)
    assert Counter(map(str, before)) == Counter(map(str, after))
    assert [a is None for a in before] == [a is None for a in after]
    assert after != before


def test_no_row_keeps_its_own_label_when_all_are_different():
    value = Task("value", "regression", (), "pearson")
    for count in (2, 3, 50):
        gold = [float(i) for i in range(count)]
        rows = Sentences([["a"]] * count, {"value": list(gold)})
        after = instrumented(rows, (value,), shuffled=["value"]).gold["value"]
        assert sorted(after) == gold
        assert not [i for i in range(count) if after[i] == gold[i]]


def test_one_labelled_row_cannot_be_shuffled():
    alone = Sentences([["a"], ["b"]], {"mood": ["fine", None]})
    with pytest.raises(DataError, match="task 'mood' has one labelled row"):
        instrumented(alone, (MOOD,), shuffled=["mood"])


UNITS = st.sampled_from([["O"], ["B-LOC"], ["B-LOC", "I-LOC"], ["B-PER", "I-PER", "I-PER"]])


@given(st.lists(st.lists(UNITS, min_size=1, max_size=5), min_size=1, max_size=6))
def test_shuffled_spans_are_legal_and_as_many_as_before(drawn):
    gold = [[tag for unit in units for tag in unit] for units in drawn]
    before = Sentences([["w"] * len(tags) for tags in gold], {"places": gold})
    after = instrumented(before, (PLACES,), shuffled=["places"]).gold["places"]
    assert [len(tags) for tags in after] == [len(tags) for tags in gold]
    for tags in after:
        assert all(may_follow(a, b) for a, b in zip(["O", *tags], tags, strict=False))

    def count(rows):
        return Counter(
            (end - start, label) for tags in rows for start, end, label in spans_of(tags)
        )

    assert count(after) == count(gold)


def test_only_training_data_changes_and_labels_and_subwords_stay(tiny):
    changes = {
        "share": {"tags": 0.25},
        "noise": {"mood": 0.5},
        "shuffled": ["places"],
        "max_rows": 16,
    }
    plain = tiny_experiment(tiny)
    data = [{**plain.data[0].model_dump(), **changes}]
    clean, dirty = (prepare(e, Catalog.read([])) for e in (plain, plain.replace({"data": data})))
    assert dirty.manifest == clean.manifest
    assert dirty.pieces.tokenizer.to_str() == clean.pieces.tokenizer.to_str()
    for split in ("validation", "test"):
        one, other = (p.parts.evaluator.splits[split][0] for p in (clean, dirty))
        assert one.sentences == other.sentences
        assert all((one.table.targets[t] == other.table.targets[t]).all() for t in plain.tasks)
    sizes = [len(next(iter(p.parts.feed.tables.values()))) for p in (clean, dirty)]
    assert sizes == [24, 16]


def test_the_seed_of_the_training_changes_nothing_of_the_data(tiny):
    experiment = tiny_experiment(tiny)
    data = [{**experiment.data[0].model_dump(), "max_rows": 9, "noise": {"mood": 0.5}}]
    tables = [
        next(iter(prepare(e, Catalog.read([])).parts.feed.tables.values()))
        for e in (experiment.replace({"data": data, "training.seed": seed}) for seed in (0, 7))
    ]
    assert tables[0].encoded.ids.tolist() == tables[1].encoded.ids.tolist()
    assert tables[0].targets["mood"].tolist() == tables[1].targets["mood"].tolist()


def test_twins_inherit_the_instruments_and_yaml_keeps_them():
    choice = "{card: city, tasks: [mood, tags], max_rows: 50, share: {mood: 0.05}, noise: {tags: 0.5}, shuffled: [mood]}"
    experiment = Experiment.from_yaml(f"data: [{choice}]")
    assert Experiment.from_yaml(experiment.to_yaml()) == experiment
    assert experiment.twin("mood").data == experiment.data
    assert "shuffled" in experiment.to_yaml() and experiment.data[0].share == {"mood": 0.05}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("share: {mod: 0.5}", "data.0: 'mod' is not among the tasks of this dataset (mood, tags); correct share"),
        ("noise: {x: 0.5}", "'x' is not among the tasks of this dataset (mood, tags); correct noise"),
        ("shuffled: [x]", "'x' is not among the tasks of this dataset (mood, tags); correct shuffled"),
        ("share: {mood: 0.01}", "data.0.share.mood: 0.01 is not usable"),
        ("noise: {mood: 2}", "data.0.noise.mood: 2 is not usable"),
        ("max_rows: 0", "data.0.max_rows: 0 is not usable"),
    ],
)  # fmt: skip
def test_an_instrument_that_cannot_work_is_one_sentence(options, said):
    with pytest.raises(ConfigError) as caught:
        Experiment.from_yaml(f"data: [{{card: city, tasks: [mood, tags], {options}}}]")
    assert said in str(caught.value)
