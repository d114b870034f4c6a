"""Figures of how one task was answered: confusion of labels, right and answered values."""

import plotly.graph_objects as go

from .axes import WIDTH, across, breadth, depth, plain, slant, upwards
from .colours import Theme
from .details import Confusion
from .inks import GREY, SEQUENTIAL
from .insights import Axis

MOST_NUMBERS = 16  # labels up to which the cells hold their counts
_WIDEST = 92  # pixels of a cell
_BAR = 96  # pixels of the colour bar with its numbers
_ABOVE = 52  # pixels of the title


def confusion_figure(confusion: Confusion, theme: Theme, *, title: str) -> go.Figure:
    """A row a right label; colours are shares of the row, cells hold counts."""
    rows, columns = Axis("right", confusion.right), Axis("answered", confusion.answered)
    totals = [sum(row) or 1 for row in confusion.counts]
    shares = [
        [100 * count / total for count in row]
        for row, total in zip(confusion.counts, totals, strict=True)
    ]
    cell = min(_WIDEST, (WIDTH - breadth(rows) - _BAR) / max(1, len(columns.ticks)))
    tall = max(18.0, min(44.0, cell))
    angle = slant(columns.ticks, cell)
    below = depth(columns.ticks, angle) + 22
    figure = go.Figure(
        go.Heatmap(
            z=shares,
            x=list(range(len(columns.ticks))),
            y=list(range(len(rows.ticks))),
            zmin=0,
            zmax=100,
            xgap=1,
            ygap=1,
            colorscale=_scale(theme),
            colorbar={"title": {"text": "% of the row"}, "thickness": 12, "len": 1, "y": 0.5},
            text=[[f"{count:,}" if count else "" for count in row] for row in confusion.counts],
            texttemplate="%{text}" if len(columns.ticks) <= MOST_NUMBERS else None,
            hovertext=_hover(confusion, totals),
            hoverinfo="text",
        )
    )
    figure.update_xaxes(
        **across(columns, angle), title_text="answered", range=[-0.5, len(columns.ticks) - 0.5]
    )
    figure.update_yaxes(**upwards(rows), title_text="right")
    figure.update_layout(
        title={"text": plain(title), "font": {"size": 16}},
        height=round(_ABOVE + tall * len(rows.ticks) + below),
        margin={"l": 10, "r": 10, "t": _ABOVE, "b": below},
        plot_bgcolor="rgba(0,0,0,0)",
        dragmode=False,
    )
    if cell == _WIDEST:  # wider would be empty
        figure.update_layout(width=cell * len(columns.ticks) + breadth(rows) + _BAR)
    return figure


def values_figure(
    points: tuple[tuple[float, float], ...], colour: str, theme: Theme, *, title: str
) -> go.Figure:
    """Answered over right values; on the dotted line they are the same."""
    every = [value for point in points for value in point] or [0.0, 1.0]
    ends = [min(every), max(every)]
    figure = go.Figure()
    figure.add_scatter(
        x=ends,
        y=ends,
        mode="lines",
        name="answered = right",
        line={"color": GREY[theme], "dash": "dot", "width": 1.5},
        hoverinfo="skip",
    )
    figure.add_scatter(
        x=[right for right, _ in points],
        y=[answered for _, answered in points],
        mode="markers",
        name=f"texts ({len(points):,})",
        marker={"color": colour, "size": 7, "opacity": 0.55},
        hovertemplate="right %{x:.3g}<br>answered %{y:.3g}<extra></extra>",
    )
    figure.update_xaxes(title_text="right value")
    figure.update_yaxes(title_text="answered value")
    figure.update_layout(
        title={"text": plain(title), "font": {"size": 16}},
        legend={"orientation": "h", "yanchor": "bottom", "y": 1.0, "x": 0},
        height=420,
        margin={"l": 10, "r": 10, "t": 84, "b": 10},
        hovermode="closest",
        dragmode=False,
    )
    return figure


def _scale(theme: Theme) -> list[list[object]]:
    shades = SEQUENTIAL[theme]
    return [[place / (len(shades) - 1), shade] for place, shade in enumerate(shades)]


def _hover(confusion: Confusion, totals: list[int]) -> list[list[str]]:
    """For example "right: LOC, answered: PER, 3 of 40 words (7.5 %)"."""
    return [
        [
            f"right: {plain(right)}<br>answered: {plain(answered)}<br>"
            f"<b>{count:,}</b> of {total:,} {confusion.unit} ({100 * count / total:.1f} %)"
            for answered, count in zip(confusion.answered, row, strict=True)
        ]
        for right, row, total in zip(confusion.right, confusion.counts, totals, strict=True)
    ]
