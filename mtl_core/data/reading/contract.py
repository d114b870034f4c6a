"""What all readers have in common: rows come out, an address and a layout go in."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from mtl_core.data.address import Address
from mtl_core.data.findings import Finding, Level, Tell
from mtl_core.data.layout import Layout

MOST_COLUMNS = 10_000
"""Columns of a table; what seems to have more is parted by something else."""
_WITHOUT_LINES = ("json", "parquet", "arrow")


def unit_of(kind: str) -> str:
    """What the examples of a file are counted in."""
    return "row" if kind in _WITHOUT_LINES else "line"


class Row(NamedTuple):  # made by the million, and a named tuple is made fastest
    """The columns of one example, and its line number in the file (1 is the first)."""

    line: int
    columns: dict[str, Any]


@dataclass(frozen=True)
class Source:
    """What a reader reads: where it lies, how it is written, and who is told of faults."""

    address: Address
    layout: Layout
    tell: Tell

    def say(
        self, code: str, level: Level, what: str, cure: str = "", line: int = 0, example: str = ""
    ) -> None:
        """Tell a finding about a line of this file (0: about the file), or about a row of it where
        its format has no lines."""
        examples = (example,) if example else ()
        self.tell(Finding(code, level, what, cure, self._place(line), examples=examples))

    def note(self, code: str, what: str, lines: Sequence[int]) -> None:
        """Tell of some lines, if there are any, what does no harm: there may be millions of them."""
        if lines:
            self.tell(Finding(code, "note", what, "", self._place(lines[0]), len(lines)))

    def _place(self, line: int) -> str:
        return f"{self.address} {unit_of(self.layout.kind)} {line}" if line else str(self.address)


def shortened(text: str) -> str:
    """The beginning of a text, for examples."""
    return text if len(text) <= 80 else text[:79] + "…"
