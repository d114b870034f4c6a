"""The sharing strategies that an experiment can choose, and how each one is drawn."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from .parts import Part
from .picture import Picture, encoder_columns


class Separate(Part):
    """Every task trains its own encoder: nothing is shared.

    Use when you want to see what the tasks reach alone, in one run.
    Costs one whole encoder per task, in parameters and in time.
    """

    label: ClassVar[str] = "Separate"

    kind: Literal["separate"] = "separate"

    def picture(self, tasks: tuple[str, ...], blocks: int) -> Picture:
        """One column per task."""
        return encoder_columns([(task,) for task in tasks], blocks)


class Hard(Part):
    """One encoder serves all tasks; each task has only its own head (Caruana, 1997).

    Use when the tasks are related, or the data is scarce: the simplest sharing, and hard to beat.
    Costs one encoder, however many tasks; unrelated tasks may pull it apart.
    """

    label: ClassVar[str] = "Hard sharing"

    kind: Literal["hard"] = "hard"

    def picture(self, tasks: tuple[str, ...], blocks: int) -> Picture:
        """One column for all tasks."""
        return encoder_columns([tasks], blocks)


SharingChoice = Annotated[Separate | Hard, Field(discriminator="kind")]
SHARING_CHOICES: tuple[type[Part], ...] = (Separate, Hard)


USUAL = Hard()
"""Where an experiment names none."""
ALONE = Separate()
"""The sharing of a single-task twin: with one task there is nothing to share."""
