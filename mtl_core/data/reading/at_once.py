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
from .lines import Lines, Signs, count_of, end_of_line, places_of, start_of_line

if TYPE_CHECKING:
    import pyarrow as pa

Cells = list[str]
Places = NDArray[np.intp]  # of signs in a block
_IMPORTING = 4 << 20
"""Bytes of a table that are read by other means in the time that importing Arrow takes."""
_QUOTE, _NEWLINE, _RETURN = b'"\n\r'
_NONE = np.zeros(0, np.intp)


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

    def have_newlines(self) -> bool:
        """Whether a newline is in any cell."""
        texts = (part.buffers()[2] for column in self.columns for part in column.chunks)
        return any(text and count_of(_NEWLINE, np.frombuffer(text, np.uint8)) for text in texts)


@dataclass(frozen=True)
class Apart:
    """The records of a block."""

    numbers: Sequence[int]  # of their first lines
    records: Parted
    merged: Sequence[tuple[int, int]] = ()
    """Records of several lines that each look like a row of the table: place, and number of lines."""


def is_worth_it(source: Source) -> bool:
    """Whether Arrow, which may have to be imported first, will be the quicker one."""
    return "pyarrow" in sys.modules or source.address.path.stat().st_size >= _IMPORTING


def complete(lines: Lines, delimiter: str) -> tuple[Lines, Lines | None]:
    """The complete records of a block, and the lines of one that ends in the next block.

    Where the quotes are not in order the block is left as it is.
    """
    signs = lines.signs
    if count_of(_QUOTE, signs) % 2 == 0 or not _is_single(delimiter):
        return lines, None
    quotes = places_of(_QUOTE, signs)
    end = _last_end(signs, quotes) if _are_in_order(quotes, signs, ord(delimiter)) else 0
    return lines.cut(end) if end else (lines, None)


def taken_apart(lines: Lines, delimiter: str, quoting: bool) -> Apart | None:
    """The records of a block; None where it is to be read record by record: something is to be told
    of it, or its last record is not complete."""
    signs = lines.signs
    if not _is_single(delimiter) or not _is_clean(signs):
        return None
    quotes = places_of(_QUOTE, signs) if quoting else _NONE
    if len(quotes) and (len(quotes) % 2 or not _are_in_order(quotes, signs, ord(delimiter))):
        return None
    records = _parted(signs, delimiter, _first_end(signs, quotes), len(quotes) > 0)
    if records is None:
        return None
    count = lines.count()
    # A return between cells ends a record too: as many of them as newlines in cells, and the count
    # would be right.
    if len(records) == count and (not count_of(_RETURN, signs) or not records.have_newlines()):
        return Apart(range(lines.number, lines.number + count), records)
    return _over_lines(lines, quotes, delimiter, records)


def _is_single(delimiter: str) -> bool:
    """Whether it is one sign of one byte."""
    return len(delimiter) == 1 and delimiter.isascii()


def _is_clean(signs: Signs) -> bool:
    """Whether it is UTF-8 in which the decoding mends nothing, and of which it tells nothing."""
    if signs.view(np.int8).min() > 0:  # ASCII without zeros
        return True
    if not signs.min() or not _is_utf8(signs):
        return False
    begin = places_of(0xEF, signs[:-2])  # byte order marks, and U+FFFD
    then, last = signs[begin + 1], signs[begin + 2]
    return not (((then == 0xBB) & (last == 0xBF)) | ((then == 0xBF) & (last == 0xBD))).any()


def _is_utf8(signs: Signs) -> bool:
    """As a text of Arrow's it is looked through in a quarter of the time of decoding."""
    import pyarrow as pa

    ends = pa.py_buffer(np.array([0, len(signs)], np.int64))
    text = pa.Array.from_buffers(pa.large_string(), 1, [None, ends, pa.py_buffer(signs)])
    try:
        text.validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def _first_end(signs: Signs, quotes: Places) -> int:
    """Where the first record ends; 0 where it is the only one."""
    end = end_of_line(signs)
    while end and np.searchsorted(quotes, end) % 2:
        end = end_of_line(signs, end)
    return end


def _last_end(signs: Signs, quotes: Places) -> int:
    """Where the last complete record ends, before a quote that does not close; 0: there is none."""
    end, before = 0, len(quotes)
    while before % 2:  # the last quote before opens a cell, and the newlines behind it are in there
        end = start_of_line(signs, int(quotes[before - 1]))
        before = int(np.searchsorted(quotes, end))
    return end


def _over_lines(lines: Lines, quotes: Places, delimiter: str, records: Parted) -> Apart | None:
    """Records of which some have newlines in their cells."""
    signs = lines.signs
    newlines = places_of(_NEWLINE, signs)
    outside = newlines[np.searchsorted(quotes, newlines) % 2 == 0]
    starts = np.concatenate(([0], outside + 1))
    starts = starts[starts < len(signs)]
    if len(records) != len(starts):
        return None
    begin = np.searchsorted(newlines, starts)
    merged = _merged(signs, ord(delimiter), newlines, begin, len(records.columns))
    return Apart((lines.number + begin).tolist(), records, merged)


def _are_in_order(quotes: Places, signs: Signs, delimiter: int) -> bool:
    """Whether every quote opens a cell, closes one, or is one of a pair inside a cell."""
    opening, closing = quotes[0::2], quotes[1::2]
    before, after = np.zeros((2, 256), bool)  # a look-up is quicker than several comparisons
    before[[delimiter, _NEWLINE, _QUOTE]] = (
        True  # before one that opens, a quote is one that closes
    )
    after[[delimiter, _NEWLINE, _RETURN, _QUOTE]] = True
    begins = before[signs[opening - 1]]
    begins[0] |= opening[0] == 0
    ends = after[signs.take(closing + 1, mode="clip")]  # behind the block: the last quote itself
    return bool(begins.all() and ends.all())


def _merged(
    signs: Signs, delimiter: int, newlines: Places, begin: Places, width: int
) -> list[tuple[int, int]]:
    """Records that begin at these lines of the block, and have more of them, which look like rows."""
    ends = newlines if signs[-1] == _NEWLINE else np.append(newlines, len(signs))
    delimiters = places_of(delimiter, signs)
    counts = np.diff(np.searchsorted(delimiters, ends), prepend=0)
    alike = np.minimum.reduceat(counts == width - 1, begin)
    lengths = np.diff(begin, append=len(ends))
    return [(int(i), int(lengths[i])) for i in np.flatnonzero(alike & (lengths > 1))]


def _parted(signs: Signs, delimiter: str, first: int, quoting: bool) -> Parted | None:
    """The records; `first` is where the first one ends, or 0 where it is the only one. None where
    Arrow does not take them, or one has no text."""
    import pyarrow as pa
    from pyarrow import csv as arrow

    width = _width(signs[: first or None].tobytes(), delimiter, quoting)
    if not 2 <= width <= MOST_COLUMNS:
        return None
    names = [str(place) for place in range(width)]
    try:
        table = arrow.read_csv(
            pa.py_buffer(signs),
            arrow.ReadOptions(use_threads=False, column_names=names),
            arrow.ParseOptions(
                delimiter=delimiter,
                quote_char='"' if quoting else False,
                newlines_in_values=quoting,
                ignore_empty_lines=False,
            ),
            arrow.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()),
                strings_can_be_null=False,
                check_utf8=False,  # it was looked at as a whole
            ),
        )
    except pa.ArrowInvalid:  # ragged
        return None
    return None if _has_empty(table) else Parted(table.columns)


def _width(record: bytes, delimiter: str, quoting: bool) -> int:
    """The cells of a record."""
    text = record.decode("utf-8", "replace")
    if not quoting:
        return text.count(delimiter) + 1
    try:
        return len(next(csv.reader(io.StringIO(text, newline="\n"), delimiter=delimiter), []))
    except csv.Error:  # a return between its cells
        return 0


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
