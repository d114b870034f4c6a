"""Figures of conflicts between tasks: the cosines of their gradients, and how often these conflict.

Pure: arrays in, plotly figures out. Orange means conflict in both. A figure's height follows from
the number of its rows alone, so that nothing moves when values come.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from .axes import across, breadth, depth, plain, short, slant, upwards
from .colours import Theme
from .conflicts import EVERYWHERE, Array, Shares
from .inks import DIVERGING
from .insights import Axis
from .scales import Scale, writer

WIDTH = 520  # pixels that a figure gets beside another one
MOST_NUMBERS = 10  # columns up to which cells hold their numbers
_BAR = 84  # pixels of the colour bar with its numbers
_SPAN = (-1.0, 1.0)


def cosines_figure(cosines: Array, tasks: Sequence[str], theme: Theme) -> go.Figure:
    """(task, task): -1 against each other, 0 at right angles, 1 the same way.

    The diagonal stays empty: a task agrees with itself.
    """
    write = writer(_SPAN)
    names = Axis("", tuple(tasks))
    values = [
        [None if i == j or value != value else value for j, value in enumerate(row)]
        for i, row in enumerate(cosines.tolist())
    ]
    cells = [
        [
            _Cell(value, "" if value is None else write(value), f"{plain(one)} and {plain(other)}")
            for other, value in zip(tasks, row, strict=True)
        ]
        for one, row in zip(tasks, values, strict=True)
    ]
    scale = Scale(*_SPAN, DIVERGING[theme])
    return _heat_map(cells, names, names, scale, "cosine")


def shares_figure(shares: Shares, theme: Theme) -> go.Figure:
    """A row for each pair of tasks, a column for each place: the share of looks in conflict."""
    rows = Axis("", tuple(f"{short(one)} and {short(other)}" for one, other in shares.pairs))
    columns = Axis("", tuple(place_name(place) for place in shares.places))
    cells = []
    for pair, line, counts in zip(
        shares.pairs, shares.share.tolist(), shares.looks.tolist(), strict=True
    ):
        said = f"{plain(pair[0])} and {plain(pair[1])}"
        cells.append(
            [
                _Cell(
                    100 * value if count else None,
                    f"{100 * value:.0f} %" if count else "",
                    f"{said}<br>{plain(place)}: {count:,} looks",
                )
                for place, value, count in zip(columns.ticks, line, counts, strict=True)
            ]
        )
    scale = Scale(0.0, 100.0, tuple(reversed(DIVERGING[theme][:5])))
    return _heat_map(cells, rows, columns, scale, "% of looks")


def place_name(place: str) -> str:
    """A place in words."""
    return "all shared" if place == EVERYWHERE else place


@dataclass(frozen=True)
class _Cell:
    """A value, None where there is none; how it is written; what it is about."""

    value: float | None
    text: str
    about: str


def _heat_map(
    cells: Sequence[Sequence[_Cell]], rows: Axis, columns: Axis, scale: Scale, unit: str
) -> go.Figure:
    """Cells with their numbers, each in the ink that can be read on its colour."""
    figure = go.Figure(_colours(cells))
    if len(columns.ticks) <= MOST_NUMBERS:
        figure.add_trace(_numbers(cells, scale))
    left = _left(rows)
    angle = slant(columns.ticks, (WIDTH - left - _BAR) / max(1, len(columns.ticks)))
    below = depth(columns.ticks, angle)
    tall = _tall(len(cells)) * len(cells)
    figure.update_xaxes(**across(columns, angle), range=[-0.5, len(columns.ticks) - 0.5])
    figure.update_yaxes(**upwards(rows))
    figure.update_yaxes(ticktext=[plain(tick) for tick in rows.ticks])
    figure.update_layout(
        height=round(10 + tall + below),
        margin={"l": left, "r": 10, "t": 10, "b": below},
        plot_bgcolor="rgba(0,0,0,0)",
        coloraxis={
            "colorscale": scale.stops(),
            "cmin": scale.low,
            "cmax": scale.high,
            "showscale": len(cells) > 1,  # one row alone is told by its numbers
            "colorbar": {
                "title": {"text": unit, "side": "right"},
                "tickvals": _ticks(scale, 5 if tall > 120 else 3),
                "thickness": 12,
                "ticks": "",
                "lenmode": "pixels",
                "y": 1,
                "yanchor": "top",
                "ypad": 0,
                "len": max(96, min(200, tall)),
            },
        },
    )
    return figure


def _ticks(scale: Scale, count: int) -> list[float]:
    """So many numbers on the colour bar, both ends among them."""
    length = scale.high - scale.low
    return [scale.low + length * place / (count - 1) for place in range(count)]


def _left(rows: Axis) -> float:
    """Pixels for the names of the rows: two tasks' names may stand in one."""
    longest = max((len(tick) for tick in rows.ticks), default=0)
    return max(breadth(rows) - 30, 14 + 6.6 * longest)


def _tall(rows: int) -> int:
    """Pixels of a row."""
    return 52 if rows <= 3 else 40 if rows <= 6 else 30 if rows <= 10 else 22


def _colours(cells: Sequence[Sequence[_Cell]]) -> go.Heatmap:
    return go.Heatmap(
        z=[[cell.value for cell in row] for row in cells],
        x=list(range(len(cells[0]) if cells else 0)),
        y=list(range(len(cells))),
        coloraxis="coloraxis",
        xgap=2,
        ygap=2,
        hovertext=[[f"{cell.about}<br><b>{cell.text}</b>" for cell in row] for row in cells],
        hovertemplate="%{hovertext}<extra></extra>",
        hoverongaps=False,
    )


def _numbers(cells: Sequence[Sequence[_Cell]], scale: Scale) -> go.Scatter:
    placed = [(x, y, cell) for y, row in enumerate(cells) for x, cell in enumerate(row)]
    shown = [(x, y, cell) for x, y, cell in placed if cell.value is not None]
    return go.Scatter(
        x=[x for x, _, _ in shown],
        y=[y for _, y, _ in shown],
        text=[cell.text for _, _, cell in shown],
        mode="text",
        textfont={"color": [scale.ink(cell.value or 0.0) for *_, cell in shown], "size": 12},
        hoverinfo="skip",
        showlegend=False,
    )
