"""Sweeps as files and as lists of runs: what is trained, in which order, and what is refused."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from mtl_core.config import Experiment
from mtl_core.config.sweep import MOST_RUNS, Design, Entry, Sweep, key_of
from mtl_core.data.catalog import Catalog, Dataset
from mtl_core.errors import ConfigError, DataError, RunError
from mtl_core.runs.store import Run, Runs, State, Status
from mtl_core.runs.sweeps import Member, Standing, Stored, Sweeps, members_of, settled, standing

ISSUE = """\
name: EWT
data:
- card: ewt
  tasks: [pos, ner]
sweep:
  seeds: [0, 1, 2]
  choices:
    separate: {sharing.kind: separate}
    hard: {}
    hard + PCGrad: {balancing.kind: pcgrad}
    hard + RLW: {balancing.kind: random}
"""


def sweep_of(tasks: tuple[str, ...] = ("pos", "ner"), **design: Any) -> Sweep:
    tree = {"name": "EWT", "data": [{"card": "ewt", "tasks": list(tasks)}], "sweep": design}
    return Sweep.parse(tree, source="test")


def test_it_reads_back_exactly() -> None:
    sweep = Sweep.from_yaml(ISSUE)
    assert Sweep.from_yaml(sweep.to_yaml()) == sweep
    assert sweep.design.seeds == (0, 1, 2) and sweep.name == "EWT"
    assert sweep.design.choices["hard"] == {}
    tree = yaml.safe_load(sweep.to_yaml())
    assert tree["sweep"]["weights"] == 5 and tree["encoder"]["kind"] == "bilstm"


def test_a_block_with_nothing_in_it_means_three_seeds_of_the_experiment() -> None:
    sweep = Sweep.from_yaml(ISSUE.split("sweep:")[0] + "sweep:\n")
    assert [entry.name for entry in sweep.entries()] == ["as it is"]
    assert len(sweep.experiments()) == 3 * (1 + 2)


def test_the_runs_of_the_issue() -> None:
    runs = Sweep.from_yaml(ISSUE).experiments()
    # Four choices, four points of the grid that are not equal weights, two twins; three seeds.
    assert len(runs) == 3 * (4 + 4 + 2)
    assert [run.training.seed for run in runs] == [0] * 10 + [1] * 10 + [2] * 10
    assert Counter(run.only for run in runs) == {None: 24, "pos": 3, "ner": 3}
    first = runs[:10]
    assert [run.choice for run in first[:5]] == ["separate", None, None, "hard", "hard + PCGrad"]
    assert first[0].name == "EWT: separate" and first[1].name == "EWT: pos alone"
    assert len({key_of(run) for run in runs}) == len(runs)
    for run in runs:
        assert Experiment.from_yaml(run.to_yaml()) == run


def test_twins_come_first_where_the_best_is_told_by_the_gain_over_them() -> None:
    gain = {"training.best_by": "gain"}
    alone = sweep_of(choices={"gain": gain}, seeds=[0]).experiments()
    assert [run.only for run in alone] == ["pos", "ner", None]
    beside = sweep_of(choices={"usual": {}, "gain": gain}, seeds=[0, 1]).experiments()
    assert [(run.only, run.choice) for run in beside[:4]] == [
        (None, "usual"), ("pos", None), ("ner", None), (None, "gain"),
    ]  # fmt: skip


def test_every_run_has_its_twin_in_the_sweep() -> None:
    runs = sweep_of(
        choices={"hard": {}, "small": {"encoder.hidden": 64}}, seeds=[3, 9], shares=[0.1, 1.0]
    ).experiments()
    known = {key_of(run) for run in runs}
    for run in runs:
        assert all(key_of(twin) in known for twin in run.twins().values())
    assert len(runs) == 2 * 4 * (1 + 2)


def test_twins_that_differ_are_called_by_their_choice() -> None:
    runs = sweep_of(choices={"a": {}, "b": {"encoder.hidden": 64}}, seeds=[0]).experiments()
    assert [(r.only, r.choice) for r in runs if r.only] == [
        ("pos", "a"), ("ner", "a"), ("pos", "b"), ("ner", "b"),
    ]  # fmt: skip


def added(sweep: Sweep) -> list[str]:
    return [entry.name for entry in sweep.entries() if entry.added]


def test_baselines_stand_beside_special_methods_only() -> None:
    assert added(sweep_of(choices={"hard": {}, "RLW": {"balancing.kind": "random"}})) == []
    names = added(sweep_of(choices={"PCGrad": {"balancing.kind": "pcgrad"}}, weights=3))
    assert names == [
        "equal weights", "random weights", "weights 0.5 : 1.5", "weights 1.5 : 0.5",
    ]  # fmt: skip
    three = sweep_of(("a", "b", "c"), choices={"PCGrad": {"balancing.kind": "pcgrad"}})
    assert added(three) == ["equal weights", "random weights"]
    assert added(sweep_of(("a",), choices={"PCGrad": {"balancing.kind": "pcgrad"}})) == []


def test_a_baseline_among_the_choices_is_not_trained_twice_whatever_it_is_called() -> None:
    choices = {
        "PCGrad": {"balancing.kind": "pcgrad"},
        "plain": {"balancing.kind": "equal"},
        "mine": {"balancing.weights": {"pos": 0.5, "ner": 1.5}},
    }
    assert added(sweep_of(choices=choices, weights=3)) == ["random weights", "weights 1.5 : 0.5"]


def test_each_way_of_sharing_with_a_special_method_has_baselines_of_its_own() -> None:
    special = {"balancing.kind": "pcgrad"}
    sweep = sweep_of(
        choices={"hard": special, "cross": {**special, "sharing.kind": "cross_stitch"}}, weights=3
    )
    beside = {e.name: e.experiment.sharing.kind_name() for e in sweep.entries() if e.added}
    assert beside["equal weights beside hard"] == "hard"
    assert beside["equal weights beside cross"] == "cross_stitch" and len(beside) == 8


def test_baselines_are_called_by_their_share_of_the_data() -> None:
    names = added(sweep_of(choices={"P": {"balancing.kind": "pcgrad"}}, shares=[0.1, 1], weights=3))
    assert names[0] == "equal weights, 10 % of the data" and len(names) == 8
    assert names[4] == "equal weights, 100 % of the data"


def test_a_baseline_takes_no_name_that_a_choice_has() -> None:
    sweep = sweep_of(choices={"equal weights": {"balancing.kind": "pcgrad"}, "hard": {}}, weights=3)
    assert "equal weights" not in added(sweep)
    other = sweep_of(choices={"random weights": {"balancing.kind": "pcgrad"}})
    assert "random weights (2)" in added(other)


def test_equal_weights_are_known_by_what_they_are() -> None:
    def is_equal(**changes: Any) -> bool:
        replaced = sweep_of().experiment.replace(
            {key.replace("__", "."): value for key, value in changes.items()}
        )
        return Entry("", replaced).is_equal

    assert is_equal() and is_equal(balancing__kind="equal")
    assert is_equal(balancing__weights={"ner": 1.0})
    assert not is_equal(balancing__weights={"ner": 2.0})
    assert not is_equal(balancing__kind="random") and not is_equal(balancing__kind="pcgrad")


def test_shares_multiply_the_choices() -> None:
    sweep = sweep_of(
        choices={"separate": {"sharing.kind": "separate"}, "hard": {}}, shares=[0.1, 1.0]
    )
    assert [(e.name, e.share) for e in sweep.entries()] == [
        ("separate, 10 % of the data", 0.1),
        ("separate, 100 % of the data", 1.0),
        ("hard, 10 % of the data", 0.1),
        ("hard, 100 % of the data", 1.0),
    ]
    tenth, whole = (e.experiment.data[0] for e in sweep.entries()[:2])
    assert tenth.share == {"pos": 0.1, "ner": 0.1} and whole.share == {}
    (alone,) = sweep_of(choices={"hard": {}}, shares=[0.1]).entries()
    assert alone.name == "hard" and alone.experiment.data == (tenth,)


def refused(**design: Any) -> str:
    with pytest.raises(ConfigError) as caught:
        sweep_of(**design)
    assert str(caught.value).count("\n") == 0
    return str(caught.value)


@pytest.mark.parametrize(
    ("design", "said"),
    [
        ({"seeds": []}, "test: sweep.seeds: "),
        ({"seeds": [1, 1]}, "test: sweep.seeds: 1 is listed twice"),
        ({"seeds": [-1]}, "-1 is not usable"),
        ({"sedes": [1]}, "test: sweep.sedes: unknown key; did you mean 'seeds'?"),
        ({"shares": [1.5]}, "1.5 is not usable"),
        ({"choices": {}}, "test: sweep.choices: "),
        ({"choices": {" ": {}}}, "' ' is no name"),
        ({"choices": {"a": {"training.seed": 1}}}, "'a' changes 'training.seed'; leave it out"),
        ({"choices": {"a": {"only": "pos"}}}, "'a' changes 'only'; leave it out"),
        ({"choices": {"a": {"sharing.kind": "sofa"}}}, "sweep.choices 'a': sharing: kind 'sofa'"),
        ({"choices": {"a": {"sharing.kindd": 1}}}, "sweep.choices 'a': sharing.kindd: unknown key"),
        ({"choices": {"a": {}, "b": {"balancing.kind": "equal"}}}, "'a' and 'b' train the same"),
        ({"weights": 2}, "2 is not usable"),
        ({"seeds": list(range(700))}, f"more than {MOST_RUNS}"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_told_in_one_sentence(design: dict[str, Any], said: str) -> None:
    assert said in refused(**design)


def test_files_of_single_runs_and_of_sweeps_are_told_apart() -> None:
    with pytest.raises(ConfigError, match="use `mtl train`"):
        Sweep.from_yaml(ISSUE.split("sweep:")[0])
    with pytest.raises(ConfigError, match="train it with `mtl sweep`"):
        Experiment.from_yaml(ISSUE)
    with pytest.raises(ConfigError, match="line 1: not valid YAML"):
        Sweep.from_yaml("[")


def test_dotted_changes_reach_both_parts() -> None:
    sweep = Sweep.from_yaml(ISSUE).replace({"sweep.seeds": [5], "training.epochs": 2})
    assert sweep.design.seeds == (5,) and sweep.experiment.training.epochs == 2
    assert set(sweep.design.choices) == {"separate", "hard", "hard + PCGrad", "hard + RLW"}
    with pytest.raises(ConfigError, match="sweep.seed: unknown key"):
        sweep.replace({"sweep.seed": 1})


def test_the_design_explains_itself() -> None:
    assert [line.split()[0] for line in Design.help_lines()[1:]] == ["Use", "Costs", "Limits:"]
    assert all(field.description for field in Design.model_fields.values())


# --- Beside the runs ------------------------------------------------------------------------------


@pytest.fixture
def stored() -> Stored:
    return Sweeps().create(sweep_of(choices={"hard": {}}, seeds=[0, 1]))


def put(run: Run, state: State, **about: Any) -> None:
    run.write_status(Status(state, 1.0, 2.0, **about))


def now(stored: Stored) -> Standing:
    return standing(stored, members_of(stored.group, Runs()))


def test_a_sweep_is_kept_beside_its_runs(stored: Stored, mtl_home: Path) -> None:
    assert (mtl_home / "sweeps" / f"{stored.group}.yaml").is_file()
    assert list(Sweeps()) == [stored.group] and Sweeps().has(stored.group)
    assert Sweeps().get(stored.group).sweep == stored.sweep
    for wrong in ("nothing", "../sweeps/" + stored.group, ""):
        with pytest.raises(RunError, match="no sweep"):
            Sweeps().get(wrong)
    Sweeps().delete(stored.group)
    assert list(Sweeps()) == []


def test_the_standing_of_a_sweep(stored: Stored) -> None:
    assert now(stored).done == 0 and len(now(stored).missing) == 6
    runs = [Runs().create(planned) for planned in stored.plan.values()]
    assert {run.group for run in runs} == {stored.group}
    assert len(now(stored).live) == 6 and now(stored).seconds_left is None
    put(runs[0], State.FINISHED, step=10, steps=10, seconds=40.0)
    put(runs[1], State.FINISHED, step=10, steps=10, seconds=10.0)
    put(runs[2], State.FAILED, step=5, steps=10, reason="no memory")
    found = now(stored)
    assert (found.done, len(found.live), len(found.resumable)) == (2, 3, 1)
    assert found.share == pytest.approx(2 / 6)
    assert found.seconds_left == 40.0 + 2 * 10.0  # one with all tasks, two alone
    runs[1].delete()
    assert [e.only for e in now(stored).missing] == ["pos"]
    assert not now(stored).is_complete


def test_of_two_runs_that_train_the_same_the_finished_one_counts(stored: Stored) -> None:
    planned = next(iter(stored.plan.values()))
    done, again = Runs().create(planned), Runs().create(planned)
    put(done, State.FINISHED)
    put(again, State.FAILED)
    assert [m.run.id for m in now(stored).members] == [done.id]
    assert now(stored).done == 1


def test_damaged_runs_count_as_missing(stored: Stored) -> None:
    for planned in stored.plan.values():
        run = Runs().create(planned)
    (run.folder / "status.json").write_text("{}")
    assert len(now(stored).members) == 5 and len(now(stored).missing) == 1


def test_nothing_planned_is_done() -> None:
    assert Standing(()).share == 1.0 and Standing(()).is_complete


def test_time_left_of_a_running_one_is_its_own(stored: Stored) -> None:
    planned = list(stored.plan.values())
    run, other = Runs().create(planned[0]), Runs().create(planned[1])
    pairs = (
        (planned[0], Member(run, Status(State.PAUSED, 0, 0, step=5, steps=20, seconds=10.0))),
        (planned[1], Member(other, Status(State.FINISHED, 0, 0, seconds=7.0))),
        (planned[2], Member(other, Status(State.QUEUED, 0, 0))),
    )
    assert Standing(pairs).seconds_left == 30.0 + 7.0
    assert Standing((*pairs, (planned[4], None))).seconds_left == 30.0 + 2 * 7.0


def test_cards_are_found_before_anything_is_queued(tiny: Dataset, tmp_path: Path) -> None:
    tree = {
        "data": [{"card": "tiny", "tasks": ["mood"]}],
        "sweep": {"choices": {"one": {}, "two": {"data": [{"card": "tiny", "tasks": ["tags"]}]}}},
    }
    sweep = settled(Sweep.parse(tree, source="test"), Catalog([], []), beside=tiny.path.parents[1])
    cards = {run.data[0].card for run in sweep.experiments()}
    assert cards == {str(tiny.path)}
    assert {run.tasks for run in sweep.experiments() if not run.only} == {("mood",), ("tags",)}
    with pytest.raises(DataError):
        settled(Sweep.parse(tree, source="test"), Catalog([], []), beside=tmp_path / "no")
