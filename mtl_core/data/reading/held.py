"""Rows as they are held in memory: side by side in columns, and made when they are looked at."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Any, Protocol, overload

from mtl_core.data.collecting import without_collecting

from .contract import Row, Source


class Array(Protocol):
    """Values as Arrow holds them."""

    def to_pylist(self) -> list[Any]: ...


Values = list[Any] | tuple[Any, ...] | Array


@dataclass(frozen=True)
class Columns:
    """Rows of one file, with the numbers of their lines, and for each name the values of all rows.

    An array of Arrow's is a tenth of the texts in it as Python holds them, and is there at once.
    """

    numbers: Sequence[int]
    names: Sequence[str]
    values: Sequence[Values]

    def __len__(self) -> int:
        return len(self.numbers)

    def __iter__(self) -> Iterator[Row]:
        return map(Row, self.numbers, self._by_name([_listed(one) for one in self.values]))

    def _by_name(self, values: Sequence[Sequence[Any]]) -> Iterable[dict[str, Any]]:
        """Most tables have two or three columns, and a dict that is written out is made in half
        the time."""
        if len(self.names) == 2:
            a, b = self.names
            return [{a: one, b: two} for one, two in zip(*values, strict=True)]
        if len(self.names) == 3:
            a, b, c = self.names
            return [{a: one, b: two, c: three} for one, two, three in zip(*values, strict=True)]
        return map(dict, map(zip, repeat(self.names), zip(*values, strict=True)))


Reader = Callable[[Source], Iterator[Row | Columns]]
"""Yields rows, many of them at once where its format allows it. A row that cannot be used is told as
an error and left out."""


def _listed(values: Values) -> Sequence[Any]:
    return values if isinstance(values, list | tuple) else values.to_pylist()


def rows_in(found: Iterable[Row | Columns]) -> Iterator[Row]:
    """The rows that a reader yields, one by one."""
    for one in found:
        if isinstance(one, Columns):
            yield from one
        else:
            yield one


class Rows(Sequence[Row]):
    """All rows of a file, in its order. They are made when the first one is looked at."""

    def __init__(self, found: Iterable[Row | Columns]) -> None:
        self._held = list(found)
        self._made: list[Row] | None = None
        self._count = sum(len(one) if isinstance(one, Columns) else 1 for one in self._held)

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Row]:
        return iter(self._all())

    @overload
    def __getitem__(self, place: int) -> Row: ...
    @overload
    def __getitem__(self, place: slice) -> list[Row]: ...
    def __getitem__(self, place: int | slice) -> Row | list[Row]:
        return self._all()[place]

    def _all(self) -> list[Row]:
        if self._made is None:
            with without_collecting():
                self._made = list(rows_in(self._held))
            self._held = []
        return self._made
