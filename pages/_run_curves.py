"""The curves of a run as they grow: training loss, validation scores, penalties."""

import streamlit as st

from mtl_core.analysis.colours import DASHES
from mtl_core.analysis.curves import BEST, PENALTIES, Curves
from mtl_core.analysis.inks import GREY
from mtl_core.analysis.results import main_metrics
from mtl_core.config import EVERY_TASK
from mtl_core.runs.store import Run
from pages._live import Line, live_chart
from pages._ui import LIVE, ListedRun, colour, theme

MAIN_SCORE = "main score"
EXACT_MATCH = f"{EVERY_TASK}/validation/exact_match"


def curves_of(run: Run) -> Curves:
    """The run's curves, read on to now; all viewers of a run share one reader."""
    curves = _curves(str(run.folder), run)
    curves.read()
    return curves


@st.cache_resource(show_spinner=False, max_entries=64)
def _curves(folder: str, _run: Run) -> Curves:
    del folder  # only the key
    return Curves(_run)


def draw_curves(listed: ListedRun, curves: Curves) -> None:
    """Training loss and validation scores side by side, and penalties where there are any."""
    happened = [(mark.step, mark.label) for mark in curves.marks]
    tasks = listed.experiment.tasks
    head, choice = st.columns([5, 3], vertical_alignment="center")
    head.caption("Drag over a chart to zoom in; double-click to see everything again.")
    with choice:
        metric = _choose_metric(listed, curves)
    left, right = st.columns(2, gap="medium")
    with left.container(border=True):
        live_chart(
            task_lines(curves, {task: f"{task}/train/loss" for task in tasks}),
            key=f"{LIVE}/loss/{listed.id}",
            title="Training loss",
            x_label="step",
            y_label="loss, lower is better",
            height=320,
            marks=happenings(curves),
            alt="Training loss of each task against the step",
            smoothing=True,
        )
    with right.container(border=True):
        live_chart(
            _validation_lines(listed, curves, metric),
            key=f"{LIVE}/validation/{listed.id}",
            title="Validation",
            x_label="step",
            y_label=metric.replace("_", " "),
            height=320,
            marks=happened,
            alt=f"Validation {metric} of each task against the step",
        )
    if curves.penalties:
        with st.container(border=True):
            live_chart(
                _penalty_lines(curves),
                key=f"{LIVE}/penalties/{listed.id}",
                title="Penalties",
                x_label="step",
                y_label="added to the losses",
                height=220,
                alt="What is minimised beside the losses, against the step",
                smoothing=True,
            )


def happenings(curves: Curves) -> list[tuple[int, str]]:
    """The marks of a chart on which the best checkpoint means nothing."""
    return [(mark.step, mark.label) for mark in curves.marks if mark.label != BEST]


def _penalty_lines(curves: Curves) -> list[Line]:
    """Grey, since they belong to no task; told apart by their dashes."""
    grey = GREY[theme()]
    found = []
    for place, name in enumerate(curves.penalties):
        key = f"{PENALTIES}{name}"
        series = curves.series(key)
        label, dash = name.replace("_", " "), DASHES[place % len(DASHES)]
        found.append(Line(key, label, grey, series.steps, series.values, dash))
    return found


def _choose_metric(listed: ListedRun, curves: Curves) -> str:
    names = dict.fromkeys(
        key.split("/")[2]
        for key in curves.keys
        if key.split("/")[1] == "validation" and key != EXACT_MATCH
    )
    return str(
        st.selectbox(
            "Validation score",
            [MAIN_SCORE, *names],
            key=f"metric/{listed.id}",
            format_func=lambda name: f"Validation: {name.replace('_', ' ')}",
            help="The score to draw; the main one may differ from task to task.",
            label_visibility="collapsed",
        )
    )


def _validation_lines(listed: ListedRun, curves: Curves, metric: str) -> list[Line]:
    tasks = listed.experiment.tasks
    main = main_metrics(listed.run, curves.keys)
    names = {task: main.get(task, "") if metric == MAIN_SCORE else metric for task in tasks}
    chosen = {task: f"{task}/validation/{name}" for task, name in names.items()}
    known = {task: key for task, key in chosen.items() if key in curves.keys}
    lines = task_lines(curves, known, markers=True)
    if metric == MAIN_SCORE and len(tasks) > 1 and EXACT_MATCH in curves.keys:
        match = curves.series(EXACT_MATCH)
        grey = GREY[theme()]
        label = "all tasks right"
        lines.append(
            Line(EXACT_MATCH, label, grey, match.steps, match.values, DASHES[1], markers=True)
        )
    return lines


def task_lines(curves: Curves, keys: dict[str, str], markers: bool = False) -> list[Line]:
    """One line a task, in its colour."""
    found = []
    for task, key in keys.items():
        series = curves.series(key)
        found.append(Line(key, task, colour(task), series.steps, series.values, (), markers))
    return found
