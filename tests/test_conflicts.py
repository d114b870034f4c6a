"""Conflicts between tasks: cosines, means and shares against brute force; marks and curves of looks."""

import random
from itertools import combinations
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
import pytest

from mtl_core.analysis.conflicts import (
    Conflicts,
    mean_cosines,
    shares_of_conflicts,
    thinned,
)
from mtl_core.analysis.curves import (
    ANGLE,
    EFFECTIVE_RATE,
    LENGTH,
    WEIGHTED_LOSS,
    Curves,
    Mark,
)
from mtl_core.analysis.figures_conflicts import cosines_figure, shares_figure
from mtl_core.config import Experiment
from mtl_core.runs.store import Run, Runs
from mtl_core.training.events import (
    Asked,
    Evaluated,
    Event,
    Started,
    Steered,
    Step,
    Watched,
    to_line,
)

TASKS = ("mood", "places", "tags")
PLACES = ("all", "embedding", "block 1")


def look(step: int, tasks: tuple[str, ...], cosines: dict[str, Any]) -> Watched:
    return Watched(step, tasks, dict.fromkeys(tasks, 1.0), cosines, 10.0, 1.5, 2.0, 0.01)


def random_looks(count: int = 12) -> list[Watched]:
    """Some looks in which tasks are missing, and some cosines that are not known."""
    rng = random.Random(0)
    found = []
    for step in range(1, count + 1):
        tasks = tuple(rng.sample(TASKS, rng.choice((2, 3))))
        cosines = {}
        for place in PLACES:
            size = len(tasks)
            matrix: list[list[float | None]] = [[1.0] * size for _ in tasks]
            for i, j in combinations(range(size), 2):
                value = rng.choice((None, 0.0, round(rng.uniform(-1, 1), 4)))
                matrix[i][j] = matrix[j][i] = value
            cosines[place] = matrix
        found.append(look(step, tasks, cosines))
    return found


def known(looks: list[Watched], place: str, one: str, other: str) -> list[float]:
    """The cosines of two tasks at a place, looked up one by one."""
    found = []
    for event in looks:
        if one in event.tasks and other in event.tasks:
            value = event.cosines[place][event.tasks.index(one)][event.tasks.index(other)]
            if value is not None:
                found.append(value)
    return found


def taken(looks: list[Watched]) -> Conflicts:
    conflicts = Conflicts()
    for event in looks:
        conflicts.put(event)
    return conflicts


@pytest.mark.parametrize("until", [4, 9, 12])
def test_shares_and_means_equal_those_counted_one_by_one(until: int) -> None:
    looks = random_looks()
    conflicts = taken(looks)
    seen = [event for event in looks if event.step <= until]
    shares = shares_of_conflicts(conflicts, until)
    assert set(shares.pairs) == set(combinations(conflicts.tasks, 2)) and len(shares.pairs) == 3
    for row, (one, other) in enumerate(shares.pairs):
        i, j = conflicts.tasks.index(one), conflicts.tasks.index(other)
        for column, place in enumerate(shares.places):
            values = known(seen, place, one, other)
            assert shares.looks[row, column] == len(values)
            mean = mean_cosines(conflicts.cosines(place, until))[i, j]
            if values:
                negative = sum(value < 0 for value in values) / len(values)
                assert shares.share[row, column] == pytest.approx(negative)
                assert mean == pytest.approx(fmean(values), abs=1e-6)
            else:
                assert np.isnan(shares.share[row, column]) and np.isnan(mean)


def test_the_last_looks_alone_and_a_replayed_look() -> None:
    pair = ("mood", "tags")
    conflicts = taken(
        [look(s, pair, {"all": [[1.0, c], [c, 1.0]]}) for s, c in ((5, 0.5), (10, -0.5), (15, 0.1))]
    )
    held = conflicts.copy()
    conflicts.put(look(10, pair, {"all": [[1.0, 0.9], [0.9, 1.0]]}))
    assert conflicts.steps == [5, 10, 15] and conflicts.changes == held.changes + 1
    assert held.cosines("all")[:, 0, 1] == pytest.approx([0.5, -0.5, 0.1])
    assert conflicts.cosines("all")[:, 0, 1] == pytest.approx([0.5, 0.9, 0.1])
    assert conflicts.cosines("all", until=12, last=1)[:, 0, 1] == pytest.approx([0.9])
    assert conflicts.cosines("all", until=14, last=5)[:, 0, 1] == pytest.approx([0.5, 0.9])
    assert np.isnan(conflicts.cosines("block 7")).all()


def test_the_pairs_that_conflict_most_come_first() -> None:
    matrix = [[1.0, 0.5, -0.5], [0.5, 1.0, -0.1], [-0.5, -0.1, 1.0]]
    second = [[1.0, 0.5, -0.5], [0.5, 1.0, 0.1], [-0.5, 0.1, 1.0]]
    shares = shares_of_conflicts(
        taken([look(1, TASKS, {"all": matrix}), look(2, TASKS, {"all": second})])
    )
    most = shares.most(2)
    assert most.pairs == (("mood", "tags"), ("places", "tags"))
    assert most.share.tolist() == [[1.0], [0.5]] and most.looks.tolist() == [[2], [2]]
    assert shares_of_conflicts(Conflicts()).most(3).pairs == ()


def test_a_slider_gets_few_steps_and_keeps_them_as_more_come() -> None:
    steps = list(range(0, 1000, 5))
    some = thinned(steps, 60)
    assert len(some) <= 61 and some[-1] == 995 and set(some) <= set(steps)
    later = thinned([*steps, 1000], 60)
    assert set(some[:-1]) <= set(later) and later[-1] == 1000
    assert thinned([3], 10) == [3] and thinned([3, 9], 10) == [3, 9]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_figures_have_a_fixed_scale_numbers_and_a_height_that_does_not_move(theme: Any) -> None:
    conflicts = taken(random_looks())
    few = mean_cosines(conflicts.cosines("all", 1))
    all_of_them = mean_cosines(conflicts.cosines("all"))
    first, last = (cosines_figure(c, conflicts.tasks, theme) for c in (few, all_of_them))
    assert first.layout.height == last.layout.height
    axis = last.layout.coloraxis
    assert (axis.cmin, axis.cmax) == (-1, 1) and axis.colorbar.title.text == "cosine"
    drawn = last.data[0].z
    assert all(drawn[i][i] is None for i in range(3))
    assert drawn[0][1] == pytest.approx(all_of_them[0, 1])
    assert f"{all_of_them[0, 1]:.2f}".replace("-", "\N{MINUS SIGN}") in last.data[1].text
    shares = shares_figure(shares_of_conflicts(conflicts), theme)
    assert list(shares.layout.xaxis.ticktext) == ["all shared", "embedding", "block 1"]
    found = shares_of_conflicts(conflicts)
    assert shares.data[0].z[0][0] == pytest.approx(100 * found.share[0, 0])
    assert f"{found.looks[0, 0]} looks" in shares.data[0].hovertext[0][0]


# --- Curves and marks -----------------------------------------------------------------------------


@pytest.fixture
def run(tmp_path: Path) -> Run:
    experiment = Experiment.parse({"data": [{"card": "c", "tasks": ["a", "b"]}]}, source="test")
    return Runs(tmp_path).create(experiment)


def read(run: Run, *events: Event) -> Curves:
    with (run.folder / "events.jsonl").open("a", encoding="utf-8") as file:
        file.writelines(to_line(event) for event in events)
    curves = Curves(run)
    curves.read()
    return curves


def points(curves: Curves, key: str) -> list[tuple[int, float]]:
    series = curves.series(key)
    return list(zip(series.steps, series.values, strict=True))


def test_weights_and_looks_become_curves(run: Run) -> None:
    nothing = Watched(2, ("a", "b"), {"a": 0.0, "b": 0.0}, {"all": []}, None, None, 0.5, None)
    curves = read(
        run,
        Step(1, {"a": 1.0, "b": 2.0}, {"a": 0.25, "b": 1.75}, 0.1, 0.1),
        Watched(1, ("a", "b"), {"a": 3.0, "b": 4.0}, {"all": [[1, -1], [-1, 1]]}, 30.0, 2.0, 9.0, 0.2),
        nothing,
    )  # fmt: skip
    assert points(curves, "a/train/weight") == [(1, 0.25)]
    assert points(curves, "b/train/gradient") == [(1, 4.0), (2, 0.0)]
    found = [points(curves, key) for key in (ANGLE, LENGTH, EFFECTIVE_RATE)]
    assert found == [[(1, 30.0)], [(1, 2.0)], [(1, 0.2)]]
    assert points(curves, WEIGHTED_LOSS) == [(1, 9.0), (2, 0.5)]


def steered(step: int, factors: dict[str, float], rate: float, time: float) -> Steered:
    return Steered(step, factors, rate, time)


def test_marks_tell_what_steering_changed_and_a_movement_is_one_mark(run: Run) -> None:
    curves = read(
        run,
        steered(5, {"a": 1.5}, 1.0, 10.0),
        steered(7, {"a": 2.0}, 1.0, 10.4),  # the same movement of the slider
        steered(20, {"a": 2.0}, 0.5, 20.0),
        steered(30, {"b": 0.0}, 0.5, 30.0),
        steered(40, {}, 1.0, 40.0),
        steered(50, {"a": 3.0}, 1.0, 50.0),
        steered(52, {}, 1.0, 50.5),  # and back again: nothing has happened
    )
    assert curves.marks == [
        Mark(7, "a ×2"),
        Mark(20, "learning rate ×0.5"),
        Mark(30, "a ×1, b ×0"),
        Mark(40, "no longer steered"),
    ]


def test_steering_that_a_resumed_run_repeats_is_marked_where_it_holds(run: Run) -> None:
    """Steered at step 9, killed, gone on from step 5: the new factor holds from there."""
    curves = read(
        run,
        steered(9, {"a": 2.0}, 1.0, 10.0),
        Started(5, 20, ("a", "b"), "cpu", 1, 1, 20.0),
        steered(5, {"a": 2.0}, 1.0, 20.0),
    )
    assert [mark for mark in curves.marks if "×" in mark.label] == [Mark(5, "a ×2")]


def test_a_validation_by_hand_is_marked_where_it_was(run: Run) -> None:
    scores = {"a/validation/accuracy": 0.5}
    curves = read(
        run,
        Asked(3, "evaluate", 0.0),
        Evaluated(4, "validation", scores, False, 0.1),
        Evaluated(10, "validation", scores, False, 0.1),
        Asked(11, "evaluate", 0.0),
        Asked(11, "stop", 0.0),  # it came to nothing
        Evaluated(20, "validation", scores, False, 0.1),
    )
    assert curves.marks == [Mark(4, "evaluated by hand"), Mark(11, "stopped")]


def test_tasks_that_stop_rest_and_wake_are_marked_once(run: Run) -> None:
    def judged(
        step: int, stopped: tuple[str, ...] = (), resting: tuple[str, ...] = ()
    ) -> Evaluated:
        return Evaluated(step, "validation", {}, False, 0.1, stopped, resting)

    curves = read(
        run,
        judged(10),
        judged(20, resting=("a",)),
        judged(30, resting=("a",)),
        judged(40),
        judged(50, stopped=("a",), resting=("a", "b")),
        judged(60, stopped=("a", "b")),
    )
    assert curves.marks == [
        Mark(20, "a rests"),
        Mark(40, "a wakes"),
        Mark(50, "a has had enough"),
        Mark(50, "b rests"),
        Mark(60, "b has had enough"),
    ]
