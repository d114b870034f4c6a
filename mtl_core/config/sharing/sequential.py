"""Sharing over time: what one run has learnt, the next one starts from."""

from typing import ClassVar, Literal

from mtl_core.config.parts import option
from mtl_core.config.picture import Picture, Sketch, block_labels

from .contract import Cost, SharingPart, Surroundings


class Transfer(SharingPart):
    """Tasks one after the other: the encoder starts from another run's, then all tasks share it.

    Use when a task with much data (or many tasks) can prepare an encoder for one with little.
    Costs one encoder, and the run that it starts from; the twins start afresh, with as many updates.
    Limits: the source must have one encoder that its tasks share, of the same kind and size.
    """

    label: ClassVar[str] = "Transfer"

    kind: Literal["transfer"] = "transfer"
    source: str = option("", "The run to start from: its id or its folder.", widget="run")
    frozen_blocks: int = option(
        0,
        "So many blocks from the bottom, and the embedding with them, stay as the source left them.",
        unit="blocks",
        ge=0,
        le=48,
    )
    thaw: bool = option(
        False,
        "Let the frozen blocks learn after all, one after the other from the top, at equal "
        "distances over the training (Howard and Ruder, 2018).",
    )

    @property
    def start(self) -> str | None:
        """The source."""
        return self.source or None

    @property
    def gives_one_representation(self) -> bool:
        """With frozen blocks there may be nothing beneath it that learns."""
        return self.frozen_blocks == 0

    def picture(self, tasks: tuple[str, ...], blocks: int) -> Picture:
        """One column for all tasks; what the earlier run gave it comes from the side."""
        sketch, centre = Sketch(), (len(tasks) - 1) / 2
        frozen = "thaws" if self.thaw else "frozen"
        top = sketch.box("Words", 0, centre, tasks)
        earlier = sketch.box("earlier run", 0, centre + 1, tasks, small=True)
        for row, label in enumerate(["Embedding", *block_labels(blocks)], 1):
            is_frozen = self.frozen_blocks > 0 and row <= self.frozen_blocks + 1
            below = [top, earlier] if row == 1 else top
            top = sketch.above(
                below, f"{label}, {frozen}" if is_frozen else label, row, centre, tasks
            )
        for place, task in enumerate(tasks):
            sketch.head(top, task, blocks + 2, place)
        return sketch.picture()

    def cost(self, tasks: int, blocks: int) -> Cost:
        """One encoder."""
        del tasks
        return Cost(1, blocks, blocks)

    def refusal(self, around: Surroundings) -> str | None:
        """There must be a source, and no more frozen blocks than blocks."""
        if not self.source:
            return "sharing.source names no run to start from; give the id of a finished run"
        if around.blocks is not None and self.frozen_blocks > around.blocks:
            return (
                f"sharing.frozen_blocks is {self.frozen_blocks}, but the encoder has "
                f"{around.blocks} blocks; lower it"
            )
        return None
