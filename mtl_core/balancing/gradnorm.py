"""GradNorm (Chen et al., 2018): weights that bring the tasks' gradients to like sizes."""

from collections.abc import Mapping

import torch
from torch import Tensor

from .losses import LossBalancer
from .rows import Shared

FLOOR = 0.01
"""No weight falls below it: one that turned negative would make its task's loss rise."""


class GradNorm(LossBalancer):
    """The weights are learnt by Adam with a learning rate of their own, and always sum to T.

    Gradients are those on the last shared block; L(0) is the loss of a task's first step. Where
    nothing is shared there is nothing to compare, and the weights stay 1.
    """

    weight: Tensor
    first: Tensor
    mean: Tensor
    square: Tensor
    count: Tensor

    def __init__(
        self,
        tasks: tuple[str, ...],
        *,
        alpha: float = 1.5,
        learning_rate: float = 0.025,
        **options: object,
    ) -> None:
        super().__init__(tasks, **options)  # type: ignore[arg-type]
        self.alpha, self.learning_rate = alpha, learning_rate
        self.register_buffer("weight", torch.ones(len(tasks)))
        self.register_buffer("first", torch.zeros(len(tasks)))  # 0: not seen yet
        for moment in ("mean", "square", "count"):  # of Adam, for each weight
            self.register_buffer(moment, torch.zeros(len(tasks)))

    def total(self, names: tuple[str, ...], values: Tensor) -> Tensor:
        return (self.weight[self.places(names)] * values).sum()

    def weights(
        self,
        names: tuple[str, ...],
        values: Tensor,
        shared: Shared,
        losses: Mapping[str, Tensor],
    ) -> Tensor:
        """The weights of this step; those of the next one are learnt from its gradients."""
        chosen = super().weights(names, values, shared, losses)
        if len(names) > 1 and shared.last:
            norms = shared.look_last(losses).gramian().diagonal().sqrt()
            places = self.places(names)
            start = self.first[places]
            self.first[places] = torch.where(start > 0, start, values)
            first = self.first[places]
            # A task may begin without any loss.
            ratios = torch.where(first > 0, values / first, 1.0)
            slope, _ = gradnorm(self.weight[places], norms, ratios, self.alpha)
            self._learn(places, slope)
        return chosen

    def _learn(self, places: list[int] | slice, slope: Tensor) -> None:
        """Adam (Kingma and Ba, 2015), for the tasks of this step."""
        self.count[places] += 1
        self.mean[places] = 0.9 * self.mean[places] + 0.1 * slope
        self.square[places] = 0.999 * self.square[places] + 0.001 * slope**2
        count = self.count[places]
        mean = self.mean[places] / (1 - 0.9**count)
        square = self.square[places] / (1 - 0.999**count)
        self.weight[places] -= self.learning_rate * mean / (square.sqrt() + 1e-30)
        kept = self.weight.clamp(min=FLOOR)
        self.weight = kept * len(self.tasks) / kept.sum()


def gradnorm(weights: Tensor, norms: Tensor, ratios: Tensor, alpha: float) -> tuple[Tensor, Tensor]:
    """Derivative of the GradNorm loss by the weights, and the loss itself: (task,), ().

    Args:
        weights: w, (task,).
        norms: of each task's unweighted gradient, (task,).
        ratios: L / L(0), (task,).
    """
    sizes = weights * norms
    targets = sizes.mean() * (ratios / ratios.mean()) ** alpha
    apart = sizes - targets  # the targets are constants (section 3.2)
    return apart.sign() * norms, apart.abs().sum()
