"""Shared and private encoders side by side, kept apart by an adversary."""

from typing import ClassVar, Literal

from mtl_core.config.parts import option
from mtl_core.config.picture import Picture, Sketch, side_by_side

from .contract import Cost, SharingPart, Surroundings


class Adversarial(SharingPart):
    """One encoder for all tasks and a private one for each; an adversary keeps the shared one free of what belongs to one dataset (Liu et al., 2017).

    Use when the tasks come from different datasets or domains, and what they share should be
    separated from what is each one's own.
    Costs T + 1 stacks of blocks, (T + 1)·B blocks, over one embedding; heads of double width.
    Limits: the adversary tells datasets apart, so it needs at least two; set it to 0 otherwise.
    """

    label: ClassVar[str] = "Shared-private, adversarial"

    kind: Literal["adversarial"] = "adversarial"
    adversary: float = option(
        0.05,
        "Strength of the adversary, which guesses each sentence's dataset from the shared "
        "representation; 0: there is none.",
        ge=0,
        le=10,
    )
    orthogonality: float = option(
        0.01,
        "Strength of the penalty on what the shared and a private encoder both say; 0: none.",
        ge=0,
        le=1000,
    )
    schedule: Literal["ramp", "constant"] = option(
        "ramp",
        "How strongly the adversary pushes the shared encoder: rising from 0 over the training "
        "(Ganin and Lempitsky, 2015), or always fully.",
        advanced=True,
    )

    def picture(self, tasks: tuple[str, ...], blocks: int) -> Picture:
        """A column for each task, and the shared one to their right with the adversary above."""
        count = len(tasks)
        sketch = Sketch()
        tops = side_by_side(sketch, [*[(task,) for task in tasks], tasks], tasks, blocks)
        for place, task in enumerate(tasks):
            sketch.head([tops[place], tops[count]], task, blocks + 2, place)
        if self.adversary:
            sketch.above(tops[count], "which dataset?", blocks + 2, count, tasks, small=True)
        return sketch.picture()

    def cost(self, tasks: int, blocks: int) -> Cost:
        """The shared stack and one a task."""
        stacks = (tasks + 1) * blocks
        return Cost(1, stacks, stacks)

    def refusal(self, around: Surroundings) -> str | None:
        """One dataset alone leaves the adversary nothing to guess."""
        if self.adversary and len(around.datasets) < 2:
            return (
                f"sharing.adversary is {self.adversary:g}, but all tasks come from one dataset "
                f"('{around.datasets[0]}'), so there is nothing to tell apart; set it to 0 or add "
                "a dataset"
            )
        return None
