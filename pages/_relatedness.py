"""The lesson on relatedness: generates tasks, queues a small sweep over the dial, draws the curve."""

from typing import Final

import streamlit as st

from mtl_core.analysis.figures_relatedness import relatedness_figure
from mtl_core.analysis.relatedness import Point, curve, heads_of, in_words
from mtl_core.analysis.results import result_of
from mtl_core.config.relatedness import POINTS, SEEDS, TITLES, Heads, relatedness_sweep
from mtl_core.config.sweep import Sweep
from mtl_core.data.related import Related, write_related
from mtl_core.errors import MtlError
from mtl_core.runs.store import State
from mtl_core.runs.sweeps import Standing, Stored, Sweeps
from pages._choose import choose
from pages._sweep_list import progress_words
from pages._sweep_runs import queue_missing, standing_of, sweep_list
from pages._ui import (
    PAGES,
    SWEEP_PARAM,
    counted,
    home,
    plain,
    show_error,
    start_worker,
    theme,
)

KEY = "relatedness"  # how the keys of these widgets begin
TICK_SECONDS = 2.0

ABOUT: Final = """
Real tasks do not say how related they are; generated ones do. Here two tasks read sentences of a made-up
language in which every word has a hidden place. Each task asks on which side of a line a sentence lies,
and the **relatedness** says how the two lines stand to each other: 1 is the same question, 0 a question
that has nothing to do with it, −1 the opposite question. The main task has 100 labelled sentences, its
helper 2,000.

Guess first: where does the helper help, and where does it hurt?
"""
WHY: Final[dict[Heads, str]] = {
    "own": "**A head each.** The opposite question needs the same knowledge, and a head of its own can turn "
    "the answer around: so −1 helps as much as 1, and what counts is how far the relatedness is from 0. "
    "There the encoder learns what the main task cannot use.",
    "one": "**One head for both.** The two tasks bear the same name, so one head answers for both, as when "
    "two corpora are thrown together. Now the sign counts: below 0 the helper teaches the wrong answers, "
    "and even at 0 its labels are nothing but noise.",
}
READING = (
    "Gain in test accuracy of the main task over the same training without the helper. Marks: mean over the "
    "seeds; bars: 95 % interval of each point by itself. A full mark keeps its whole interval on one side "
    "of zero; of an open one nobody can tell. All seeds read one language: another may move the curve."
)


def show_relatedness() -> None:
    """The question, the button, and the curves as far as they are known."""
    st.markdown(ABOUT)
    heads = choose(
        "Heads",
        list(TITLES),
        _title,
        f"{KEY}/heads",
        "Whether the tasks share a head too.",
    )
    st.markdown(WHY[heads])
    now = {of: standing_of(stored) for of, stored in _newest().items()}
    going = any(standing.live for standing in now.values())
    _start(heads, now.get(heads))
    st.fragment(run_every=TICK_SECONDS if going else None)(_live)(going)


def _title(heads: Heads) -> str:
    return TITLES[heads].capitalize()


def _newest() -> dict[Heads, Stored]:
    """The newest sweep of each curve, in the order of the choices."""
    found: dict[Heads, Stored] = {}
    for stored in sweep_list()[0]:
        heads = heads_of(stored.sweep)
        if heads is not None:
            found.setdefault(heads, stored)
    return {heads: found[heads] for heads in TITLES if heads in found}


def _start(heads: Heads, now: Standing | None) -> None:
    runs = len(SEEDS) * len(POINTS) * 3 if heads == "own" else len(SEEDS) * (len(POINTS) + 1)
    again = " again" if now and now.is_complete else ""
    if st.button(
        f"Train this curve{again} ({counted(runs, 'short run')})",
        key=f"{KEY}/start",
        icon=":material/playlist_add:",
        disabled=bool(now and now.live),
        help="Writes the sentences into your data folder and queues all runs; a few seconds for each.",
    ):
        try:
            with st.spinner("Writing the sentences"):
                stored = Sweeps().create(_sweep(heads))
                queue_missing(stored, standing_of(stored))
        except (MtlError, OSError) as err:
            show_error(f"The curve cannot be trained: {err}")
            return
        st.rerun()


def _sweep(heads: Heads) -> Sweep:
    """The sweep over the dial, its data written where the user's data is."""
    cards = {}
    for p in POINTS:
        folder = home() / "data" / KEY / heads / f"related_{p:g}"
        written = write_related(folder, Related(relatedness=p, heads=heads))
        cards[p] = [str(dataset.path) for dataset in written]
    return relatedness_sweep(heads, cards, SEEDS)


def _live(was_going: bool) -> None:
    """What grows while runs train. Starts the page anew once when nothing can change any more."""
    start_worker()
    curves: dict[str, list[Point]] = {}
    going = False
    for heads, stored in _newest().items():
        now = standing_of(stored)
        going = going or bool(now.live)
        if not now.is_complete:
            _progress(stored, now)
        curves[_title(heads)] = _points(stored, now)
    if going is not was_going:
        st.rerun()
    if any(point.gain for points in curves.values() for point in points):
        _draw(curves)


def _progress(stored: Stored, now: Standing) -> None:
    """How far a curve is, and the way to its runs, where they can be stopped and resumed."""
    st.progress(now.share, text=progress_words(now))
    st.page_link(
        PAGES["sweeps"].file,
        label=plain(stored.sweep.name),
        icon=PAGES["sweeps"].icon,
        query_params={SWEEP_PARAM: stored.group},
        help="All its runs: stop them, go on with them.",
    )


def _points(stored: Stored, now: Standing) -> list[Point]:
    """The curve from the runs that have finished."""
    stamp = tuple((m.run.id, m.status.state.value) for m in now.members)
    return _curve(str(home()), stored.group, stamp, stored, now)


@st.cache_resource(show_spinner=False, max_entries=10)
def _curve(
    folder: str, group: str, stamp: tuple[tuple[str, str], ...], _stored: Stored, _now: Standing
) -> list[Point]:
    del folder, group, stamp  # only part of the key
    done = [result_of(member.run) for member in _now.in_state(State.FINISHED)]
    return curve(_stored.sweep, POINTS, done)


def _draw(curves: dict[str, list[Point]]) -> None:
    st.plotly_chart(
        relatedness_figure(curves, theme()),
        key=f"{KEY}/figure",
        config={"displayModeBar": False},
        alt="Gain of the main task against the true relatedness of its helper, with 95 % intervals.",
    )
    for name, points in curves.items():
        said = " ".join(in_words(points))
        if said:
            st.markdown(f"- **{name}:** {plain(said)}")
    st.caption(READING)
