"""Blocks of a table taken apart at once by Arrow, as long as nothing in them is to be told.

Arrow is some ten times faster than the csv module, but takes whatever it is given: what it would
pass over is looked for first, and such a block is left to those who read record by record.
"""

import csv
import io
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, overload

import numpy as np
from numpy.typing import NDArray

from .contract import MOST_COLUMNS, Source
from .lines import Lines

if TYPE_CHECKING:
    import pyarrow as pa

Cells = list[str]
Places = NDArray[np.intp]  # of signs in a block
Signs = NDArray[np.uint8]
_IMPORTING = 4 << 20
"""Bytes of a table that are read by other means in the time that importing Arrow takes."""
_QUOTE, _NEWLINE, _RETURN = b'"\n\r'


class Parted(Sequence[Cells]):
    """The records of a block, held as columns: a text for each record."""

    def __init__(self, columns: "Sequence[pa.ChunkedArray]") -> None:
        self.columns = columns

    def __len__(self) -> int:
        return len(self.columns[0])

    @overload
    def __getitem__(self, place: int) -> Cells: ...
    @overload
    def __getitem__(self, place: slice) -> "Parted": ...
    def __getitem__(self, place: int | slice) -> "Cells | Parted":
        if isinstance(place, slice):
            return Parted([column[place] for column in self.columns])
        return [column[place].as_py() for column in self.columns]


@dataclass(frozen=True)
class Apart:
    """What a block holds: its records, and the beginning of one that ends in the next block."""

    numbers: Sequence[int]  # of the records' first lines
    records: Parted
    rest: Lines | None = None
    merged: Sequence[tuple[int, int]] = ()
    """Records of several lines that each look like a row of the table: place, and number of lines."""


def is_worth_it(source: Source) -> bool:
    """Whether Arrow, which may have to be imported first, will be the quicker one."""
    return "pyarrow" in sys.modules or source.address.path.stat().st_size >= _IMPORTING


def taken_apart(lines: Lines, delimiter: str, quoting: bool) -> Apart | None:
    """The records of a block; None where they are to be read one by one."""
    raw = lines.raw
    signs = np.frombuffer(raw, np.uint8)
    if len(delimiter) > 1 or not delimiter.isascii() or not lines.is_clean:
        return None
    if not quoting or b'"' not in raw:
        return _one_a_line(lines, _parted(raw, delimiter, raw.find(b"\n") + 1, quoting=False))
    quotes = np.flatnonzero(signs == _QUOTE)
    if not _are_in_order(quotes, signs, ord(delimiter)):
        return None
    records = None
    if len(quotes) % 2 == 0:
        records = _parted(raw, delimiter, _first_end(raw, quotes))
        apart = _one_a_line(lines, records)
        if records is None or apart is not None:
            return apart
    return _over_lines(lines, quotes, signs, delimiter, records)


def _first_end(raw: bytes, quotes: Places) -> int:
    """Where the first record ends."""
    end = raw.find(b"\n") + 1
    while end and np.searchsorted(quotes, end) % 2:
        end = raw.find(b"\n", end) + 1
    return end


def _over_lines(
    lines: Lines, quotes: Places, signs: Signs, delimiter: str, records: Parted | None
) -> Apart | None:
    """Records of which some have newlines in their cells; they are given where the last one is
    complete."""
    newlines = np.flatnonzero(signs == _NEWLINE)
    outside = newlines[np.searchsorted(quotes, newlines) % 2 == 0]
    end = len(signs)
    if records is None:
        end = int(outside[-1]) + 1 if len(outside) else 0
        records = _parted(lines.raw[:end], delimiter, _first_end(lines.raw, quotes))
    starts = np.concatenate(([0], outside + 1))
    starts = starts[starts < end]
    if records is None or len(records) != len(starts):
        return None
    begin = np.searchsorted(newlines, starts)
    return Apart(
        (lines.number + begin).tolist(),
        records,
        lines.beyond(end) if end < len(signs) else None,
        _merged(signs[:end], ord(delimiter), newlines, begin, len(records.columns)),
    )


def _one_a_line(lines: Lines, records: Parted | None) -> Apart | None:
    count = lines.newlines + (not lines.raw.endswith(b"\n"))
    if records is None or len(records) != count:
        return None
    return Apart(range(lines.number, lines.number + count), records)


def _are_in_order(quotes: Places, signs: Signs, delimiter: int) -> bool:
    """Whether every quote opens a cell, closes one, or is one of a pair inside a cell."""
    opening, closing = quotes[0::2], quotes[1::2]
    before = signs[opening - 1]  # where the first sign opens, this is the last one: mended below
    begins = (before == delimiter) | (before == _NEWLINE) | (opening == 0)
    begins[1:] |= opening[1:] == closing[: len(opening) - 1] + 1
    after = signs[np.minimum(closing + 1, len(signs) - 1)]
    ends = (after == delimiter) | (after == _NEWLINE) | (after == _RETURN) | (after == _QUOTE)
    ends |= closing == len(signs) - 1
    return bool(begins.all() and ends.all())


def _merged(
    signs: Signs, delimiter: int, newlines: Places, begin: Places, width: int
) -> list[tuple[int, int]]:
    """Records that begin at these lines of the block, and have more of them, which look like rows."""
    ends = newlines[newlines < len(signs)]
    if signs[-1] != _NEWLINE:
        ends = np.append(ends, len(signs))
    delimiters = np.flatnonzero(signs == delimiter)
    counts = np.diff(np.searchsorted(delimiters, ends), prepend=0)
    alike = np.minimum.reduceat(counts == width - 1, begin)
    lengths = np.diff(begin, append=len(ends))
    return [(int(i), int(lengths[i])) for i in np.flatnonzero(alike & (lengths > 1))]


def _parted(raw: bytes, delimiter: str, first: int, quoting: bool = True) -> Parted | None:
    """The records; `first` is where the first one ends, or 0 where it is the only one. None where
    Arrow does not take them, or one has no text."""
    import pyarrow as pa
    from pyarrow import csv as arrow

    width = _width(raw[: first or None], delimiter, quoting)
    if not 2 <= width <= MOST_COLUMNS:
        return None
    names = [str(place) for place in range(width)]
    try:
        table = arrow.read_csv(
            pa.py_buffer(raw),
            arrow.ReadOptions(column_names=names),
            arrow.ParseOptions(
                delimiter=delimiter,
                quote_char='"' if quoting else False,
                newlines_in_values=quoting,
                ignore_empty_lines=False,
            ),
            arrow.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False
            ),
        )
    except pa.ArrowInvalid:  # ragged, or not UTF-8
        return None
    return None if _has_empty(table) else Parted(table.columns)


def _width(record: bytes, delimiter: str, quoting: bool) -> int:
    """The cells of a record."""
    text = record.decode("utf-8", "replace")
    if not quoting:
        return text.count(delimiter) + 1
    return len(next(csv.reader(io.StringIO(text, newline="\n"), delimiter=delimiter), []))


def _has_empty(table: "pa.Table") -> bool:
    """Whether there is a record without any text."""
    from pyarrow import compute

    lengths = None
    for column in table.columns:
        found = compute.binary_length(column).to_numpy()
        lengths = found if lengths is None else lengths + found
        if lengths.all():
            return False
    return True
