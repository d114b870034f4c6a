"""Steering a live run: its tasks' weights and its learning rate, from the next step on.

The sliders stand outside the part of the page that ticks, so that nothing is drawn anew under the
reader's fingers. They show what is in force, also after a reload.
"""

from collections.abc import Mapping
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
        _make_up(listed.run, _tasks(listed))


def _sliders(listed: ListedRun) -> None:
    """One for each task where there are several, and one for the learning rate."""
    tasks = _tasks(listed)
    lines = [ABOUT]
    balancing = type(listed.experiment.balancing)
    if tasks and balancing.ignores_scale:
        lines.append(UNDONE.format(method=balancing.label))
    st.html(small_print(lines))
    _show_what_holds(listed.run, tasks)
    for start in range(0, len(tasks), BESIDE):
        row = tasks[start : start + BESIDE]
        for column, task in zip(st.columns(min(BESIDE, len(tasks))), row, strict=False):
            with column:
                _weight(listed.run, tasks, task)
    left, right = st.columns([3, 1], vertical_alignment="bottom")
    with left:
        _rate(listed.run, tasks)
    right.button(
        "Reset",
        key=f"{KEY}/{listed.id}/reset",
        icon=":material/restart_alt:",
        help="All weights and the learning rate as the experiment has them.",
        on_click=listed.run.steer,
        args=({}, 1.0),
        width="stretch",
    )


def _tasks(listed: ListedRun) -> tuple[str, ...]:
    """Those that have a weight: none where one trains alone."""
    return listed.experiment.tasks if len(listed.experiment.tasks) > 1 else ()


def _weight(run: Run, tasks: tuple[str, ...], task: str) -> None:
    st.slider(
        plain(f"Weight of {task}"),
        *FACTORS,
        step=STEP,
        key=_key(run, "weight", task),
        format="×%.2f",
        help="Multiplies this task's loss before balancing, from the next step on.",
        on_change=_apply,
        args=(run, tasks),
    )


def _rate(run: Run, tasks: tuple[str, ...]) -> None:
    key = _key(run, "rate")
    st.select_slider(
        "Learning rate",
        sorted({*RATES, st.session_state[key]}),
        key=key,
        format_func=lambda rate: f"×{rate:g}",
        help="Multiplies the learning rate that the schedule gives, from the next step on.",
        on_change=_apply,
        args=(run, tasks),
    )


def _apply(run: Run, tasks: tuple[str, ...]) -> None:
    """Tell the run what the sliders say."""
    factors = {task: round(st.session_state[_key(run, "weight", task)], 2) for task in tasks}
    kept = {task: factor for task, factor in factors.items() if factor != 1.0}
    run.steer(kept, float(st.session_state[_key(run, "rate")]))
    st.session_state[_key(run, "since")] = run.steering().get("time")


def _make_up(run: Run, tasks: tuple[str, ...]) -> None:
    """A movement whose callback a rerun of the page has cut short still counts."""
    holds = run.steering()
    factors: Mapping[str, Any] = holds.get("factors") or {}
    said = [round(st.session_state[_key(run, "weight", task)], 2) for task in tasks]
    same = said == [float(factors.get(task, 1.0)) for task in tasks]
    if not same or float(st.session_state[_key(run, "rate")]) != float(holds.get("rate", 1.0)):
        _apply(run, tasks)


def _show_what_holds(run: Run, tasks: tuple[str, ...]) -> None:
    """Set the sliders to what is in force where another window, or nobody yet, has set it.

    What this one has asked for is on its sliders already, which may be on the move.
    """
    holds = run.steering()
    factors: Mapping[str, Any] = holds.get("factors") or {}
    values = {_key(run, "weight", task): float(factors.get(task, 1.0)) for task in tasks}
    values[_key(run, "rate")] = float(holds.get("rate", 1.0))
    since = _key(run, "since")
    if st.session_state.get(since) != holds.get("time") or not values.keys() <= {*st.session_state}:
        st.session_state.update(values)
        st.session_state[since] = holds.get("time")


def _key(run: Run, *parts: str) -> str:
    return "/".join((KEY, run.id, *parts))
