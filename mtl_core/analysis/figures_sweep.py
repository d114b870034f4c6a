"""The figures of a sweep: paired differences with their intervals, and two tasks against each other."""

from collections.abc import Callable, Mapping, Sequence

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from .axes import plain
from .colours import PALETTE, Theme
from .gains import Spread, signed
from .inks import GREY, INK
from .pareto import Alone, Point, grids
from .sweep import Cell

_COLUMNS = 2  # tasks side by side
_SYMBOLS = ("circle", "square", "diamond", "triangle-up", "pentagon", "star")
_WIDEST = 20.0  # points to each side that an axis shows at least before it is cut
_LONGEST = 34  # letters of a choice's name on an axis

Colour = Callable[[str], str]
Difference = Callable[[Cell], Spread | None]


def differences_figure(
    found: Sequence[Cell], difference: Difference, over: str, colour: Colour, theme: Theme
) -> go.Figure:
    """A panel per task, a row per choice: the mean difference as a dot, its 95 % interval as a line.

    A full dot lies on one side of zero with its whole interval, an open one does not.
    """
    drawn = [cell for cell in found if difference(cell)]
    tasks = list(dict.fromkeys(cell.task for cell in drawn))
    names = list(dict.fromkeys(cell.choice for cell in drawn))
    columns = min(_COLUMNS, len(tasks))
    rows = -(-len(tasks) // columns)
    height = 44 + 26 * len(names)
    figure = make_subplots(
        rows,
        columns,
        subplot_titles=[plain(task) for task in tasks],
        shared_yaxes=True,
        horizontal_spacing=0.04,
        vertical_spacing=64 / max(1, rows * height) if rows > 1 else 0,
    )
    for place, task in enumerate(tasks):
        row, column = divmod(place, columns)
        own = [cell for cell in drawn if cell.task == task]
        figure.add_trace(_dots(own, difference, colour(task)), row + 1, column + 1)
    edge = _edge([one for cell in drawn if (one := difference(cell))])
    figure.update_xaxes(range=None if edge is None else [-edge, edge])
    figure.update_xaxes(zeroline=True, zerolinewidth=2, zerolinecolor=INK[theme], tickformat="+~g")
    figure.update_xaxes(title_text=f"points over {over}", title_standoff=4, row=rows)
    order = [_label(name) for name in names][::-1]
    figure.update_yaxes(
        categoryorder="array", categoryarray=order, automargin=True, title_text="",
        range=[-0.6, len(names) - 0.4], tickfont={"color": INK[theme]},
    )  # fmt: skip
    figure.update_layout(
        height=70 + rows * (height + 40),
        margin={"l": 10, "r": 10, "t": 34, "b": 10},
        showlegend=False,
    )
    return figure


def _dots(own: Sequence[Cell], difference: Difference, colour: str) -> go.Scatter:
    spreads = [found for cell in own if (found := difference(cell))]
    halves = [None if s.high is None else 100 * (s.high - s.mean) for s in spreads]
    return go.Scatter(
        x=[100 * s.mean for s in spreads],
        y=[_label(cell.choice) for cell in own],
        mode="markers",
        marker={
            "color": colour,
            "size": 10,
            "symbol": ["circle" if _is_clear(s) else "circle-open" for s in spreads],
            "line": {"width": 2, "color": colour},
        },
        error_x={"type": "data", "array": halves, "color": colour, "thickness": 2, "width": 5},
        customdata=[[plain(c.choice), _words(s)] for c, s in zip(own, spreads, strict=True)],
        hovertemplate="%{customdata[0]}<br>%{customdata[1]}<extra></extra>",
    )


def _edge(spreads: Sequence[Spread]) -> float | None:
    """Where the axis ends, in points, because of intervals so wide that nothing else would be seen.

    From two seeds, an interval may be 13 standard deviations wide. None where all fit.
    """
    widest = max((100 * max(abs(s.low or 0.0), abs(s.high or 0.0)) for s in spreads), default=0.0)
    most = 3 * max((100 * abs(s.mean) for s in spreads), default=0.0)
    edge = max(_WIDEST, most)
    return edge if widest > edge else None


def _is_clear(found: Spread) -> bool:
    return found.low is not None and found.high is not None and found.low * found.high > 0


def _words(found: Spread) -> str:
    if found.low is None or found.high is None:
        return f"{signed(found.mean)} points, one seed"
    interval = f"95 % interval {signed(found.low)} to {signed(found.high)}"
    return f"{signed(found.mean)} points ({interval}, {found.count} seeds)"


def _label(name: str) -> str:
    half = _LONGEST // 2
    return plain(name if len(name) <= _LONGEST else f"{name[: half - 1]}…{name[-half:]}")


def pareto_figure(
    found: Sequence[Point], alone: Sequence[Alone], metrics: Mapping[str, str], theme: Theme
) -> go.Figure:
    """Two tasks against each other: choices, fixed weights joined by a line, twins as lines.

    `metrics` names the main score of both tasks, first the one from left to right.

    Up and to the right is better. A ring marks what no other choice beats in both tasks.
    """
    figure = go.Figure()
    tasks = tuple(metrics)
    for group in grids(found, tasks[0], tasks[1]):
        figure.add_trace(_grid_line(group, theme))
    on_line = [p for p in found if p.entry.added and p.entry.weights]
    if on_line:
        figure.add_trace(_markers(on_line, "fixed weights", GREY[theme], "circle"))
    colours = iter(PALETTE[theme] * (1 + len(found) // len(PALETTE[theme])))
    others = [p for p in found if p not in on_line]
    for place, point in enumerate(others):
        symbol = _SYMBOLS[place % len(_SYMBOLS)]
        figure.add_trace(_markers([point], point.entry.name, next(colours), symbol))
    figure.add_trace(_rings([p for p in found if p.is_best], theme))
    for line in alone:
        _reference(figure, line, vertical=line.task == tasks[0], theme=theme)
    for axis, task in ((figure.update_xaxes, tasks[0]), (figure.update_yaxes, tasks[1])):
        shown = metrics[task].replace("_", " ")
        axis(title_text=f"{plain(task)} ({shown}, %)", tickformat=".1f", automargin=True)
    figure.update_layout(
        height=470,
        margin={"l": 10, "r": 10, "t": 30, "b": 10},
        legend={"orientation": "v", "x": 1.02, "y": 1, "itemsizing": "constant"},
        hovermode="closest",
    )
    return figure


def _markers(points: Sequence[Point], name: str, colour: str, symbol: str) -> go.Scatter:
    """Means with one standard deviation to each side."""
    return go.Scatter(
        x=[100 * p.x.mean for p in points],
        y=[100 * p.y.mean for p in points],
        error_x=_bars([p.x for p in points], colour),
        error_y=_bars([p.y for p in points], colour),
        mode="markers",
        name=_label(name),
        marker={"color": colour, "size": 10, "symbol": symbol},
        customdata=[[plain(p.entry.name), p.x.count] for p in points],
        hovertemplate="%{customdata[0]}<br>%{x:.1f} · %{y:.1f} (%{customdata[1]} seeds)<extra></extra>",
    )


def _bars(spreads: Sequence[Spread], colour: str) -> dict[str, object]:
    bars = [100 * (s.deviation or 0.0) for s in spreads]
    return {"type": "data", "array": bars, "color": colour, "thickness": 1, "width": 3}


def _grid_line(group: Sequence[Point], theme: Theme) -> go.Scatter:
    return go.Scatter(
        x=[100 * p.x.mean for p in group],
        y=[100 * p.y.mean for p in group],
        mode="lines",
        showlegend=False,
        line={"color": GREY[theme], "width": 2},
        hoverinfo="skip",
    )


def _rings(best: Sequence[Point], theme: Theme) -> go.Scatter:
    return go.Scatter(
        x=[100 * p.x.mean for p in best],
        y=[100 * p.y.mean for p in best],
        mode="markers",
        name="beaten by none in both",
        marker={
            "symbol": "circle-open",
            "size": 20,
            "color": INK[theme],
            "line": {"width": 2, "color": INK[theme]},
        },
        hoverinfo="skip",
    )


def _reference(figure: go.Figure, line: Alone, *, vertical: bool, theme: Theme) -> None:
    """A dotted line where the task stands alone, named at its end."""
    add = figure.add_vline if vertical else figure.add_hline
    add(
        100 * line.score,
        line={"color": GREY[theme], "dash": "dot", "width": 1.5},
        annotation={
            "text": f"{_label(line.task)} alone",
            "font": {"color": GREY[theme], "size": 12},
        },
        annotation_position="top" if vertical else "bottom right",
    )
