"""Which checkpoint is kept, and who has had enough: judged after every validation.

Pure bookkeeping on scores, so that it can be saved with the state and tested without a model.
"""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from .plan import Choosing

SMALL = 1e-3
"""A twin's score is taken to be at least so far from 0 where gains are counted in shares of it."""


@dataclass
class Best:
    """The best validation so far, of one task or of all together."""

    value: float = -math.inf
    step: int = 0
    worse: int = 0
    """Validations since then."""
    metrics: dict[str, float] = field(default_factory=dict)
    details: dict[str, Any] = field(default_factory=dict)


class Chooser:
    """Tells after each validation whether it is the best, jointly and for each task."""

    def __init__(self, choosing: Choosing, tasks: tuple[str, ...]) -> None:
        self.choosing = choosing
        self.joint = Best()
        self.tasks = {task: Best() for task in tasks}
        self.others: list[int] = []
        """Steps of all validations, where all are kept."""
        self._stopped: set[str] = set()

    def judge(
        self,
        step: int,
        scores: Mapping[str, float],
        metrics: dict[str, float],
        details: dict[str, Any],
        by_hand: bool = False,
    ) -> bool:
        """Take notice of a validation; says whether it is the best jointly.

        Args:
            scores: each task's main score, the higher the better.
            metrics: all scores, as `task/split/metric`.
            details: what the answers were like, by task.
            by_hand: the user asked for it, off the schedule: it costs no patience.
        """
        waited = 0 if by_hand else 1
        for task, score in scores.items():
            best = self.tasks[task]
            if score > best.value:
                own = {k: v for k, v in metrics.items() if k.split("/")[0] == task}
                self.tasks[task] = Best(score, step, 0, own, details.get(task, {}))
            else:
                best.worse += waited
        self._stop()
        value = self._value(step, scores)
        is_best = value > self.joint.value
        if is_best:
            self.joint = Best(value, step, 0, metrics, details)
        else:
            self.joint.worse += waited
        if self.choosing.keep == "all":
            self.others.append(step)
        return is_best

    def _value(self, step: int, scores: Mapping[str, float]) -> float:
        by, twins = self.choosing.by, self.choosing.twins
        if by == "last":
            return float(step)
        if by == "worst":
            return min(scores.values())
        if by == "main":
            return scores[self.choosing.main or next(iter(scores))]
        if by == "gain":  # the mean relative gain (Maninis et al., 2019, equation 4)
            gains = [(s - twins[task]) / max(SMALL, abs(twins[task])) for task, s in scores.items()]
            return sum(gains) / len(gains)
        return sum(scores.values()) / len(scores)

    def _stop(self) -> None:
        """A task that has stopped stays so, also where the others' training makes it better."""
        patience = self.choosing.patience
        if patience is not None and self.choosing.each:
            self._stopped |= {task for task, best in self.tasks.items() if best.worse >= patience}

    @property
    def stopped(self) -> frozenset[str]:
        """Tasks that have had enough and train no more."""
        return frozenset(self._stopped)

    @property
    def is_early(self) -> bool:
        """Whether the training ends here, before its last step."""
        patience = self.choosing.patience
        if patience is None:
            return False
        if self.choosing.each:
            return len(self.stopped) == len(self.tasks)
        return self.joint.worse >= patience

    @property
    def own_steps(self) -> dict[str, int]:
        """The step of each task's own best checkpoint."""
        return {task: best.step for task, best in self.tasks.items()}

    @property
    def kept(self) -> list[int]:
        """The steps whose weights stay on the disk besides the joint best, in order."""
        several = self.choosing.keep == "tasks" and len(self.tasks) > 1
        wanted = self.choosing.own or self.choosing.keep == "all" or several
        own = self.own_steps.values() if wanted else []
        return sorted({*own, *self.others, *([self.joint.step] if wanted else [])} - {0})

    def state(self) -> dict[str, Any]:
        """Everything that `load` needs, as plain data."""
        tasks = {task: asdict(best) for task, best in self.tasks.items()}
        return {
            "joint": asdict(self.joint),
            "tasks": tasks,
            "others": list(self.others),
            "stopped": sorted(self._stopped),
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state` gave."""
        self.joint = Best(**state["joint"])
        self.tasks = {task: Best(**best) for task, best in state["tasks"].items()}
        self.others = list(state["others"])
        self._stopped = set(state["stopped"])
