"""What every sharing strategy's config promises, besides its options."""

from dataclasses import dataclass

from mtl_core.config.parts import Part
from mtl_core.config.picture import Picture


@dataclass(frozen=True)
class Surroundings:
    """What a strategy's limits depend on: the rest of the experiment.

    `blocks` is None where only the model's files tell how many there are.
    """

    tasks: tuple[str, ...]
    datasets: tuple[str, ...]
    blocks: int | None
    width: int | None
    is_pretrained: bool


@dataclass(frozen=True)
class Cost:
    """What a strategy takes, counted in parts of an encoder; what it adds to them is small.

    `passes` are the blocks that run for a batch of which every task is asked.
    """

    embeddings: float
    blocks: float
    passes: float


class SharingPart(Part):
    """A sharing strategy's options.

    The docstring's lines after the first begin with "Use when", "Costs" (as a function of T tasks
    and B blocks) and "Limits" (what it cannot be combined with).
    """

    @property
    def start(self) -> str | None:
        """The run whose encoder and subwords this strategy begins with; None for a fresh start."""
        return None

    @property
    def gives_one_representation(self) -> bool:
        """Whether all tasks read the very same vectors."""
        return False

    def picture(self, tasks: tuple[str, ...], blocks: int) -> Picture:
        """The architecture as boxes and arrows."""
        raise NotImplementedError

    def cost(self, tasks: int, blocks: int) -> Cost:
        """What it takes for so many tasks and an encoder of so many blocks."""
        raise NotImplementedError

    def refusal(self, around: Surroundings) -> str | None:
        """Why it cannot be combined with the rest of the experiment, with the cure; None if it can."""
        del around
        return None
