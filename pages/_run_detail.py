"""One run: where it stands, what can be asked of it, and its curves as they grow."""

from pathlib import Path

import streamlit as st

from mtl_core.runs.store import Run, State, Status
from pages._insight import show_insights
from pages._run_actions import controls, keep_or_delete
from pages._run_curves import curves_of, draw_curves
from pages._run_gradients import show_gradients
from pages._run_scores import final_scores
from pages._run_status import ahead_of, progress_words, queue_of, short_name
from pages._steer import steer
from pages._ui import (
    PAGES,
    RUN_PARAM,
    SELECTED_RUN,
    ListedRun,
    ago,
    open_run,
    plain,
    run_list,
    safe,
    show_error,
    start_worker,
    state_badge,
    steered_badge,
)

FAST, CALM = 0.15, 1.0
"""Seconds between two looks: before the first point is there, and after it."""


def show_run(listed: ListedRun) -> None:
    """The whole screen of one run."""
    _relatives(listed)
    state, has_points = listed.status.state, _has_points(listed.run)
    st.fragment(run_every=CALM if state.is_live else None)(_live_head)(listed.id, state)
    between = st.container()  # does not tick, so that nothing moves under the reader's fingers
    pause = _pause(listed.run, listed.status)
    st.fragment(run_every=pause)(_live_curves)(listed.id, state, has_points)
    with between:  # last, since the first point must not wait for it
        steer(listed)
    if listed.status.state is State.FINISHED:
        final_scores(listed)
    _about(listed)


def _has_points(run: Run) -> bool:
    return bool(curves_of(run).learning_rate)


def _pause(run: Run, status: Status) -> float | None:
    """How long to wait before looking again; None where nothing can change any more."""
    if not status.state.is_live:
        return None
    is_next = status.state is State.RUNNING or not _ahead(run)
    return FAST if is_next and not _has_points(run) else CALM


def _ahead(run: Run) -> list[ListedRun]:
    """Live runs that come before this one, next first; a run that trains already waits for none."""
    found, _ = run_list()
    return ahead_of(run, queue_of(found))


def _relatives(listed: ListedRun) -> None:
    """The way back to all runs, and to this run's twins (or the run whose twin it is)."""
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        st.page_link(
            PAGES["runs"].file,
            label="All runs",
            icon=":material/arrow_back:",
            help="Back to the list of all runs.",
            query_params={},
        )
        found, _ = run_list()
        seed = listed.experiment.training.seed
        group = [r for r in reversed(found) if r.group == listed.group and r.id != listed.id]
        for other in [r for r in group if r.experiment.training.seed == seed][:8]:
            _link_to(other, short_name(other))


# --- The parts that tick --------------------------------------------------------------------------


def _live_head(run_id: str, state: State) -> None:
    """Header and buttons. Starts the page anew once when the run's state changes."""
    start_worker()  # a worker that was killed is replaced while somebody watches
    listed = open_run(run_id)
    if listed.status.state is not state:
        st.rerun()  # before anything is drawn: what a broken-off run has sent may get lost
    _header(listed)


def _live_curves(run_id: str, state: State, has_points: bool) -> None:
    """Curves and what lies below them. Starts the page anew once when the first point is there."""
    listed = open_run(run_id)
    curves = curves_of(listed.run)
    begins = not has_points and listed.status.state is not state  # sooner seen here than above
    if bool(curves.learning_rate) is not has_points or begins:
        st.rerun()
    draw_curves(listed, curves)
    show_gradients(listed, curves)
    show_insights(listed.id, curves)


def _header(listed: ListedRun) -> None:
    run, status = listed.run, listed.status
    badges = state_badge(status.state) + (steered_badge() if status.steered else "")
    st.html(
        '<div style="display:flex;flex-wrap:wrap;align-items:center;gap:.4rem 1rem">'
        f'<h1 style="padding:0;margin:0;font-size:1.9rem;overflow-wrap:anywhere">'
        f"{safe(listed.experiment.name)}</h1>{badges}</div>"
    )
    ahead = _ahead(run) if status.state is State.QUEUED else []
    words = plain(progress_words(listed, ahead))
    if status.state is State.FINISHED:
        st.caption(words)
    else:
        st.progress(status.progress, text=words)
    if status.reason and status.state is not State.RUNNING:
        box = st.error if status.state is State.FAILED else st.warning
        box(plain(status.reason[:1].upper() + status.reason[1:]), icon=":material/info:")
    with st.container(horizontal=True, vertical_alignment="center"):
        _next_steps(listed)
        controls(run, status)
        if ahead:
            _link_to(ahead[0], "Show what trains now")
        if not status.state.is_live:
            keep_or_delete(run, on_delete=_leave)


def _link_to(other: ListedRun, label: str) -> None:
    st.page_link(
        PAGES["runs"].file,
        label=plain(label),
        icon=":material/linear_scale:" if other.is_twin else ":material/account_tree:",
        query_params={RUN_PARAM: other.id},
        help=f"{plain(other.experiment.name)}: {other.status.state}",
    )


def _next_steps(listed: ListedRun) -> None:
    if listed.status.state is not State.FINISHED:
        return
    st.page_link(
        PAGES["compare"].file,
        label="Compare",
        icon=PAGES["compare"].icon,
        query_params={"group": listed.group},
        help="This run and its single-task twins side by side.",
    )
    st.page_link(
        PAGES["predict"].file,
        label="Predict",
        icon=PAGES["predict"].icon,
        query_params={RUN_PARAM: listed.id},
        help="Type a sentence and see this run's answers.",
    )


def _leave() -> None:
    """After deleting: back to the list."""
    st.session_state.pop(SELECTED_RUN, None)
    st.query_params.pop(RUN_PARAM, None)


# --- The part that does not -----------------------------------------------------------------------


def _about(listed: ListedRun) -> None:
    """What was asked, in one line and in full."""
    asked = listed.experiment
    curves = curves_of(listed.run)
    facts = [
        type(asked.encoder).label,
        type(asked.sharing).label if len(asked.tasks) > 1 else "one task alone",
        f"{len(asked.tasks)} tasks" if len(asked.tasks) > 1 else asked.tasks[0],
        ", ".join(_short_name(choice.card) for choice in asked.data),
        f"seed {asked.training.seed}",
        f"{curves.parameters:,} parameters" if curves.parameters else "",
        f"created {ago(listed.status.created)}",
    ]
    st.caption(plain(" · ".join(fact for fact in facts if fact)))
    with st.expander("Experiment as YAML", icon=":material/code:"):
        st.code(asked.to_yaml(), language="yaml")


def _short_name(card: str) -> str:
    """A dataset's name, or the folder of its card."""
    path = Path(card)
    return path.parent.name if path.suffix else path.name


def show_missing(reason: str) -> None:
    """A link to a run that is not there."""
    show_error(reason)
    st.page_link(
        PAGES["runs"].file,
        label="All runs",
        icon=":material/arrow_back:",
        query_params={},
        help="Back to the list of all runs.",
    )
