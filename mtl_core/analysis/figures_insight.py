"""Figures of what can be seen into a model: bars, heat maps side by side, heat maps of words.

Pure: an insight goes in, a plotly figure comes out. The last two axes of an insight are rows and
columns; each place on the axes before them has a heat map of its own, in the same colours.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from .axes import (
    WIDTH,
    across,
    breadth,
    depth,
    is_of_tasks,
    name_of,
    plain,
    slant,
    upwards,
)
from .colours import Theme
from .inks import GREY, SEQUENTIAL
from .insights import Array, Axis, Insight, array_of
from .scales import Scale, Span, ends, span_of, writer

MOST_NUMBERS = 12  # rows and columns up to which cells hold their numbers
MOST_BESIDE = 6  # heat maps in a row
WIDEST = 104  # pixels of a cell
LINE_LETTERS, LINE_WORDS = 100, 16  # of a line of text: further words go into the next one
_BAR = 92  # pixels of the colour bar with its numbers

Colour = Callable[[str], str]


def insight_figure(insight: Insight, colour: Colour, theme: Theme, span: Span) -> go.Figure:
    """One look: bars for one axis, else heat maps. Its colours or lengths are scaled to `span`."""
    if len(insight.axes) == 1:
        return _bars(insight, colour, theme, span)
    *leading, rows, columns = insight.axes
    values = array_of(insight).reshape(-1, len(rows.ticks), len(columns.ticks))
    beside = _beside(len(values), len(columns.ticks))
    lines = -(-len(values) // beside)
    beside = -(-len(values) // lines)
    room = WIDTH - breadth(rows) - _BAR
    cell = min(WIDEST, room / beside / len(columns.ticks))
    angle = slant(columns.ticks, cell)
    below = depth(columns.ticks, angle) + 22
    sheet = _Sheet(lines, beside, _tall(rows) * len(rows.ticks), 38 if leading else 10, below)
    figure = sheet.figure([plain(name) for name in _names(leading)])
    shown = max(len(rows.ticks), len(columns.ticks)) <= MOST_NUMBERS
    brush = _Brush(Scale.of(insight, span, theme), insight.unit, writer(span), shown)
    for place, table in enumerate(values):
        row, column = divmod(place, beside)
        is_lowest = place + beside >= len(values)
        figure.add_traces(brush.paint(table, rows, columns), row + 1, column + 1)
        figure.update_xaxes(
            **across(columns, angle),
            range=[-0.5, len(columns.ticks) - 0.5],
            showticklabels=is_lowest,
            title_text=plain(columns.name) if is_lowest else "",
            row=row + 1,
            col=column + 1,
        )
    figure.update_yaxes(**upwards(rows), showticklabels=False)
    figure.update_yaxes(showticklabels=True, title_text=plain(rows.name), col=1)
    figure.update_layout(coloraxis=brush.colours(sheet.inner))
    if cell == WIDEST:  # wider would be empty
        figure.update_layout(width=beside * cell * len(columns.ticks) + breadth(rows) + _BAR)
    return figure


def sentence_figure(insight: Insight, theme: Theme) -> go.Figure:
    """A heat map of words, which run from left to right; a long text has several lines.

    The words are the last axis; before them is at most one more.
    """
    words, values = insight.axes[-1], array_of(insight)
    rows = insight.axes[0] if values.ndim == 2 else Axis("", ("",))
    values = values.reshape(len(rows.ticks), -1)
    span = span_of(insight)
    lines = text_lines(words.ticks)
    most = max(1, *(end - start for start, end in lines))
    cell = min(WIDEST, (WIDTH - breadth(rows) - _BAR) / most)
    angle = slant(words.ticks, cell)
    below = depth(words.ticks, angle)
    sheet = _Sheet(len(lines), 1, _tall(rows) * len(rows.ticks), 10, below)
    figure = sheet.figure([""] * len(lines))
    shown = len(rows.ticks) <= MOST_NUMBERS and cell > 36
    brush = _Brush(Scale.of(insight, span, theme), insight.unit, writer(span), shown)
    for place, (start, end) in enumerate(lines, 1):
        line = Axis(words.name, words.ticks[start:end])
        figure.add_traces(brush.paint(values[:, start:end], rows, line), place, 1)
        figure.update_xaxes(**across(line, angle), range=[-0.5, most - 0.5], row=place, col=1)
    figure.update_yaxes(**upwards(rows), title_text=plain(rows.name))
    figure.update_layout(coloraxis=brush.colours(sheet.inner))
    if cell == WIDEST:
        figure.update_layout(width=cell * most + breadth(rows) + _BAR)
    return figure


def text_lines(words: Sequence[str]) -> list[tuple[int, int]]:
    """A text in lines that fit: the first word of each, and the one after its last."""
    lines: list[tuple[int, int]] = []
    start = letters = 0
    for place, word in enumerate(words):
        letters += len(word) + 1
        if place > start and (letters > LINE_LETTERS or place - start == LINE_WORDS):
            lines.append((start, place))
            start, letters = place, len(word) + 1
    return [*lines, (start, len(words))]


@dataclass(frozen=True)
class _Sheet:
    """Panels in rows and columns. In pixels: a panel's height, what is above and below each one."""

    rows: int
    columns: int
    panel: float
    above: float
    below: float

    @property
    def gap(self) -> float:
        """Between two rows; only the lowest panel of several columns has names below it."""
        return self.above + (self.below if self.columns == 1 else 8)

    @property
    def inner(self) -> float:
        """From the top of the first row to the end of the last."""
        return self.rows * self.panel + (self.rows - 1) * self.gap

    def figure(self, titles: Sequence[str]) -> go.Figure:
        """The empty panels."""
        figure = make_subplots(
            self.rows,
            self.columns,
            subplot_titles=titles,
            vertical_spacing=self.gap / self.inner if self.rows > 1 else 0,
            horizontal_spacing=min(0.03, 0.12 / self.columns),
        )
        figure.update_layout(
            height=round(self.above + self.inner + self.below),
            margin={"l": 10, "r": 10, "t": self.above, "b": self.below},
            plot_bgcolor="rgba(0,0,0,0)",
        )
        figure.update_annotations(font_size=13)
        return figure


def _beside(count: int, cells: int) -> int:
    """How many heat maps of so many columns go beside each other, so that numbers still fit."""
    room = 22 // cells if cells <= MOST_NUMBERS else 48 // cells
    return max(1, min(MOST_BESIDE, count, room))


def _names(axes: Sequence[Axis]) -> list[str]:
    """A title for each place on the leading axes: "block 1", "level 2 · sentiment"."""
    places = product(*(range(len(axis.ticks)) for axis in axes))
    return [" · ".join(name_of(axis, at) for axis, at in zip(axes, p, strict=True)) for p in places]


def _tall(rows: Axis) -> float:
    """Pixels of a row."""
    count = len(rows.ticks)
    return 44 if count <= 4 else 34 if count <= 8 else 28 if count <= MOST_NUMBERS else 20


@dataclass(frozen=True)
class _Brush:
    """What all heat maps of a figure have in common."""

    scale: Scale
    unit: str
    write: Callable[[float], str]
    with_numbers: bool

    def paint(self, values: Array, rows: Axis, columns: Axis) -> list[go.Heatmap | go.Scatter]:
        """A heat map, and its numbers: each in the ink that can be read on its colour."""
        texts = [[self.write(value) for value in row] for row in values]
        unit = plain(self.unit)
        hover = [
            [
                f"{plain(_said(rows, i))}<br>{plain(_said(columns, j))}<br><b>{text}</b> {unit}"
                for j, text in enumerate(line)
            ]
            for i, line in enumerate(texts)
        ]
        x, y = list(range(len(columns.ticks))), list(range(len(rows.ticks)))
        cells = go.Heatmap(
            z=values.tolist(),
            x=x,
            y=y,
            coloraxis="coloraxis",
            xgap=2,
            ygap=2,
            hovertext=hover,
            hovertemplate="%{hovertext}<extra></extra>",
        )
        if not self.with_numbers:
            return [cells]
        numbers = go.Scatter(
            x=x * len(y),
            y=[place for place in y for _ in x],
            text=[text for line in texts for text in line],
            mode="text",
            textfont={"color": [self.scale.ink(v) for v in values.flatten()], "size": 12},
            hoverinfo="skip",
            showlegend=False,
        )
        return [cells, numbers]

    def colours(self, tall: float) -> dict[str, object]:
        """The colours with their bar, for panels that are so tall together."""
        is_tall = tall > 120
        bar = {
            "title": {"text": plain(self.unit), "side": "right"},
            "thickness": 12,
            "ticks": "",
            "lenmode": "pixels",
            "len": max(64, min(200, tall)),
            "nticks": 5 if is_tall else 3,
            "y": 1 if is_tall else 0.5,
            "yanchor": "top" if is_tall else "middle",
        }
        ends = {"cmin": self.scale.low, "cmax": self.scale.high}
        return {"colorscale": self.scale.stops(), "colorbar": bar, **ends}


def _said(axis: Axis, place: int) -> str:
    """One place in full: "to task: sentiment"."""
    return f"{axis.name}: {axis.ticks[place]}" if axis.name else axis.ticks[place]


def _bars(insight: Insight, colour: Colour, theme: Theme, span: Span) -> go.Figure:
    """A bar for each place, in the task's colour where places are tasks."""
    places, values, write = insight.axes[0], array_of(insight), writer(span)
    usual = SEQUENTIAL[theme][6]
    colours = [colour(tick) for tick in places.ticks] if is_of_tasks(places) else usual
    low, high = ends(insight, span)
    low, high = min(0.0, low), max(0.0, high)
    figure = go.Figure(
        go.Bar(
            x=values,
            y=list(range(len(values))),
            orientation="h",
            width=0.6,
            marker={"color": colours},
            text=[write(value) for value in values],
            textposition="outside",
            cliponaxis=False,
            hovertext=[plain(_said(places, place)) for place in range(len(values))],
            hovertemplate=f"%{{hovertext}}<br><b>%{{text}}</b> {plain(insight.unit)}<extra></extra>",
        )
    )
    room = 0.06 * (high - low)
    figure.update_xaxes(
        title_text=plain(insight.unit), range=[low - room * (low < 0), high + room], zeroline=True
    )
    figure.update_yaxes(**upwards(places), automargin=True)
    figure.update_yaxes(title_text="" if is_of_tasks(places) else plain(places.name))
    height = 70 + (34 if len(values) <= 8 else 24) * len(values)
    figure.update_layout(height=height, margin={"l": 10, "r": 30, "t": 16, "b": 44})
    if insight.chance is not None:
        chance_line(figure, insight.chance, theme, vertical=True)
    return figure


def chance_line(figure: go.Figure, chance: float, theme: Theme, *, vertical: bool) -> None:
    """A dashed line where guessing would be."""
    draw = figure.add_vline if vertical else figure.add_hline
    draw(
        chance,
        line={"color": GREY[theme], "dash": "dash", "width": 1.5},
        annotation={"text": f"guessing: {chance:.2f}", "font": {"color": GREY[theme], "size": 12}},
        annotation_position="top right",
    )
