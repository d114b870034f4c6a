"""The figures of a comparison: curves of each task with its twin's, and the gain of each task."""

from collections.abc import Callable, Mapping, Sequence

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from .bands import Band, Bundle
from .colours import Theme
from .gains import HELPED, HURT, Gain, signed
from .inks import DOWN, GREY, INK, UP
from .results import TWIN

_DASHES = ("solid", "dashdot", "longdash", "longdashdot")
_TWIN_DASH = "dot"
_SYMBOLS = ("circle", "square", "diamond", "cross")

Colour = Callable[[str], str]


def curves_figure(
    lines: Sequence[tuple[Bundle, Band]], metrics: Mapping[str, str], colour: Colour, theme: Theme
) -> go.Figure:
    """One panel per task: multi-task solid, twin dotted, both in the task's colour."""
    tasks = list(dict.fromkeys(bundle.task for bundle, _ in lines))
    columns = min(2, len(tasks))
    rows = -(-len(tasks) // columns)
    titles = [f"{_plain(task)}: {metrics.get(task, 'score').replace('_', ' ')}" for task in tasks]
    figure = make_subplots(
        rows, columns, subplot_titles=titles, vertical_spacing=0.2 / max(1, rows - 1)
    )
    labels = list(dict.fromkeys(bundle.label for bundle, _ in lines))
    styles = _styles([bundle for bundle, _ in lines])
    for bundle, band in lines:
        row, column = divmod(tasks.index(bundle.task), columns)
        for trace in _traces(bundle, band, colour(bundle.task), styles[bundle.label]):
            figure.add_trace(trace, row + 1, column + 1)
    for label in labels:
        figure.add_trace(_legend_entry(label, GREY[theme], styles[label]), 1, 1)
    figure.update_xaxes(rangemode="tozero")
    figure.update_xaxes(title_text="step", title_standoff=4, row=rows)
    figure.update_yaxes(tickformat=".2f")
    figure.update_layout(
        height=110 + 240 * rows,
        margin={"l": 10, "r": 10, "t": 70, "b": 10},
        legend={"orientation": "h", "y": 0.995, "yanchor": "top", "yref": "container", "x": 0},
        hovermode="x unified",
    )
    return figure


def _styles(found: Sequence[Bundle]) -> dict[str, tuple[str, str]]:
    """Dash and marker of each label: the twin is dotted, the others solid, then dashed."""
    own = list(dict.fromkeys(b.label for b in found if b.role != TWIN))
    styles = {
        label: (_DASHES[i % len(_DASHES)], _SYMBOLS[i % len(_SYMBOLS)])
        for i, label in enumerate(own)
    }
    return styles | {b.label: (_TWIN_DASH, "circle-open") for b in found if b.role == TWIN}


def _traces(bundle: Bundle, band: Band, colour: str, style: tuple[str, str]) -> list[go.Scatter]:
    line = go.Scatter(
        x=band.steps,
        y=band.mean,
        name=_plain(bundle.label),
        legendgroup=bundle.label,
        showlegend=False,
        mode="lines+markers" if len(band.steps) <= 40 else "lines",
        line={"color": colour, "dash": style[0], "width": 2.4},
        marker={"symbol": style[1], "size": 6},
        hovertemplate="%{y:.3f}",
    )
    if band.seeds < 2:
        return [line]
    upper = [m + d for m, d in zip(band.mean, band.deviation, strict=True)]
    lower = [m - d for m, d in zip(band.mean, band.deviation, strict=True)]
    area = go.Scatter(
        x=[*band.steps, *reversed(band.steps)],
        y=[*upper, *reversed(lower)],
        fill="toself",
        mode="lines",
        fillcolor=f"rgba({_rgb(colour)},0.15)",
        line={"width": 0},
        legendgroup=bundle.label,
        showlegend=False,
        hoverinfo="skip",
    )
    return [area, line]


def _legend_entry(label: str, grey: str, style: tuple[str, str]) -> go.Scatter:
    """Grey, since each panel has its task's colour; a click hides the line in every panel."""
    return go.Scatter(
        x=[None],
        y=[None],
        name=_plain(label),
        legendgroup=label,
        mode="lines+markers",
        line={"color": grey, "dash": style[0], "width": 2.4},
        marker={"symbol": style[1], "size": 6},
    )


def gains_figure(found: Sequence[Gain], theme: Theme) -> go.Figure:
    """A bar per task: points over its twin. Pale where nothing may be concluded."""
    drawn = [gain for gain in found if gain.difference is not None and gain.has_twin]
    several = len({gain.setting for gain in drawn}) > 1
    names = [f"{g.task} · {g.setting}" if several else g.task for g in drawn]
    figure = go.Figure(
        go.Bar(
            x=[100 * g.difference.mean for g in drawn if g.difference],
            y=[_plain(name) for name in names],
            orientation="h",
            width=0.55,
            marker={
                "color": [_sign_colour(g, theme) for g in drawn],
                "opacity": [1.0 if g.verdict in {HELPED, HURT} else 0.45 for g in drawn],
            },
            error_x=_whiskers(drawn, theme),
            customdata=[g.sentence for g in drawn],
            hovertemplate="%{y}: %{customdata}<extra></extra>",
        )
    )
    _write_values(figure, drawn, names)
    title = "points over the single-task twin (hundredths of the score)"
    figure.update_xaxes(title_text=title, zeroline=True, zerolinewidth=2, range=_range(drawn))
    figure.update_yaxes(autorange="reversed", automargin=True, title_text="")
    figure.update_layout(
        height=110 + 46 * len(drawn), margin={"l": 10, "r": 10, "t": 10, "b": 10}, showlegend=False
    )
    return figure


def _range(drawn: Sequence[Gain]) -> list[float]:
    """Room for bars, whiskers and the numbers beyond them."""
    ends = [0.0]
    for found in [gain.difference for gain in drawn if gain.difference]:
        ends += [100 * end for end in (found.mean, found.low, found.high) if end is not None]
    room = 0.14 * max(max(ends) - min(ends), 1.0)
    return [min(ends) - room, max(ends) + room]


def _whiskers(drawn: Sequence[Gain], theme: Theme) -> dict[str, object]:
    halves = [
        100 * (d.high - d.mean) if (d := g.difference) and d.high is not None else 0.0
        for g in drawn
    ]
    return {"type": "data", "array": halves, "visible": any(halves), "color": INK[theme]}


def _write_values(figure: go.Figure, drawn: Sequence[Gain], names: Sequence[str]) -> None:
    """The value stands beyond the bar and its whisker, so that neither covers it."""
    for gain, name in zip(drawn, names, strict=True):
        found = gain.difference
        if found is None:
            continue
        is_up = found.mean >= 0
        end = (found.high if is_up else found.low) if found.high is not None else found.mean
        figure.add_annotation(
            x=100 * (end or 0.0),
            y=_plain(name),
            text=f"<b>{signed(found.mean)}</b>",
            xanchor="left" if is_up else "right",
            xshift=6 if is_up else -6,
            showarrow=False,
        )


def _sign_colour(gain: Gain, theme: Theme) -> str:
    return UP[theme] if gain.difference and gain.difference.mean >= 0 else DOWN[theme]


def _rgb(colour: str) -> str:
    return ",".join(str(int(colour[i : i + 2], 16)) for i in (1, 3, 5))


def _plain(text: str) -> str:
    """User text in a figure: plotly would read some tags in it."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
