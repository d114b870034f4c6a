"""What every balancing method promises."""

from abc import ABC, abstractmethod

from torch import Tensor, nn


class Balancer(ABC):
    """Turns the tasks' losses into gradients. Built with the tasks' names and its own options."""

    @abstractmethod
    def backward(
        self, losses: dict[str, Tensor], penalty: Tensor | None, shared: list[nn.Parameter]
    ) -> dict[str, float]:
        """Fill `.grad` everywhere and return the weight that each task received.

        Args:
            losses: a scalar for each task that has labels in this step.
            penalty: a scalar that is minimised beside them with weight 1, outside the balancing.
            shared: the parameters that more than one task trains.
        """
