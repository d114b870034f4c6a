"""What could be seen into a model while it trained: every insight after every validation.

Between the store (trees in events) and the figures (arrays). It knows no strategy: an insight says
itself what its axes are.
"""

from bisect import insort
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from mtl_core.models.insight import WORD, Axis, Insight

__all__ = ["WORD", "Axis", "Insight", "Record", "Records", "array_of", "by_word", "chosen"]
Array = np.ndarray[Any, np.dtype[np.float64]]


def array_of(insight: Insight) -> Array:
    """The values, an axis for each of the insight's; what is missing is not a number.

    Raises ValueError where the values do not fit the axes.
    """
    values = np.asarray(insight.values, dtype=float)
    wanted = tuple(len(axis.ticks) for axis in insight.axes)
    if values.shape != wanted:
        raise ValueError(f"insight '{insight.name}' has values {values.shape}, axes {wanted}")
    return values


@dataclass
class Record:
    """One insight over the steps. Compact: an array of small floats for each look."""

    face: Insight
    """All but the values, as told last."""
    steps: list[int] = field(default_factory=list)
    changes: int = 0
    """How often something was put: as long as it is the same, so is the record."""
    _values: dict[int, Any] = field(default_factory=dict)
    _low: float = np.inf
    _high: float = -np.inf

    def put(self, step: int, insight: Insight) -> None:
        """Add a look, or replace the step's earlier one. Other axes than before begin anew."""
        if insight.axes != self.face.axes:
            self.steps, self._values = [], {}
            self._low, self._high = np.inf, -np.inf
        values = array_of(insight)
        if step not in self._values:
            insort(self.steps, step)
        self._values[step] = values.astype(np.float32)
        self.changes += 1
        finite = values[np.isfinite(values)]
        if finite.size:
            self._low = min(self._low, float(finite.min()))
            self._high = max(self._high, float(finite.max()))
        if step == self.steps[-1]:
            self.face = replace(insight, values=None)

    def at(self, step: int) -> Insight:
        """As it was after a step that there was a look at."""
        return replace(self.face, values=self._values[step].astype(float).round(5).tolist())

    @property
    def span(self) -> tuple[float, float]:
        """The least and the greatest value of all looks, so that they are drawn on one scale."""
        return (self._low, self._high) if self._low <= self._high else (0.0, 1.0)

    def history(self) -> Array:
        """All looks, (step, ...)."""
        return np.stack([self._values[step] for step in self.steps]).astype(float)

    def copy(self) -> "Record":
        """The looks as they are now."""
        return replace(self, steps=list(self.steps), _values=dict(self._values))


class Records:
    """The insights of a run by name, in the order in which the strategy tells them."""

    def __init__(self) -> None:
        self._by_name: dict[str, Record] = {}

    def take(self, step: int, trees: Iterable[Mapping[str, Any]]) -> None:
        """What an event tells."""
        for tree in trees:
            insight = Insight.from_tree(dict(tree))
            self._by_name.setdefault(insight.name, Record(insight)).put(step, insight)

    def copies(self) -> dict[str, Record]:
        """Each insight's record as it is now."""
        return {name: record.copy() for name, record in self._by_name.items()}


def by_word(trees: Sequence[Mapping[str, Any]]) -> list[Insight]:
    """Those insights of an answer that have a value for every word."""
    found = [Insight.from_tree(dict(tree)) for tree in trees]
    return [insight for insight in found if insight.axes and insight.axes[-1].name == WORD]


def chosen(insight: Insight, places: Sequence[int]) -> Insight:
    """What is left at one place on each of the first axes."""
    values = insight.values
    for place in places:
        values = values[place]
    return replace(insight, axes=insight.axes[len(places) :], values=values)
