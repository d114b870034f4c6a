"""Which tasks rest because they have converged: dynamic stop-and-go.

Lu, Goswami, Rohrbach, Parikh and Lee (2020), "12-in-1: Multi-Task Vision and Language
Representation Learning". Pure bookkeeping on scores; it trains nothing.
"""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass
class _Task:
    """What is known of one task."""

    best: float = -math.inf
    """Of all validations: what it must not forget."""
    gained: list[float] = field(default_factory=list)
    """The best score until each validation since it last woke."""
    rests: bool = False


class Resting:
    """Tells which tasks rest.

    A task rests once the best of its scores has gained less than `converged` of itself over
    `patience` validations; then it trains in one of `gap` turns only. It wakes when a score is more
    than `forgotten` of its best below that best, and is judged anew from there. A task whose best
    score is 0 has learnt nothing yet and does not rest.
    """

    def __init__(self, gap: int, patience: int, converged: float, forgotten: float) -> None:
        self.gap, self.patience = gap, patience
        self.converged, self.forgotten = converged, forgotten
        self._tasks: dict[str, _Task] = {}

    def judge(self, scores: Mapping[str, float]) -> None:
        """Take notice of a validation: each task's main score, the higher the better."""
        for name, score in scores.items():
            task = self._tasks.setdefault(name, _Task())
            task.best = max(task.best, score)
            if not task.rests:
                task.gained.append(max([score, *task.gained[-1:]]))
                task.rests = self._has_converged(task.gained)
            elif task.best - score > self.forgotten * abs(task.best):
                task.rests, task.gained = False, [score]

    def takes_part(self, task: str, turn: int) -> bool:
        """Whether a task trains in its `turn`, the number (from 0) of times that it could have."""
        return task not in self.resting or turn % self.gap == 0

    @property
    def resting(self) -> tuple[str, ...]:
        """The tasks that rest now."""
        return tuple(name for name, task in self._tasks.items() if task.rests)

    def state(self) -> dict[str, Any]:
        """Everything that `load` needs, as plain data."""
        return {name: asdict(task) for name, task in self._tasks.items()}

    def load(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state` gave."""
        self._tasks = {name: _Task(**task) for name, task in state.items()}

    def _has_converged(self, gained: list[float]) -> bool:
        if len(gained) <= self.patience:
            return False
        before = gained[-1 - self.patience]
        return gained[-1] - before < self.converged * abs(before)
