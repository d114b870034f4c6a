"""How what can be seen into a model changed while it trained: lines over the steps."""

from collections.abc import Sequence
from itertools import product

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from .axes import is_of_tasks, name_of, plain, short
from .colours import Theme
from .figures_insight import Colour, chance_line
from .inks import SEQUENTIAL
from .insights import Record
from .scales import ends

MOST_PANELS, MOST_LINES = 12, 8
MOST_BESIDE = 4
_DASHES = ("solid", "dash", "dot", "dashdot")
_SHADES = (6, 9, 4, 7)  # of the scale of heat maps


def can_be_followed(record: Record) -> bool:
    """Whether there are two looks at least, and few enough values for lines."""
    *leading, last = [len(axis.ticks) for axis in record.face.axes] or [1]
    panels = 1
    for count in leading:
        panels *= count
    return len(record.steps) > 1 and panels <= MOST_PANELS and last <= MOST_LINES


def history_figure(record: Record, colour: Colour, theme: Theme) -> go.Figure:
    """A line for each place on the last axis; each place on the axes before has its own panel."""
    axes = record.face.axes
    values = record.history()
    if not axes:
        return _one_line(record, theme)
    *leading, last = axes
    values = values.reshape(len(values), -1, len(last.ticks))  # (step, panel, line)
    places = list(product(*(range(len(axis.ticks)) for axis in leading)))
    titles = [
        " · ".join(plain(name_of(a, at)) for a, at in zip(leading, p, strict=True)) for p in places
    ]
    rows = -(-len(places) // MOST_BESIDE)
    beside = -(-len(places) // rows)
    figure = make_subplots(
        rows,
        beside,
        subplot_titles=titles,
        shared_xaxes="all",
        shared_yaxes="all",
        horizontal_spacing=0.03,
        vertical_spacing=0.16 / max(1, rows - 1) if rows > 1 else 0,
    )
    inks = _inks(last.ticks, colour if is_of_tasks(last) else None, theme)
    for panel in range(len(places)):
        row, column = divmod(panel, beside)
        for line, (ink, dash) in enumerate(inks):
            trace = _line(record.steps, values[:, panel, line].tolist(), ink, dash)
            name = last.ticks[line] if is_of_tasks(last) else name_of(last, line)
            trace.update(name=plain(short(name)), legendgroup=str(line))
            figure.add_trace(trace.update(showlegend=panel == 0), row + 1, column + 1)
    figure.update_xaxes(title_text="step", row=rows)
    figure.update_yaxes(title_text=plain(record.face.unit), col=1)
    _dress(figure, 98 + 190 * rows)
    if is_of_tasks(last) and leading:
        title = {"text": f"{plain(last.name)}  ", "side": "left"}
        figure.update_layout(legend_title=title)
    figure.update_annotations(font_size=13)
    return figure


def _one_line(record: Record, theme: Theme) -> go.Figure:
    values = record.history().tolist()
    figure = go.Figure(_line(record.steps, values, SEQUENTIAL[theme][6], "solid"))
    low, high = ends(record.face, record.span)
    room = 0.05 * (high - low)
    figure.update_xaxes(title_text="step", range=[0, 1.02 * max(record.steps)])
    figure.update_yaxes(title_text=plain(record.face.unit), range=[low - room, high + room])
    _dress(figure, 280)
    figure.update_layout(margin_t=16)
    if record.face.chance is not None:
        chance_line(figure, record.face.chance, theme, vertical=False)
    return figure


def _line(steps: Sequence[int], values: Sequence[float], ink: str, dash: str) -> go.Scatter:
    return go.Scatter(
        x=list(steps),
        y=values,
        mode="lines+markers" if len(steps) <= 40 else "lines",
        line={"color": ink, "dash": dash, "width": 2.2},
        marker={"size": 5},
        hovertemplate="%{y:.3f}",
    )


def _inks(ticks: Sequence[str], colour: Colour | None, theme: Theme) -> list[tuple[str, str]]:
    """Colour and dash of each line: a task's colour means that task, so others have none of them."""
    if colour is not None:
        return [(colour(tick), "solid") for tick in ticks]
    scale = SEQUENTIAL[theme]
    return [
        (scale[_SHADES[i % len(_SHADES)]], _DASHES[(i + i // len(_DASHES)) % len(_DASHES)])
        for i in range(len(ticks))
    ]


def _dress(figure: go.Figure, height: int) -> None:
    figure.update_layout(
        height=height,
        margin={"l": 10, "r": 10, "t": 64, "b": 44},
        legend={"orientation": "h", "y": 1, "yanchor": "top", "yref": "container", "x": 0},
        hovermode="x unified",
    )
