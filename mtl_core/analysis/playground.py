"""What is drawn of the playground's plane: the heights, the Pareto set, how far a path stays from it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mtl_core.training.plane import Landscape, Walk

Array = NDArray[np.float64]
_GRID = 201  # points to each side in which the first search looks
_ZOOMS, _ZOOMED = 12, 13  # searches around what was found, and points to each side of them
_TRADES = 61  # points of the Pareto set
_SHARP = 8  # the power whose mean stands for the larger of two losses: smooth, so that search ends


@dataclass(frozen=True)
class Heights:
    """The sum of both losses over the square: `x` (column,), `y` (row,), `total` (row, column)."""

    x: Array
    y: Array
    total: Array

    @property
    def shares(self) -> Array:
        """How much of the square lies lower, 0 .. 1, (row, column): shows creases and bowls alike,
        however deep they are."""
        order = np.sort(self.total, axis=None)
        return np.asarray(np.searchsorted(order, self.total) / order.size)


def heights(ground: Landscape, count: int = 81) -> Heights:
    """On a grid of so many points to each side."""
    axis = np.linspace(-ground.edge, ground.edge, count)
    return Heights(axis, axis, np.sum(ground.losses(np, *np.meshgrid(axis, axis)), axis=0))


def pareto_set(ground: Landscape) -> Array:
    """Points of the square that no other one beats in both losses, along the set: (point, 2).

    For each trade between the tasks, the point whose worse loss is smallest, both measured from
    the best that there is (Tchebycheff, smoothed): this also finds what no weighted sum reaches.
    """
    axis = np.linspace(-ground.edge, ground.edge, _GRID)
    places = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)  # (place, 2)
    losses = _losses(ground, places)  # (place, task)
    best = losses.argmin(axis=0)
    low = losses[best, [0, 1]]
    span = losses[best[::-1], [0, 1]] - low  # what a task has where the other one is best
    if span.min() <= 0:
        return places[best[:1]]  # one point is best for both
    trades = np.linspace(0, 1, _TRADES)[1:-1]
    found = [_best_trade(ground, places, (low, span), trade) for trade in trades]
    return np.array([places[best[1]], *found, places[best[0]]])


def _best_trade(
    ground: Landscape, places: Array, frame: tuple[Array, Array], trade: float
) -> Array:
    """The best of the places, and then of ever finer ones around it."""
    low, span = frame
    width = 2 * ground.edge / (_GRID - 1)
    for _ in range(_ZOOMS + 1):
        scaled = np.maximum(_losses(ground, places) - low, 0) / span
        worse = ((scaled * [trade, 1 - trade]) ** _SHARP).sum(axis=1)
        best: Array = places[worse.argmin()]
        around = np.linspace(-3 * width, 3 * width, _ZOOMED)
        places = best + np.stack(np.meshgrid(around, around), axis=-1).reshape(-1, 2)
        width *= 6 / (_ZOOMED - 1)
    return best


def distance(best: Array, point: Sequence[float]) -> float:
    """From a point to the nearest one on the line through the Pareto set."""
    place = np.asarray(point, dtype=float)
    if len(best) == 1:
        return float(np.linalg.norm(place - best[0]))
    start, along = best[:-1], np.diff(best, axis=0)
    squares = np.maximum((along**2).sum(axis=1), 1e-30)
    share = np.clip(((place - start) * along).sum(axis=1) / squares, 0, 1)
    return float(np.linalg.norm(place - start - share[:, None] * along, axis=1).min())


def cosines(walk: Walk) -> Array:
    """Of the angle between the two tasks' gradients, at every point; 0 where one has vanished."""
    gradients = np.array(walk.gradients)  # (point, task, 2)
    lengths = np.linalg.norm(gradients, axis=2).prod(axis=1)
    products = (gradients[:, 0] * gradients[:, 1]).sum(axis=1)
    found: Array = np.divide(products, lengths, out=np.zeros(len(products)), where=lengths > 0)
    return found


def summary(walk: Walk, plain: Walk, ground: Landscape, best: Array) -> list[str]:
    """Where the path went, in sentences: how often it met conflict, where it ended, and beside what."""
    conflicts = int((cosines(walk)[: walk.steps] < 0).sum())
    lines = [walk.ended] if walk.ended else []
    lines.append(
        f"After {walk.steps} steps the losses are {_both(walk)}; with equal weights they are "
        f"{_both(plain)}."
    )
    share = f"{conflicts} of {walk.steps} steps" if conflicts else "no step"
    lines.append(f"The two gradients conflicted in {share}.")
    near = distance(best, walk.points[-1]) < 0.02 * ground.edge
    lines.append(
        "The path ends on the Pareto set: from there, no step is good for both tasks."
        if near
        else "The path ends away from the Pareto set: there are points that are better for both "
        "tasks."
    )
    return lines


def _both(walk: Walk) -> str:
    first, second = walk.losses[-1]
    return f"{first:.3g} and {second:.3g}"


def _losses(ground: Landscape, places: Array) -> Array:
    """(place, 2) -> (place, task)."""
    return np.stack(ground.losses(np, places[:, 0], places[:, 1]), axis=-1)
