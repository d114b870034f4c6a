"""What every balancing method promises."""

from abc import ABC, abstractmethod
from collections.abc import Mapping

from torch import Tensor, nn

from .rows import Shared


class Balancer(nn.Module, ABC):
    """Turns the losses of the tasks that meet in a step into gradients.

    Built as `Method(tasks, **options)`. Its parameters are learnt with the model, undecayed; what
    else it remembers from step to step is in its `state_dict`.
    """

    looks_again = False
    """Whether it wants the losses of the same batches once more, after the step."""
    takes_rows = False
    """Whether its backward leaves every task's gradients in `shared.rows`."""
    reads_representation = False
    """Whether it wants `shared.representation`."""

    def __init__(self, tasks: tuple[str, ...]) -> None:
        super().__init__()
        self.tasks = tasks

    @abstractmethod
    def backward(
        self, losses: Mapping[str, Tensor], penalty: Tensor | None, shared: Shared
    ) -> Tensor:
        """Fill `.grad` everywhere and return the weight that each task received.

        Args:
            losses: a scalar for each task that has labels in this step.
            penalty: a scalar that is minimised beside them with weight 1, outside the balancing.
            shared: what more than one task trains.

        Returns:
            (task,), detached, in the order of `losses`.
        """

    def look_again(self, losses: Mapping[str, Tensor]) -> None:
        """The losses of the same batches after the step; only where `looks_again`."""
        raise NotImplementedError

    def next_epoch(self) -> None:
        """Told before the first step of every epoch but the first."""
