"""What is decided before a training begins, and what changes while it goes on."""

import math
from dataclasses import dataclass, field
from typing import Any

import torch

from mtl_core.balancing import Balancer
from mtl_core.data.mixing import Feed
from mtl_core.models.model import MultiTaskModel

from .evaluation import Evaluator


@dataclass(frozen=True)
class Parts:
    """What is put together for a training."""

    model: MultiTaskModel
    balancer: Balancer
    feed: Feed
    evaluator: Evaluator
    device: torch.device


@dataclass(frozen=True)
class Choosing:
    """When a task or the training has had enough, and which checkpoint is kept.

    `by` is how the joint best is told: "mean", "worst", "main", "gain" or "last". `main` is the task
    that decides for "main"; `twins` are the single-task scores that "gain" is counted against.
    `own` says that every task is scored at the end with its own best checkpoint. `patience` counts
    validations; `each` says that it counts for every task by itself. `keep` is what stays on the
    disk: "best", "tasks" (each task's best too) or "all".
    """

    by: str = "mean"
    main: str | None = None
    twins: dict[str, float] = field(default_factory=dict)
    own: bool = False
    patience: int | None = None
    each: bool = False
    keep: str = "best"


@dataclass(frozen=True)
class Plan:
    """How the training goes. Lengths are in steps; `warmup` is a share of all steps.

    `watch_every` is the distance between two looks at the tasks' gradients, 0 for none. `rest` are
    the options of `Resting`, where converged tasks rest.
    """

    steps: int
    evaluate_every: int
    learning_rate: float
    weight_decay: float = 0.01
    warmup: float = 0.05
    decay: str = "linear"
    clip: float | None = 1.0
    watch_every: int = 0
    choosing: Choosing = Choosing()
    rest: dict[str, Any] | None = None
    autocast: torch.dtype | None = None

    def learning_rate_at(self, step: int) -> float:
        """The learning rate of a step (0 is the first): rising in the warm-up, then falling to 0."""
        warm = round(self.warmup * self.steps)
        if step < warm:
            return self.learning_rate * (step + 1) / warm
        done = (step - warm) / max(1, self.steps - warm)
        share = {"linear": 1 - done, "cosine": 0.5 * (1 + math.cos(math.pi * done)), "none": 1.0}
        return self.learning_rate * share[self.decay]

    def watches(self, step: int) -> bool:
        """Whether the tasks' gradients are looked at in a step (0 is the first)."""
        return bool(self.watch_every) and step % self.watch_every == 0


@dataclass
class Progress:
    """What changes while training, besides weights and optimiser."""

    step: int = 0
    evaluated_step: int = 0
    seconds: float = 0.0
    factors: dict[str, float] = field(default_factory=dict)
    """What the user multiplies the tasks' losses by, where not 1."""
    rate: float = 1.0
    """What the user multiplies the learning rate by."""
    turns: dict[str, int] = field(default_factory=dict)
    """How often each task could have trained."""
