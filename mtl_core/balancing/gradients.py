"""Methods that combine the tasks' gradients: losses → J → G → weights → `.grad`.

The tasks' own parameters follow their own gradients, unweighted. A task that is alone in a step is
trained plainly.
"""

import math
from abc import abstractmethod
from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn

from mtl_core.errors import RunError

from .contract import Balancer
from .meeting import Meetings
from .rows import Rows, Shared

Lengthen = Callable[[Tensor, Tensor], Tensor]
"""Weights (task,) found for G / trace, and G (task, task) -> weights of the wanted length."""


class GradientBalancer(Balancer):
    """From J to a direction on the shared parameters, or on the representation."""

    def __init__(
        self, tasks: tuple[str, ...], *, scale: str = "tasks", gradients: str = "parameters"
    ) -> None:
        super().__init__(tasks)
        self.scale = scale
        self.reads_representation = gradients == "representation"
        self.takes_rows = not self.reads_representation

    def backward(
        self, losses: Mapping[str, Tensor], penalty: Tensor | None, shared: Shared
    ) -> Tensor:
        if self.reads_representation and shared.representation:
            weights = self._through_representation(losses, penalty, shared)
        else:
            rows = shared.take(losses, keep=penalty is not None)
            weights, direction = self._combined(rows, losses)
            for parameter, gradient in zip(rows.tensors, direction, strict=True):
                parameter.grad = gradient
            if penalty is not None:
                penalty.backward()
        return weights.detach()

    def _through_representation(
        self, losses: Mapping[str, Tensor], penalty: Tensor | None, shared: Shared
    ) -> Tensor:
        rows = shared.take_representation(losses)
        weights, direction = self._combined(rows, losses)
        reached = [
            (tensor, gradient)
            for tensor, gradient in zip(rows.tensors, direction, strict=True)
            if gradient is not None
        ]
        if penalty is not None:
            reached.append((penalty, torch.ones_like(penalty)))
        if reached:
            torch.autograd.backward([t for t, _ in reached], [g for _, g in reached])
        return weights

    def _combined(
        self, rows: Rows, losses: Mapping[str, Tensor]
    ) -> tuple[Tensor, list[Tensor | None]]:
        first = next(iter(losses.values()))
        if len(losses) == 1 or not rows.tensors:
            ones = torch.ones(len(losses))
            return ones.to(first.device), rows.combined(ones)  # read off here, not on a GPU
        return self.combine(rows, losses)

    @abstractmethod
    def combine(
        self, rows: Rows, losses: Mapping[str, Tensor]
    ) -> tuple[Tensor, list[Tensor | None]]:
        """The weights (task,) and the direction, in the pieces of the rows; two tasks or more."""


class WeightingBalancer(GradientBalancer):
    """Weights found from G alone, by a method of the library.

    Args:
        weighting: makes the method for the tasks that meet.
        lengthen: brings its weights to the wanted length.
        smoothing: share of the previous weights that is kept (CR-MOGM).
    """

    def __init__(
        self,
        tasks: tuple[str, ...],
        weighting: Callable[[tuple[str, ...]], nn.Module],
        lengthen: Lengthen,
        *,
        smoothing: float = 0.0,
        **options: str,
    ) -> None:
        super().__init__(tasks, **options)
        from . import library

        self.lengthen = lengthen
        self.meetings = Meetings(lambda names: library.smoothed(weighting(names), smoothing))
        weighting(tasks)  # where a solver is missing, say so before anything is trained

    def combine(
        self, rows: Rows, losses: Mapping[str, Tensor]
    ) -> tuple[Tensor, list[Tensor | None]]:
        del losses
        # A small matrix: solvers work on the CPU, and not every device has double precision.
        gramian = rows.gramian().cpu().double()
        check_finite(gramian, rows.tasks)
        weights = torch.ones(len(rows.tasks), dtype=torch.float64)
        # A task without a gradient has no wish, and some methods would follow it alone.
        wishing = gramian.diagonal().nonzero().flatten().tolist()
        if len(wishing) > 1:
            names = tuple(rows.tasks[place] for place in wishing)
            inner = gramian[wishing][:, wishing]
            scaled = inner / self.unit(names, float(inner.trace()))
            weights[wishing] = self.lengthen(self.find(names, scaled), inner)
        direction = rows.combined(weights)
        return weights.to(rows.tensors[0].device, torch.float32), direction

    def find(self, names: tuple[str, ...], gramian: Tensor) -> Tensor:
        """The method's weights (task,) for G (task, task) in its unit."""
        found: Tensor = self.meetings.of(names)(gramian)
        return found

    def unit(self, names: tuple[str, ...], trace: float) -> float:
        """What G is divided by before the method sees it."""
        del names
        return trace


class MainTaskFirst(WeightingBalancer):
    """For methods that serve one task and spare the others: its row comes first in G.

    They remember how long gradients usually are, so G has the unit of the first step ever after.
    """

    def __init__(
        self, tasks: tuple[str, ...], *args: object, main: str | None = None, **options: object
    ) -> None:
        super().__init__(tasks, *args, **options)  # type: ignore[arg-type]
        self.main = main or tasks[0]
        self.units = Meetings(lambda _: _Unit())

    def unit(self, names: tuple[str, ...], trace: float) -> float:
        kept: _Unit = self.units.of(names)
        kept.first = kept.first or trace
        return kept.first

    def find(self, names: tuple[str, ...], gramian: Tensor) -> Tensor:
        if self.main not in names:  # a plain sum, whose weights the length multiplies
            return torch.ones(len(names), dtype=gramian.dtype) / len(names)
        order = sorted(range(len(names)), key=lambda place: names[place] != self.main)
        found = torch.empty(len(names), dtype=gramian.dtype)
        found[order] = super().find(names, gramian[order][:, order])
        return found


class _Unit(nn.Module):
    """The first trace of G."""

    first: float = 0.0


def check_finite(gramian: Tensor, tasks: tuple[str, ...]) -> None:
    """Raises RunError where a gradient is not finite."""
    for task, square in zip(tasks, gramian.diagonal().tolist(), strict=True):
        if not math.isfinite(square):
            raise RunError(
                f"the gradient of task '{task}' is not finite; lower training.learning_rate or "
                "the task's weight"
            )
