"""Whether the tasks' gradients conflict: their cosines at every look, and how often these are negative.

Two tasks conflict in a step where the cosine of their gradients is negative (Yu et al., 2020,
"Gradient Surgery for Multi-Task Learning", definition 1). Pure: `Watched` events in, arrays out.
"""

from bisect import bisect_right, insort
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

import numpy as np

from mtl_core.training.events import Watched

Array = np.ndarray[Any, np.dtype[np.float64]]
EVERYWHERE = "all"
"""The place that stands for all shared parameters together, as looks call it."""


@dataclass
class Conflicts:
    """The cosines of all looks. Compact: an array of small floats for each look."""

    changes: int = 0
    """How often something was put: as long as it is the same, so is all the rest."""
    tasks: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    steps: list[int] = field(default_factory=list)
    _looks: dict[int, tuple[tuple[str, ...], dict[str, Any]]] = field(default_factory=dict)

    def put(self, look: Watched) -> None:
        """Add a look, or replace the step's earlier one."""
        if look.step not in self._looks:
            insort(self.steps, look.step)
        cosines = {
            place: np.array(matrix, dtype=np.float32)  # None becomes not a number
            for place, matrix in look.cosines.items()
        }
        self._looks[look.step] = (look.tasks, cosines)
        self.tasks = tuple(dict.fromkeys((*self.tasks, *look.tasks)))
        self.places = tuple(dict.fromkeys((*self.places, *cosines)))
        self.changes += 1

    def copy(self) -> "Conflicts":
        """The looks as they are now."""
        return Conflicts(self.changes, self.tasks, self.places, [*self.steps], {**self._looks})

    def cosines(self, place: str, until: int | None = None, last: int | None = None) -> Array:
        """(look, task, task) at a place: the looks up to a step, only so many of them where said.

        Not a number where a task took no part in a look, or had no gradient at the place.
        """
        end = len(self.steps) if until is None else bisect_right(self.steps, until)
        steps = self.steps[max(0, end - last) if last else 0 : end]
        found = np.full((len(steps), len(self.tasks), len(self.tasks)), np.nan)
        for at, step in enumerate(steps):
            tasks, cosines = self._looks[step]
            if place in cosines:
                where = [self.tasks.index(task) for task in tasks]
                found[at][np.ix_(where, where)] = cosines[place]
        return found


def mean_cosines(cosines: Array) -> Array:
    """(task, task): the mean over the looks (look, task, task) in which the pair has a cosine."""
    known = np.isfinite(cosines)
    counts = known.sum(0)
    totals = np.where(known, cosines, 0.0).sum(0)
    return np.divide(totals, counts, out=np.full(counts.shape, np.nan), where=counts > 0)


@dataclass(frozen=True)
class Shares:
    """How often each pair of tasks conflicts at each place.

    `share` (pair, place) are 0 .. 1, not a number where there was no look; `looks` (pair, place)
    are those that the share rests on.
    """

    pairs: tuple[tuple[str, str], ...]
    places: tuple[str, ...]
    share: Array
    looks: "np.ndarray[Any, np.dtype[np.int64]]"

    def most(self, count: int) -> "Shares":
        """The pairs that conflict most over all shared parameters, at most so many."""
        first = np.nan_to_num(self.share[:, 0], nan=-1.0) if self.places else np.zeros(0)
        order = np.argsort(-first, kind="stable")[:count]
        pairs = tuple(self.pairs[at] for at in order)
        return Shares(pairs, self.places, self.share[order], self.looks[order])


def shares_of_conflicts(conflicts: Conflicts, until: int | None = None) -> Shares:
    """Of all looks up to a step, those in which the cosine of two tasks is below 0."""
    tasks = conflicts.tasks
    pairs = tuple(combinations(tasks, 2))
    one, other = np.triu_indices(len(tasks), 1)
    share = np.full((len(pairs), len(conflicts.places)), np.nan)
    looks = np.zeros(share.shape, dtype=np.int64)
    for column, place in enumerate(conflicts.places):
        cosines = conflicts.cosines(place, until)[:, one, other]  # (look, pair)
        counts = np.isfinite(cosines).sum(0)
        negative = (cosines < 0).sum(0)
        looks[:, column] = counts
        np.divide(negative, counts, out=share[:, column], where=counts > 0)
    return Shares(pairs, conflicts.places, share, looks)


def thinned(steps: Sequence[int], most: int) -> list[int]:
    """At most about so many of the steps, with the last; few of them change as steps are added."""
    stride = 1
    while len(steps) / stride > most:
        stride *= 2
    return sorted({*steps[::stride], *steps[-1:]})
