"""What stands behind the scores of a run, from its events to its page; the form of the heads."""

from typing import Any

import pytest

from mtl_core.analysis.details import Confusion, Details, details_of
from mtl_core.analysis.figures_details import confusion_figure, values_figure
from mtl_core.config import Experiment, HeadOptions
from mtl_core.config.head import FITTING
from mtl_core.runs.store import Run, Runs
from mtl_core.training.events import Detailed, Step, to_line
from mtl_core.training.metrics import judge

from .conftest import tiny_experiment
from .test_form import drawn
from .test_pages import finish, no_worker, page, router_has_run  # noqa: F401

LABELS = ["<b>a</b>", "b"]


def told(kind: str, gold: list[Any], answered: list[Any]) -> dict[str, Any]:
    return judge(kind, gold, answered).details()  # type: ignore[arg-type]


DETAILS = {
    "mood": told("classification", [LABELS[0], "b", "b", "b"], [LABELS[0], "b", "b", LABELS[0]]),
    "places": told("spans", [["B-X", "O"]], [["B-X", "B-Y"]]),
    "tags": told("regression", [0.0, 1.0, 5.0], [0.5, 1.5, 4.0]),
}


@pytest.fixture
def run(tiny) -> Run:
    run = Runs().create(tiny_experiment(tiny))
    finish(run)
    steps = [Step(1, {"mood": 1.0}, {"mood": 1.0}, 0.1, 0.1)]
    events = [
        Detailed(2, task, split, {} if early else found)
        for early in (True, False)  # as after a stop between the two: the last one holds
        for split in ("validation", "test")
        for task, found in DETAILS.items()
    ]
    with (run.folder / "events.jsonl").open("a", encoding="utf-8") as file:
        file.writelines(map(to_line, [*steps, *events]))
        file.write(to_line(events[0])[:-9])  # a line that is half-written
    return run


def test_details_are_read_from_the_events(run: Run) -> None:
    found = details_of(run)
    assert {task: set(splits) for task, splits in found.items()} == {
        task: {"validation", "test"} for task in DETAILS
    }
    mood = found["mood"]["test"]
    assert mood.classes == [
        {"label": "b", "precision": 1.0, "recall": 0.6667, "f1": 0.8, "support": 3, "answered": 2},
        {"label": LABELS[0], "precision": 0.5, "recall": 1.0, "f1": 0.6667, "support": 1,
         "answered": 2},
    ]  # fmt: skip
    assert mood.confusion == Confusion(
        ("b", LABELS[0]), ("b", LABELS[0]), ((2, 1), (0, 1)), "texts"
    )
    assert [row["label"] for row in found["places"]["test"].classes] == ["X", "Y"]
    assert found["tags"]["test"].points == ((0.0, 0.5), (1.0, 1.5), (5.0, 4.0))


def test_a_run_without_events_has_no_details(tiny) -> None:
    assert details_of(Runs().create(tiny_experiment(tiny))) == {}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_confusion_is_drawn_as_shares_of_each_row(theme: Any) -> None:
    confusion = Details.of(DETAILS["mood"]).confusion
    assert confusion is not None
    figure = confusion_figure(confusion, theme, title="<i>mood</i>")
    heat = figure.data[0]
    assert [list(row) for row in heat.z] == [
        [pytest.approx(200 / 3), pytest.approx(100 / 3)],
        [0, 100],
    ]
    assert [list(row) for row in heat.text] == [["2", "1"], ["", "1"]]
    assert "<b>1</b> of 3 texts (33.3 %)" in heat.hovertext[0][1]
    assert figure.layout.title.text == "&lt;i&gt;mood&lt;/i&gt;"
    assert "&lt;b&gt;a&lt;/b&gt;" in figure.layout.xaxis.ticktext
    assert (figure.layout.xaxis.title.text, figure.layout.yaxis.title.text) == ("answered", "right")


def test_many_labels_are_drawn_without_numbers() -> None:
    names = tuple(f"a long label {i}" for i in range(30))
    counts = tuple(tuple(int(i == j) for j in range(31)) for i in range(30))
    figure = confusion_figure(Confusion(names, (*names, "no answer"), counts), "light", title="t")
    assert figure.data[0].texttemplate is None and figure.layout.width is None
    assert len(figure.layout.xaxis.tickvals) == 31


def test_values_are_drawn_beside_the_line_of_no_error() -> None:
    figure = values_figure(((0.0, 0.5), (5.0, 4.0)), "#112233", "dark", title="stars")
    line, points = figure.data
    assert (list(line.x), list(line.y)) == ([0.0, 5.0], [0.0, 5.0])
    assert (list(points.x), list(points.y)) == ([0.0, 5.0], [0.5, 4.0])
    assert values_figure((), "#112233", "light", title="none").data


def test_the_page_of_a_finished_run_shows_each_tasks_details(run: Run) -> None:
    app = page("runs")
    app.query_params["run"] = run.id
    app.run()
    assert not app.exception, app.exception
    assert "Answers in detail" in [head.value for head in app.subheader]
    for task, tables in {"mood": 2, "places": 2, "tags": 1}.items():
        app.button_group(key=f"details/{run.id}/task").set_value(task).run()
        assert not app.exception, app.exception
        assert len(app.dataframe) == tables, task
        charts = [c for c in app.get("plotly_chart") if f"/{task}/test/" in c.proto.id]
        assert len(charts) == (task != "places")
    app.button_group(key=f"details/{run.id}/split").set_value("validation").run()
    assert not app.exception, app.exception


def test_a_finished_run_from_before_shows_its_scores_alone(tiny) -> None:
    run = Runs().create(tiny_experiment(tiny))
    finish(run)
    app = page("runs")
    app.query_params["run"] = run.id
    app.run()
    assert not app.exception, app.exception
    assert "Scores of the best checkpoint" in [head.value for head in app.subheader]
    assert "Answers in detail" not in [head.value for head in app.subheader]


# --- The form -------------------------------------------------------------------------------------


def form_script(kinds: dict) -> None:
    import streamlit as st

    from pages._head_form import head_options

    st.session_state["heads"] = head_options(kinds)


def test_the_form_offers_each_task_the_options_of_its_kind() -> None:
    app = drawn(form_script, {f"a {kind}": kind for kind in FITTING})
    assert app.session_state["heads"] == {}
    groups = ("button_group", "number_input", "selectbox")
    keys = [widget.key for group in groups for widget in app.get(group)]
    found = {(key.split("/")[-2], key.split("/")[-1]) for key in keys}
    assert found == {(kind, name) for kind, names in FITTING.items() for name in names}


def test_what_is_chosen_for_a_head_makes_an_experiment() -> None:
    app = drawn(form_script, {"x": "spans", "y": "multilabel"})
    app.button_group(key="draft/0/heads/x/spans/decoder").set_value("crf")
    app.number_input(key="draft/0/heads/y/multilabel/threshold").set_value(None)
    app.run()
    heads = app.session_state["heads"]
    assert heads == {"x": {"decoder": "crf"}, "y": {"threshold": None}}
    tree = {"data": [{"card": "c", "tasks": ["x", "y"]}], "heads": heads}
    assert Experiment.parse(tree, source="form").heads["y"] == HeadOptions(threshold=None)


def test_a_form_of_values_alone_has_no_heads_to_set() -> None:
    app = drawn(form_script, {"x": "regression"})
    assert app.session_state["heads"] == {} and not app.expander
