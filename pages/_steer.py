"""Steering a live run: its tasks' weights and its learning rate, from the next step on.

The sliders stand outside the part of the page that ticks, so that nothing is drawn anew under the
reader's fingers. They show what is in force, also after a reload.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from mtl_core.runs.store import Run, State
from mtl_core.training.steering import FACTORS
from pages._ui import ListedRun, open_run, plain, small_print

LABEL = "Steer: task weights and learning rate"
KEY = "steer"  # how the keys of these widgets begin
STEP = 0.05  # of the sliders of the weights
RATES = (
    0.01, 0.015, 0.02, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2, 0.3, 0.5, 0.7,
    1.0, 1.5, 2.0, 3.0, 5.0, 7.0, 10.0,
)  # fmt: skip
"""What the learning rate can be multiplied by: about evenly spaced on a logarithmic scale."""
BESIDE = 4  # sliders in a row
ABOUT = (
    "A weight multiplies its task's loss before balancing, from the next step on; with 0 the task "
    "takes no part. Every change is written into the run's events and marked on its curves, and the run says "
    "wherever it is compared that it was steered."
)
UNDONE = (
    "With the balancing of this run ({method}), a loss that is multiplied changes nothing but the "
    "length of the step: it undoes these weights, all but 0."
)


@dataclass(frozen=True)
class Steering:
    """What is in force, and since when; None where nobody has steered."""

    factors: Mapping[str, float]  # as the sliders show them; a task that is absent has 1
    rate: float
    time: float | None


def steer(listed: ListedRun) -> None:
    """The controls, while the run is live."""
    if listed.status.state in {State.RUNNING, State.PAUSED}:
        st.fragment(_controls)(listed.id)


def _controls(run_id: str) -> None:
    listed = open_run(run_id)
    opened = st.session_state.setdefault(f"{KEY}/{run_id}/opened", bool(listed.run.steering()))
    key = f"{KEY}/{run_id}"
    box = st.expander(LABEL, opened, key=key, icon=":material/tune:", on_change="rerun")
    if box.open:
        with box:
            _sliders(listed)


def _sliders(listed: ListedRun) -> None:
    """One for each task where there are several, and one for the learning rate."""
    run, tasks = listed.run, _tasks(listed)
    lines = [ABOUT]
    balancing = type(listed.experiment.balancing)
    if tasks and balancing.ignores_scale:
        lines.append(UNDONE.format(method=balancing.label))
    st.html(small_print(lines))
    begun = _begun_with(run)
    for start in range(0, len(tasks), BESIDE):
        row = tasks[start : start + BESIDE]
        for column, task in zip(st.columns(min(BESIDE, len(tasks))), row, strict=False):
            with column:
                _weight(run, tasks, task, begun)
    left, right = st.columns([3, 1], vertical_alignment="bottom")
    with left:
        _rate(run, tasks, begun)
    right.button(
        "Reset",
        key=f"{KEY}/{listed.id}/reset",
        icon=":material/restart_alt:",
        help="All weights and the learning rate as the experiment has them.",
        on_click=run.steer,
        args=({}, 1.0),
        width="stretch",
    )
    _make_up(run, tasks)


def _tasks(listed: ListedRun) -> tuple[str, ...]:
    """Those that have a weight: none where one trains alone."""
    return listed.experiment.tasks if len(listed.experiment.tasks) > 1 else ()


def _weight(run: Run, tasks: tuple[str, ...], task: str, begun: Steering) -> None:
    st.slider(
        plain(f"Weight of {task}"),
        *FACTORS,
        begun.factors.get(task, 1.0),
        step=STEP,
        key=_key(run, begun, "weight", task),
        format="×%.2f",
        help="Multiplies this task's loss before balancing, from the next step on.",
        on_change=_apply,
        args=(run, tasks, begun),
    )


def _rate(run: Run, tasks: tuple[str, ...], begun: Steering) -> None:
    st.select_slider(
        "Learning rate",
        sorted({*RATES, begun.rate}),
        begun.rate,
        key=_key(run, begun, "rate"),
        format_func=lambda rate: f"×{rate:g}",
        help="Multiplies the learning rate that the schedule gives, from the next step on.",
        on_change=_apply,
        args=(run, tasks, begun),
    )


# --- What the sliders say, and what holds ---------------------------------------------------------


def _in_force(run: Run) -> Steering:
    holds = run.steering()
    told: Mapping[str, Any] = holds.get("factors") or {}
    low, high = FACTORS
    factors = {task: round(min(max(float(told[task]), low), high), 2) for task in told}
    return Steering(
        {task: factor for task, factor in factors.items() if factor != 1.0},
        float(holds.get("rate", 1.0)),
        holds.get("time"),
    )


def _begun_with(run: Run) -> Steering:
    """What the sliders had when they were drawn first.

    Where another window, a script or the button has steered since, new sliders take their place.
    None is ever set from here: a value that is set shortly before the page starts anew can get lost
    on its way to the browser, which then answers with the slider's lowest.
    """
    begun, known = f"{KEY}/{run.id}/begun", f"{KEY}/{run.id}/known"
    holds = _in_force(run)
    if begun not in st.session_state or st.session_state.get(known) != holds.time:
        st.session_state[begun] = holds
        st.session_state[known] = holds.time
    found: Steering = st.session_state[begun]
    return found


def _said(run: Run, tasks: tuple[str, ...], begun: Steering) -> Steering:
    """What the sliders say."""
    said = {task: round(st.session_state[_key(run, begun, "weight", task)], 2) for task in tasks}
    kept = {task: factor for task, factor in said.items() if factor != 1.0}
    return Steering(kept, float(st.session_state[_key(run, begun, "rate")]), None)


def _apply(run: Run, tasks: tuple[str, ...], begun: Steering) -> None:
    """Tell the run what the sliders say."""
    said = _said(run, tasks, begun)
    run.steer(dict(said.factors), said.rate)
    st.session_state[f"{KEY}/{run.id}/known"] = run.steering().get("time")


def _make_up(run: Run, tasks: tuple[str, ...]) -> None:
    """A movement whose callback was cut short, since the page started anew, still counts."""
    begun, holds = st.session_state[f"{KEY}/{run.id}/begun"], _in_force(run)
    said = _said(run, tasks, begun)
    is_ours = st.session_state[f"{KEY}/{run.id}/known"] == holds.time
    if is_ours and (said.factors, said.rate) != (holds.factors, holds.rate):
        _apply(run, tasks, begun)


def _key(run: Run, begun: Steering, *parts: str) -> str:
    return "/".join((KEY, run.id, str(begun.time), *parts))
