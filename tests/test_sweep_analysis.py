"""The statistics of a sweep against scipy, the front against brute force, the answers in words."""

from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pytest
from scipy import stats  # type: ignore[import-untyped]

from mtl_core.analysis.figures_sweep import differences_figure, pareto_figure
from mtl_core.analysis.gains import CANNOT_TELL, HELPED, HURT, NO_TWIN, ONE_SEED, spread
from mtl_core.analysis.pareto import alone, front, grids, points
from mtl_core.analysis.results import Result
from mtl_core.analysis.sweep import Cell, cells, holm, p_value, split_of, verdict_on
from mtl_core.analysis.sweep_table import shown_table, table
from mtl_core.analysis.sweep_words import DEPENDS, NOTHING_SHARED, WAITING, Answer, answers
from mtl_core.config.sweep import Sweep
from mtl_core.runs.store import State

CHOICES = {
    "separate": {"sharing.kind": "separate"},
    "hard": {},
    "PCGrad": {"balancing.kind": "pcgrad"},
}
ALONE = [0.70, 0.72, 0.71]


def sweep_of(seeds: int = 3, **choices: Any) -> Sweep:
    tree = {
        "name": "S",
        "data": [{"card": "c", "tasks": ["pos", "ner"]}],
        "sweep": {"seeds": list(range(seeds)), "choices": choices or CHOICES, "weights": 3},
    }
    return Sweep.parse(tree, source="test")


def results_of(
    sweep: Sweep, scores: dict[str, list[float]], state: State = State.FINISHED
) -> list[Result]:
    """Finished runs: `scores` of `ner` by choice and seed, `alone` for the twins; pos has 0.9."""
    found = []
    for place, run in enumerate(sweep.experiments()):
        name = "alone" if run.only else str(run.choice)
        values = scores.get(name, [])
        if run.training.seed < len(values):
            value = values[run.training.seed]
            own = {"pos": 0.9, "ner": value} if not run.only else {run.only: value}
            metrics = {f"{task}/test/accuracy": score for task, score in own.items()}
            main = dict.fromkeys(own, "accuracy")
            found.append(Result(f"{place:03}", "g", run, state, metrics, main))
    return found


def cells_of(scores: dict[str, list[float]], **choices: Any) -> dict[str, Cell]:
    """The cells of `ner`, by choice."""
    sweep = sweep_of(max(map(len, scores.values())), **choices)
    found = cells(sweep.entries(), results_of(sweep, scores), "test")
    return {cell.choice: cell for cell in found if cell.task == "ner"}


def test_scores_and_differences_equal_scipy() -> None:
    scores = {
        "hard": [0.80, 0.79, 0.83], "PCGrad": [0.81, 0.82, 0.82], "alone": ALONE,
    }  # fmt: skip
    found = cells_of(scores)
    own = found["PCGrad"].gain.multi
    assert (
        own is not None and own.count == 3 and own.mean == pytest.approx(np.mean(scores["PCGrad"]))
    )
    assert own.deviation == pytest.approx(np.std(scores["PCGrad"], ddof=1))
    interval = stats.t.interval(0.95, 2, loc=own.mean, scale=stats.sem(scores["PCGrad"]))
    assert (own.low, own.high) == pytest.approx(interval)
    twin, equal = found["PCGrad"].gain.difference, found["PCGrad"].against_equal
    for spread_, other in ((twin, ALONE), (equal, scores["hard"])):
        assert spread_ is not None
        test = stats.ttest_rel(scores["PCGrad"], other)
        between = test.confidence_interval(0.95)
        assert (spread_.low, spread_.high) == pytest.approx((between.low, between.high))
        assert p_value(spread_) == pytest.approx(test.pvalue)
    assert found["PCGrad"].reference == "hard" and found["hard"].reference is None
    assert found["separate"].reference is None and found["separate"].gain.multi is None


def test_pairs_are_made_over_the_same_seeds_only() -> None:
    found = cells_of({"hard": [0.8, 0.9], "PCGrad": [0.7, 0.8, 0.9], "alone": ALONE})
    equal = found["PCGrad"].against_equal
    assert equal is not None and equal.count == 2 and equal.mean == pytest.approx(-0.1)
    assert found["PCGrad"].gain.multi is not None and found["PCGrad"].gain.multi.count == 3


def test_p_values_at_the_edges() -> None:
    def p(*values: float) -> float | None:
        found = spread(values)
        assert found
        return p_value(found)

    assert p(0.1) is None and p(0.25, 0.25) == 0.0 and p(0.0, 0.0) == 1.0


def test_holm_by_hand() -> None:
    # 0.01 × 4 = 0.04; 0.02 × 3 = 0.06; 0.03 × 2 = 0.06; 0.5 × 1, never below the one before.
    assert holm([0.03, 0.01, 0.5, 0.02]) == pytest.approx([0.06, 0.04, 0.5, 0.06])
    assert holm([0.6, 0.9]) == [1.0, 1.0] and holm([]) == [] and holm([0.04]) == [0.04]


@pytest.mark.parametrize("values", [[0.001, 0.04, 0.03, 0.2], [0.012, 0.013], [0.9, 0.049, 0.0]])
def test_holm_rejects_step_by_step(values: list[float]) -> None:
    """The definition: go on from the smallest as long as p <= 0.05 / (number left)."""
    rejected = set()
    for rank, value in enumerate(sorted(values)):
        if value > 0.05 / (len(values) - rank):
            break
        rejected.add(value)
    assert {v for v, p in zip(values, holm(values), strict=True) if p <= 0.05} == rejected


def test_correction_counts_what_shares_and_was_asked_for() -> None:
    steady = {name: [0.80, 0.815, 0.813] for name in ("hard", "PCGrad", "random weights")}
    found = cells_of({**steady, "separate": [0.7, 0.7, 0.7], "alone": ALONE})
    assert {name: cell.compared for name, cell in found.items()} == {
        "separate": 0, "hard": 2, "PCGrad": 2, "random weights": 0,
        "weights 0.5 : 1.5": 0, "weights 1.5 : 0.5": 0,
    }  # fmt: skip
    assert found["hard"].corrected == HELPED and found["random weights"].corrected is None
    assert found["random weights"].gain.verdict == HELPED


def test_a_verdict_that_luck_may_have_made_does_not_stand() -> None:
    many = {f"c{i}": {"encoder.dropout": 0.1 + i / 100} for i in range(5)}
    sweep = sweep_of(3, **many)
    # Each choice has twins of its own; one gains 1, 1.2 and 1.6 points, the others nothing clear.
    found = []
    for place, run in enumerate(sweep.experiments()):
        seed = run.training.seed
        gain = ([0.010, 0.012, 0.016] if run.choice == "c0" else [0.02, -0.01, 0.0])[seed]
        value = 0.7 + (0 if run.only else gain)
        metrics = {f"{task}/test/f1": value for task in run.tasks}
        main = dict.fromkeys(run.tasks, "f1")
        found.append(Result(f"{place:03}", "g", run, State.FINISHED, metrics, main))
    judged = {c.choice: c for c in cells(sweep.entries(), found, "test") if c.task == "ner"}
    assert judged["c0"].gain.verdict == HELPED and judged["c0"].corrected == CANNOT_TELL
    answer = answers(list(judged.values()), 3)[0]
    assert answer.verdict == CANNOT_TELL
    assert answer.sentence.startswith("Cannot tell. The best choice is c0, +1.3 points")
    assert "Judged alone, c0 helped; among 5 choices that may be luck." in answer.sentence


def answer_of(scores: dict[str, list[float]], seeds: int = 3, **choices: Any) -> Answer:
    return answers(list(cells_of(scores, **choices).values()), seeds)[0]


GOOD, BAD = [0.800, 0.815, 0.813], [0.600, 0.615, 0.613]


@pytest.mark.parametrize(
    ("hard", "special", "verdict", "begins"),
    [
        (GOOD, GOOD, HELPED, "Yes, sharing helped (corrected for 2 choices): hard, +9.9 points"),
        (BAD, BAD, HURT, "No, sharing hurt (corrected for 2 choices): "),
        (GOOD, BAD, DEPENDS, "It depends. Sharing helped with hard, +9.9 points"),
        ([0.8, 0.6, 0.7], [0.6, 0.8, 0.7], CANNOT_TELL, "Cannot tell. The best choice is"),
        ([0.8], [0.9], CANNOT_TELL, "Cannot tell from one seed; train more. The best choice is"),
        ([], [], WAITING, "Not known yet"),
    ],
)
def test_answers(hard: list[float], special: list[float], verdict: str, begins: str) -> None:
    answer = answer_of({"hard": hard, "PCGrad": special, "alone": ALONE})
    assert answer.verdict == verdict and answer.sentence.startswith(begins)


def test_an_answer_says_how_far_the_sweep_is_and_what_methods_did() -> None:
    answer = answer_of({"hard": GOOD, "PCGrad": BAD, "alone": ALONE}, seeds=5)
    assert answer.sentence.endswith("So far 3 of 5 seeds.")
    assert len(answer.notes) == 1
    assert answer.notes[0].startswith(
        "PCGrad: hurt, \N{MINUS SIGN}20.0 points over hard, with equal weights (95"
    )


def test_a_steered_run_is_not_judged() -> None:
    sweep = sweep_of()
    results = results_of(sweep, {"hard": GOOD, "PCGrad": GOOD, "alone": ALONE})
    touched = [replace(r, steered=r.experiment.choice == "PCGrad") for r in results]
    found = {c.choice: c for c in cells(sweep.entries(), touched, "test") if c.task == "ner"}
    assert found["hard"].compared == 1 and found["PCGrad"].corrected is None
    assert found["PCGrad"].against_equal is None
    answer = answers(list(found.values()), 3)[0]
    assert answer.sentence.startswith("Yes, sharing helped: hard, +9.9 points")
    assert answer.sentence.endswith("Steered by hand, so not judged: PCGrad.")


def test_without_sharing_or_without_twins_nothing_is_judged() -> None:
    only = answer_of({"separate": GOOD, "alone": ALONE}, separate={"sharing.kind": "separate"})
    assert only.verdict == NOTHING_SHARED
    lonely = cells_of({"hard": GOOD}, hard={})
    assert lonely["hard"].gain.verdict == NO_TWIN
    assert answers(list(lonely.values()), 3)[0].verdict == WAITING
    one = cells_of({"hard": GOOD[:1], "alone": ALONE}, hard={})
    assert one["hard"].gain.verdict == ONE_SEED and one["hard"].corrected is None


def test_unfinished_runs_have_no_scores() -> None:
    sweep = sweep_of()
    running = results_of(sweep, {"hard": GOOD, "alone": ALONE}, State.RUNNING)
    found = cells(sweep.entries(), running, "test")
    assert all(cell.gain.multi is None and cell.gain.difference is None for cell in found)
    assert answers(found, 3)[0].verdict == WAITING
    assert all(cell.gain.multi is None for cell in cells(sweep.entries(), [], "test"))


def test_scores_are_compared_on_test_data_where_there_are_some() -> None:
    sweep = sweep_of()
    assert split_of(results_of(sweep, {"hard": GOOD})) == "test"
    assert split_of([]) == "validation"


def test_verdicts_on_a_difference() -> None:
    cases = {HELPED: [0.1, 0.11], HURT: [-0.1, -0.11], CANNOT_TELL: [0.1, -0.1]}
    for verdict, values in cases.items():
        assert verdict_on(spread(values)) == verdict
    assert verdict_on(spread([0.1])) == CANNOT_TELL and verdict_on(None) == ""


def test_the_table_has_a_row_per_choice_and_task() -> None:
    sweep = sweep_of()
    scores = {"hard": [0.8, 0.79, 0.83], "PCGrad": GOOD, "alone": ALONE}
    found = table(cells(sweep.entries(), results_of(sweep, scores), "test"))
    assert len(found) == 6 * 2
    row = found[(found["choice"] == "PCGrad") & (found["task"] == "ner")].iloc[0]
    assert row["seeds"] == 3 and row["over twin (points)"] == pytest.approx(9.9333, abs=1e-3)
    assert row["over equal weights (points)"] == pytest.approx(
        100 * (np.mean(GOOD) - np.mean(scores["hard"]))
    )
    assert row["over equal weights seeds"] == 3 and row["verdict"] == HELPED
    assert list(found["added baseline"]) == [False] * 6 + [True] * 6
    shown = shown_table(cells(sweep.entries(), results_of(sweep, scores), "test"))
    assert list(shown["task"])[::6] == ["pos (accuracy)", "ner (accuracy)"]
    best = shown[(shown["choice"] == "PCGrad") & (shown["task"] == "ner (accuracy)")].iloc[0]
    assert best["mean ± sd, %"] == "80.9 ± 0.8" and best["over its twin"].startswith("+9.9 (+")
    assert best["corrected"] == HELPED and best["verdict on that"] == CANNOT_TELL
    assert shown.iloc[0]["mean ± sd, %"] == "–"  # `separate` has not finished


# --- The front ------------------------------------------------------------------------------------


def brute_force(places: list[tuple[float, float]]) -> list[bool]:
    found = []
    for x, y in places:
        beaten = False
        for a, b in places:
            if (a > x and b >= y) or (a >= x and b > y):
                beaten = True
        found.append(not beaten)
    return found


@pytest.mark.parametrize("seed", range(5))
def test_the_front_equals_brute_force(seed: int) -> None:
    numbers = np.random.default_rng(seed)
    places = [(float(x), float(y)) for x, y in numbers.integers(0, 6, (25, 2))]
    assert front(places) == brute_force(places)


def test_the_front_by_hand() -> None:
    assert front([(1, 3), (2, 2), (3, 1), (1, 1), (2, 2), (3, 0)]) == [
        True, True, True, False, True, False,
    ]  # fmt: skip
    assert front([]) == []
    corners = list(product((0.0, 1.0), repeat=2))
    assert front(corners) == [False, False, False, True]


def found_points() -> tuple[list[Cell], list[Any]]:
    sweep = sweep_of()
    scores = {
        "hard": GOOD, "PCGrad": [0.9] * 3, "random weights": BAD, "weights 0.5 : 1.5": [0.85] * 3,
        "weights 1.5 : 0.5": [0.7] * 3, "alone": ALONE,
    }  # fmt: skip
    found = cells(sweep.entries(), results_of(sweep, scores), "test")
    return found, points(found, "pos", "ner")


def test_points_lines_and_grid() -> None:
    found, drawn = found_points()
    assert {p.entry.name for p in drawn if p.is_best} == {"PCGrad"}
    assert "separate" not in {p.entry.name for p in drawn}  # it has not finished
    (line,) = grids(drawn, "pos", "ner")
    assert [p.entry.name for p in line] == ["weights 0.5 : 1.5", "hard", "weights 1.5 : 0.5"]
    assert [a.score for a in alone(found, "ner")] == [pytest.approx(np.mean(ALONE))]
    assert points(found, "pos", "nothing") == []


def test_figures_show_what_was_found() -> None:
    found, drawn = found_points()
    lines = [*alone(found, "pos"), *alone(found, "ner")]
    figure = pareto_figure(drawn, lines, {"pos": "accuracy", "ner": "macro_f1"}, "light")
    names = {trace.name for trace in figure.data}
    assert {"fixed weights", "PCGrad", "random weights"} <= names
    ring = next(t for t in figure.data if t.name == "beaten by none in both")
    assert list(ring.x) == [pytest.approx(90.0)] and list(ring.y) == [pytest.approx(90.0)]
    assert len(figure.layout.shapes) == 2
    assert figure.layout.yaxis.title.text == "ner (macro f1, %)"
    dots = differences_figure(
        found, lambda cell: cell.gain.difference, "the twin", lambda task: "#123456", "dark"
    )
    assert len(dots.data) == 2  # a panel per task
    ner = dict(
        zip(
            dots.data[1].y,
            zip(dots.data[1].x, dots.data[1].marker.symbol, strict=True),
            strict=True,
        )
    )
    assert ner["hard"] == (pytest.approx(9.9333, abs=1e-3), "circle")
    assert dots.data[1].error_x.array[0] > 0 and dots.layout.xaxis.range is None


def test_an_interval_from_two_seeds_does_not_hide_the_others() -> None:
    found = list(cells_of({"hard": [0.7, 0.8], "PCGrad": [0.71, 0.73], "alone": ALONE}).values())
    figure = differences_figure(
        found, lambda cell: cell.gain.difference, "the twin", lambda task: "#123456", "light"
    )
    half = max(figure.data[0].error_x.array)
    assert half > 50 and figure.layout.xaxis.range == (-20.0, 20.0)
