"""The two ends of sharing: nothing, and everything below the heads."""

from typing import ClassVar, Literal

from mtl_core.config.parts import option
from mtl_core.config.picture import Picture, Sketch, encoder_columns

from .contract import Cost, SharingPart, Surroundings


class Separate(SharingPart):
    """Every task trains its own encoder: nothing is shared.

    Use when you want to see what the tasks reach alone, in one run.
    Costs T encoders: T embeddings and T·B blocks.
    Limits: none.
    """

    label: ClassVar[str] = "Separate"

    kind: Literal["separate"] = "separate"

    def picture(self, tasks: tuple[str, ...], blocks: int) -> Picture:
        """One column per task."""
        return encoder_columns([(task,) for task in tasks], blocks)

    def cost(self, tasks: int, blocks: int) -> Cost:
        """T whole encoders."""
        return Cost(tasks, tasks * blocks, tasks * blocks)


class Hard(SharingPart):
    """One encoder serves all tasks; each task has only its own head (Caruana, 1997).

    Use when the tasks are related, or the data is scarce: the simplest sharing, and hard to beat.
    Costs one encoder, however many tasks; with K own blocks a task, B - K + T·K blocks.
    Limits: no more own blocks than the encoder has; unrelated tasks may pull the encoder apart.
    """

    label: ClassVar[str] = "Hard sharing"

    kind: Literal["hard"] = "hard"
    own_blocks: int = option(
        0, "So many of the top blocks are each task's own; the rest is shared.", unit="blocks",
        ge=0, le=48,
    )  # fmt: skip

    @property
    def gives_one_representation(self) -> bool:
        """Unless tasks have blocks of their own."""
        return self.own_blocks == 0

    def picture(self, tasks: tuple[str, ...], blocks: int) -> Picture:
        """One column for all tasks, which parts at the first block of their own."""
        own = min(self.own_blocks, blocks)
        sketch = Sketch()
        below = sketch.column(tasks, blocks - own, centre=(len(tasks) - 1) / 2)
        for place, task in enumerate(tasks):
            top = below
            for block in range(blocks - own, blocks):
                top = sketch.above(top, f"Block {block + 1}", block + 2, place, (task,))
            sketch.head(top, task, blocks + 2, place)
        return sketch.picture()

    def cost(self, tasks: int, blocks: int) -> Cost:
        """One trunk, and each task's own blocks."""
        found = blocks - self.own_blocks + tasks * self.own_blocks
        return Cost(1, found, found)

    def refusal(self, around: Surroundings) -> str | None:
        """Own blocks are taken from the encoder's."""
        if around.blocks is not None and self.own_blocks > around.blocks:
            return (
                f"sharing.own_blocks is {self.own_blocks}, but the encoder has {around.blocks} "
                "blocks; lower it"
            )
        return None
