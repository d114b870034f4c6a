"""Some rows of a dataset, from all over it: files are often sorted by label."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import islice

from mtl_core.data.findings import Finding
from mtl_core.data.layout import Layout
from mtl_core.data.reading import MOST_ERRORS, READERS, Row, made_of
from mtl_core.data.reading.contract import Source
from mtl_core.data.text import Segmentation
from mtl_core.errors import DataError

from .places import Place

MOST_READ = 100_000  # rows of all files together
MOST_KEPT = 4_000
MOST_SIGNS = 8_000_000  # in the rows that are kept, each cell counted as some
_CELL = 16  # signs that a cell weighs, whatever stands in it


def rows_from(
    places: Sequence[Place],
    layout: Layout,
    segmentation: Segmentation = "words",
) -> list[Row]:
    """Rows of these files, at even distances. Raises DataError where not one can be read."""
    most = max(MOST_READ // len(places), 50)
    kept = _Thinned()
    for place in places:
        source = Source(place.address, layout, _Patience())
        with suppress(_TooManyFaults):
            for row in islice(_read(source, segmentation), most):
                kept.take(row)
    if not kept.rows:
        raise DataError(f"{places[0].name}: it holds no rows as {layout.kind}")
    step = max(1, -(-len(kept.rows) // MOST_KEPT))
    return kept.rows[::step]


class _Thinned:
    """Rows at even distances: whenever there are too many, every second one is dropped."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self._weights: list[int] = []
        self._weight = 0
        self._step, self._met = 1, 0

    def take(self, row: Row) -> None:
        """Keep a row, if it is its turn."""
        turn, self._met = self._met % self._step == 0, self._met + 1
        if not turn:
            return
        self.rows.append(row)
        self._weights.append(sum(map(_weight, row.columns.values())))
        self._weight += self._weights[-1]
        many = len(self.rows) > 2 * MOST_KEPT or self._weight > MOST_SIGNS
        if many and len(self.rows) > 50:
            self.rows, self._weights = self.rows[::2], self._weights[::2]
            self._weight = sum(self._weights)
            self._step *= 2


class _TooManyFaults(Exception):
    """A file that has more faults than are worth reading on for."""


class _Patience:
    """Passes over faults, which are told when the card is tried, as long as they are not too many."""

    def __init__(self) -> None:
        self._errors = self._told = 0

    def __call__(self, finding: Finding) -> None:
        self._errors += finding.level == "error"
        self._told += finding.count
        if self._errors > MOST_ERRORS or self._told > MOST_READ:
            raise _TooManyFaults


def _weight(value: object) -> int:
    return _CELL + (len(value) if isinstance(value, str | list | dict) else 0)


def rows_of(place: Place, layout: Layout, most: int) -> Iterator[Row]:
    """The first rows of one file. Raises DataError where it cannot be read."""
    yield from islice(_read(Source(place.address, layout, _ignore), "words"), most)


def _read(source: Source, segmentation: Segmentation) -> Iterator[Row]:
    reader = READERS.get(source.layout.kind)
    if reader is None:
        raise DataError(f"{source.address}: {source.layout.kind} files cannot be read")
    yield from made_of(reader(source), source, segmentation)


def _ignore(finding: Finding) -> None:
    """Faults are told when the card is tried on the whole dataset."""
