"""The batches of a training: a schedule's plan, filled with rows."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import accumulate, islice

import numpy as np

from mtl_core.data.batching import IGNORED, Batch, Rows, Table, bucketed

from .schedules import Epoch, Mixing, Plan


@dataclass(frozen=True)
class Feed:
    """The batches of a whole training, in an order that only the seed decides.

    `tables` are the datasets by the names that the options of the mixing use. `only` keeps one task:
    its twin then sees the very batches, in the very order, in which the task is trained together
    with the others, and nothing else.
    """

    tables: dict[str, Table]
    mixing: Mixing
    batch_size: int
    seed: int
    epochs: int
    limit: int | None = None
    only: str | None = None

    @property
    def epoch_steps(self) -> int:
        """Updates in the first epoch."""
        return len(self._kept(self._plan(1)))

    @property
    def steps(self) -> int:
        """Updates in the whole training."""
        return sum(len(self._kept(plan)) for plan in self._plans())

    @property
    def epoch_ends(self) -> list[int]:
        """How many updates have been made when each epoch but the last is over."""
        lengths = [len(self._kept(plan)) for plan in self._plans()]
        return list(accumulate(lengths))[:-1]

    def batches(self, start: int = 0) -> Iterator[list[Batch]]:
        """The batches of each step, from step `start` on (0 is the first)."""
        return islice(self._from_the_first(start), start, None)

    def _from_the_first(self, start: int) -> Iterator[list[Batch]]:
        """Steps before `start` come without their batches: they are only counted."""
        done = 0
        for epoch, plan in enumerate(self._plans()):
            drawers = {name: self._drawer(index, epoch) for index, name in enumerate(self.tables)}
            for step in plan:
                rows = {name: drawers[name].draw(count) for name, count in step.items()}
                kept = self._kept([step])
                if not kept:
                    continue
                done += 1
                yield [self._batch(n, rows[n]) for n in kept[0]] if done > start else []

    def _plans(self) -> Iterator[Plan]:
        """One plan an epoch, as many epochs as are asked for, or steps if those are limited."""
        left = self.limit
        number = 1
        while (number <= self.epochs) if left is None else (left > 0):
            plan = self._plan(number)
            yield plan if left is None else plan[:left]
            left = None if left is None else left - len(plan)
            number += 1

    def _plan(self, number: int) -> Plan:
        rows = {name: len(table) for name, table in self.tables.items()}
        epoch = Epoch(rows, self.batch_size, number)
        count = self.epochs if self.limit is None else -(-self.limit // epoch.steps)
        rng = np.random.default_rng([self.seed, number - 1, len(self.tables)])
        return self.mixing(replace(epoch, count=count), rng)

    def _kept(self, plan: Plan) -> Plan:
        if self.only is None:
            return plan
        kept = [
            {name: n for name, n in step.items() if self.only in self.tables[name].targets}
            for step in plan
        ]
        return [step for step in kept if step]

    def _drawer(self, index: int, epoch: int) -> "Drawer":
        table = list(self.tables.values())[index]
        rng = np.random.default_rng([self.seed, epoch, index])
        return Drawer(table.encoded.lengths, self.batch_size, rng)

    def _batch(self, name: str, rows: Rows) -> Batch:
        """The batch with the targets that are trained and have a label in it."""
        batch = self.tables[name].batch(rows)
        kept = {
            task: target
            for task, target in batch.targets.items()
            if self.only in (None, task) and bool((target != IGNORED).any())
        }
        return replace(batch, targets=kept)


class Drawer:
    """Draws rows without end: each once, then all of them shuffled anew."""

    def __init__(self, lengths: Rows, batch_size: int, rng: np.random.Generator) -> None:
        self._batches = _without_end(lengths, batch_size, rng)
        self._rest = np.empty(0, dtype=np.int64)

    def draw(self, count: int | None) -> Rows:
        """So many rows; None: a batch, of rows of like length."""
        if count is None:
            return next(self._batches)
        while len(self._rest) < count:
            self._rest = np.concatenate([self._rest, next(self._batches)])
        rows, self._rest = self._rest[:count], self._rest[count:]
        return rows


def _without_end(lengths: Rows, size: int, rng: np.random.Generator) -> Iterator[Rows]:
    while True:
        yield from bucketed(lengths, size, rng)
