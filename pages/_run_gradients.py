"""Balancing and gradients of a run: the weights over time, and whether the tasks' gradients conflict."""

import time
from typing import Any

import streamlit as st

from mtl_core.analysis.colours import Theme
from mtl_core.analysis.conflicts import Conflicts, mean_cosines, shares_of_conflicts, thinned
from mtl_core.analysis.curves import ANGLE, EFFECTIVE_RATE, LENGTH, WEIGHTED_LOSS, Curves
from mtl_core.analysis.figures_conflicts import cosines_figure, place_name, shares_figure
from mtl_core.analysis.inks import GREY
from pages._choose import choose, choose_step
from pages._live import Line, live_chart
from pages._run_curves import happenings, task_lines
from pages._ui import LIVE, ListedRun, counted, small_print, theme

KEY = "gradients"  # how the keys of these widgets begin
MOST_STEPS, MOST_PAIRS = 200, 12  # of the slider, and rows of a figure
REDRAW_SECONDS = 3.0
"""A figure that is drawn anew flickers, so those that follow the training do it this often."""

WHOLE = {
    ANGLE: ("Angle to the plain sum", "degrees between the step and the sum of the gradients"),
    LENGTH: ("Length of the step", "times as long as the sum of the gradients"),
    EFFECTIVE_RATE: ("Effective learning rate", "learning rate × length of the step"),
    WEIGHTED_LOSS: ("Weighted loss", "sum of weight × loss"),
}
"""By key of the curve: what it is called, and its unit."""
ABOUT_WHOLE = (
    "What balancing does to the step as a whole. Angle: how far its direction is from the plain sum "
    "of the tasks' gradients, 0 for equal weights. Length: how many times as long it is; the learning "
    "rate times that is the effective learning rate. Adam divides by the size of past gradients, so "
    "it undoes a length that stays the same. Weighted loss: the loss scale, what the weights add "
    "the losses up to."
)
AVERAGES: dict[str, int | None] = {"This look": 1, "Mean of 10": 10, "Mean of all so far": None}
"""Of how many looks, up to the slider's step, the heat map shows the mean; None for all."""


def show_gradients(listed: ListedRun, curves: Curves) -> None:
    """The section of a run's page; folded, and nothing at all where one task trains alone."""
    if len(listed.experiment.tasks) < 2 or not curves.learning_rate:
        return
    box = st.expander(
        "Balancing and gradients",
        key=f"{KEY}/{listed.id}",
        icon=":material/compare_arrows:",
        on_change="rerun",
    )
    if not box.open:
        return
    with box:
        _over_time(listed, curves)
        conflicts = curves.conflicts
        if conflicts.steps:
            _conflicts(listed, conflicts)
        else:
            st.caption(_why_none(listed, curves))


def _why_none(listed: ListedRun, curves: Curves) -> str:
    if listed.experiment.training.watch_every == 0:
        return "The gradients of this run are not looked at: training.watch_every is 0."
    if not curves.shared_parameters:
        return "The tasks share no parameters, so their gradients cannot conflict."
    if listed.status.state.is_live:
        return "No look at the gradients yet. One needs a step in which two tasks meet."
    return "There was no look at the gradients: in none of the steps looked at did two tasks meet."


# --- Over time ------------------------------------------------------------------------------------


def _over_time(listed: ListedRun, curves: Curves) -> None:
    """Weights, gradient norms, and the step as a whole."""
    tasks, marks = listed.experiment.tasks, happenings(curves)
    st.html(
        small_print(
            [
                f"{type(listed.experiment.balancing).label}. A weight multiplies its task's loss or "
                "gradient in the step. Where all are 1, the step is the plain sum."
            ]
        )
    )
    left, right = st.columns(2, gap="medium")
    with left.container(border=True):
        live_chart(
            task_lines(curves, {task: f"{task}/train/weight" for task in tasks}),
            key=f"{LIVE}/weights/{listed.id}",
            title="Weights",
            x_label="step",
            y_label="times the task's loss",
            height=240,
            marks=marks,
            alt="Weight of each task against the step",
            smoothing=True,
        )
    with right.container(border=True):
        live_chart(
            task_lines(curves, {task: f"{task}/train/gradient" for task in tasks}),
            key=f"{LIVE}/gradients/{listed.id}",
            title="Gradient norms",
            x_label="step",
            y_label="length of the task's gradient over all shared parameters",
            height=240,
            marks=marks,
            alt="Length of each task's gradient against the step",
            smoothing=True,
        )
    with st.container(border=True):
        _whole(listed, curves, marks)


def _whole(listed: ListedRun, curves: Curves, marks: list[tuple[int, str]]) -> None:
    chosen = choose(
        "The step as a whole",
        list(WHOLE),
        lambda key: WHOLE[key][0],
        f"{KEY}/{listed.id}/whole",
        ABOUT_WHOLE,
    )
    title, unit = WHOLE[chosen]
    series = curves.series(chosen)
    live_chart(
        [Line(chosen, title.lower(), GREY[theme()], series.steps, series.values)],
        key=f"{LIVE}/{chosen}/{listed.id}",
        title=title,
        x_label="step",
        y_label=unit,
        height=230,
        marks=marks,
        alt=f"{title} against the step",
        smoothing=True,
    )


# --- Conflicts ------------------------------------------------------------------------------------


def _conflicts(listed: ListedRun, conflicts: Conflicts) -> None:
    """Cosines up to a step, and how often pairs of tasks conflicted until then."""
    run = listed.id
    st.markdown("##### Do the tasks pull against each other?")
    step = _step(conflicts, f"{KEY}/{run}/step", listed.status.state.is_live)
    left, right = st.columns(2, gap="medium")
    with left.container(border=True, height="stretch"):
        st.markdown("**Cosines of the gradients**")
        place = choose(
            "Where", conflicts.places, _title, f"{KEY}/{run}/place",
            "Over which shared parameters the gradients of the tasks are compared.",
        )  # fmt: skip
        average = choose(
            "Of which looks", list(AVERAGES), str, f"{KEY}/{run}/average",
            "Single steps are noisy; a mean shows what lasts.",
        )  # fmt: skip
        _draw(
            _cosines(run, place, step, AVERAGES[average], conflicts.changes, theme(), conflicts),
            f"{KEY}/{run}/cosines",
            "Cosine of the gradients of each two tasks",
        )
        st.caption(
            "1: the tasks want the same. 0: nothing to do with each other. Below 0: conflict."
        )
    with right.container(border=True, height="stretch"):
        figure, looks, left_out = _shares(run, step, conflicts.changes, theme(), conflicts)
        st.markdown("**Share of conflicting steps**")
        _draw(figure, f"{KEY}/{run}/shares", "How often each two tasks conflict, by place")
        more = f" Shown: the {MOST_PAIRS} pairs that conflict most." if left_out else ""
        st.caption(
            f"Looks up to step {step:,} in which the cosine is below 0; a pair rests on "
            f"{counted(looks, 'look')} at most.{more}"
        )


def _title(place: str) -> str:
    return place_name(place).capitalize()


def _step(conflicts: Conflicts, key: str, is_live: bool) -> int:
    """The look to show: the newest one, unless the reader has moved the slider back."""
    steps = thinned(conflicts.steps, MOST_STEPS)
    chosen = choose_step("Up to step", steps, key)
    if chosen is not None:
        return chosen
    return _followed(steps[-1], f"{key}/followed") if is_live else steps[-1]


def _followed(newest: int, key: str) -> int:
    """The newest look, or one that was so a moment ago."""
    step, since = st.session_state.get(key, (newest, -REDRAW_SECONDS))
    if step > newest or time.monotonic() - since >= REDRAW_SECONDS:
        step, since = newest, time.monotonic()
        st.session_state[key] = (step, since)
    return int(step)


@st.cache_resource(show_spinner=False, max_entries=64)
def _cosines(
    run_id: str,
    place: str,
    step: int,
    last: int | None,
    changes: int,
    look: Theme,
    _conflicts: Conflicts,
) -> Any:
    """Drawn once, since a live run's page ticks."""
    del run_id, changes
    return cosines_figure(
        mean_cosines(_conflicts.cosines(place, step, last)), _conflicts.tasks, look
    )


@st.cache_resource(show_spinner=False, max_entries=64)
def _shares(
    run_id: str, step: int, changes: int, look: Theme, _conflicts: Conflicts
) -> tuple[Any, int, bool]:
    """The figure, the most looks that a pair rests on, and whether pairs were left out."""
    del run_id, changes
    found = shares_of_conflicts(_conflicts, step)
    looks = int(found.looks.max()) if found.looks.size else 0
    return shares_figure(found.most(MOST_PAIRS), look), looks, len(found.pairs) > MOST_PAIRS


def _draw(figure: Any, key: str, alt: str) -> None:
    """In a place of the figure's height, which stays while the figure is drawn anew."""
    with st.container(height=figure.layout.height + 4, border=False, key=f"{key}/place"):
        st.plotly_chart(figure, key=key, config={"displayModeBar": False}, alt=alt)
