"""How datasets are mixed over the steps: a plan of one epoch, as a list of steps.

A step is the list of datasets of which one batch each is taken.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np

from mtl_core.config.mixing import Joint, Proportional
from mtl_core.config.parts import Part

from .batching import IGNORED, Batch, Rows, Table, bucketed

Plan = list[list[str]]
Mixing = Callable[[Mapping[str, int], np.random.Generator], Plan]


def joint(batches: Mapping[str, int], rng: np.random.Generator) -> Plan:
    """One batch of each dataset a step; as many steps as the largest dataset has batches."""
    del rng  # nothing is drawn
    return [list(batches) for _ in range(max(batches.values()))]


def proportional(batches: Mapping[str, int], rng: np.random.Generator) -> Plan:
    """One dataset a step, each as often as it has batches, in random order."""
    names = [name for name, count in batches.items() for _ in range(count)]
    return [[names[i]] for i in rng.permutation(len(names))]


MIXING: dict[type[Part], Mixing] = {Joint: joint, Proportional: proportional}


@dataclass(frozen=True)
class Feed:
    """The batches of a whole training, in an order that only the seed decides.

    `only` keeps one task: its twin then sees the very batches, in the very order, in which the
    task is trained together with the others, and nothing else.
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
        return len(self._kept(self._plan(0)))

    @property
    def steps(self) -> int:
        """Updates in the whole training."""
        return sum(len(self._kept(plan)) for plan in self._plans())

    def batches(self, start: int = 0) -> Iterator[list[Batch]]:
        """The batches of each step, from step `start` on (0 is the first)."""
        return islice(self._from_the_first(start), start, None)

    def _from_the_first(self, start: int) -> Iterator[list[Batch]]:
        """Steps before `start` come without their batches: they are only counted."""
        done = 0
        for epoch, plan in enumerate(self._plans()):
            drawn = {name: self._rows(index, epoch) for index, name in enumerate(self.tables)}
            for step in plan:
                rows = {name: next(drawn[name]) for name in step}
                kept = self._kept([step])
                if not kept:
                    continue
                done += 1
                yield [self._batch(n, rows[n]) for n in kept[0]] if done > start else []

    def _plans(self) -> Iterator[Plan]:
        """One plan an epoch, as many epochs as are asked for, or steps if those are limited."""
        left = self.limit
        epoch = 0
        while (epoch < self.epochs) if left is None else (left > 0):
            plan = self._plan(epoch)
            yield plan if left is None else plan[:left]
            left = None if left is None else left - len(plan)
            epoch += 1

    def _plan(self, epoch: int) -> Plan:
        counts = {n: -(-len(table) // self.batch_size) for n, table in self.tables.items()}
        return self.mixing(counts, np.random.default_rng([self.seed, epoch, len(self.tables)]))

    def _kept(self, plan: Plan) -> Plan:
        if self.only is None:
            return plan
        kept = [[name for name in step if self.only in self.tables[name].targets] for step in plan]
        return [step for step in kept if step]

    def _rows(self, index: int, epoch: int) -> Iterator[Rows]:
        """Batches of rows without end; a dataset that runs out is shuffled anew."""
        table = list(self.tables.values())[index]
        rng = np.random.default_rng([self.seed, epoch, index])
        while True:
            yield from bucketed(table.encoded.lengths, self.batch_size, rng)

    def _batch(self, name: str, rows: Rows) -> Batch:
        """The batch with the targets that are trained and have a label in it."""
        batch = self.tables[name].batch(rows)
        kept = {
            task: target
            for task, target in batch.targets.items()
            if self.only in (None, task) and bool((target != IGNORED).any())
        }
        return replace(batch, targets=kept)
