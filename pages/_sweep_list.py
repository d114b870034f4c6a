"""The list of sweeps, newest first, each with its progress."""

import streamlit as st

from mtl_core.runs.sweeps import Standing, Stored
from pages._sweep_runs import standing_of, sweep_list
from pages._ui import PAGES, SWEEP_PARAM, counted, duration, empty_state, plain, show_problems

TICK_SECONDS = 2.0


def show_sweeps() -> None:
    """All sweeps; refreshes itself while one is going on."""
    found, problems = sweep_list()
    if found:
        going = any(standing_of(stored).live for stored in found)
        st.fragment(run_every=TICK_SECONDS if going else None)(_rows)()
    else:
        empty_state(
            "No sweeps yet",
            "A sweep trains several choices with several seeds, and each task alone.",
            page="experiment",
            button="Set up a sweep",
            icon=":material/grid_view:",
        )
    show_problems(problems, "sweeps")


def _rows() -> None:
    found, _ = sweep_list()
    for stored in found:
        _row(stored, standing_of(stored))


def _row(stored: Stored, now: Standing) -> None:
    design = stored.sweep.design
    with st.container(border=True, key=f"sweep-{stored.group}", gap="xsmall"):
        st.page_link(
            PAGES["sweeps"].file,
            label=f"**{plain(stored.sweep.name)}**",
            icon=PAGES["sweeps"].icon,
            query_params={SWEEP_PARAM: stored.group},
            help="What it found so far.",
        )
        choices = ", ".join(map(plain, design.choices))
        st.caption(f"{counted(len(design.seeds), 'seed')} × {choices}")
        st.progress(now.share, text=progress_words(now))


def progress_words(now: Standing) -> str:
    """How far a sweep is, in one line."""
    waiting = len(now.live) - len(now.running)
    left = now.seconds_left
    words = [
        f"{now.done} of {counted(len(now.pairs), 'run')} finished",
        f"{len(now.running)} running" if now.running else "",
        f"{waiting} waiting" if waiting else "",
        f"{len(now.resumable)} ended early" if now.resumable else "",
        f"{len(now.missing)} not started" if now.missing else "",
        f"about {duration(left)} left" if left and now.live else "",
    ]
    return " · ".join(word for word in words if word)
