"""One encoder a task, and learned connections between them after every block."""

from typing import ClassVar, Literal

from mtl_core.config.parts import option
from mtl_core.config.picture import Picture, Sketch, block_labels

from .contract import Cost, SharingPart, Surroundings


class CrossStitch(SharingPart):
    """Every task has its own encoder; after each block, every encoder takes over a learned share of the others' outputs (Misra et al., 2016).

    Use when you cannot tell beforehand at which depth the tasks should share: the stitches show it.
    Costs T encoders: T embeddings and T·B blocks, all of which run even if one task is asked.
    Limits: none; an encoder of which only the whole is known has one stitch, on top.
    """

    label: ClassVar[str] = "Cross-stitch"

    kind: Literal["cross_stitch"] = "cross_stitch"
    keep: float = option(
        0.9,
        "Share of its own output that an encoder begins with; the rest comes evenly from the "
        "others.",
        ge=0,
        le=1,
    )
    per_channel: bool = option(True, "Every channel has its own stitch; else one a block.")
    stitch_rate: float = option(
        10.0,
        "The stitches learn so many times as fast as the rest (Misra et al. took 100 to 1000, with "
        "SGD); 0: they stay as they began.",
        unit="times",
        ge=0,
        le=10000,
        advanced=True,
    )

    def picture(self, tasks: tuple[str, ...], blocks: int) -> Picture:
        """A column for each task; after each row of blocks a stitch that all go through."""
        sketch = Sketch()
        tops, _ = stitched_columns(sketch, tasks, blocks)
        for place, (task, top) in enumerate(zip(tasks, tops, strict=True)):
            sketch.head(top, task, blocks + 2, place)
        return sketch.picture()

    def cost(self, tasks: int, blocks: int) -> Cost:
        """T whole encoders."""
        return Cost(tasks, tasks * blocks, tasks * blocks)


class Sluice(SharingPart):
    """Cross-stitch between subspaces: every encoder's output is cut into parts that exchange, and each task reads a learned mixture of its layers (Ruder et al., 2019).

    Use when tasks may share some of what a layer says, and may want different layers.
    Costs T encoders: T embeddings and T·B blocks, all of which run even if one task is asked.
    Limits: the number of subspaces must divide the encoder's width.
    """

    label: ClassVar[str] = "Sluice network"

    kind: Literal["sluice"] = "sluice"
    subspaces: int = option(
        2, "Parts into which every encoder's output is cut.", unit="parts", ge=1, le=16
    )
    keep: float = option(
        0.9,
        "Share of its own output that a subspace begins with; the rest comes evenly from all "
        "others.",
        ge=0,
        le=1,
    )
    orthogonality: float = option(
        0.01,
        "Strength of the penalty on what two subspaces of an encoder both say; 0: none.",
        ge=0,
        le=1000,
    )
    stitch_rate: float = option(
        10.0,
        "The stitches and the mixtures of layers learn so many times as fast as the rest; 0: they "
        "stay as they began.",
        unit="times",
        ge=0,
        le=10000,
        advanced=True,
    )

    def picture(self, tasks: tuple[str, ...], blocks: int) -> Picture:
        """The columns of cross-stitch; each task mixes what leaves the stitches."""
        sketch = Sketch()
        _, levels = stitched_columns(sketch, tasks, blocks)
        for place, task in enumerate(tasks):
            sources = list(dict.fromkeys(level[place] for level in levels))
            mix = sketch.above(sources, "mix", blocks + 2, place, (task,), small=True)
            sketch.head(mix, task, blocks + 3, place)
        return sketch.picture()

    def cost(self, tasks: int, blocks: int) -> Cost:
        """T whole encoders."""
        return Cost(tasks, tasks * blocks, tasks * blocks)

    def refusal(self, around: Surroundings) -> str | None:
        """Subspaces are equal parts of the width."""
        return None if around.width is None else uneven_parts(self.subspaces, around.width)


def uneven_parts(subspaces: int, width: int) -> str | None:
    """Why a width cannot be cut into so many parts, with the cure; None if it can."""
    if width % subspaces == 0:
        return None
    return (
        f"sharing.subspaces is {subspaces}, which does not divide the encoder's width {width}; "
        "take a divisor of it"
    )


def stitched_columns(
    sketch: Sketch, tasks: tuple[str, ...], blocks: int
) -> tuple[list[str], list[list[str]]]:
    """Draw a column for each task and a stitch after each row of blocks.

    Returns the top of each column, and for each block what leaves it, by task.
    """
    tops = [sketch.box("Words", 0, place, (task,)) for place, task in enumerate(tasks)]
    levels: list[list[str]] = []
    for row, label in enumerate(["Embedding", *block_labels(blocks)], 1):
        tops = [
            sketch.above(tops[place], label, row, place, (task,))
            for place, task in enumerate(tasks)
        ]
        if row > 1:
            stitch = sketch.above(tops, "α", row + 0.5, (len(tasks) - 1) / 2, tasks, small=True)
            tops = [stitch] * len(tasks)
            levels.append(tops)
    return tops, levels
