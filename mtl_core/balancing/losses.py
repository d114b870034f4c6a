"""Methods that look at the losses: one loss for all tasks, one backward pass.

The weight of a task is what the one loss changes by when the task's loss does: its derivative.
"""

from abc import abstractmethod
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from .contract import Balancer
from .meeting import Meetings
from .rows import Shared

SMALLEST = 1e-30
"""Losses count as at least so much where their logarithm is taken."""


class LossBalancer(Balancer):
    """From the losses of a step to one loss, whose derivative are the weights.

    `smoothing` is the share of the previous weights that is kept (CR-MOGM); `scale` "published"
    leaves the weights as long as in the paper.
    """

    def __init__(
        self, tasks: tuple[str, ...], *, smoothing: float = 0.0, scale: str = "tasks"
    ) -> None:
        super().__init__(tasks)
        self.scale, self.smoothing = scale, smoothing
        self.smooth = Meetings(lambda _: Smooth(smoothing))

    @abstractmethod
    def total(self, names: tuple[str, ...], values: Tensor) -> Tensor:
        """One loss as in the paper, of the losses (task,) of these tasks: a scalar."""

    def length(self, tasks: int) -> float:
        """What the published weights are multiplied by, so that tasks that agree get 1 each."""
        del tasks
        return 1.0

    def backward(
        self, losses: Mapping[str, Tensor], penalty: Tensor | None, shared: Shared
    ) -> Tensor:
        names = tuple(losses)
        values = torch.stack(list(losses.values()))  # (task,)
        weights = self.weights(names, values.detach(), shared, losses)
        total = (weights * values).sum()
        (total if penalty is None else total + penalty).backward()
        return weights

    def weights(
        self,
        names: tuple[str, ...],
        values: Tensor,
        shared: Shared,
        losses: Mapping[str, Tensor],
    ) -> Tensor:
        """The weights (task,) for the detached losses (task,); learns what there is to learn."""
        del shared, losses  # for methods that look at gradients too
        leaf = values.clone().requires_grad_()
        factor = self.length(len(names)) if self.scale == "tasks" else 1.0
        (factor * self.total(names, leaf)).backward()
        assert leaf.grad is not None
        return self.smooth.of(names)(leaf.grad) if self.smoothing else leaf.grad

    def places(self, names: tuple[str, ...]) -> list[int] | slice:
        """Where these tasks stand among all of them; an index made anew stalls a GPU."""
        if names == self.tasks:
            return slice(None)
        return [self.tasks.index(name) for name in names]


class Smooth(nn.Module):
    """CR-MOGM (Zhou et al., 2022, "On the Convergence of Stochastic Multi-Objective Gradient
    Manipulation and Beyond", algorithm 2): a running mean of the weights."""

    last: Tensor | None

    def __init__(self, share: float) -> None:
        super().__init__()
        self.share = share
        self.register_buffer("last", None)

    def forward(self, weights: Tensor) -> Tensor:
        last = weights if self.last is None else self.last.to(weights)
        self.last = self.share * last + (1 - self.share) * weights
        return self.last


class FixedWeights(Balancer):
    """The weighted sum of the losses, with weights that stay as they were chosen."""

    chosen: Tensor

    def __init__(
        self, tasks: tuple[str, ...], *, weights: Mapping[str, float] | None = None
    ) -> None:
        super().__init__(tasks)
        given = weights or {}
        chosen = torch.tensor([given.get(task, 1.0) for task in tasks])
        self.register_buffer("chosen", chosen, persistent=False)

    def backward(
        self, losses: Mapping[str, Tensor], penalty: Tensor | None, shared: Shared
    ) -> Tensor:
        del shared
        weights = self.chosen
        if tuple(losses) != self.tasks:  # as in `places`
            weights = weights[[self.tasks.index(task) for task in losses]]
        total = (weights * torch.stack(list(losses.values()))).sum()
        (total if penalty is None else total + penalty).backward()
        return weights


class UncertaintyWeights(LossBalancer):
    """Kendall, Gal and Cipolla, 2018, equation 10, with s = log σ²."""

    def __init__(self, tasks: tuple[str, ...], *, start: float = 0.0, **options: object) -> None:
        super().__init__(tasks, **options)  # type: ignore[arg-type]
        self.log_variance = nn.Parameter(torch.full((len(tasks),), start))

    def total(self, names: tuple[str, ...], values: Tensor) -> Tensor:
        from . import library

        return library.uncertainty(self.log_variance[self.places(names)], values)

    def length(self, tasks: int) -> float:
        return 2.0


class ImpartialLosses(LossBalancer):
    """IMTL-L: Liu et al., 2021, section 3.2."""

    def __init__(self, tasks: tuple[str, ...], **options: object) -> None:
        super().__init__(tasks, **options)  # type: ignore[arg-type]
        self.log_scale = nn.Parameter(torch.zeros(len(tasks)))

    def total(self, names: tuple[str, ...], values: Tensor) -> Tensor:
        from . import library

        return library.impartial(self.log_scale[self.places(names)], values)


class DynamicWeightAverage(LossBalancer):
    """Liu, Johns and Davison, 2019, equation 7, over the means of whole epochs.

    Written here, since each task's mean counts its own steps: not all tasks meet in every one.
    """

    sums: Tensor
    counts: Tensor
    means: Tensor
    epochs: Tensor

    def __init__(
        self, tasks: tuple[str, ...], *, temperature: float = 2.0, **options: object
    ) -> None:
        super().__init__(tasks, **options)  # type: ignore[arg-type]
        self.temperature = temperature
        self.register_buffer("sums", torch.zeros(len(tasks)))
        self.register_buffer("counts", torch.zeros(len(tasks)))
        self.register_buffer("means", torch.ones(2, len(tasks)))  # of the last two epochs
        self.register_buffer("epochs", torch.zeros((), dtype=torch.long))

    def total(self, names: tuple[str, ...], values: Tensor) -> Tensor:
        places = self.places(names)
        self.sums[places] += values.detach()
        self.counts[places] += 1
        return (self._all()[places] * values).sum()

    def _all(self) -> Tensor:
        """Equal until two epochs are over. A task without any loss has nothing left to lose."""
        before, last = self.means
        ratio = torch.where(before > 0, last / before, 1.0)
        shares = len(self.tasks) * torch.softmax(ratio / self.temperature, dim=0)
        return torch.where(self.epochs < 2, 1.0, shares)

    def next_epoch(self) -> None:
        seen = self.counts > 0
        mean = torch.where(seen, self.sums / self.counts.clamp(min=1), self.means[1])
        self.means = torch.stack([self.means[1], mean])
        self.epochs += 1
        self.sums.zero_()
        self.counts.zero_()


class RandomWeights(LossBalancer):
    """Lin et al., 2022, with normally distributed logits."""

    def total(self, names: tuple[str, ...], values: Tensor) -> Tensor:
        from . import library

        found: Tensor = library.random_weights()(values)
        return found

    def length(self, tasks: int) -> float:
        return float(tasks)


class GeometricMean(LossBalancer):
    """Chennupati et al., 2019, equation 2. A loss of 0 has no logarithm and gets no weight."""

    def total(self, names: tuple[str, ...], values: Tensor) -> Tensor:
        from . import library

        found: Tensor = library.geometric_mean()(values.clamp(min=SMALLEST))
        return found

    def length(self, tasks: int) -> float:
        return float(tasks)


class SmoothTchebycheff(LossBalancer):
    """Lin et al., 2024, equation 8, with equal preferences 1/T and the ideal point 0."""

    def __init__(self, tasks: tuple[str, ...], *, mu: float = 1.0, **options: object) -> None:
        super().__init__(tasks, **options)  # type: ignore[arg-type]
        self.mu = mu

    def total(self, names: tuple[str, ...], values: Tensor) -> Tensor:
        from . import library

        found: Tensor = library.smooth_maximum(self.mu)(values)
        return found

    def length(self, tasks: int) -> float:
        return float(tasks**2)


class LogLosses(LossBalancer):
    """The sum of the losses' logarithms."""

    def total(self, names: tuple[str, ...], values: Tensor) -> Tensor:
        return torch.log(values + 1e-8).sum()


class Famo(LossBalancer):
    """Liu et al., 2023, algorithm 1; its weights are learnt from how far the losses have fallen.

    `compare` "same_batch" asks for the losses after the step, as the paper does; "next_batch"
    takes the next step's instead.
    """

    def __init__(
        self,
        tasks: tuple[str, ...],
        *,
        learning_rate: float = 0.025,
        decay: float = 1e-3,
        compare: str = "same_batch",
        **options: object,
    ) -> None:
        super().__init__(tasks, **options)  # type: ignore[arg-type]
        self.looks_again = compare == "same_batch"
        self.meetings = Meetings(lambda names: _famo(len(names), learning_rate, decay))

    def total(self, names: tuple[str, ...], values: Tensor) -> Tensor:
        from . import library

        method = self.meetings.of(names, values.device)
        if not self.looks_again and library.has_seen_losses(method):
            method.update(values)
        found: Tensor = method(values)
        return found

    def look_again(self, losses: Mapping[str, Tensor]) -> None:
        values = torch.stack(list(losses.values()))
        self.meetings.of(tuple(losses), values.device).update(values)

    def length(self, tasks: int) -> float:
        return float(tasks)


def _famo(tasks: int, learning_rate: float, decay: float) -> nn.Module:
    from . import library

    return library.famo(tasks, learning_rate, decay)
