"""Gain against relatedness: a line for each way of having heads, with intervals over the seeds."""

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from .colours import PALETTE, Theme
from .gains import HELPED, HURT
from .inks import INK
from .relatedness import Point

_SYMBOLS = ("circle", "diamond")
_STEP = 0.02  # between the lines, so that their intervals do not cover each other


def relatedness_figure(curves: Mapping[str, Sequence[Point]], theme: Theme) -> go.Figure:
    """Lines by their names. A full mark has its whole interval on one side of zero, an open one not."""
    figure = go.Figure()
    for place, (name, points) in enumerate(curves.items()):
        shift = _STEP * (place - (len(curves) - 1) / 2)
        figure.add_trace(_line(name, points, PALETTE[theme][place], _SYMBOLS[place % 2], shift))
    figure.add_hline(0, line={"color": INK[theme], "width": 1.5})
    figure.update_xaxes(
        title_text="true relatedness of the helper", range=[-1.12, 1.12], zeroline=False,
        tickvals=[-1, -0.5, 0, 0.5, 1],
        ticktext=["\N{MINUS SIGN}1, opposite", "\N{MINUS SIGN}0.5", "0, unrelated", "0.5", "1, the same"],
    )  # fmt: skip
    figure.update_yaxes(title_text="gain of the main task, points", zeroline=False)
    figure.update_layout(
        height=380,
        margin={"l": 10, "r": 10, "t": 30, "b": 10},
        legend={"orientation": "h", "x": 0, "y": 1.12},
        showlegend=True,
        hovermode="closest",
    )
    return figure


def _line(name: str, points: Sequence[Point], colour: str, symbol: str, shift: float) -> go.Scatter:
    known = [(point, point.gain) for point in points if point.gain]
    halves = [0.0 if gain.high is None else 100 * (gain.high - gain.mean) for _, gain in known]
    clear = [point.verdict in {HELPED, HURT} for point, _ in known]
    return go.Scatter(
        x=[point.relatedness + shift for point, _ in known],
        y=[100 * gain.mean for _, gain in known],
        error_y={"type": "data", "array": halves, "color": colour, "thickness": 2, "width": 6},
        mode="lines+markers",
        name=name,
        line={"color": colour, "width": 2, "dash": "solid" if symbol == "circle" else "dash"},
        marker={
            "color": colour,
            "size": 11,
            "symbol": [symbol if full else f"{symbol}-open" for full in clear],
            "line": {"width": 2, "color": colour},
        },
        customdata=[[point.relatedness, gain.count, point.verdict] for point, gain in known],
        hovertemplate="relatedness %{customdata[0]:g}: %{y:+.1f} points "
        "(%{customdata[1]} seeds, %{customdata[2]})<extra></extra>",
    )
