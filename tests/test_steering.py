"""Steering a live run: exactly the next step obeys, events tell, and comparisons say so."""

import itertools
import json
import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest
from typer.testing import CliRunner

from mtl_core.analysis.bands import bundles
from mtl_core.analysis.compare import scores
from mtl_core.analysis.gains import HELPED, STEERED, gains, gains_table
from mtl_core.analysis.results import Result, result_of
from mtl_core.cli import app
from mtl_core.config import Experiment
from mtl_core.data.catalog import Catalog, Dataset
from mtl_core.runs import worker
from mtl_core.runs.execute import execute
from mtl_core.runs.processes import ProcessMark
from mtl_core.runs.store import Run, Runs, State, Status
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
from mtl_core.training.setup import prepare
from mtl_core.training.steering import Wishes
from mtl_core.training.trainer import train
from tests.conftest import tiny_experiment

ROOT = Path(__file__).parents[1]


def trained(experiment: Experiment, folder: Path, *wishes: Wishes) -> list[Event]:
    """All events, where the user wishes these things before step 1, 2, ...; the last ones last."""
    folder.mkdir()
    said = itertools.chain(
        wishes or [Wishes()], itertools.repeat(wishes[-1] if wishes else Wishes())
    )
    prepared = prepare(experiment, Catalog.read([]))
    return list(train(prepared.parts, prepared.plan, folder, lambda: next(said)))


def steps(events: list[Event]) -> list[Step]:
    return [replace(e, seconds=0.0) for e in events if isinstance(e, Step)]


def test_a_factor_acts_on_exactly_the_next_step_and_is_told_once(
    tiny: Dataset, tmp_path: Path
) -> None:
    experiment = tiny_experiment(tiny)
    plain = steps(trained(experiment, tmp_path / "plain"))
    twice = Wishes({"mood": 2.0})
    events = trained(experiment, tmp_path / "steered", *[Wishes()] * 2, *[twice] * 2, Wishes())
    found = steps(events)
    assert found[:2] == plain[:2]
    assert [step.weights["mood"] for step in found] == [1.0, 1.0, 2.0, 2.0, 1.0, 1.0]
    assert {step.weights["tags"] for step in found} == {1.0}
    # Losses are told before they are weighted, so the step that is steered has the same loss still.
    assert found[2].losses == plain[2].losses and found[3].losses != plain[3].losses
    told = [(e.step, e.factors, e.rate) for e in events if isinstance(e, Steered)]
    assert told == [(2, {"mood": 2.0}, 1.0), (4, {}, 1.0)]
    kinds = [type(e) for e in events]
    assert kinds.index(Steered) == kinds.index(Step) + 2 + sum(
        isinstance(e, Watched) for e in events[: kinds.index(Steered)]
    )


def test_the_learning_rate_acts_on_exactly_the_next_step(tiny: Dataset, tmp_path: Path) -> None:
    experiment = tiny_experiment(tiny)
    plain = steps(trained(experiment, tmp_path / "plain"))
    events = trained(experiment, tmp_path / "half", Wishes(), Wishes(rate=0.5))
    ratios = [a.learning_rate / b.learning_rate for a, b in zip(steps(events), plain, strict=True)]
    assert ratios == pytest.approx([1.0, *[0.5] * 5])
    assert [(e.step, e.rate) for e in events if isinstance(e, Steered)] == [(1, 0.5)]


def test_a_wish_of_one_changes_no_number(tiny: Dataset, tmp_path: Path) -> None:
    experiment = tiny_experiment(tiny)
    ones = Wishes.of(
        {"factors": {"mood": 1, "tags": 1.0}, "rate": 1}, experiment.tasks, evaluate=False
    )
    events = trained(experiment, tmp_path / "ones", ones)
    assert steps(events) == steps(trained(experiment, tmp_path / "plain"))
    assert not [e for e in events if isinstance(e, Steered)]


def test_steered_from_the_start_a_run_equals_one_with_these_settings(
    tiny: Dataset, tmp_path: Path
) -> None:
    experiment = tiny_experiment(tiny)
    steered = trained(
        experiment, tmp_path / "steered", Wishes({"mood": 2.0, "tags": 0.5}, rate=0.5)
    )
    asked = tiny_experiment(
        tiny,
        balancing={"kind": "fixed", "weights": {"mood": 2.0, "tags": 0.5}},
        training__learning_rate=0.005,
    )
    for one, other in zip(steps(steered), steps(trained(asked, tmp_path / "asked")), strict=True):
        assert one.losses == pytest.approx(other.losses, rel=1e-5)
        assert one.weights == pytest.approx(other.weights)
        assert one.learning_rate == pytest.approx(other.learning_rate)


@pytest.mark.parametrize("balancing", ["equal", "gls", "famo", "nash"])
def test_a_task_with_factor_0_is_left_out_and_the_others_learn_on(
    tiny: Dataset, tmp_path: Path, balancing: str
) -> None:
    experiment = tiny_experiment(tiny, balancing__kind=balancing)
    found = steps(trained(experiment, tmp_path / "run", Wishes(), Wishes({"mood": 0.0})))
    assert set(found[0].losses) == {"mood", "places", "tags"}
    for step in found[1:]:
        assert set(step.losses) == set(step.weights) == {"places", "tags"}
        assert all(0.05 < weight < 20 for weight in step.weights.values())


def test_bounds_hold_whatever_the_file_says() -> None:
    tree = {"factors": {"a": 99, "b": -1, "unknown": 2}, "rate": 1e9}
    wishes = Wishes.of(tree, ("a", "b", "c"), evaluate=True)
    assert wishes == Wishes({"a": 4.0, "b": 0.0}, 10.0, True)


# --- A run in its folder --------------------------------------------------------------------------


def executed(run: Run, at: int, act: Callable[[], None]) -> list[Event]:
    """Train the run here; the user acts right after a step has been told."""

    def listen(event: Event) -> None:
        if isinstance(event, Step) and event.step == at:
            act()

    execute(run, listen)
    return run.events()


def test_what_is_written_while_a_run_trains_acts_on_its_next_step(tiny: Dataset) -> None:
    run = Runs().create(tiny_experiment(tiny))
    events = executed(run, 3, lambda: run.steer({"mood": 2.0}, 0.5))
    weights = [e.weights["mood"] for e in events if isinstance(e, Step)]
    assert weights == [1.0, 1.0, 1.0, 2.0, 2.0, 2.0]
    told = [(e.step, e.factors, e.rate) for e in events if isinstance(e, Steered)]
    assert told == [(3, {"mood": 2.0}, 0.5)]
    assert run.status().steered and run.status().state is State.FINISHED
    assert result_of(run).steered


def test_an_evaluation_that_is_asked_for_comes_after_the_next_step(tiny: Dataset) -> None:
    run = Runs().create(tiny_experiment(tiny, training__evaluate_every=6))
    events = executed(run, 2, lambda: run.ask("evaluate"))
    assert [e.step for e in events if isinstance(e, Evaluated)] == [3, 6]
    assert [e.step for e in events if isinstance(e, Asked)] == [2] and not run.asked()
    assert not run.status().steered  # looking changes nothing


# --- Wherever it is compared ----------------------------------------------------------------------


def group(tiny: Dataset, *seeds: int) -> list[Run]:
    """Finished runs of several seeds with their twins for mood, three points better together."""
    found = []
    for seed in seeds:
        asked = tiny_experiment(tiny, training__seed=seed)
        pair = (asked, 0.93 + seed / 1000), (asked.twin("mood"), 0.9)
        for experiment, score in pair:
            run = Runs().create(experiment.model_copy(update={"group": "g"}))
            finish(run, {"mood/test/accuracy": score})
            found.append(run)
    return found


def finish(run: Run, metrics: dict[str, float], *, steered: bool = False) -> None:
    status = Status(State.FINISHED, 1.0, 2.0, step=2, steps=2, metrics=metrics, steered=steered)
    run.write_status(status)


def results(runs: list[Run]) -> list[Result]:
    return [result_of(run) for run in runs]


@pytest.mark.parametrize("which", [0, 1])
def test_a_gain_with_a_steered_run_gets_no_verdict(tiny: Dataset, which: int) -> None:
    """Whether it is the multi-task run or its twin."""
    runs = group(tiny, 0, 1)
    fair = gains(results(runs), "test")[0]
    assert fair.verdict == HELPED and not fair.steered
    finish(runs[which], runs[which].status().metrics, steered=True)
    told = gains(results(runs), "test")[0]
    assert told.verdict == STEERED and told.steered
    assert told.difference == fair.difference  # left out of no table
    assert told.sentence.startswith("+3.") and told.sentence.endswith(STEERED)
    labels = {bundle.label for bundle in bundles(results(runs)) if bundle.task == "mood"}
    assert (
        labels
        == [
            {"Multi-task (steered)", "Single-task twin"},
            {"Multi-task", "Single-task twin (steered)"},
        ][which]
    )
    assert gains_table([told])["steered"].tolist() == [True]
    table = scores(results(runs))
    assert table["steered"].tolist() == [place == which for place in range(4)]


def test_a_newer_pair_that_was_not_steered_replaces_it(tiny: Dataset) -> None:
    runs = group(tiny, 0, 1)
    finish(runs[0], runs[0].status().metrics, steered=True)
    again = group(tiny, 0)
    assert gains(results(runs + again), "test")[0].verdict == HELPED


def test_the_command_line_says_so(tiny: Dataset) -> None:
    runs = group(tiny, 0)
    finish(runs[0], runs[0].status().metrics, steered=True)

    def told(*words: str) -> str:
        result = CliRunner().invoke(app, words)
        assert result.exit_code == 0, result.output
        return result.stdout

    document = json.loads(told("runs", "--json"))
    steered = {entry["run"]: entry["steered"] for entry in document}
    assert steered == {runs[0].id: True, runs[1].id: False}
    assert told("runs").count("(steered)") == 1
    compared = json.loads(told("compare", runs[0].id, "--json"))
    assert [run["steered"] for run in compared["runs"]] == [True, False]
    assert {gain["verdict"] for gain in compared["gains"] if gain["difference"]} == {STEERED}


# --- On its page ----------------------------------------------------------------------------------


@pytest.fixture
def no_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "ensure", lambda home: None)


def opened(name: str, **params: str) -> AppTest:
    page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    page.switch_page(f"pages/{name}.py")
    for param, value in params.items():
        page.query_params[param] = value
    page.run()
    assert not page.exception, page.exception
    return page


@pytest.fixture
def live(tiny: Dataset, no_worker: None) -> Iterator[Run]:
    """A run that this process seems to train: with two looks at its gradients."""
    run = Runs().create(tiny_experiment(tiny, balancing__kind="gls"))
    tasks, rng = run.experiment.tasks, (0.5, -0.25)
    events: list[Event] = [Started(0, 9, tasks, "cpu", 100, 80, 0.0)]
    for step, cosine in enumerate(rng, 1):
        matrix = [[1.0 if i == j else cosine for j in tasks] for i in tasks]
        events += [
            Step(step, dict.fromkeys(tasks, 1.0), dict.fromkeys(tasks, 1.0), 0.1, 0.1),
            Watched(step, tasks, dict.fromkeys(tasks, 2.0), {"all": matrix, "block 1": matrix}, 5.0, 1.0, 3.0, 0.1),
        ]  # fmt: skip
    (run.folder / "events.jsonl").write_text("".join(map(to_line, events)), encoding="utf-8")
    mark = vars(ProcessMark.mine())
    run.write_status(Status(State.RUNNING, 1.0, 2.0, "training", 2, 9, 1.0, process=mark))
    yield run


def labelled(widgets: Any, label: str) -> Any:
    return next(widget for widget in widgets if widget.label == label)


@pytest.mark.slow
def test_a_slider_begins_with_what_holds_and_not_with_its_lowest(live: Run) -> None:
    """The browser falls back on a slider's default where a value that was set is lost on the way."""
    page = opened("runs", run=live.id)
    page.session_state[f"steer/{live.id}"] = True
    page.run()
    assert [slider.proto.default for slider in page.slider] == [[1.0]] * 3
    rate = labelled(page.select_slider, "Learning rate").proto
    assert rate.options[int(rate.default[0])] == "×1"
    assert not any(widget.proto.set_value for widget in (*page.slider, *page.select_slider))


@pytest.mark.slow
def test_sliders_steer_and_show_what_holds(live: Run) -> None:
    page = opened("runs", run=live.id)
    assert not page.slider  # folded away
    page.session_state[f"steer/{live.id}"] = True
    page.run()
    assert any("undoes these weights" in html.proto.body for html in page.get("html"))
    labelled(page.slider, "Weight of mood").set_value(2.5).run()
    labelled(page.select_slider, "Learning rate").set_value(0.5).run()
    holds = live.steering()
    assert (holds["factors"], holds["rate"]) == ({"mood": 2.5}, 0.5)
    live.steer({"tags": 0.35}, 0.42)  # in another window, or by a script
    for seen in (page.run(), opened("runs", run=live.id)):
        values = {slider.label: slider.value for slider in seen.slider}
        assert values == {"Weight of mood": 1.0, "Weight of places": 1.0, "Weight of tags": 0.35}
        assert labelled(seen.select_slider, "Learning rate").value == 0.42
    assert live.steering()["factors"] == {"tags": 0.35}  # to look at it changes nothing
    again = page
    again.button(key=f"steer/{live.id}/reset").click().run()
    assert not again.exception
    assert (live.steering()["factors"], live.steering()["rate"]) == ({}, 1.0)
    again.button(key=f"evaluate-{live.id}").click().run()
    assert live.asked() == "evaluate"


def test_gradients_are_shown_when_the_section_is_opened(live: Run) -> None:
    page = opened("runs", run=live.id)
    assert not page.get("plotly_chart")
    page.session_state[f"gradients/{live.id}"] = True
    page.run()
    assert not page.exception, page.exception
    cosines, shares = (
        json.loads(chart.proto.spec)["data"][0]["z"] for chart in page.get("plotly_chart")
    )
    assert cosines[0] == [None, -0.25, -0.25]
    assert shares == [[50.0, 50.0]] * 3
    page.select_slider(key=f"gradients/{live.id}/step").set_value(1).run()
    cosines, shares = (
        json.loads(chart.proto.spec)["data"][0]["z"] for chart in page.get("plotly_chart")
    )
    assert cosines[0] == [None, 0.5, 0.5] and shares == [[0.0, 0.0]] * 3
    page.select_slider(key=f"gradients/{live.id}/step").set_value(-1).run()
    page.button_group(key=f"gradients/{live.id}/average").set_value("Mean of all so far").run()
    cosines = json.loads(page.get("plotly_chart")[0].proto.spec)["data"][0]["z"]
    assert cosines[1] == [0.125, None, 0.125]


@pytest.mark.slow
def test_a_twin_has_its_learning_rate_and_no_gradients(tiny: Dataset, no_worker: None) -> None:
    run = Runs().create(tiny_experiment(tiny).twin("mood"))
    line = to_line(Step(1, {"mood": 1.0}, {"mood": 1.0}, 0.1, 0.1))
    (run.folder / "events.jsonl").write_text(line, encoding="utf-8")
    mark = vars(ProcessMark.mine())
    run.write_status(Status(State.PAUSED, 1.0, 2.0, "training", 1, 9, 1.0, process=mark))
    page = opened("runs", run=run.id)
    page.session_state[f"steer/{run.id}"] = True
    page.run()
    assert not page.slider and len(page.select_slider) == 1
    assert "Balancing and gradients" not in [box.label for box in page.expander]
    assert not [b for b in page.button if b.key == f"evaluate-{run.id}"]  # only while it trains


@pytest.mark.slow
def test_steered_runs_are_named_on_every_page_that_shows_them(
    tiny: Dataset, no_worker: None
) -> None:
    runs = group(tiny, 0)

    def badges(page: AppTest) -> int:
        return sum(html.proto.body.count(">Steered<") for html in page.get("html"))

    assert badges(opened("runs")) == 0 and not opened("compare").warning
    finish(runs[0], runs[0].status().metrics, steered=True)
    assert badges(opened("runs")) == 1
    assert (
        badges(opened("runs", run=runs[0].id)) == 1 and badges(opened("runs", run=runs[1].id)) == 0
    )
    compare = opened("compare", group="g")
    assert "Steered by hand while training: Tiny" in compare.warning[0].value.replace("\\", "")
    assert any("not a fair comparison" in html.proto.body for html in compare.get("html"))


def test_rates_of_the_slider_are_inside_the_bounds_and_evenly_spaced() -> None:
    from mtl_core.training.steering import RATES as BOUNDS
    from pages._steer import RATES

    assert (RATES[0], RATES[-1]) == BOUNDS and 1.0 in RATES
    ratios = [math.log(b / a) for a, b in itertools.pairwise(RATES)]
    assert min(ratios) > 0 and max(ratios) < 2 * min(ratios)
