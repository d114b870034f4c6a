"""The figures of a sweep: differences with their intervals, and two tasks against each other."""

from collections.abc import Callable, Sequence

import streamlit as st

from mtl_core.analysis.figures_sweep import differences_figure, pareto_figure
from mtl_core.analysis.gains import Spread
from mtl_core.analysis.pareto import alone, points
from mtl_core.analysis.sweep import Cell
from mtl_core.runs.sweeps import Stored
from pages._choose import choose
from pages._ui import colour, theme

TWIN, EQUAL = "its single-task twin", "equal weights"
_DIFFERENCES: dict[str, Callable[[Cell], Spread | None]] = {
    TWIN: lambda cell: cell.gain.difference,
    EQUAL: lambda cell: cell.against_equal,
}


def show_differences(stored: Stored, found: Sequence[Cell]) -> None:
    """Dots with intervals: against the twins, or against equal weights."""
    there = [name for name, of in _DIFFERENCES.items() if any(of(cell) for cell in found)]
    if not there:
        return
    st.subheader("Differences over the same seeds", anchor=False)
    over = choose(
        "Compared with",
        there,
        lambda name: f"Over {name}",
        f"sweep/{stored.group}/over",
        "What each choice is compared with, seed by seed.",
        label_visibility="collapsed",
    )
    st.plotly_chart(
        differences_figure(found, _DIFFERENCES[over], over, colour, theme()),
        key="sweep/differences",
        config={"displayModeBar": False},
        alt=f"Difference of each choice over {over}, with its 95 % interval, in points",
    )
    st.caption(
        "Dots: mean over the seeds. Lines: 95 % interval. A full dot keeps its whole interval on "
        "one side of zero; of an open one nobody can tell. Very wide lines end at the edge."
    )


def show_pareto(stored: Stored, found: Sequence[Cell]) -> None:
    """Two tasks, chosen by the reader, on the share of the data that the reader chooses."""
    tasks = list(dict.fromkeys(cell.task for cell in found if cell.gain.multi))
    if len(tasks) < 2:
        return
    st.subheader("Two tasks against each other", anchor=False)
    with st.container(horizontal=True):
        first, second = _two_of(tasks, stored.group)
        share = _share(stored, found)
    kept = [cell for cell in found if cell.entry.share == share]
    drawn = points(kept, first, second)
    if not drawn:
        st.caption("No choice has finished on both tasks yet.")
        return
    metrics = {
        task: next(c.gain.metric for c in kept if c.task == task) for task in (first, second)
    }
    lines = [*alone(kept, first), *alone(kept, second)]
    st.plotly_chart(
        pareto_figure(drawn, lines, metrics, theme()),
        key="sweep/pareto",
        config={"displaylogo": False},
        alt=f"Scores of each choice on {first} and {second}; up and to the right is better",
    )
    st.caption(
        "Up and to the right is better. Bars: one standard deviation over the seeds to each side. "
        "Rings: no other choice is as good in both tasks and better in one, judged by the means."
    )


def _two_of(tasks: Sequence[str], group: str) -> tuple[str, str]:
    """Both tasks where there are two; else the reader chooses."""
    if len(tasks) == 2:
        return tasks[0], tasks[1]
    hint = "One of the two tasks of the figure."
    key = f"sweep/{group}/task"
    first = str(st.selectbox("From left to right", tasks, key=f"{key}/x", help=hint))
    rest = [task for task in tasks if task != first]
    second = st.selectbox("From bottom to top", rest, key=f"{key}/y/{first}", help=hint)
    return first, str(second)


def _share(stored: Stored, found: Sequence[Cell]) -> float | None:
    shares = list(dict.fromkeys(cell.entry.share for cell in found))
    return choose(
        "Share of the training data",
        shares,
        lambda share: f"{100 * (share or 1):g} %",
        f"sweep/{stored.group}/share",
        "Choices are compared on the same data.",
    )
