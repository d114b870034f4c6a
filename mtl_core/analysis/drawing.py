"""The architecture as an SVG drawing: shared parts neutral, a task's own parts in its colour.

Pure: a `Picture` of the config goes in, text comes out. Names are escaped. Made for `<img>`: every
colour is a pair, and the browser takes the one that suits the page around the image.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from html import escape

from mtl_core.config import Box, Picture

from .colours import PALETTE

COLUMN, ROW = 136, 58  # pixels from one box to the next
WIDTH, HEIGHT = 122, 36  # of a box
MARGIN = 8
MOST_ROWS = 8  # more are folded into one box
FONT = "'Source Sans', 'Source Sans 3', 'Segoe UI', system-ui, sans-serif"


def shade(light: str, dark: str) -> str:
    """A colour that follows the theme, also inside an image."""
    return f"light-dark({light},{dark})"


TEXT = shade("#1b2130", "#e7eaf2")
LINE = shade("#8b93a7", "#77809a")
SHARED = shade("#e3e6ef", "#2b3241")
MUTED = shade("#59617a", "#a3abbf")


def architecture(
    picture: Picture, places: Mapping[str, int], *, notes: Mapping[str, str] | None = None
) -> str:
    """The drawing, input at the bottom and heads on top.

    `places` are the tasks' places in the palette; `notes` stand small below a task's name.
    """
    colours = {task: task_shade(place) for task, place in places.items()}
    folded = fold(picture)
    rows = max(box.row for box in folded.boxes)
    several = len({task for box in folded.boxes for task in box.tasks}) > 1
    left = min(box.column for box in folded.boxes)
    right = max(box.column for box in folded.boxes)
    width = (right - left) * COLUMN + WIDTH + 2 * MARGIN
    height = rows * ROW + HEIGHT + 2 * MARGIN
    spots = {
        box.name: (
            MARGIN + WIDTH / 2 + (box.column - left) * COLUMN,
            MARGIN + HEIGHT / 2 + (rows - box.row) * ROW,
        )
        for box in folded.boxes
    }
    owners = {box.name: box.tasks for box in folded.boxes}
    lines = [
        _arrow(spots[a], spots[b], _line_colour(owners[a], owners[b], colours, several))
        for a, b in folded.arrows
    ]
    boxes = [_box(box, spots[box.name], colours, notes or {}) for box in folded.boxes]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" '
        f'width="{width:.0f}" height="{height:.0f}" font-family="{FONT}" '
        f'text-anchor="middle" style="color-scheme:light dark">{"".join(lines)}{"".join(boxes)}</svg>'
    )


def task_shade(place: int) -> str:
    """The colour of a task, by its place in the palette."""
    return shade(PALETTE["light"][place], PALETTE["dark"][place])


def in_words(picture: Picture) -> str:
    """The drawing for those who do not see it."""
    shared = [box for box in picture.boxes if len(box.tasks) > 1]
    own = len(picture.boxes) - len(shared)
    tasks = ", ".join(dict.fromkeys(task for box in picture.boxes for task in box.tasks))
    return (
        f"Model for the tasks {tasks}: {len(shared)} parts shared by several tasks, "
        f"{own} parts that serve one task alone."
    )


def fold(picture: Picture, most_rows: int = MOST_ROWS) -> Picture:
    """The same picture with the middle rows of a tall one folded into one box a column."""
    rows = max(box.row for box in picture.boxes) + 1
    if rows <= most_rows:
        return picture
    first, after = most_rows - 4, rows - 3  # rows first .. after - 1 go into one
    boxes: dict[str, Box] = {}
    names: dict[str, str] = {}
    for box in picture.boxes:
        if first <= box.row < after:
            name = f"fold/{box.column}/{'+'.join(box.tasks)}"
            label = f"{after - first} more blocks"
            boxes.setdefault(name, replace(box, name=name, label=label, row=first))
            names[box.name] = name
        else:
            row = box.row if box.row < first else box.row - (after - first) + 1
            boxes[box.name] = replace(box, row=row)
            names[box.name] = box.name
    arrows = dict.fromkeys((names[a], names[b]) for a, b in picture.arrows)
    return Picture(tuple(boxes.values()), tuple((a, b) for a, b in arrows if a != b))


def _line_colour(
    start: Sequence[str],
    end: Sequence[str],
    colours: Mapping[str, str],
    several: bool,
) -> str:
    both = [task for task in start if task in end]
    return colours.get(both[0], LINE) if len(both) == 1 and several else LINE


def _arrow(start: tuple[float, float], end: tuple[float, float], colour: str) -> str:
    """From the top of one box to the bottom of another, with a small point."""
    (x1, y1), (x2, y2) = start, end
    y1, y2 = y1 - HEIGHT / 2, y2 + HEIGHT / 2
    middle = (y1 + y2) / 2
    path = f"M{x1:.1f} {y1:.1f}C{x1:.1f} {middle:.1f} {x2:.1f} {middle:.1f} {x2:.1f} {y2 + 5:.1f}"
    point = f"M{x2 - 4:.1f} {y2 + 7:.1f}L{x2:.1f} {y2 + 1:.1f}L{x2 + 4:.1f} {y2 + 7:.1f}Z"
    return (
        f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="1.6"/>'
        f'<path d="{point}" fill="{colour}"/>'
    )


def _box(
    box: Box,
    spot: tuple[float, float],
    colours: Mapping[str, str],
    notes: Mapping[str, str],
) -> str:
    x, y = spot
    alone = len(box.tasks) == 1
    colour = colours.get(box.tasks[0], LINE) if alone else LINE
    fill = f'fill="{colour}" fill-opacity="0.18"' if alone else f'fill="{SHARED}"'
    note = notes.get(box.tasks[0], "") if alone and box.label == box.tasks[0] else ""
    title = f"{box.label}: {', '.join(box.tasks)}"
    rect = (
        f'<rect x="{x - WIDTH / 2:.1f}" y="{y - HEIGHT / 2:.1f}" width="{WIDTH}" '
        f'height="{HEIGHT}" rx="8" {fill} stroke="{colour}" stroke-width="1.6"/>'
    )
    lift = 2 if note else -5
    words = _text(box.label, x, y - lift, TEXT, 14, 600 if note else 500)
    small = _text(note, x, y + 12, MUTED, 11, 400) if note else ""
    return f"<g><title>{escape(title)}</title>{rect}{words}{small}</g>"


def _text(words: str, x: float, y: float, colour: str, size: int, weight: int) -> str:
    most = int((WIDTH - 10) / (size * 0.52))
    shown = words if len(words) <= most else words[: most - 1] + "…"
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" font-weight="{weight}" '
        f'fill="{colour}">{escape(shown)}</text>'
    )
