"""Two tasks of a sweep against each other: what each choice reaches, and which none beats in both."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mtl_core.config.sweep import Entry

from .gains import Spread
from .sweep import Cell


@dataclass(frozen=True)
class Point:
    """A choice's scores on two tasks, over its seeds. `is_best`: no other is at least as good in
    both and better in one, judged by the means."""

    entry: Entry
    x: Spread
    y: Spread
    is_best: bool


@dataclass(frozen=True)
class Alone:
    """What a task reaches alone: a line to stand above."""

    task: str
    score: float


def front(places: Sequence[tuple[float, float]]) -> list[bool]:
    """Which places are dominated by no other; more is better in both directions."""
    return [not any(_dominates(other, place) for other in places) for place in places]


def _dominates(one: tuple[float, float], other: tuple[float, float]) -> bool:
    return one[0] >= other[0] and one[1] >= other[1] and one != other


def points(found: Iterable[Cell], x: str, y: str) -> list[Point]:
    """The choices that have finished runs on both tasks."""
    scores: dict[str, dict[str, Spread]] = {}
    entries = {}
    for cell in found:
        if cell.gain.multi and cell.task in (x, y):
            entries[cell.choice] = cell.entry
            scores.setdefault(cell.choice, {})[cell.task] = cell.gain.multi
    both = {name: own for name, own in scores.items() if len(own) == 2}
    best = front([(own[x].mean, own[y].mean) for own in both.values()])
    return [
        Point(entries[name], own[x], own[y], is_best)
        for (name, own), is_best in zip(both.items(), best, strict=True)
    ]


def alone(found: Iterable[Cell], task: str) -> list[Alone]:
    """The mean score of the task's twins; several where choices have different twins.

    Choices that have fewer seeds so far than others say less, so they are passed over.
    """
    twins = [c.gain.twin for c in found if c.task == task and c.gain.twin]
    most = max((twin.count for twin in twins), default=0)
    return [Alone(task, mean) for mean in dict.fromkeys(t.mean for t in twins if t.count == most)]


def grids(found: Iterable[Point], x: str, y: str) -> list[list[Point]]:
    """The points of fixed weights that differ in nothing else, by the weight of the first task."""
    groups: dict[str, list[tuple[float, Point]]] = {}
    for point in found:
        weights = point.entry.weights
        if weights and weights[x] + weights[y] > 0:
            share = weights[x] / (weights[x] + weights[y])
            groups.setdefault(point.entry.surroundings, []).append((share, point))
    ordered = [sorted(group, key=lambda pair: pair[0]) for group in groups.values()]
    return [[point for _, point in group] for group in ordered if len(group) > 1]
