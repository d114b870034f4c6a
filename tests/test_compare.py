"""Tables of runs, twins and gains, against values worked out by hand and by scipy.stats."""

import io
import math
import time
from pathlib import Path

import pandas as pd
import pytest
from scipy import stats  # type: ignore[import-untyped]

from mtl_core.analysis.compare import (
    differences,
    flatten,
    scores,
    summary,
    to_csv,
    to_markdown,
)
from mtl_core.analysis.gains import (
    CANNOT_TELL,
    HELPED,
    HURT,
    NO_TWIN,
    NOT_FINISHED,
    ONE_SEED,
    Gain,
    gains,
    gains_table,
    setting_labels,
    signed,
    spread,
    twins_of,
)
from mtl_core.analysis.results import Result, main_metric, result_of
from mtl_core.config import Experiment
from mtl_core.data.tasks import Task
from mtl_core.runs.store import Run, Runs, State, Status
from mtl_core.training.manifest import Manifest


def experiment(seed: int = 0, tasks: tuple[str, ...] = ("a", "b")) -> Experiment:
    tree = {
        "name": "Both",
        "data": [{"card": "c", "tasks": list(tasks)}],
        "training": {"seed": seed},
    }
    return Experiment.parse(tree, source="test")


def result(
    asked: Experiment, scored: dict[str, float], *, run: str = "1", state: State = State.FINISHED
) -> Result:
    metrics = {f"{task}/test/accuracy": value for task, value in scored.items()}
    return Result(run, asked.group or run, asked, state, metrics, dict.fromkeys(scored, "accuracy"))


def seeds(multi: list[float], twin: list[float]) -> list[Result]:
    """One group with a pair per seed for task a."""
    found = []
    for seed, (m, t) in enumerate(zip(multi, twin, strict=True)):
        asked = experiment(seed).model_copy(update={"group": "g"})
        found += [result(asked, {"a": m}, run=f"m{seed}")]
        found += [result(asked.twin("a"), {"a": t}, run=f"t{seed}")]
    return found


def gain_of(results: list[Result], task: str = "a") -> Gain:
    return next(gain for gain in gains(results, "test") if gain.task == task)


def test_spread_by_hand() -> None:
    found = spread([0.01, 0.02, 0.03])
    assert found is not None and found.count == 3
    assert found.mean == pytest.approx(0.02) and found.deviation == pytest.approx(0.01)
    # t with 2 degrees of freedom at 97.5 % is 4.30265; half = 4.30265 * 0.01 / sqrt(3).
    assert found.low == pytest.approx(0.02 - 0.0248414, abs=1e-6)
    assert found.high == pytest.approx(0.02 + 0.0248414, abs=1e-6)
    assert spread([]) is None
    one = spread([0.5])
    assert one is not None and (one.mean, one.deviation, one.low) == (0.5, None, None)


@pytest.mark.parametrize("values", [[0.1, 0.3], [0.5, 0.7, 0.6, 0.1, -0.4], [1e-9, 1.0, 3.0]])
def test_spread_equals_scipy(values: list[float]) -> None:
    found = spread(values)
    assert found is not None
    low, high = stats.t.interval(
        0.95, len(values) - 1, loc=sum(values) / len(values), scale=stats.sem(values)
    )
    assert (found.low, found.high) == (pytest.approx(low), pytest.approx(high))


def test_the_difference_is_paired_by_seed() -> None:
    multi, twin = [0.80, 0.70, 0.92], [0.78, 0.69, 0.89]
    gain = gain_of(seeds(multi, twin))
    by = gain.difference
    assert by is not None and by.count == 3 and by.mean == pytest.approx(0.02)
    paired = stats.ttest_rel(multi, twin).confidence_interval(0.95)
    assert (by.low, by.high) == (pytest.approx(paired.low), pytest.approx(paired.high))
    assert gain.multi is not None and gain.multi.mean == pytest.approx(sum(multi) / 3)
    assert gain.twin is not None and gain.twin.mean == pytest.approx(sum(twin) / 3)


@pytest.mark.parametrize(
    ("multi", "twin", "verdict"),
    [
        ([0.9], [0.1], ONE_SEED),
        ([0.1], [0.9], ONE_SEED),
        ([0.80, 0.81, 0.82], [0.70, 0.71, 0.725], HELPED),
        ([0.70, 0.71, 0.725], [0.80, 0.81, 0.82], HURT),
        ([0.80, 0.70, 0.90], [0.70, 0.80, 0.85], CANNOT_TELL),
        ([0.81, 0.80], [0.80, 0.75], CANNOT_TELL),
    ],
)
def test_verdicts(multi: list[float], twin: list[float], verdict: str) -> None:
    gain = gain_of(seeds(multi, twin))
    assert gain.verdict == verdict
    assert verdict in gain.sentence


def test_one_seed_never_names_a_winner_however_large_the_gain() -> None:
    gain = gain_of(seeds([1.0], [0.0]))
    assert gain.sentence == "+100.0 points over its twin; one seed: cannot tell; train more seeds"
    assert HELPED not in gain.sentence and HURT not in gain.sentence


def test_the_same_seed_trained_again_is_not_a_second_seed() -> None:
    first = seeds([0.9], [0.8])
    again = [Result(f"x{r.run}", "h", _in(r.experiment, "h"), *_rest(r)) for r in first]
    assert gain_of([*first, *again]).verdict == ONE_SEED


def test_seeds_of_several_groups_are_pooled() -> None:
    first, second = seeds([0.9, 0.8], [0.8, 0.7])[:2], seeds([0.9, 0.81], [0.8, 0.7])[2:]
    moved = [Result(r.run, "h", _in(r.experiment, "h"), *_rest(r)) for r in second]
    by = gain_of([*first, *moved]).difference
    assert by is not None and by.count == 2


def _in(asked: Experiment, group: str) -> Experiment:
    return asked.model_copy(update={"group": group})


def _rest(r: Result) -> tuple[State, dict[str, float], dict[str, str]]:
    return r.state, dict(r.metrics), dict(r.main)


def test_without_a_twin_nothing_is_judged() -> None:
    results = seeds([0.9, 0.8, 0.7], [0.1, 0.1, 0.1])
    lonely = [r for r in results if r.experiment.only is None]
    gain = gain_of(lonely)
    assert (gain.verdict, gain.difference, gain.sentence) == (NO_TWIN, None, NO_TWIN)
    assert gain_of(results, "b").verdict == NO_TWIN


def test_an_unfinished_twin_is_waited_for() -> None:
    multi, twin = seeds([0.9], [0.8])
    running = Result(twin.run, twin.group, twin.experiment, State.RUNNING, twin.metrics, twin.main)
    assert gain_of([multi, running]).verdict == NOT_FINISHED


def test_twins_are_matched_by_group_and_seed_or_by_their_words() -> None:
    asked = experiment(3).model_copy(update={"group": "g"})
    multi = result(asked, {"a": 1.0})
    other_seed = result(experiment(4).model_copy(update={"group": "g"}).twin("a"), {"a": 1.0})
    other_group = result(_in(experiment(3, ("a", "b", "c")).twin("a"), "z"), {"a": 1.0})
    same_words = result(_in(experiment(3).twin("a"), "z"), {"a": 1.0})
    same_group = result(asked.twin("a"), {"a": 1.0})
    everyone = [multi, other_seed, other_group, same_words, same_group]
    assert twins_of(multi, "a", everyone) == [same_words, same_group]
    assert twins_of(multi, "b", everyone) == []


def test_settings_with_the_same_name_are_told_apart() -> None:
    one, two = result(experiment(), {}), result(experiment(tasks=("a", "b", "c")), {})
    assert one.setting != two.setting
    assert list(setting_labels({one.setting: [one], two.setting: [two]}).values()) == [
        "Both",
        "Both (2)",
    ]
    assert one.setting == result(experiment(seed=5), {}).setting


def test_signed_points() -> None:
    assert [signed(0.0123), signed(-0.2), signed(0.0)] == ["+1.2", "\N{MINUS SIGN}20.0", "+0.0"]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Runs(tmp_path).create(experiment())


def finish(run: Run, state: State, metrics: dict[str, float]) -> None:
    run.write_status(Status(state, time.time(), time.time(), metrics=metrics))


METRICS = {
    "a/validation/accuracy": 0.5,
    "a/validation/macro_f1": 0.4,
    "a/test/accuracy": 0.6,
    "b/validation/f1": 0.3,
    "b/validation/precision": 0.2,
    "all/validation/exact_match": 0.1,
}


def test_the_tidy_table_has_one_row_per_score(run: Run) -> None:
    finish(run, State.FINISHED, METRICS)
    table = scores([result_of(run)])
    assert len(table) == len(METRICS)
    main = table[table["main"]][["task", "split", "metric", "value"]].to_numpy().tolist()
    assert main == [
        ["a", "validation", "accuracy", 0.5],
        ["a", "test", "accuracy", 0.6],
        ["b", "validation", "f1", 0.3],
    ]
    assert set(table["role"]) == {"multi-task"} and set(table["seed"]) == {0}


def test_test_scores_come_only_from_finished_runs(run: Run) -> None:
    finish(run, State.STOPPED, METRICS)
    found = result_of(run)
    assert "test" not in set(scores([found])["split"])
    assert found.score("a", "test") is None and found.score("a", "validation") is None


def test_an_empty_run_gives_an_empty_table(run: Run) -> None:
    table = scores([result_of(run)])
    assert table.empty and "value" in table.columns
    assert summary(table).empty and scores([]).empty


def test_the_model_file_names_the_main_score(run: Run) -> None:
    finish(run, State.FINISHED, METRICS)
    Manifest((Task("a", "classification", ("x", "y"), "macro_f1"),), ()).save(run.folder)
    assert result_of(run).main == {"a": "macro_f1", "b": "f1"}


def test_the_main_score_follows_from_the_keys() -> None:
    assert main_metric("a", METRICS) == "accuracy" and main_metric("b", METRICS) == "f1"
    assert main_metric("c", METRICS) == ""
    assert main_metric("d", ["d/test/macro_f1", "d/test/accuracy"]) == "accuracy"


def test_summary_over_seeds() -> None:
    table = scores(seeds([0.8, 0.9], [0.5, 0.7]))
    row = summary(table).query("role == 'multi-task' and task == 'a'").iloc[0]
    assert row["runs"] == 2 and row["mean"] == pytest.approx(0.85)
    assert row["deviation"] == pytest.approx(math.sqrt(0.005))


def test_differences_show_only_what_differs() -> None:
    asked = experiment()
    changed = asked.replace({"training.seed": 7, "training.epochs": 3, "name": "Other"})
    table = differences({"one": asked, "two": changed})
    assert table.to_numpy().tolist() == [
        ["training.epochs", "10", "3"],
        ["training.seed", "0", "7"],
    ]
    assert differences({"one": asked, "two": asked}).empty
    twin = differences({"multi": asked, "twin": asked.twin("a")})
    assert "only" in set(twin["option"]) and "data.1.tasks" not in set(twin["option"])


def test_flatten_numbers_entries_and_joins_words() -> None:
    flat = flatten(experiment().model_dump(mode="json"))
    assert flat["data.1.card"] == "c" and flat["data.1.tasks"] == "a, b" and flat["only"] == ""


def test_exports_read_back() -> None:
    table = gains_table(gains(seeds([0.8, 0.9], [0.5, 0.7]), "test"))
    back = pd.read_csv(io.StringIO(to_csv(table)))
    assert back["gain (points)"][0] == pytest.approx(25.0) and back["seeds"][0] == 2
    lines = to_markdown(table).splitlines()
    assert lines[0].startswith("| setting | task |") and "| 25.0000 |" in lines[2]
    assert len({line.count("|") for line in lines}) == 1


def test_markdown_cells_cannot_break_the_table() -> None:
    table = pd.DataFrame({"name": ["a|b\nc\\"], "value": [float("nan")]})
    assert to_markdown(table).splitlines()[2] == "| a\\|b c\\\\ |  |"
