"""Figures about data: small pure functions, counts in, plotly figure out. No Streamlit in here.

Every figure carries its title, its units and a legend. Colours come in from outside.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from html import escape

import numpy as np
import plotly.graph_objects as go

MOST_LABELS = 20  # more become one bar
_SHADES = (1.0, 0.45, 0.08)  # how full the bars are: train, validation, test (an outline)


def label_distribution(
    counts: Mapping[str, Counter[str]], colour: str, *, title: str, unit: str
) -> go.Figure:
    """How often each label is right, as a share of its split; `unit` is for example "spans"."""
    labels, rest = _most_frequent(counts)
    figure = go.Figure()
    for place, (split, found) in enumerate(counts.items()):
        total = sum(found.values()) or 1
        numbers = [found[label] for label in labels]
        names = [_axis_text(label) for label in labels]
        if rest:
            numbers.append(sum(found[label] for label in rest))
            names.append(f"{len(rest)} other labels")
        figure.add_bar(
            y=names,
            x=[100 * number / total for number in numbers],
            orientation="h",
            name=f"{split} ({total:,} {unit})" if found else f"{split} (none)",
            marker={
                "color": _faded(colour, _SHADES[place % len(_SHADES)]),
                "line": {"color": colour, "width": 1.5},
            },
            customdata=numbers,
            hovertemplate="%{y}: %{x:.1f} % (%{customdata:,} "
            + unit
            + ")<extra>"
            + split
            + "</extra>",
        )
    bars = len(labels) + bool(rest)
    figure.update_layout(
        barmode="group",
        bargap=0.28,
        bargroupgap=0.05,
        height=max(240, 130 + (20 if bars < 8 else 14) * len(counts) * bars),
    )
    figure.update_xaxes(title=f"Share of the split's {unit} (%)", rangemode="tozero")
    figure.update_yaxes(autorange="reversed")
    return _dressed(figure, title)


def length_histogram(
    lengths: Mapping[str, Sequence[int]], colours: Sequence[str], *, title: str
) -> go.Figure:
    """How long the sentences are, as a share of their split, so that small splits compare."""
    longest = max((max(found, default=1) for found in lengths.values()), default=1)
    width = max(1, -(-longest // 40))
    edges = np.arange(0.5, longest + width + 0.5, width)
    figure = _outlines(lengths, edges, colours, "sentences", "%{x:.0f} words")
    figure.update_xaxes(title="Length (words)", rangemode="tozero")
    return _dressed(figure, title)


def value_histogram(values: Mapping[str, Sequence[float]], colour: str, *, title: str) -> go.Figure:
    """How the values of a regression lie, as a share of their split."""
    every = [value for found in values.values() for value in found] or [0.0, 1.0]
    edges = np.histogram_bin_edges(every, bins=20)
    figure = _outlines(values, edges, [colour], "values", "about %{x:.3g}")
    figure.update_xaxes(title="Value")
    return _dressed(figure, title)


def _outlines(
    values: Mapping[str, Sequence[float]],
    edges: np.ndarray,
    colours: Sequence[str],
    unit: str,
    hover: str,
) -> go.Figure:
    """A histogram for each split as a stepped line, in percent; `unit` is what is counted."""
    figure = go.Figure()
    for place, (split, found) in enumerate(values.items()):
        numbers, _ = np.histogram(found, edges)
        figure.add_scatter(
            x=(edges[:-1] + edges[1:]) / 2,
            y=100 * numbers / max(1, len(found)),
            name=f"{split} ({len(found):,} {unit})",
            mode="lines",
            line={
                "shape": "hvh",
                "width": 2,
                "color": colours[place % len(colours)],
                "dash": ("solid", "dash", "dot")[place % 3],
            },
            hovertemplate=f"{hover}: %{{y:.1f}} %<extra>{split}</extra>",
        )
    figure.update_layout(height=300)
    figure.update_yaxes(title=f"Share of the split's {unit} (%)", rangemode="tozero")
    return figure


def _most_frequent(counts: Mapping[str, Counter[str]]) -> tuple[list[str], list[str]]:
    """The labels to show, most frequent in the first split first, and those that are too many."""
    every: Counter[str] = Counter()
    for found in counts.values():
        every += found
    first = next(iter(counts.values()), Counter())
    order = sorted(every, key=lambda label: (-first[label], -every[label], label))
    if len(order) <= MOST_LABELS:
        return order, []
    return order[: MOST_LABELS - 1], order[MOST_LABELS - 1 :]


def _faded(colour: str, share: float) -> str:
    """The colour #rrggbb, so transparent."""
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{share})"


def _axis_text(label: str) -> str:
    """User text on an axis: plotly reads a little HTML there."""
    return escape(label if len(label) <= 28 else label[:27] + "…") or "(empty)"


def _dressed(figure: go.Figure, title: str) -> go.Figure:
    figure.update_layout(
        title={"text": title, "font": {"size": 16}},
        legend={"orientation": "h", "yanchor": "bottom", "y": 1.0, "x": 0, "title": None},
        margin={"l": 8, "r": 8, "t": 78, "b": 8},
        hovermode="closest",
        dragmode=False,
    )
    return figure
