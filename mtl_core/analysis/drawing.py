"""The architecture as an SVG drawing: shared parts neutral, a task's own parts in its colour.

Pure: a `Picture` of the config goes in, text comes out. Names are escaped. Made for `<img>`: every
colour is a pair, and the browser takes the one that suits the page around the image.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from html import escape

from mtl_core.config import Box, Picture

from .colours import PALETTE

WIDTH, NARROW, HEIGHT = 122, 84, 36  # of a box, in pixels; narrow where there are many columns
GAP, ROW = 14, 58  # pixels between two columns, and from one row to the next
MANY = 5  # columns
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
    picture: Picture,
    places: Mapping[str, int],
    *,
    notes: Mapping[str, str] | None = None,
    weights: Mapping[str, float] | None = None,
) -> str:
    """The drawing, input at the bottom and heads on top.

    `places` are the tasks' places in the palette; `notes` stand small below a task's name.
    A task whose loss has a weight other than 1 says so, and its arrow is as thick.
    """
    colours = {task: task_shade(place) for task, place in places.items()}
    folded = fold(picture)
    sheet = _lay_out(folded)
    weights = weights or {}
    said = {} if sheet.wide < WIDTH else dict(notes or {})
    said |= {task: f"weight {weight:g}" for task, weight in weights.items() if weight != 1}
    tasks_of = {box.name: box.tasks for box in folded.boxes}
    lines = []
    for start, end in folded.arrows:
        both = [task for task in tasks_of[start] if task in tasks_of[end]]
        colour = colours.get(both[0], LINE) if len(both) == 1 else LINE
        weight = weights.get(both[0], 1.0) if len(both) == 1 else 1.0
        lines.append(_arrow(sheet.spots[start], sheet.spots[end], colour, weight))
    boxes = [_box(box, sheet, colours, said) for box in folded.boxes]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {sheet.width:.0f} {sheet.height:.0f}" '
        f'width="{sheet.width:.0f}" height="{sheet.height:.0f}" font-family="{FONT}" '
        f'text-anchor="middle" style="color-scheme:light dark">{"".join(lines)}{"".join(boxes)}</svg>'
    )


@dataclass(frozen=True)
class _Sheet:
    """Where everything stands: the centre of each box, how wide boxes are, the size of it all."""

    spots: Mapping[str, tuple[float, float]]
    wide: int
    width: float
    height: float


def _lay_out(picture: Picture) -> _Sheet:
    rows = max(box.row for box in picture.boxes)
    left = min(box.column for box in picture.boxes)
    right = max(box.column for box in picture.boxes)
    wide = NARROW if right - left + 1 > MANY else WIDTH
    spots = {
        box.name: (
            MARGIN + wide / 2 + (box.column - left) * (wide + GAP),
            MARGIN + HEIGHT / 2 + (rows - box.row) * ROW,
        )
        for box in picture.boxes
    }
    width = (right - left) * (wide + GAP) + wide + 2 * MARGIN
    return _Sheet(spots, wide, width, rows * ROW + HEIGHT + 2 * MARGIN)


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


def _arrow(start: tuple[float, float], end: tuple[float, float], colour: str, weight: float) -> str:
    """From the top of one box to the bottom of another; as thick as the weight, dashed for 0."""
    (x1, y1), (x2, y2) = start, end
    y1, y2 = y1 - HEIGHT / 2, y2 + HEIGHT / 2
    middle = (y1 + y2) / 2
    path = f"M{x1:.1f} {y1:.1f}C{x1:.1f} {middle:.1f} {x2:.1f} {middle:.1f} {x2:.1f} {y2 + 5:.1f}"
    point = f"M{x2 - 4:.1f} {y2 + 7:.1f}L{x2:.1f} {y2 + 1:.1f}L{x2 + 4:.1f} {y2 + 7:.1f}Z"
    thick = min(5.0, max(0.8, 1.6 * weight))
    dashes = "" if weight else ' stroke-dasharray="3 3"'
    return (
        f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="{thick:.1f}"{dashes}/>'
        f'<path d="{point}" fill="{colour}"/>'
    )


def _box(box: Box, sheet: _Sheet, colours: Mapping[str, str], notes: Mapping[str, str]) -> str:
    (x, y), wide = sheet.spots[box.name], sheet.wide
    alone = len(box.tasks) == 1
    colour = colours.get(box.tasks[0], LINE) if alone else LINE
    fill = f'fill="{colour}" fill-opacity="0.18"' if alone else f'fill="{SHARED}"'
    note = notes.get(box.tasks[0], "") if alone and box.label == box.tasks[0] else ""
    title = f"{box.label}: {', '.join(box.tasks)}"
    rect = (
        f'<rect x="{x - wide / 2:.1f}" y="{y - HEIGHT / 2:.1f}" width="{wide}" '
        f'height="{HEIGHT}" rx="8" {fill} stroke="{colour}" stroke-width="1.6"/>'
    )
    lift = 2 if note else -5
    words = _text(_short(box.label, wide, 14), (x, y - lift), TEXT, 14, 600 if note else 500)
    small = _text(_short(note, wide, 11), (x, y + 12), MUTED, 11, 400) if note else ""
    return f"<g><title>{escape(title)}</title>{rect}{words}{small}</g>"


def _short(words: str, wide: int, size: int) -> str:
    """As much as fits into a box, judged by the usual width of a letter."""
    most = int((wide - 8) / (size * 0.53))
    return words if len(words) <= most else words[: most - 1] + "…"


def _text(words: str, spot: tuple[float, float], colour: str, size: int, weight: int) -> str:
    return (
        f'<text x="{spot[0]:.1f}" y="{spot[1]:.1f}" font-size="{size}" font-weight="{weight}" '
        f'fill="{colour}">{escape(words)}</text>'
    )
