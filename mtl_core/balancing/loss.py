"""Balancing by weights on the losses: one backward pass."""

from torch import Tensor, nn

from .contract import Balancer


class FixedWeights(Balancer):
    """The weighted sum of the losses, with weights that stay as they were chosen."""

    def __init__(self, tasks: tuple[str, ...], *, weights: dict[str, float]) -> None:
        self.weights = {task: weights.get(task, 1.0) for task in tasks}

    def backward(
        self, losses: dict[str, Tensor], penalty: Tensor | None, shared: list[nn.Parameter]
    ) -> dict[str, float]:
        del shared  # only gradient methods look at them
        terms = [self.weights[task] * loss for task, loss in losses.items()]
        total = sum(terms[1:], terms[0])
        (total if penalty is None else total + penalty).backward()
        return {task: self.weights[task] for task in losses}
