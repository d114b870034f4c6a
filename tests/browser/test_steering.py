"""Steering in a real browser: a slider moves, the curve is marked, the next steps have the weight."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mtl_core.runs import worker
from mtl_core.runs.store import Run, Runs, State
from mtl_core.training.events import Evaluated, Steered, Step
from tests.conftest import kill_all_of, tiny_experiment, write_dataset

from .conftest import Server, until

FEW = 60  # steps of this model in well under a second
BATCH = {"training__epochs": 1000, "training__evaluate_every": 100_000, "training__watch_every": 20}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    home = tmp_path / "browser"
    monkeypatch.setenv("MTL_HOME", str(home))
    yield home
    kill_all_of(home)


@pytest.fixture
def run(home: Path, tmp_path: Path) -> Run:
    """A small run that trains far longer than the test, validated only at its end."""
    dataset = write_dataset(tmp_path / "data" / "tiny", "tiny", train=640)
    run = Runs(home / "runs").create(tiny_experiment(dataset, **BATCH))
    worker.ensure(home)
    return run


def move(page: Any, slider: Any, value: float) -> None:
    """With the arrow keys; presses that a page loses while it draws itself are made up for."""

    def arrived() -> bool:
        slider.focus()
        at = float((slider.get_attribute("aria-valuetext") or "×1").lstrip("×"))
        steps = round((value - at) / 0.05)
        for _ in range(abs(steps)):
            page.keyboard.press("ArrowRight" if steps > 0 else "ArrowLeft")
        page.wait_for_timeout(1000)
        return slider.get_attribute("aria-valuetext") == f"×{value:.2f}"

    until(arrived)


def marks(page: Any, chart: int = 0) -> list[str]:
    """The words at the marks of a live chart."""
    panel = page.locator(".live-chart").nth(chart)
    return [label for _, label in panel.evaluate("node => node.__chart.chart?.face.marks ?? []")]


def steered(run: Run) -> list[Steered]:
    return [event for event in run.events() if isinstance(event, Steered)]


def test_a_slider_moves_the_weight_and_an_evaluation_comes_when_asked(
    server: Server, run: Run, new_page: Callable[..., Any]
) -> None:
    page = new_page(viewport={"width": 1400, "height": 900})
    page.goto(f"{server.address}/runs?run={run.id}")
    page.get_by_text("Steer: task weights and learning rate").click()
    slider = page.get_by_role("slider", name="Weight of mood")
    slider.wait_for()
    drawn = page.locator(".live-chart").first
    until(lambda: int(drawn.get_attribute("data-points") or 0) > 0)  # the page is anew then
    seen = run.status().step
    move(page, slider, 1.5)

    told = until(lambda: [e for e in steered(run) if e.factors == {"mood": 1.5}])[0]
    steps = {e.step: e for e in until(lambda: _after(run, told.step + FEW))}
    assert told.step >= seen
    assert all(steps[told.step + i].weights["mood"] == 1.5 for i in (1, 2, FEW))
    assert steps[told.step].weights["mood"] < 1.5
    assert steps[told.step + 1].weights["tags"] == 1.0
    assert slider.get_attribute("aria-valuetext") == "×1.50"
    until(lambda: "mood ×1.5" in marks(page))
    page.get_by_text("Steered", exact=True).wait_for()
    assert json.loads((run.folder / "status.json").read_text())["steered"] is True

    assert not [e for e in run.events() if isinstance(e, Evaluated)]
    page.get_by_role("button", name="Evaluate now").click()
    evaluated = until(lambda: [e for e in run.events() if isinstance(e, Evaluated)])[0]
    assert evaluated.step % 100_000
    until(lambda: "evaluated by hand" in marks(page, 1))

    page.get_by_role("button", name="Pause", exact=True).click()
    until(lambda: run.status().state is State.PAUSED)
    page.reload()
    again = page.get_by_role("slider", name="Weight of mood")
    again.wait_for()
    assert again.get_attribute("aria-valuetext") == "×1.50"
    page.get_by_role("button", name="Stop", exact=True).click()
    until(lambda: run.status().state is State.STOPPED)


def _after(run: Run, step: int) -> list[Step]:
    """All steps, as soon as there are so many."""
    found = [event for event in run.events() if isinstance(event, Step)]
    return found if found and found[-1].step >= step else []
