"""Names along the axes of a figure: as text, cut where they are long, slanted where they crowd."""

from collections.abc import Sequence
from typing import Any

from .insights import Axis

LONGEST = 18  # letters of a name; the hover text has all of it
LETTER = 6.8  # pixels of a letter, as figures usually write
WIDTH = 940  # pixels that a figure usually gets
CROWDED = 22  # pixels of a cell below which names stand upright


def plain(text: str) -> str:
    """User text in a figure: plotly would read some tags in it."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def short(text: str) -> str:
    """A name with its middle left out where it is long: names often differ at their ends."""
    half = LONGEST // 2
    return text if len(text) <= LONGEST else f"{text[: half - 1]}…{text[-half + 1 :]}"


def is_counted(axis: Axis) -> bool:
    """Whether the places are numbered, like blocks: these are drawn from the bottom upwards."""
    return bool(axis.ticks) and axis.ticks[-1].isdecimal()


def is_of_tasks(axis: Axis) -> bool:
    """Whether the places are tasks, which have colours: "task", "to task", ..."""
    return axis.name.split()[-1:] == ["task"]


def name_of(axis: Axis, place: int) -> str:
    """One place in words: "block 1", "to sentiment" on the axis "to task", else its own name."""
    tick = axis.ticks[place]
    if tick.isdecimal():
        return f"{axis.name} {tick}"
    return f"{axis.name.removesuffix('task')}{tick}" if is_of_tasks(axis) else tick


def slant(ticks: Sequence[str], cell: float) -> int:
    """By how many degrees names must be turned to fit over cells of so many pixels."""
    if max((len(short(tick)) for tick in ticks), default=0) * LETTER <= cell - 4:
        return 0
    return -38 if cell >= CROWDED else -90


def depth(ticks: Sequence[str], angle: int) -> float:
    """How many pixels the names take below the axis."""
    longest = max((len(short(tick)) for tick in ticks), default=0) * LETTER
    return 26 + longest * {0: 0.0, -38: 0.55, -90: 0.9}[angle]


def breadth(axis: Axis) -> float:
    """How many pixels the names take to the left of the axis, with its title."""
    return 44 + max((len(short(tick)) for tick in axis.ticks), default=0) * LETTER


def across(axis: Axis, angle: int) -> dict[str, Any]:
    """The settings of an axis from left to right, its places at 0, 1, 2, ..."""
    return _places(axis) | {"tickangle": angle, "side": "bottom"}


def upwards(axis: Axis) -> dict[str, Any]:
    """The settings of an axis from bottom to top; names are read from the top down."""
    count = len(axis.ticks)
    ends = [-0.5, count - 0.5] if is_counted(axis) else [count - 0.5, -0.5]
    return _places(axis) | {"range": ends}


def _places(axis: Axis) -> dict[str, Any]:
    return {
        "tickmode": "array",
        "tickvals": list(range(len(axis.ticks))),
        "ticktext": [plain(short(tick)) for tick in axis.ticks],
        "showgrid": False,
        "zeroline": False,
        "ticks": "",
    }
