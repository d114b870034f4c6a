"""The playground as one figure: the plane with the path, the losses and the weights over the steps.

Its slider and its buttons move the arrows in the browser, without asking the server.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from mtl_core.training.plane import TASKS, Landscape, Walk

from .colours import PALETTE, Theme
from .inks import GREY, INK, SEQUENTIAL
from .playground import Array, Heights, cosines

MOST_FRAMES = 100
FIRST_FRAMES = 40
"""Every one of the first steps can be looked at; of later ones, as many as the other number."""
_ARROW = 0.42  # of the longest arrow, as a share of the square's edge
_FRAME = 90  # milliseconds
_BUTTON: dict[Theme, str] = {"light": "#3b4bb8", "dark": "#6f80ff"}
_FIELD: dict[Theme, str] = {"light": "#eef0f7", "dark": "#262c3a"}
_PARETO = 3  # colours' places in the palette, after those of the two tasks
_STEP = 2


def playground_figure(
    walk: Walk, plain: Walk, ground: Landscape, land: tuple[Heights, Array], theme: Theme
) -> go.Figure:
    """`plain` is the walk under equal weights, `land` the heights and the Pareto set."""
    figure = make_subplots(
        rows=2,
        cols=2,
        specs=[[{"rowspan": 2}, {}], [None, {}]],
        column_widths=[0.57, 0.43],
        horizontal_spacing=0.09,
        vertical_spacing=0.15,
    )
    figure.add_traces(_plane(walk, plain, land, theme), rows=1, cols=1)
    figure.add_traces(_losses(walk, plain, theme), rows=1, cols=2)
    figure.add_traces(_weights(walk, theme), rows=2, cols=2)
    scene = _Scene(walk, ground, theme)
    first = len(figure.data)
    *on_plane, on_losses, on_weights = scene.traces()
    figure.add_traces(on_plane, rows=1, cols=1)
    figure.add_trace(on_losses, row=1, col=2)
    figure.add_trace(on_weights, row=2, col=2)
    moving = list(range(first, len(figure.data)))
    figure.frames = [
        {"name": str(step), "data": scene.moved(step), "traces": moving} for step in scene.steps
    ]
    _dress(figure, ground, walk, theme)
    figure.update_layout(sliders=[_slider(scene, theme)], updatemenus=[_buttons(theme)])
    return figure


class _Scene:
    """What moves from step to step: the arrows, and where the path, the losses and the weights are."""

    def __init__(self, walk: Walk, ground: Landscape, theme: Theme) -> None:
        self.walk, self.edge, self.theme = walk, ground.edge, theme
        self.cosines = cosines(walk)
        stride = max(1, -(-walk.steps // MOST_FRAMES))
        early = range(min(FIRST_FRAMES, walk.steps))
        self.steps = sorted({*early, *range(0, walk.steps + 1, stride), walk.steps})

    def traces(self) -> list[go.Scatter]:
        """Three arrows and the place on the plane, then the dots on losses and on weights."""
        colours = PALETTE[self.theme]
        names = [*(f"−g of {task}" for task in TASKS), "the step −d"]
        looks = [_arrow(name, colours[place]) for place, name in enumerate(names)]
        looks += [_dots([INK[self.theme]]), _dots(colours[:2]), _dots(colours[:2])]
        moved = self.moved(0)
        return [go.Scatter(**look, **where) for look, where in zip(looks, moved, strict=True)]

    def moved(self, step: int) -> list[dict[str, list[float]]]:
        """Where all of that is in a step."""
        x, y = self.walk.points[step]
        tips = [{"x": [x, x + along[0]], "y": [y, y + along[1]]} for along in self._arrows(step)]
        tips += [{"x": [], "y": []}] * (len(TASKS) + 1 - len(tips))  # the last point has no step
        last = min(step, self.walk.steps - 1)
        weights = self.walk.weights[last] if self.walk.weights else []
        return [
            *tips,
            {"x": [x], "y": [y]},
            {"x": [step] * 2, "y": self.walk.losses[step]},
            {"x": [last + 1] * len(weights), "y": weights},
        ]

    def words(self, step: int) -> str:
        """What the slider says."""
        cosine = self.cosines[step]
        found = f"step {step}: cosine {cosine:+.2f}{' (conflict)' if cosine < 0 else ''}"
        if step < self.walk.steps:
            first, second = self.walk.weights[step]
            found += f", weights {first:.3g} and {second:.3g}"
        return found

    def _arrows(self, step: int) -> list[list[float]]:
        """Downhill for each task, and the step; as long as they are to each other."""
        vectors = [[-value for value in gradient] for gradient in self.walk.gradients[step]]
        if step < self.walk.steps:
            vectors.append([-value for value in self.walk.directions[step]])
        longest = max(math.hypot(*vector) for vector in vectors)
        scale = _ARROW * self.edge / longest if math.isfinite(longest) and longest > 0 else 0.0
        return [[scale * value for value in vector] for vector in vectors]


def _arrow(name: str, colour: str) -> dict[str, Any]:
    head = {"symbol": "arrow", "size": [0, 15], "angleref": "previous", "color": colour}
    return {
        "name": name,
        "mode": "lines+markers",
        "line": {"color": colour, "width": 3.5},
        "marker": {**head, "opacity": 1},
        "hoverinfo": "skip",
    }


def _dots(colours: Sequence[str]) -> dict[str, Any]:
    return {
        "mode": "markers",
        "marker": {"size": 9, "color": list(colours)},
        "showlegend": False,
        "hoverinfo": "skip",
    }


def _plane(walk: Walk, plain: Walk, land: tuple[Heights, Array], theme: Theme) -> list[Any]:
    heights, best = land
    line = {"color": PALETTE[theme][_PARETO], "width": 5}
    return [
        go.Contour(
            x=heights.x,
            y=heights.y,
            z=heights.shares.round(4),
            customdata=np.char.mod("%.3g", heights.total),
            ncontours=20,
            colorscale=SEQUENTIAL[theme],
            opacity=0.55,
            line={"width": 0.7},
            showscale=False,
            hovertemplate="both losses together: %{customdata}<extra></extra>",
        ),
        go.Scatter(
            x=best[:, 0],
            y=best[:, 1],
            name="Pareto set",
            mode="lines" if len(best) > 1 else "markers",
            line=line,
            marker={"size": 13, "symbol": "diamond", "color": line["color"]},
            hovertemplate="no point is better for both<extra></extra>",
        ),
        _path(plain, "equal weights", GREY[theme], "dot", 3.5),
        _path(walk, "this method", INK[theme], "solid", 2.5),
    ]


def _path(walk: Walk, name: str, colour: str, dash: str, width: float) -> go.Scatter:
    points = np.array(walk.points)
    return go.Scatter(
        x=points[:, 0],
        y=points[:, 1],
        name=name,
        mode="lines",
        line={"color": colour, "width": width, "dash": dash},
        customdata=np.array(walk.losses),
        hovertemplate="%{customdata[0]:.3g} · %{customdata[1]:.3g}<extra>" + name + "</extra>",
    )


def _losses(walk: Walk, plain: Walk, theme: Theme) -> list[go.Scatter]:
    """The method's solid, those of equal weights dotted."""
    found = []
    for path, dash, width, about in (
        (plain, "dot", 1.5, ", equal weights"),
        (walk, "solid", 2.5, ""),
    ):
        for place, task in enumerate(TASKS):
            found.append(
                _curve(
                    [losses[place] for losses in path.losses],
                    {"color": PALETTE[theme][place], "dash": dash, "width": width},
                    f"{task}{about}",
                )
            )
    return found


def _weights(walk: Walk, theme: Theme) -> list[go.Scatter]:
    return [
        _curve(
            [weights[place] for weights in walk.weights],
            {"color": PALETTE[theme][place], "width": 2.5},
            task,
            start=1,
        )
        for place, task in enumerate(TASKS)
    ]


def _curve(values: list[float], line: dict[str, Any], name: str, start: int = 0) -> go.Scatter:
    return go.Scatter(
        x=list(range(start, start + len(values))),
        y=values,
        mode="lines",
        line=line,
        showlegend=False,
        hovertemplate="step %{x}: %{y:.3g}<extra>" + name + "</extra>",
    )


def _dress(figure: go.Figure, ground: Landscape, walk: Walk, theme: Theme) -> None:
    edge = ground.edge
    side: dict[str, Any] = {"range": [-edge, edge], "zeroline": False, "showgrid": False}
    figure.update_xaxes(**side, constrain="domain", title_text="x", row=1, col=1)
    figure.update_yaxes(**side, constrain="domain", scaleanchor="x", title_text="y", row=1, col=1)
    figure.update_xaxes(range=[0, max(1, walk.steps)], row=1, col=2)
    figure.update_xaxes(range=[0, max(1, walk.steps)], title_text="Step", row=2, col=2)
    figure.update_yaxes(**_log_axis(walk.losses), title_text="Loss", row=1, col=2)
    weights = _log_axis(walk.weights) if _orders(walk.weights) > 1.5 else {"type": "linear"}
    figure.update_yaxes(**weights, title_text="Weight", row=2, col=2)
    figure.update_layout(
        height=640,
        margin={"l": 10, "r": 10, "t": 10, "b": 10},
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "title": None},
        hovermode="closest",
        dragmode=False,
        font={"color": INK[theme]},
    )


def _log_axis(values: Sequence[Sequence[float]]) -> dict[str, Any]:
    """With a mark at 1, 2 and 5 of each power of ten, or, where there are many, at 1 alone."""
    return {"type": "log", "dtick": "D2" if _orders(values) < 2 else 1, "tickformat": "~g"}


def _orders(values: Sequence[Sequence[float]]) -> float:
    """How many powers of ten the values span; 0 where not all are positive."""
    found = np.array(values).ravel()
    return float(np.log10(found.max() / found.min())) if len(found) and found.min() > 0 else 0.0


def _slider(scene: _Scene, theme: Theme) -> dict[str, Any]:
    move = {
        "mode": "immediate",
        "frame": {"duration": 0, "redraw": False},
        "transition": {"duration": 0},
    }
    return {
        "active": 0,
        "x": 0.16,
        "len": 0.84,
        "y": -0.06,
        "pad": {"t": 26, "b": 0},
        "currentvalue": {"xanchor": "left", "font": {"size": 14, "color": INK[theme]}},
        "font": {"size": 1, "color": "rgba(0,0,0,0)"},  # the steps' own labels would overlap
        "bgcolor": _FIELD[theme],
        "activebgcolor": GREY[theme],
        "bordercolor": GREY[theme],
        "borderwidth": 1,
        "ticklen": 0,
        "minorticklen": 0,
        "steps": [
            {"method": "animate", "label": scene.words(step), "args": [[str(step)], move]}
            for step in scene.steps
        ],
    }


def _buttons(theme: Theme) -> dict[str, Any]:
    play = {
        "fromcurrent": True,
        "frame": {"duration": _FRAME, "redraw": False},
        "transition": {"duration": 0},
    }
    pause = {"mode": "immediate", "frame": {"duration": 0, "redraw": False}}
    return {
        "type": "buttons",
        "direction": "left",
        "showactive": False,
        "x": 0,
        "y": -0.06,
        "xanchor": "left",
        "yanchor": "top",
        "pad": {"t": 34, "r": 10},
        "font": {"color": _BUTTON[theme], "size": 13},
        "bgcolor": _FIELD[theme],
        "bordercolor": GREY[theme],
        "buttons": [
            {"label": "Play", "method": "animate", "args": [None, play]},
            {"label": "Pause", "method": "animate", "args": [[None], pause]},
        ],
    }
