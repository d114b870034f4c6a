"""Sharing that the input decides: each task attends to what it needs."""

from typing import ClassVar, Literal

from mtl_core.config.parts import option
from mtl_core.config.picture import Picture, Sketch, block_labels, side_by_side

from .contract import Cost, SharingPart


class Attention(SharingPart):
    """Each task attends to what it needs: masks over one trunk's features (MTAN: Liu et al., 2019), or weights over a shared and all private encoders.

    Use when tasks need different parts of what the others know, and you want to see which.
    Costs, with masks, one encoder and T·B small masks; with sources T + 1 stacks of blocks,
    (T + 1)·B blocks, over one embedding.
    Limits: none.
    """

    label: ClassVar[str] = "Attention"

    kind: Literal["attention"] = "attention"
    form: Literal["masks", "sources"] = option(
        "masks",
        "masks: after each block, every task masks the features of one shared trunk. sources: every "
        "task weighs the shared encoder and all private ones, subword by subword.",
    )
    size: int = option(
        64,
        "Width of the layer inside a mask, or of queries and keys.",
        unit="units",
        ge=4,
        le=1024,
        advanced=True,
    )

    def picture(self, tasks: tuple[str, ...], blocks: int) -> Picture:
        """Masks beside the trunk, or attention above all encoders."""
        return _masks(tasks, blocks) if self.form == "masks" else _sources(tasks, blocks)

    def cost(self, tasks: int, blocks: int) -> Cost:
        """One trunk, or the shared stack and one a task."""
        stacks = 1 if self.form == "masks" else tasks + 1
        return Cost(1, stacks * blocks, stacks * blocks)


def _masks(tasks: tuple[str, ...], blocks: int) -> Picture:
    """The trunk to the right of the tasks' masks."""
    right = len(tasks)
    sketch = Sketch()
    words = sketch.box("Words", 0, right, tasks)
    trunk = sketch.above(words, "Embedding", 1, right, tasks)
    below: dict[str, str] = {}
    for row, label in enumerate(block_labels(blocks), 2):
        trunk = sketch.above(trunk, label, row, right, tasks)
        for place, task in enumerate(tasks):
            read = [trunk, *([below[task]] if task in below else [])]
            below[task] = sketch.above(read, "mask", row + 0.5, place, (task,), small=True)
    for place, task in enumerate(tasks):
        sketch.head(below[task], task, blocks + 2, place)
    return sketch.picture()


def _sources(tasks: tuple[str, ...], blocks: int) -> Picture:
    """Every task's attention reads every encoder, so all tasks train them all."""
    sketch = Sketch()
    tops = side_by_side(sketch, [tasks] * (len(tasks) + 1), tasks, blocks)
    for place, task in enumerate(tasks):
        attention = sketch.above(tops, "attention", blocks + 1.5, place, (task,), small=True)
        sketch.head(attention, task, blocks + 2, place)
    return sketch.picture()
