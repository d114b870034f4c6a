"""The architecture as a drawing: boxes in rows and columns, and the arrows between them.

Torch-free, so that the app can show what will be trained before anything is loaded.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Box:
    """One part of the model. `tasks` names the tasks that it serves; row 0 is the input."""

    name: str
    label: str
    row: int
    column: float
    tasks: tuple[str, ...]


@dataclass(frozen=True)
class Picture:
    """Boxes, and arrows as pairs of box names (from, to)."""

    boxes: tuple[Box, ...]
    arrows: tuple[tuple[str, str], ...]


def encoder_columns(groups: Sequence[tuple[str, ...]], blocks: int) -> Picture:
    """One encoder for each group of tasks, and one head for each task on top.

    A column is as wide as the number of its tasks, so that heads stand above their encoder.
    """
    boxes: list[Box] = []
    arrows: list[tuple[str, str]] = []
    left = 0.0
    for group in groups:
        centre = left + (len(group) - 1) / 2
        tag = "+".join(group)
        labels = ["Words", "Embedding", *(f"Block {i + 1}" for i in range(blocks))]
        names = [f"{label}/{tag}" for label in labels]
        for row, (name, label) in enumerate(zip(names, labels, strict=True)):
            boxes.append(Box(name, label, row, centre, group))
        arrows += list(zip(names, names[1:], strict=False))
        for offset, task in enumerate(group):
            boxes.append(Box(f"head/{task}", task, len(labels), left + offset, (task,)))
            arrows.append((names[-1], f"head/{task}"))
        left += len(group)
    return Picture(tuple(boxes), tuple(arrows))
