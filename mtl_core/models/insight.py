"""What can be seen into a model: arrays with named axes, as plain data. Torch-free.

A strategy returns them, events and answers carry them, figures are drawn from them.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

PIECE, WORD = "piece", "word"
"""The axis of what a strategy decides for each piece; answers show it word by word."""


@dataclass(frozen=True)
class Axis:
    """One axis of the values: what runs along it, and what each place is called."""

    name: str
    ticks: tuple[str, ...]


@dataclass(frozen=True)
class Insight:
    """Something to look at. `values` are nested lists, as deep as there are axes (0: one number).

    `low` and `high` are the ends of the scale, None where the values set them; `chance` is what
    guessing would reach. Figures show the last two axes as rows and columns.
    """

    name: str
    title: str
    help: str
    axes: tuple[Axis, ...]
    values: Any
    unit: str = ""
    low: float | None = None
    high: float | None = None
    chance: float | None = None

    def to_tree(self) -> dict[str, Any]:
        """As plain data for JSON."""
        return asdict(self)

    @classmethod
    def from_tree(cls, tree: dict[str, Any]) -> "Insight":
        """What `to_tree` gave, also after JSON. Unknown keys are ignored: a newer version's."""
        known = {key: tree[key] for key in cls.__dataclass_fields__ if key in tree}
        known["axes"] = tuple(Axis(a["name"], tuple(a["ticks"])) for a in tree["axes"])
        return cls(**known)


def axis(name: str, ticks: Iterable[object]) -> Axis:
    """An axis whose places are called by anything."""
    return Axis(name, tuple(str(tick) for tick in ticks))


def block_axis(blocks: int) -> Axis:
    """The blocks of an encoder, from the bottom."""
    return axis("block", range(1, blocks + 1))
