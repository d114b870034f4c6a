"""Pictures made small enough to be read: rows folded where there are many, tasks left out."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace

from mtl_core.config import Box, Picture

MOST_ROWS = 8  # more are folded into one box
MOST_TASKS, LEAST_TASKS = 6, 4  # up to the lower number no task is left out
MOST_COLUMNS = 7
_CROWDED = 3  # rows of small boxes that make a picture so tall that fewer rows stay


def rows_of(picture: Picture) -> int:
    """How many rows there are; small boxes stand between rows."""
    return int(max(box.row for box in picture.boxes)) + 1


def columns_of(picture: Picture) -> float:
    """How many columns the boxes take."""
    columns = [box.column for box in picture.boxes]
    return max(columns) - min(columns) + 1


def with_few_tasks(draw: Callable[[tuple[str, ...]], Picture], tasks: Sequence[str]) -> Picture:
    """The picture of a strategy for these tasks; where they are many, some stand for the rest."""
    picture = draw(tuple(tasks))
    if len(tasks) <= LEAST_TASKS:
        return picture
    for most in range(MOST_TASKS, LEAST_TASKS - 2, -1):
        if len(tasks) <= most:
            if columns_of(picture) <= MOST_COLUMNS:
                return picture
            continue
        kept = tuple(tasks[: most - 1])
        picture = draw((*kept, f"{len(tasks) - len(kept)} more"))
        if columns_of(picture) <= MOST_COLUMNS:
            break
    return picture


def fold(picture: Picture) -> Picture:
    """The same picture with rows of blocks in its middle folded into one box a column.

    Of the small boxes that follow every folded row one of each sort stays, above the folded box.
    Rows with a head or with a small box that occurs once stay as they are.
    """
    rows = rows_of(picture)
    is_crowded = len({box.row for box in picture.boxes if box.small}) >= _CROWDED
    if rows <= MOST_ROWS - 2 * is_crowded:
        return picture
    place = _places(picture, below=4 - is_crowded, above=3 - is_crowded)
    boxes: dict[str, Box] = {}
    names: dict[str, str] = {}
    for box in picture.boxes:
        row, folded = place[int(box.row)]
        if folded < 2:
            boxes[box.name] = replace(box, row=row + box.row % 1)
            names[box.name] = box.name
            continue
        label = box.label if box.small else f"{folded} more blocks"
        name = f"fold/{row}/{box.column}/{label}/{'+'.join(box.tasks)}"
        put = replace(box, name=name, label=label, row=row + (0.5 if box.small else 0))
        boxes.setdefault(name, put)
        names[box.name] = name
    arrows = dict.fromkeys((names[a], names[b]) for a, b in picture.arrows)
    upwards = tuple((a, b) for a, b in arrows if a != b and boxes[a].row <= boxes[b].row)
    return Picture(tuple(boxes.values()), upwards)


def _places(picture: Picture, *, below: int, above: int) -> dict[int, tuple[int, int]]:
    """For each row: where it is drawn, and how many rows are drawn there.

    So many rows stay at the bottom and at the top, not counting those of small boxes alone.
    """
    rows = rows_of(picture)
    full = sorted({int(box.row) for box in picture.boxes if not box.small})
    sorts = Counter(_sort(box) for box in picture.boxes if box.small)
    kept = {*range(below), *range(full[-above], rows)}
    for box in picture.boxes:
        if box.label in box.tasks or (box.small and sorts[_sort(box)] == 1):
            kept.add(int(box.row))
    runs: list[list[int]] = []
    for row in range(rows):
        if runs and row not in kept and runs[-1][-1] not in kept:
            runs[-1].append(row)
        else:
            runs.append([row])
    return {row: (at, len(run)) for at, run in enumerate(runs) for row in run}


def _sort(box: Box) -> tuple[str, float, tuple[str, ...]]:
    return box.label, box.column, box.tasks
