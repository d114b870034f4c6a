"""Each task reads the encoder at its own depth."""

from collections.abc import Mapping, Sequence
from typing import ClassVar, Literal

from pydantic import field_validator

from mtl_core.config.parts import option
from mtl_core.config.picture import Picture, Sketch

from .contract import Cost, SharingPart, Surroundings


class Hierarchical(SharingPart):
    """One encoder, and each task reads it at its own depth: easy tasks low, hard ones high (Søgaard and Goldberg, 2016).

    Use when one task is a step on the way to another, as parts of speech are to entities.
    Costs one encoder of at most B blocks: none is built above the deepest task.
    Limits: the encoder needs at least two blocks, and no task can be read above the last one.
    """

    label: ClassVar[str] = "Hierarchical"

    kind: Literal["hierarchical"] = "hierarchical"
    depths: dict[str, int] = option(
        {},
        "The block after which each task is read; tasks left out are spread evenly from the first "
        "block to the last, in their order.",
        unit="block",
    )
    feed_labels: bool = option(
        False,
        "Tell the blocks above a task what it answers: its label distribution is embedded and "
        "added to what enters them (Hashimoto et al., 2017).",
    )

    @field_validator("depths")
    @classmethod
    def _depths_are_blocks(cls, depths: dict[str, int]) -> dict[str, int]:
        for task, depth in depths.items():
            if not 1 <= depth <= 48:
                raise ValueError(
                    f"the depth of '{task}' is {depth}; name a block, from 1 at the bottom"
                )
        return depths

    def named_tasks(self) -> list[str]:
        """The tasks whose depth is chosen."""
        return list(self.depths)

    def picture(self, tasks: tuple[str, ...], blocks: int) -> Picture:
        """The encoder to the right, and where each task leaves it."""
        depths = depths_of(tasks, blocks, self.depths)
        top, right = max(depths.values()), len(tasks)
        sketch = Sketch()
        below = sketch.above(sketch.box("Words", 0, right, tasks), "Embedding", 1, right, tasks)
        told: list[str] = []
        for block in range(1, top + 1):
            served = tuple(task for task in tasks if depths[task] >= block)
            sources = [below, *told]
            below = sketch.above(sources, f"Block {block}", block + 1, right, served)
            for place, task in enumerate(tasks):
                if depths[task] != block:
                    continue
                feeds = self.feed_labels and block < top
                above = tuple(t for t in tasks if depths[t] > block) if feeds else ()
                label = "labels" if feeds else "read"
                row = block + 1.5
                spot = sketch.above(below, label, row, place, (task, *above), small=True)
                sketch.head(spot, task, top + 2, place)
                told += [spot] if feeds else []
        return sketch.picture()

    def cost(self, tasks: int, blocks: int) -> Cost:
        """Blocks up to the deepest task; a task left out is read at the top."""
        deepest = max(self.depths.values(), default=blocks)
        built = min(deepest, blocks) if len(self.depths) >= tasks else blocks
        return Cost(1, built, built)

    def refusal(self, around: Surroundings) -> str | None:
        """One block has no depths."""
        return None if around.blocks is None else depth_refusal(around.blocks, self.depths)


def depth_refusal(blocks: int, chosen: Mapping[str, int]) -> str | None:
    """Why an encoder of so many blocks cannot be read at the chosen depths."""
    if blocks < 2:
        return (
            "the encoder has 1 block, and one block has no depths; raise encoder.blocks or take "
            "another sharing"
        )
    for task, depth in chosen.items():
        if depth > blocks:
            return (
                f"sharing.depths reads '{task}' after block {depth}, but the encoder has {blocks} "
                "blocks; lower it"
            )
    return None


def depths_of(tasks: Sequence[str], blocks: int, chosen: Mapping[str, int]) -> dict[str, int]:
    """The block after which each task is read. Of the tasks left out, the first one is read at the
    bottom and the last one at the top; one alone at the top."""
    left = [task for task in tasks if task not in chosen]
    steps = max(1, len(left) - 1)
    spread = {task: int(1 + i * (blocks - 1) / steps + 0.5) for i, task in enumerate(left)}
    if len(left) == 1:
        spread = {left[0]: blocks}
    return {task: min(chosen.get(task, spread.get(task, blocks)), blocks) for task in tasks}
