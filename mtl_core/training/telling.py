"""From what updates tell, on the device, to events: on a CPU at once, on a GPU some at a time."""

import math
import time
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from mtl_core.errors import RunError

from .events import Event, Step, Watched
from .stepping import Told
from .watching import Sight

Waiting = tuple[int, Told, float, float]
"""Step, what it told, learning rate, seconds."""


class Telling:
    """Steps that have been made and not been told yet."""

    def __init__(self, device: torch.device) -> None:
        self._seconds = report_seconds(device)
        self._waiting: list[Waiting] = []
        self._last = time.perf_counter()

    def note(self, step: int, told: Told, rate: float, seconds: float) -> None:
        """Take down an update."""
        self._waiting.append((step, told, rate, seconds))

    def events(self, *, all_of_them: bool = False) -> Iterator[Event]:
        """The steps not told yet, where it is time. Raises RunError where a number is not finite."""
        now = time.perf_counter()
        waits = now - self._last < self._seconds
        if not self._waiting or (waits and not all_of_them):
            return
        self._last = now
        waiting = self._waiting
        flat = [value for _, told, *_ in waiting for value in _scalars(told)]
        values = iter(torch.stack(flat).tolist() if flat else [])
        for place, (step, told, rate, seconds) in enumerate(waiting, 1):
            losses = {task: next(values) for task in told.losses}
            penalties = {name: next(values) for name in told.penalties}
            weights = {task: next(values) for task in told.losses}
            check_finite(losses, step)
            _check_penalties(penalties, step)
            check_finite(weights, step, "weight")
            event: Event = Step(step, losses, weights, rate, round(seconds, 4), penalties)
            if told.sight is not None:
                yield event
                event = watched(step, told.sight, rate)
            self._waiting = waiting[place:]  # what a stop cuts off is told when the run goes on
            yield event

    def state(self) -> list[dict[str, Any]]:
        """What is not told yet, as plain data and tensors."""
        return [
            {
                "about": (step, rate, seconds),
                "told": {**vars(told), "sight": told.sight.to_state() if told.sight else None},
            }
            for step, told, rate, seconds in self._waiting
        ]

    def load(self, state: list[dict[str, Any]]) -> None:
        """Go on from what `state` gave."""
        for one in state:
            step, rate, seconds = one["about"]
            seen = one["told"]["sight"]
            told = Told(**{**one["told"], "sight": Sight(**seen) if seen else None})
            self._waiting.append((step, told, rate, seconds))


def watched(step: int, sight: Sight, rate: float) -> Watched:
    """What was seen in a step, as numbers: norms, cosines by place, and the way to the plain sum."""
    gramians = sight.gramians.cpu().double()  # not every device has double precision
    product, square, plain, loss = sight.step.tolist()
    norms = gramians[0].diagonal().clamp(min=0).sqrt()
    together = math.sqrt(square * plain)
    known = math.isfinite(together)
    cosine = max(-1.0, min(1.0, product / together)) if known and together else None
    length = math.sqrt(square / plain) if known and plain else None
    return Watched(
        step=step,
        tasks=sight.tasks,
        norms=dict(zip(sight.tasks, norms.tolist(), strict=True)),
        cosines={place: _cosines(one) for place, one in zip(sight.places, gramians, strict=True)},
        angle=None if cosine is None else math.degrees(math.acos(cosine)),
        length=length,
        loss=loss,
        effective_rate=None if length is None else rate * length,
    )


def _cosines(gramian: Tensor) -> list[list[float | None]]:
    """The cosine of each pair; None where a task has no gradient there."""
    norms = gramian.diagonal().clamp(min=0).sqrt()
    found = gramian / torch.outer(norms, norms)
    return [
        [round(value, 4) if math.isfinite(value) else None for value in row]
        for row in found.tolist()
    ]


def _scalars(told: Told) -> list[Tensor]:
    """Losses, penalties and weights, in this order."""
    weights = [] if told.weights is None else told.weights.unbind()
    return [value.float() for value in (*told.losses.values(), *told.penalties.values(), *weights)]


def report_seconds(device: torch.device) -> float:
    """How often losses are fetched. From a GPU not each step: every fetch stalls the device."""
    return 0.0 if device.type == "cpu" else 0.05


def check_finite(losses: dict[str, float], step: int, what: str = "loss") -> None:
    """Raises RunError where a loss, or a weight, is not a number."""
    for task, loss in losses.items():
        if not math.isfinite(loss):
            raise RunError(
                f"the {what} of task '{task}' is {loss} at step {step}; "
                "lower training.learning_rate or the task's weight, or set training.clip"
            )


def _check_penalties(penalties: dict[str, float], step: int) -> None:
    for name, value in penalties.items():
        if not math.isfinite(value):
            raise RunError(
                f"the penalty '{name}' is {value} at step {step}; "
                "lower its strength in sharing or training.learning_rate, or set training.clip"
            )
