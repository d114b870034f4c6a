"""The architecture as a drawing: boxes in rows and columns, and the arrows between them.

Torch-free, so that the app can show what will be trained before anything is loaded.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Box:
    """One part of the model. `tasks` names the tasks that it serves; row 0 is the input.

    `small` boxes are what a strategy adds between the encoder's parts: stitches, gates, adapters.
    """

    name: str
    label: str
    row: float
    column: float
    tasks: tuple[str, ...]
    small: bool = False


@dataclass(frozen=True)
class Picture:
    """Boxes, and arrows as pairs of box names (from, to)."""

    boxes: tuple[Box, ...]
    arrows: tuple[tuple[str, str], ...]


@dataclass
class Sketch:
    """A picture being drawn, from the words upwards. Methods return the name of the new top box.

    Rows: 0 words, 1 embedding, 2 .. B + 1 the blocks, heads above them. A small box between two
    rows has a row in between, for example 2.5.
    """

    boxes: list[Box] = field(default_factory=list)
    arrows: list[tuple[str, str]] = field(default_factory=list)

    def box(
        self, label: str, row: float, column: float, tasks: tuple[str, ...], *, small: bool = False
    ) -> str:
        """A box that nothing leads to yet."""
        name = f"{label}/{row}/{column}"
        self.boxes.append(Box(name, label, row, column, tasks, small))
        return name

    def above(
        self,
        below: str | Sequence[str],
        label: str,
        row: float,
        column: float,
        tasks: tuple[str, ...],
        *,
        small: bool = False,
    ) -> str:
        """A box with arrows from the boxes below it."""
        name = self.box(label, row, column, tasks, small=small)
        sources = [below] if isinstance(below, str) else below
        self.arrows += [(source, name) for source in sources]
        return name

    def column(self, tasks: tuple[str, ...], blocks: int, *, centre: float) -> str:
        """Words, embedding and blocks of one encoder."""
        top = self.box("Words", 0, centre, tasks)
        for row, label in enumerate(["Embedding", *block_labels(blocks)], 1):
            top = self.above(top, label, row, centre, tasks)
        return top

    def head(self, below: str | Sequence[str], task: str, row: float, column: float) -> str:
        """A task's head, which bears the task's name."""
        return self.above(below, task, row, column, (task,))

    def picture(self) -> Picture:
        """What has been drawn."""
        return Picture(tuple(self.boxes), tuple(self.arrows))


def block_labels(blocks: int) -> list[str]:
    """What the blocks are called, from the bottom."""
    return [f"Block {i + 1}" for i in range(blocks)]


def encoder_columns(groups: Sequence[tuple[str, ...]], blocks: int) -> Picture:
    """One encoder for each group of tasks, and one head for each task on top.

    A column is as wide as the number of its tasks, so that heads stand above their encoder.
    """
    sketch = Sketch()
    left = 0
    for group in groups:
        top = sketch.column(group, blocks, centre=left + (len(group) - 1) / 2)
        for offset, task in enumerate(group):
            sketch.head(top, task, blocks + 2, left + offset)
        left += len(group)
    return sketch.picture()


def side_by_side(
    sketch: Sketch, columns: Sequence[tuple[str, ...]], tasks: tuple[str, ...], blocks: int
) -> list[str]:
    """Stacks of blocks over one embedding, the tasks that each one serves; returns their tops."""
    middle = (len(columns) - 1) / 2
    words = sketch.box("Words", 0, middle, tasks)
    embedding = sketch.above(words, "Embedding", 1, middle, tasks)
    tops = []
    for place, served in enumerate(columns):
        top = embedding
        for row, label in enumerate(block_labels(blocks), 2):
            top = sketch.above(top, label, row, place, served)
        tops.append(top)
    return tops
