"""Rows of tables: CSV, TSV, and columns parted by any other delimiter."""

import re
from collections.abc import Iterator, Sequence
from itertools import islice

from mtl_core.errors import DataError

from .at_once import Cells, Parted
from .contract import MOST_COLUMNS, Row, Source, shortened
from .held import Columns
from .records import CURE, records_of

DELIMITER_TOLD = re.compile(r'(?i)"?sep=(.)"?\s*')
"""A first line that only says what parts the columns, as spreadsheets write it."""
_REMARKS = 100  # lines before a table, at most


def read_table(source: Source) -> Iterator[Row | Columns]:
    """A row a record. The first record names the columns, unless the layout does.

    A record with more or fewer cells than there are columns is told and left out.
    """
    layout = source.layout
    delimiter = layout.delimiter or ("\t" if layout.kind == "tsv" else ",")
    _check_delimiter(source, delimiter)
    names: tuple[str, ...] = ()
    for numbers, records in records_of(source, delimiter):
        if not names:
            begin = _begin(source, numbers, records, delimiter)
            if begin is None:
                continue
            names, named = _names(source, numbers[begin], records[begin])
            numbers, records = numbers[begin + named :], records[begin + named :]
        if isinstance(records, Parted) and len(records.columns) == len(names):
            yield Columns(numbers, names, records.columns)
        elif set(map(len, records)) == {len(names)} and all(map(any, records)):
            yield Columns(numbers, names, tuple(zip(*records, strict=True)))
        else:
            yield from _mended(source, numbers, records, names)


def _check_delimiter(source: Source, delimiter: str) -> None:
    quote = source.layout.quoting and '"' in delimiter
    if quote or "\n" in delimiter or "\r" in delimiter:
        raise DataError(
            f"{source.address}: {delimiter!r} cannot part columns; correct layout.delimiter"
        )


def _names(source: Source, line: int, first: Cells) -> tuple[tuple[str, ...], bool]:
    """The names of the columns, and whether the first line is for names.

    A column without a name, or with one that is taken, is called `column 3` after its place.
    """
    layout = source.layout
    if len(first) > MOST_COLUMNS:
        raise DataError(
            f"{source.address} line {line}: {len(first)} columns, more than {MOST_COLUMNS}; parted "
            "otherwise? Correct layout.delimiter"
        )
    named = not layout.columns if layout.header is None else layout.header
    if layout.columns:
        return layout.columns, named
    if not named:
        return tuple(f"column {place}" for place in range(1, len(first) + 1)), False
    written = [cell.strip() for cell in first]
    names: dict[str, None] = {}
    taken = set(written)
    for place, name in enumerate(written, 1):
        if not name or name in names:
            why = f"column {place} has {'the name of another' if name else 'no name'}"
            name = f"column {place}"
            while name in taken or name in names:
                name += "'"
            cure = "name the columns in the first line, or in layout.columns"
            source.say("header", "warning", f"{why}; it is called '{name}'", cure, line)
        names[name] = None
    return tuple(names), True


def _begin(
    source: Source, numbers: Sequence[int], records: Sequence[Cells], delimiter: str
) -> int | None:
    """The place of the first record: behind empty lines, remarks, which are told, and a line that
    only says what parts the columns."""
    remarks: list[int] = []
    begin = None
    for place, cells in enumerate(records):
        told = DELIMITER_TOLD.fullmatch(delimiter.join(cells)) if numbers[place] == 1 else None
        if _is_remark(cells) and any(len(one) > 1 for one in islice(records, _REMARKS)):
            remarks.append(numbers[place])
        elif not (_is_empty(cells) or (told is not None and told[1] == delimiter)):
            begin = place
            break
    source.note("remarks", "lines before the table that begin with #, passed over", remarks)
    return begin


def _is_remark(cells: Cells) -> bool:
    """Whether it may be one: a table of one column may begin with a hash too."""
    return len(cells) == 1 and cells[0].startswith("#")


def _is_empty(cells: Cells) -> bool:
    """Whether the line is an empty one."""
    return not cells or (len(cells) == 1 and not cells[0].strip())


def _mended(
    source: Source, numbers: Sequence[int], records: Sequence[Cells], names: Sequence[str]
) -> Iterator[Row]:
    """The rows of records that do not all fit the columns."""
    width = len(names)
    empty: list[int] = []  # there may be millions: those of a block are told together
    wide: list[int] = []
    for line, cells in zip(numbers, records, strict=False):
        if _is_empty(cells):
            continue
        if not any(cells):
            empty.append(line)
            continue
        if len(cells) > width and not any(cells[width:]):
            wide.append(line)
            cells = cells[:width]
        if len(cells) == width:
            yield Row(line, dict(zip(names, cells, strict=True)))
        else:
            what = f"{len(cells)} columns where {width} are expected ({', '.join(names)})"
            source.say("ragged", "error", what, CURE, line, shortened(" | ".join(cells[:10])))
    source.note("empty columns", "empty cells beyond the last column", wide)
    source.note("empty row", "rows without any text, left out", empty)
