"""The architecture as an SVG drawing: shared parts neutral, a task's own parts in its colour.

Pure: a `Picture` of the config goes in, text comes out. Names are escaped. Made for `<img>`: every
colour is a pair, and the browser takes the one that suits the page around the image.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape

from mtl_core.config import Box, Picture

from .colours import PALETTE
from .folding import columns_of, fold
from .routes import Route, Router, Spot

WIDTH, NARROW, HEIGHT = 122, 84, 36  # of a box, in pixels; narrow where there are many columns
SMALL = 22  # height of a small box
GAP, SPACE, MORE = 16, 22, 40  # pixels between columns, between rows, and more between these
MANY = 5  # columns
MARGIN = 8
FONT = "'Source Sans', 'Source Sans 3', 'Segoe UI', system-ui, sans-serif"


def shade(light: str, dark: str) -> str:
    """A colour that follows the theme, also inside an image."""
    return f"light-dark({light},{dark})"


TEXT = shade("#1b2130", "#e7eaf2")
LINE = shade("#8b93a7", "#77809a")
SHARED = shade("#e3e6ef", "#2b3241")
PAPER = shade("#ffffff", "#11141b")
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
    router = Router(list(sheet.spots.values()))
    lines = []
    for start, end in folded.arrows:
        both = [task for task in tasks_of[start] if task in tasks_of[end]]
        colour = colours.get(both[0], LINE) if len(both) == 1 else LINE
        weight = weights.get(both[0], 1.0) if len(both) == 1 else 1.0
        lines.append(_arrow(router.route(sheet.spots[start], sheet.spots[end]), colour, weight))
    boxes = [_box(box, sheet, colours, said) for box in folded.boxes]
    left = min([0.0, *(lane - MARGIN for lane in router.used)])
    width = max([sheet.width, *(lane + MARGIN for lane in router.used)]) - left
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" '
        f'viewBox="{left:.0f} 0 {width:.0f} {sheet.height:.0f}" '
        f'width="{width:.0f}" height="{sheet.height:.0f}" font-family="{FONT}" '
        f'text-anchor="middle" style="color-scheme:light dark">{"".join(lines)}{"".join(boxes)}</svg>'
    )


@dataclass(frozen=True)
class _Sheet:
    """Where everything stands, how wide boxes are, the size of it all."""

    spots: Mapping[str, Spot]
    wide: int
    width: float
    height: float


def _lay_out(picture: Picture) -> _Sheet:
    """Columns by their numbers; rows, also those between rows, one above the other."""
    boxes = picture.boxes
    left = min(box.column for box in boxes)
    columns = columns_of(picture)
    wide = NARROW if columns > MANY else WIDTH
    across = {box.name: MARGIN + wide / 2 + (box.column - left) * (wide + GAP) for box in boxes}
    tall: dict[float, int] = {}
    for box in boxes:
        tall[box.row] = max(tall.get(box.row, 0), SMALL if box.small else HEIGHT)
    space = _spaces(picture, across)
    heights, end = {}, float(MARGIN)
    for row in sorted(tall, reverse=True):
        heights[row] = end + tall[row] / 2
        end += tall[row] + space.get(row, SPACE)
    spots = {
        box.name: Spot(
            across[box.name],
            heights[box.row],
            _pill(box.label, wide) if box.small else wide,
            SMALL if box.small else HEIGHT,
        )
        for box in boxes
    }
    width = (columns - 1) * (wide + GAP) + wide + 2 * MARGIN
    return _Sheet(spots, wide, width, max(s.bottom for s in spots.values()) + MARGIN)


def _spaces(picture: Picture, across: Mapping[str, float]) -> dict[float, float]:
    """The space below each row: more where arrows come from far aside, so that they part."""
    rows = {box.name: box.row for box in picture.boxes}
    found: dict[float, float] = {}
    for start, end in picture.arrows:
        reach = abs(across[start] - across[end])
        found[rows[end]] = max(found.get(rows[end], 0.0), SPACE + min(MORE, 0.11 * reach))
    return found


def _pill(label: str, wide: int) -> float:
    """The width of a small box: as its label needs."""
    return max(30.0, min(wide + 2 * GAP, 18 + 6.4 * len(label)))


def task_shade(place: int) -> str:
    """The colour of a task, by its place in the palette."""
    return shade(PALETTE["light"][place], PALETTE["dark"][place])


def in_words(picture: Picture) -> str:
    """The drawing for those who do not see it."""
    large = [box for box in picture.boxes if not box.small]
    shared = [box for box in large if len(box.tasks) > 1]
    tasks = ", ".join(dict.fromkeys(task for box in picture.boxes for task in box.tasks))
    small = Counter(box.label for box in picture.boxes if box.small)
    between = ", ".join(f"{count} × {label}" for label, count in small.items())
    return (
        f"Model for the tasks {tasks}: {len(shared)} parts shared by several tasks, "
        f"{len(large) - len(shared)} parts that serve one task alone."
        + (f" Between them: {between}." if between else "")
    )


def _arrow(route: Route, colour: str, weight: float) -> str:
    """As thick as the weight, dashed for 0."""
    thick = min(5.0, max(0.8, 1.6 * weight))
    dashes = "" if weight else ' stroke-dasharray="3 3"'
    return (
        f'<path d="{route.line}" fill="none" stroke="{colour}" stroke-width="{thick:.1f}"{dashes}/>'
        f'<path d="{route.head}" fill="{colour}"/>'
    )


def _box(box: Box, sheet: _Sheet, colours: Mapping[str, str], notes: Mapping[str, str]) -> str:
    spot = sheet.spots[box.name]
    alone = len(box.tasks) == 1
    colour = colours.get(box.tasks[0], LINE) if alone else LINE
    fill = f'fill="{colour}" fill-opacity="0.18"' if alone else f'fill="{SHARED}"'
    place = (
        f'x="{spot.left:.1f}" y="{spot.top:.1f}" width="{spot.wide:.0f}" height="{spot.tall:.0f}" '
        f'rx="{11 if box.small else 8}"'
    )
    rect = (
        f'<rect {place} fill="{PAPER}"/>'  # arrows do not shine through
        f'<rect {place} {fill} stroke="{colour}" stroke-width="1.6"/>'
    )
    title = f"<title>{escape(box.label)}: {escape(', '.join(box.tasks))}</title>"
    return f"<g>{title}{rect}{_label(box, spot, notes)}</g>"


def _label(box: Box, spot: Spot, notes: Mapping[str, str]) -> str:
    """What is written on a box; below a task's name its note."""
    if box.small:
        return _text(_short(box.label, spot.wide, 12), (spot.x, spot.y + 4), TEXT, 12, 500)
    is_head = len(box.tasks) == 1 and box.label == box.tasks[0]
    note = notes.get(box.tasks[0], "") if is_head else ""
    lift = 2 if note else -5
    words = box.label if _fits(box.label, spot.wide, 14) else box.label.removesuffix(" blocks")
    words = _short(words, spot.wide, 14)
    small = _text(_short(note, spot.wide, 11), (spot.x, spot.y + 12), MUTED, 11, 400)
    weight = 600 if note else 500
    return _text(words, (spot.x, spot.y - lift), TEXT, 14, weight) + (small if note else "")


def _fits(words: str, wide: float, size: int) -> bool:
    """Judged by the usual width of a letter."""
    return len(words) <= int((wide - 8) / (size * 0.53))


def _short(words: str, wide: float, size: int) -> str:
    """As much as fits into a box."""
    return words if _fits(words, wide, size) else words[: int((wide - 8) / (size * 0.53)) - 1] + "…"


def _text(words: str, spot: tuple[float, float], colour: str, size: int, weight: int) -> str:
    return (
        f'<text x="{spot[0]:.1f}" y="{spot[1]:.1f}" font-size="{size}" font-weight="{weight}" '
        f'fill="{colour}">{escape(words)}</text>'
    )
