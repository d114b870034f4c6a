"""Schedules: which datasets have a part in each step of an epoch.

A schedule is a function of the epoch, a generator of random numbers and its options. The
alternating ones have as many steps as all datasets have batches.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Step = dict[str, int | None]
"""Of each dataset that has a part in a step, how many rows; None: a batch of like length."""
Plan = list[Step]
Mixing = Callable[..., Plan]
"""`mixing(epoch, rng, **options)`."""


@dataclass(frozen=True)
class Epoch:
    """What is to be planned: epoch `number` (1 is the first) of `count`, for datasets of some rows.

    `rows` has the datasets in their order, none of them empty.
    """

    rows: Mapping[str, int]
    batch_size: int
    number: int = 1
    count: int = 1

    @property
    def batches(self) -> dict[str, int]:
        """How many batches each dataset has."""
        return {name: -(-rows // self.batch_size) for name, rows in self.rows.items()}

    @property
    def steps(self) -> int:
        """All datasets' batches: how long an epoch of one dataset a step is."""
        return sum(self.batches.values())

    @property
    def sizes(self) -> NDArray[np.float64]:
        """The rows of the datasets, shape (dataset,)."""
        return np.array(list(self.rows.values()), dtype=np.float64)


def joint(epoch: Epoch, rng: np.random.Generator) -> Plan:
    """One batch of each dataset a step; as many steps as the largest dataset has batches."""
    del rng  # nothing is drawn
    return [dict.fromkeys(epoch.rows) for _ in range(max(epoch.batches.values()))]


def proportional(epoch: Epoch, rng: np.random.Generator) -> Plan:
    """One dataset a step, each as often as it has batches, in random order."""
    return _in_random_order(epoch, list(epoch.batches.values()), rng)


def temperature(epoch: Epoch, rng: np.random.Generator, *, temperature: float) -> Plan:
    """p ∝ N^(1/τ) (Arivazhagan et al., 2019, "Massively Multilingual NMT in the Wild")."""
    return _drawn(epoch, epoch.sizes ** (1 / temperature), rng)


def uniform(epoch: Epoch, rng: np.random.Generator) -> Plan:
    """All datasets equally often."""
    return _drawn(epoch, np.ones(len(epoch.rows)), rng)


def annealed(epoch: Epoch, rng: np.random.Generator, *, fall: float) -> Plan:
    """p ∝ N^α, α = 1 − 0.8 (e − 1) / (E − 1) (Stickland and Murray, 2019, "BERT and PALs")."""
    power = 1 - fall * (epoch.number - 1) / max(1, epoch.count - 1)
    return _drawn(epoch, epoch.sizes**power, rng)


def explicit(epoch: Epoch, rng: np.random.Generator, *, probabilities: Mapping[str, float]) -> Plan:
    """As often as was asked for; without any number equally often."""
    numbers = [probabilities.get(name, 0.0) for name in epoch.rows] if probabilities else None
    return _drawn(epoch, np.array(numbers or [1.0] * len(epoch.rows)), rng)


def round_robin(epoch: Epoch, rng: np.random.Generator) -> Plan:
    """One dataset after the other; an epoch goes on where the one before it ended."""
    del rng  # nothing is drawn
    names = list(epoch.rows)
    first = (epoch.number - 1) * epoch.steps
    return [{names[(first + i) % len(names)]: None} for i in range(epoch.steps)]


def mixed_batches(epoch: Epoch, rng: np.random.Generator) -> Plan:
    """Rows of all datasets in every step, together a batch (Aghajanyan et al., 2021, "Muppet")."""
    shares = _shares_of_a_batch(epoch.sizes, epoch.batch_size)
    counts = (_rounded(shares, rng) for _ in range(epoch.steps))
    return [{name: n for name, n in zip(epoch.rows, step, strict=True) if n} for step in counts]


def _shares_of_a_batch(sizes: NDArray[np.float64], batch_size: int) -> NDArray[np.float64]:
    """Rows of each dataset in a batch on average: in proportion to the sizes, but at least 1."""
    shares = np.zeros(len(sizes))
    small = np.zeros(len(sizes), dtype=bool)
    while True:
        left = batch_size - int(small.sum())
        shares = np.where(small, 1.0, left * sizes / max(sizes[~small].sum(), 1.0))
        if small.all() or (shares >= 1 - 1e-9).all():
            return shares
        small |= shares < 1


def _drawn(epoch: Epoch, weights: NDArray[np.float64], rng: np.random.Generator) -> Plan:
    """One dataset a step, each with its share of the steps, in random order.

    Each has exactly its share, rounded up or down by chance, so that an epoch is not at the mercy
    of single draws; on average it is what drawing each step by itself gives.
    """
    return _in_random_order(epoch, _rounded(epoch.steps * weights / weights.sum(), rng), rng)


def _rounded(shares: NDArray[np.float64], rng: np.random.Generator) -> list[int]:
    """Whole numbers of the same sum, each share rounded up or down, right on average.

    Systematic sampling: marks at distance 1 from a random start, counted within each share.
    """
    ends = np.cumsum(shares)
    ends[-1] = round(ends[-1])  # a whole number but for the last bits
    marks = np.floor(ends + rng.random())
    return [int(count) for count in np.diff(marks, prepend=0.0)]


def _in_random_order(epoch: Epoch, counts: list[int], rng: np.random.Generator) -> Plan:
    names = [name for name, n in zip(epoch.rows, counts, strict=True) for _ in range(n)]
    return [{names[i]: None} for i in rng.permutation(len(names))]
