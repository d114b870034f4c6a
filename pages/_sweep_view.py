"""One sweep: how far it is, what it found for each task, and the runs behind it."""

from collections.abc import Callable, Sequence

import streamlit as st

from mtl_core.analysis.compare import to_csv
from mtl_core.analysis.gains import HELPED, HURT
from mtl_core.analysis.inks import DOWN, GREY, UP
from mtl_core.analysis.relatedness import heads_of
from mtl_core.analysis.sweep import Cell
from mtl_core.analysis.sweep_table import shown_table, table
from mtl_core.analysis.sweep_words import Answer, answers
from mtl_core.config import Experiment
from mtl_core.errors import MtlError
from mtl_core.runs.store import State
from mtl_core.runs.sweeps import Member, Standing, Stored, Sweeps
from pages._run_actions import ask_all, delete
from pages._run_status import in_group
from pages._sweep_figures import show_differences, show_pareto
from pages._sweep_list import progress_words
from pages._sweep_runs import cells_of, queue_missing, standing_of
from pages._ui import (
    PAGES,
    RUN_PARAM,
    chip,
    counted,
    plain,
    safe,
    show_error,
    small_print,
    start_worker,
)

TICK_SECONDS = 1.5
_HEAD_PIXELS, _ROW_PIXELS, _MOST_ROWS = 38, 35, 24  # of a table
_ICONS = {
    State.QUEUED: "schedule",
    State.RUNNING: "play_circle",
    State.PAUSED: "pause_circle",
    State.FINISHED: "check_circle",
    State.STOPPED: "stop_circle",
    State.FAILED: "error",
    State.INTERRUPTED: "warning",
}
HOW_IT_IS_JUDGED = (
    "Differences are paired by seed. Each interval is a 95 % t interval of that comparison alone.",
    "The verdict of an answer is corrected (Holm) for the choices that share something and were "
    "asked for; baselines that the sweep adds are references and are not judged.",
)


def show_sweep(stored: Stored) -> None:
    """The whole screen; what changes while runs train is drawn anew by itself."""
    now = standing_of(stored)
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        st.page_link(
            PAGES["sweeps"].file,
            label="All sweeps",
            icon=":material/arrow_back:",
            help="Back to the list of all sweeps.",
            query_params={},
        )
        st.page_link(
            PAGES["compare"].file,
            label="Curves",
            icon=PAGES["compare"].icon,
            query_params={"group": stored.group},
            help="The curves and scores of all these runs on the Compare page.",
        )
    ticking = not now.is_complete and bool(now.live or now.missing)
    st.fragment(run_every=TICK_SECONDS if ticking else None)(_live)(stored, ticking)


def _live(stored: Stored, was_ticking: bool) -> None:
    """Everything that grows. Starts the page anew once when nothing can change any more."""
    start_worker()
    now = standing_of(stored)
    if (not now.is_complete and bool(now.live or now.missing)) is not was_ticking:
        st.rerun()
    st.subheader(plain(stored.sweep.name), anchor=False)
    st.progress(now.share, text=progress_words(now))
    _controls(stored, now)
    try:
        found = cells_of(stored, now)
    except MtlError as err:
        show_error(err)
        return
    heads = heads_of(stored.sweep)
    if heads is not None:
        _lesson(heads)
    if heads != "one":  # with one head there is one task, and no twin to judge by
        st.html(_answers(answers(found, len(stored.sweep.design.seeds))))
    _numbers(found)
    show_differences(stored, found)
    show_pareto(stored, found)
    _runs(now)
    _downloads(stored, found)


def _lesson(heads: str) -> None:
    """Where a sweep of the lesson is drawn and explained."""
    alone = ", and *alone* is the main task without one" if heads == "one" else ""
    st.markdown(
        "A sweep of the lesson “How related must tasks be?”: each choice is a helper of another "
        f"relatedness{alone}. The lesson draws the curve."
    )
    st.page_link(
        PAGES["learn"].file,
        label="To the lesson",
        icon=PAGES["learn"].icon,
        help="Turn the dial there.",
    )


# --- Progress -------------------------------------------------------------------------------------


def _controls(stored: Stored, now: Standing) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        if now.live:
            _button(
                "Stop all", "stop", "End all runs; what they learnt is kept, and each can go on.",
                lambda: ask_all([m.run for m in now.live], "stop"),
            )  # fmt: skip
        if now.resumable:
            count = len(now.resumable)
            _button(
                f"Resume {count}" if now.live else f"Resume all {count}", "play_arrow",
                "Go on with the runs that ended early, from their last checkpoints.",
                lambda: ask_all([m.run for m in now.resumable], "resume"),
            )  # fmt: skip
        if now.missing and not now.live:
            _button(
                f"Queue {counted(len(now.missing), 'missing run')}", "playlist_add",
                "Runs of this sweep that were never started, or were deleted.",
                lambda: queue_missing(stored, now),
            )  # fmt: skip
        if not now.live:
            _delete(stored, now)


def _button(label: str, icon: str, hint: str, act: Callable[[], None]) -> None:
    st.button(label, key=f"sweep/{icon}", icon=f":material/{icon}:", help=hint, on_click=act)


def _delete(stored: Stored, now: Standing) -> None:
    with st.popover("Delete", icon=":material/delete:", help="Remove this sweep and its runs."):
        st.write(f"Delete the sweep and its {counted(len(now.members), 'run')}? No way back.")
        if st.button(
            "Delete for good",
            key="sweep/delete",
            type="primary",
            help="Remove the run folders and the sweep's file.",
        ):
            delete([m.run for m in now.members], lambda: Sweeps().delete(stored.group))
            st.switch_page(PAGES["sweeps"].file)


# --- What it found --------------------------------------------------------------------------------


def _answers(found: Sequence[Answer]) -> str:
    """HTML: for each task the question and the answer."""
    cards = []
    for answer in found:
        ink = {HELPED: UP, HURT: DOWN}.get(answer.verdict, GREY)
        shade = f"light-dark({ink['light']},{ink['dark']})"
        question = f"Did sharing help {answer.task}, and can we tell?"
        notes = small_print(answer.notes)
        cards.append(
            f'<div style="border-left:4px solid {shade};padding:.15rem 0 .15rem .9rem">'
            f'<div style="font-weight:600">{chip(answer.task, question)}</div>'
            f"<div>{safe(answer.sentence)}</div>{notes}</div>"
        )
    return f'<div style="display:grid;gap:1rem;padding:.5rem 0">{"".join(cards)}</div>'


def _numbers(found: Sequence[Cell]) -> None:
    st.subheader("Scores and differences", anchor=False)
    rows = shown_table(found)
    st.dataframe(
        rows,
        hide_index=True,
        height=_HEAD_PIXELS + _ROW_PIXELS * min(len(rows), _MOST_ROWS),
        alt="Each choice on each task, over the seeds",
    )
    st.html(small_print(HOW_IT_IS_JUDGED))


# --- Behind it ------------------------------------------------------------------------------------


def _runs(now: Standing) -> None:
    """A row for each choice and each twin, a link for each seed."""
    rows: dict[str, list[tuple[Experiment, Member | None]]] = {}
    for planned, member in now.pairs:
        rows.setdefault(in_group(planned), []).append((planned, member))
    with st.expander(f"All {counted(len(now.pairs), 'run')}", icon=PAGES["runs"].icon):
        for name, pairs in rows.items():
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                st.markdown(plain(name), width=300)
                for planned, member in pairs:
                    _run_link(planned, member)


def _run_link(planned: Experiment, member: Member | None) -> None:
    label = f"seed {planned.training.seed}"
    if member is None:
        st.caption(f"{label}: not started", width="content")
        return
    state = member.status.state
    st.page_link(
        PAGES["runs"].file,
        label=label,
        icon=f":material/{_ICONS[state]}:",
        query_params={RUN_PARAM: member.run.id},
        help=plain(f"{state.value.capitalize()}. {member.status.reason}".strip()),
        width="content",
    )


def _downloads(stored: Stored, found: Sequence[Cell]) -> None:
    files = (
        ("sweep.csv", to_csv(table(found)), "text/csv", "The table, numbers in full."),
        ("sweep.yaml", stored.sweep.to_yaml(), "application/yaml", "For `mtl sweep sweep.yaml`."),
    )
    with st.container(horizontal=True):
        for name, text, mime, hint in files:
            st.download_button(
                name, text, file_name=name, mime=mime, icon=":material/download:", help=hint,
                on_click="ignore", key=f"sweep/{name}",
            )  # fmt: skip
