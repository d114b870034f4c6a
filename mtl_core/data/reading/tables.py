"""Rows of tables: CSV, TSV, and columns parted by any other delimiter."""

import csv
import io
import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import repeat

from mtl_core.errors import DataError

from .contract import MOST_COLUMNS, Row, Source
from .opened import LONGEST_LINE, line_blocks, split_lines

Cells = list[str]
Batch = tuple[Sequence[int], list[Cells]]
"""The numbers of the records' first lines, and the records."""

MOST_READ_TWICE = 4 * LONGEST_LINE
"""Characters that are read once more, as rows of their own, where quotes had swallowed them."""
# Lone surrogates stand in no decoded text: signs that the csv module cannot take are hidden as such.
_RETURN, _DELIMITER = "\udc0d", "\udc1f"
_LONE_RETURN = re.compile(r"\r(?!\r*(?:\n|\Z))")
_CURE = (
    "correct the line, or set layout.quoting to false in the card where quotes are plain text; "
    "set layout.quoting and layout.delimiter as the file is written"
)


def read_table(source: Source) -> Iterator[Row]:
    """A row a record. The first record names the columns, unless the layout does.

    A record with more or fewer cells than there are columns is told and left out.
    """
    layout = source.layout
    delimiter = layout.delimiter or ("\t" if layout.kind == "tsv" else ",")
    _check_delimiter(source, delimiter)
    batches = _Quoted(source, delimiter) if layout.quoting else _unquoted(source, delimiter)
    names: tuple[str, ...] = ()
    for numbers, records in batches:
        if not names:
            begin = next((i for i, cells in enumerate(records) if not _is_empty(cells)), None)
            if begin is None:
                continue
            names, named = _names(source, numbers[begin], records[begin])
            numbers, records = numbers[begin + named :], records[begin + named :]
        if set(map(len, records)) == {len(names)} and all(map(any, records)):
            yield from map(Row, numbers, _by_name(names, records))
        else:
            yield from _mended(source, numbers, records, names)


def _by_name(names: Sequence[str], records: Iterable[Cells]) -> Iterable[dict[str, str]]:
    """Cells by the names of their columns. Most tables have two or three columns, and a dict that
    is written out is made in half the time."""
    if len(names) == 2:
        a, b = names
        return [{a: one, b: two} for one, two in records]
    if len(names) == 3:
        a, b, c = names
        return [{a: one, b: two, c: three} for one, two, three in records]
    return map(dict, map(zip, repeat(names), records))


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
            source.say("ragged", "error", what, _CURE, line, _shown(" | ".join(cells[:10])))
    source.note("empty columns", "empty cells beyond the last column", wide)
    source.note("empty row", "rows without any text, left out", empty)


def _shown(text: str) -> str:
    return text if len(text) <= 80 else text[:79] + "…"


def _unquoted(source: Source, delimiter: str) -> Iterator[Batch]:
    line = 1
    for block in line_blocks(source):
        records = [text.split(delimiter) for text in split_lines(block)]
        yield range(line, line + len(records)), records
        line += len(records)


class _Quoted:
    """Records in which double quotes enclose cells, `""` is a quote, and cells may hold newlines.

    Where a quote does not close as it should, that line is told, and the lines after it that were
    taken for a part of the record are read once more.
    """

    def __init__(self, source: Source, delimiter: str) -> None:
        self._source = source
        self._delimiter = delimiter
        self._hidden = {} if len(delimiter) == 1 else {_DELIMITER: delimiter}
        parting = _DELIMITER if self._hidden else delimiter
        self._dialect = csv.reader((), delimiter=parting, strict=True).dialect
        self._blocks = map(self._without_long_delimiters, line_blocks(source))
        self._line = 1  # the number of the next record's first line
        self._simple = True  # so far every record stood in one line
        self._twice = 0

    def __iter__(self) -> Iterator[Batch]:
        csv.field_size_limit(LONGEST_LINE)
        for block in self._blocks:
            if '"' not in block and not self._hidden:
                yield self._numbered([line.split(self._delimiter) for line in split_lines(block)])
            elif (records := self._of_one_line(block)) is not None:
                yield self._numbered(records)
            else:
                yield from self._of_any_lines(deque(io.StringIO(block, newline="\n")))

    def _numbered(self, records: list[Cells]) -> Batch:
        first = self._line
        self._line += len(records)
        return range(first, self._line), self._restored(records)

    def _of_one_line(self, block: str) -> list[Cells] | None:
        """The records of a block, where each is one line."""
        if self._simple:
            reader = csv.reader(io.StringIO(block, newline="\n"), self._dialect)
            try:
                records = list(reader)
            except csv.Error:
                records = []
            self._simple = bool(records) and len(records) == reader.line_num
        return records if self._simple else None

    def _of_any_lines(self, lines: deque[str]) -> Iterator[Batch]:
        """The records of a block; the last may reach into the next ones."""
        while lines:
            held: list[str] = []
            numbers: list[int] = []
            records: list[Cells] = []
            try:
                for cells in csv.reader(self._taken(lines, held), self._dialect):
                    if len(held) > 1:
                        _tell_merged(
                            self._source, self._line, self._restored([cells])[0], self._delimiter
                        )
                    numbers.append(self._line)
                    records.append(cells)
                    self._line += len(held)
                    held.clear()
            except csv.Error as err:
                lines.extendleft(reversed(self._after(str(err), held)))
            yield numbers, self._restored(records)

    def _after(self, fault: str, held: list[str]) -> list[str]:
        """The lines to read once more after a record that the csv module does not take."""
        if "new-line" in fault and (hidden := self._hide_returns(held)) != held:
            return hidden
        _tell_quote(self._source, self._line, fault, held)
        self._line += 1
        self._twice += sum(map(len, held[1:]))
        if self._twice > MOST_READ_TWICE:
            raise DataError(
                f"{self._source.address} line {self._line}: too many quotes that do not close; {_CURE}"
            )
        return held[1:]

    def _taken(self, lines: deque[str], held: list[str]) -> Iterator[str]:
        """One line after the other; beyond the block only where a record is not complete."""
        while True:
            while lines:
                held.append(lines.popleft())
                yield held[-1]
            if not held or sum(map(len, held)) > LONGEST_LINE:
                return
            block = next(self._blocks, "")
            if not block:
                return
            lines.extend(io.StringIO(block, newline="\n"))

    def _without_long_delimiters(self, block: str) -> str:
        """The csv module takes delimiters of one sign."""
        return block if len(self._delimiter) == 1 else block.replace(self._delimiter, _DELIMITER)

    def _hide_returns(self, held: list[str]) -> list[str]:
        """Lines that the csv module takes, which allows no carriage returns inside them."""
        self._hidden[_RETURN] = "\r"
        return [_LONE_RETURN.sub(_RETURN, line) for line in held]

    def _restored(self, records: list[Cells]) -> list[Cells]:
        """The records with what had been hidden in them."""
        for sign, written in self._hidden.items():
            records = [[cell.replace(sign, written) for cell in cells] for cells in records]
        return records


def _tell_quote(source: Source, line: int, why: str, held: Sequence[str]) -> None:
    if "expected after" in why:
        what = "text follows a closing quote"
    elif "field larger" in why or "end of data" in why:
        what = "a quote opens that never closes"
    else:
        what = why
    swallowed = f" ({len(held)} lines on)" if len(held) > 1 else ""
    example = held[0].strip() if held else ""
    source.say("quotes", "error", what + swallowed, _CURE, line, _shown(example))


def _tell_merged(source: Source, line: int, cells: Sequence[str], delimiter: str) -> None:
    """Tell where quotes enclose what looks like several rows of the table."""
    for place, cell in enumerate(cells):
        if "\n" not in cell:
            continue
        first, *inner, last = (part.count(delimiter) for part in cell.split("\n"))
        beyond = len(cells) - 1
        if first + place == beyond and last + (beyond - place) == beyond and beyond:
            if all(count == beyond for count in inner):
                what = f"{len(inner) + 2} lines became one row, since quotes enclose what looks like rows"
                source.say("merged", "warning", what, _CURE, line, _shown(cell))
            return
