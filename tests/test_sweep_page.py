"""The Sweeps page and the one click that leads to it, without a training."""

from pathlib import Path
from typing import Any

import pytest
from streamlit.runtime.pages_manager import PagesManager
from streamlit.testing.v1 import AppTest

from mtl_core.config import METHODS
from mtl_core.config.sweep import Sweep
from mtl_core.runs import worker
from mtl_core.runs.store import Run, Runs, State, Status
from mtl_core.runs.sweeps import Stored, Sweeps

ROOT = Path(__file__).parents[1]
SCORES = {"separate": 0.70, "hard": 0.80, "P": 0.81, None: 0.71}


@pytest.fixture(autouse=True)
def no_worker(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Nothing trains in these tests; the calls are counted."""
    calls: list[Path] = []
    monkeypatch.setattr(worker, "ensure", calls.append)
    return calls


@pytest.fixture(autouse=True)
def router_has_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server whose first visitor has come: Streamlit leaves the menu to app.py (see _ui)."""
    build = PagesManager.__init__

    def without_automatic_pages(*args: Any, **kwargs: Any) -> None:
        build(*args, **kwargs)
        PagesManager.uses_pages_directory = False

    monkeypatch.setattr(PagesManager, "__init__", without_automatic_pages)


@pytest.fixture
def stored() -> Stored:
    tree = {
        "name": "<b>City</b> *twice*",
        "data": [{"card": "city_en", "tasks": ["entities", "pos"]}],
        "sweep": {
            "seeds": [0, 1, 2],
            "choices": {
                "separate": {"sharing.kind": "separate"},
                "hard": {},
                "P": {"balancing.kind": "pcgrad"},
            },
            "weights": 3,
        },
    }
    return Sweeps().create(Sweep.parse(tree, source="test"))


def finish(run: Run) -> None:
    """Scores as a training might leave them; each seed has its own luck."""
    choice, seed = run.experiment.choice, run.experiment.training.seed
    score = SCORES.get(choice, 0.75) + 0.002 * ((seed * 7 + len(choice or "")) % 3)
    metrics = {f"{task}/test/f1": score for task in run.experiment.tasks}
    run.write_status(Status(State.FINISHED, 1, 2, step=9, steps=9, seconds=4.0, metrics=metrics))


@pytest.fixture
def runs(stored: Stored) -> list[Run]:
    return [Runs().create(planned) for planned in stored.plan.values()]


def opened(name: str, **params: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    app.switch_page(f"pages/{name}.py")
    for key, value in params.items():
        app.query_params[key] = value
    app.run()
    assert not app.exception, app.exception
    return app


def text_of(app: AppTest) -> str:
    """Everything that can be read, markdown's backslashes left out."""
    parts = [*app.markdown, *app.caption, *app.subheader, *app.get("html"), *app.error]
    shown = [getattr(part, "value", "") or getattr(part.proto, "body", "") for part in parts]
    shown += [bar.proto.text for bar in app.get("progress")]
    return " ".join(map(str, shown)).replace("\\", "")


def test_a_finished_sweep_answers_its_question(stored: Stored, runs: list[Run]) -> None:
    for run in runs:
        finish(run)
    app = opened("sweeps", sweep=stored.group)
    said = text_of(app)
    assert "Did sharing help entities, and can we tell?" in said
    assert "Yes, sharing helped (corrected for 2 choices): P, +" in said
    assert "P: helped, +1." in said or "P: cannot tell" in said
    assert "24 of 24 runs finished" in said
    assert len(app.get("plotly_chart")) == 2
    table = app.dataframe[0].value
    assert len(table) == 2 * (3 + 3) and set(table["task"]) == {"entities (f1)", "pos (f1)"}
    assert {"Stop all", "Resume all"}.isdisjoint(button.label for button in app.button)
    links = [link.proto.query_string for link in app.get("page_link")]
    assert {f"run={run.id}" for run in runs} <= set(links)


def test_the_list_and_the_runs_page_lead_to_it(stored: Stored, runs: list[Run]) -> None:
    finish(runs[0])
    for page in ("sweeps", "runs"):
        app = opened(page)
        links = [link.proto for link in app.get("page_link")]
        assert f"sweep={stored.group}" in {link.query_string for link in links}
        assert "<b>City</b> *twice*" in text_of(app) + links[0].label.replace("\\", "")


def test_a_sweep_is_stopped_and_resumed(stored: Stored, runs: list[Run]) -> None:
    app = opened("sweeps", sweep=stored.group)
    assert "24 waiting" in text_of(app)
    app.button(key="sweep/stop").click().run()
    assert {run.asked() for run in runs} == {"stop"}
    for run in runs:
        run.answered("stop")
        run.write_status(Status(State.STOPPED, 1, 2))
    app = opened("sweeps", sweep=stored.group)
    assert "24 ended early" in text_of(app)
    app.button(key="sweep/play_arrow").click().run()
    assert {run.asked() for run in runs} == {"resume"}


def test_deleted_runs_can_be_queued_again(
    stored: Stored, runs: list[Run], no_worker: list[Path], mtl_home: Path
) -> None:
    for run in runs:
        finish(run)
    runs[0].delete()
    (runs[1].folder / "status.json").write_text("{")
    app = opened("sweeps", sweep=stored.group)
    assert "2 not started" in text_of(app)
    app.button(key="sweep/playlist_add").click().run()
    assert sum(run.group == stored.group for run in Runs()) == 23 + 2
    assert no_worker[-1] == mtl_home


def test_before_anything_has_finished_it_says_so(stored: Stored, runs: list[Run]) -> None:
    said = text_of(opened("sweeps", sweep=stored.group))
    assert said.count("Not known yet") == 2


def test_what_cannot_be_read_is_told(stored: Stored, mtl_home: Path) -> None:
    (mtl_home / "sweeps" / "broken.yaml").write_text("sweep: [", encoding="utf-8")
    app = opened("sweeps")
    assert "1 unreadable sweeps" in [box.label for box in app.expander]
    for group in ("broken", "../../etc", "gone"):
        app = opened("sweeps", sweep=group)
        assert app.error and stored.group in str([x.proto for x in app.get("page_link")])


def test_it_is_deleted_with_its_runs(stored: Stored, runs: list[Run]) -> None:
    for run in runs:
        finish(run)
    app = opened("sweeps", sweep=stored.group)
    app.button(key="sweep/delete").click().run()
    assert not list(Runs()) and not list(Sweeps())


def test_one_click_queues_a_sweep(no_worker: list[Path]) -> None:
    app = opened("experiment")
    own = app.selectbox(key="draft/0/sharing/kind").value
    kinds = [part.kind_name() for part in METHODS["sharing"] if part.kind_name() != own]
    picker = app.multiselect(key=f"draft/0/sweep/sharing/{own}")
    picker.select(kinds[0]).run()
    button = app.button(key="sweep/queue")
    assert not app.exception and not list(Runs())
    # 3 seeds of two choices and of a twin for each of the four tasks.
    assert button.label == "Queue the sweep (18 runs)"
    button.click().run()
    (group,) = Sweeps()
    assert len(list(Runs())) == 18 and len(Sweeps().get(group).sweep.design.choices) == 2
    assert no_worker


def test_the_sweep_of_the_form_says_what_it_adds() -> None:
    app = opened("experiment")
    own = next(m for m in app.multiselect if m.key and "sweep/balancing" in m.key)
    special = next(part for part in METHODS["balancing"] if part.is_special)  # type: ignore[attr-defined]
    own.select(special.kind_name()).run()
    assert not app.exception
    assert "random weights" in text_of(app)
