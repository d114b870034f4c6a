"""Curves are read on from where they stopped, and a resumed run's replayed steps replace old ones."""

import time
from pathlib import Path

import pytest

from mtl_core.analysis.curves import Curves, Mark
from mtl_core.analysis.results import main_metrics
from mtl_core.config import Experiment
from mtl_core.models.insight import Insight, axis
from mtl_core.runs.store import Run, Runs
from mtl_core.training.events import (
    Asked,
    Checkpointed,
    Evaluated,
    Event,
    Finished,
    Looked,
    Started,
    Step,
    to_line,
)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    experiment = Experiment.parse({"data": [{"card": "c", "tasks": ["a", "b"]}]}, source="test")
    return Runs(tmp_path).create(experiment)


def step(number: int, loss: float) -> Step:
    return Step(number, {"a": loss, "b": 2 * loss}, {"a": 1.0, "b": 1.0}, 0.001 * number, 0.1)


def started(at: int) -> Started:
    return Started(at, 10, ("a", "b"), "cpu", 100, 80, 0.0)


def write(run: Run, *events: Event) -> None:
    with (run.folder / "events.jsonl").open("a", encoding="utf-8") as file:
        file.writelines(to_line(event) for event in events)


def points(curves: Curves, key: str) -> list[tuple[int, float]]:
    series = curves.series(key)
    return list(zip(series.steps, series.values, strict=True))


def test_without_events_there_is_nothing(run: Run) -> None:
    curves = Curves(run)
    assert not curves.read()
    assert curves.keys == () and curves.marks == [] and len(curves.series("a/train/loss")) == 0


def test_each_read_adds_only_what_is_new(run: Run) -> None:
    curves = Curves(run)
    write(run, started(0), step(1, 0.9))
    assert curves.read() and points(curves, "a/train/loss") == [(1, 0.9)]
    assert not curves.read()
    write(run, step(2, 0.8), Evaluated(2, "validation", {"a/validation/accuracy": 0.5}, True, 0.2))
    assert curves.read()
    assert points(curves, "a/train/loss") == [(1, 0.9), (2, 0.8)]
    assert points(curves, "b/train/loss") == [(1, 1.8), (2, 1.6)]
    assert points(curves, "a/validation/accuracy") == [(2, 0.5)]
    assert list(curves.learning_rate.values) == [0.001, 0.002]
    assert curves.tasks == ("a", "b") and curves.shared_parameters == 80


def test_a_half_written_last_line_waits_for_its_end(run: Run) -> None:
    curves = Curves(run)
    line = to_line(step(2, 0.8)).encode()
    write(run, step(1, 0.9))
    with (run.folder / "events.jsonl").open("ab") as file:
        file.write(line[:25])
    assert curves.read() and points(curves, "a/train/loss") == [(1, 0.9)]
    assert not curves.read()
    with (run.folder / "events.jsonl").open("ab") as file:
        file.write(line[25:])
    assert curves.read() and points(curves, "a/train/loss") == [(1, 0.9), (2, 0.8)]


def test_the_last_value_of_a_step_holds_and_nothing_shown_is_lost(run: Run) -> None:
    curves = Curves(run)
    write(run, started(0), *(step(n, 1.0) for n in range(1, 6)), Checkpointed(2))
    curves.read()
    write(run, started(2), step(3, 0.5))
    curves.read()
    expected = [(1, 1.0), (2, 1.0), (3, 0.5), (4, 1.0), (5, 1.0)]
    assert points(curves, "a/train/loss") == expected
    assert list(curves.learning_rate.steps) == [1, 2, 3, 4, 5]
    assert curves.marks == [Mark(2, "resumed")]


def test_a_step_that_a_task_missed_before_finds_its_place(run: Run) -> None:
    curves = Curves(run)
    write(run, Step(1, {"a": 1.0}, {}, 0.1, 0.1), Step(3, {"a": 3.0}, {}, 0.1, 0.1))
    write(run, Step(2, {"a": 2.0}, {}, 0.1, 0.1))
    curves.read()
    assert points(curves, "a/train/loss") == [(1, 1.0), (2, 2.0), (3, 3.0)]


def test_marks_tell_what_the_user_did_and_where_the_best_checkpoint_is(run: Run) -> None:
    curves = Curves(run)
    write(
        run,
        started(0),
        Evaluated(2, "validation", {"a/validation/accuracy": 0.5}, True, 0.2),
        Asked(3, "pause", 0.0),
        Asked(3, "resume", 0.0),
        Evaluated(4, "validation", {"a/validation/accuracy": 0.6}, True, 0.2),
        Evaluated(6, "validation", {"a/validation/accuracy": 0.4}, False, 0.2),
        Asked(7, "stop", 0.0),
    )
    curves.read()
    assert curves.marks == [
        Mark(3, "paused"),
        Mark(3, "resumed"),
        Mark(4, "best checkpoint"),
        Mark(7, "stopped"),
    ]
    write(run, Finished(8, 6, {"a/test/accuracy": 0.5}, 1.0))
    curves.read()
    assert (
        Mark(6, "best checkpoint") in curves.marks
        and Mark(4, "best checkpoint") not in curves.marks
    )


def test_what_a_viewer_holds_does_not_change_under_its_hands(run: Run) -> None:
    curves = Curves(run)
    write(run, step(1, 0.9))
    curves.read()
    held = curves.series("a/train/loss")
    write(run, step(2, 0.8))
    curves.read()
    assert list(held.steps) == [1]


def test_penalties_are_curves_that_belong_to_no_task(run: Run) -> None:
    curves = Curves(run)
    for number, value in ((1, 0.5), (2, 0.25)):
        write(run, Step(number, {"a": 1.0}, {}, 0.1, 0.1, {"distance": value, "load/a": 2 * value}))
    write(run, Evaluated(2, "validation", {"a/validation/accuracy": 0.5}, True, 0.2))
    curves.read()
    assert curves.penalties == ("distance", "load/a")
    assert points(curves, "all/penalty/distance") == [(1, 0.5), (2, 0.25)]
    assert points(curves, "all/penalty/load/a") == [(1, 1.0), (2, 0.5)]
    assert {key.split("/")[1] for key in curves.keys} == {"train", "penalty", "validation"}
    assert main_metrics(run, curves.keys) == {"a": "accuracy"}


def test_what_was_seen_is_read_on_and_replayed_steps_replace_it(run: Run) -> None:
    curves = Curves(run)
    assert curves.insights == {}

    def looked(at: int, value: float) -> Looked:
        stitch = Insight("stitch", "Stitch", "", (axis("task", "ab"),), [value, 0.0])
        return Looked(at, [stitch.to_tree(), Insight("other", "Other", "", (), value).to_tree()])

    write(run, looked(10, 0.1), looked(20, 0.2))
    curves.read()
    held = curves.insights
    assert list(held) == ["stitch", "other"] and held["stitch"].steps == [10, 20]
    write(run, started(10), looked(20, 0.9), looked(30, 0.3))
    curves.read()
    assert held["stitch"].at(20).values == [0.2, 0.0]
    now = curves.insights["stitch"]
    assert [now.at(step).values[0] for step in now.steps] == [0.1, 0.9, 0.3]
    assert now.span == (0.0, 0.9) and now.at(10).axes[0].ticks == ("a", "b")


@pytest.mark.slow
def test_a_tick_is_cheap_at_30_000_events(run: Run) -> None:
    curves = Curves(run)
    write(run, *(step(n, 1.0) for n in range(1, 30_001)))
    begin = time.perf_counter()
    curves.read()
    everything = time.perf_counter() - begin
    write(run, step(30_001, 1.0))
    begin = time.perf_counter()
    curves.read()
    read = [curves.series(key) for key in curves.keys]
    assert time.perf_counter() - begin < everything / 20
    assert [len(series) for series in read] == 4 * [30_001]
