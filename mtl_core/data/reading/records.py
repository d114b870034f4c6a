"""The records of a table: at once where they are as they should be, and one by one where not."""

import csv
import io
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from mtl_core.errors import DataError

from .at_once import Apart, Cells, complete, is_worth_it, taken_apart
from .contract import Source, shortened
from .lines import Lines
from .opened import LONGEST_LINE, raw_lines, split_lines

_Ask = Callable[[], Apart | None]
Batch = tuple[Sequence[int], Sequence[Cells]]
"""The numbers of the records' first lines, and the records."""

AHEAD = 2
"""Blocks that are taken apart at the same time, while the next one is looked through."""
HANDED_OVER = 1 << 19
"""Bytes of a block that a thread of its own takes apart: a shorter one would not be worth it."""
MOST_READ_TWICE = 4 * LONGEST_LINE
"""Characters that are read once more, as rows of their own, where quotes had swallowed them."""
# Lone surrogates stand in no decoded text: signs that the csv module cannot take are hidden as such.
_RETURN, _DELIMITER = "\udc0d", "\udc1f"
_LONE_RETURN = re.compile(r"\r(?!\r*(?:\n|\Z))")
CURE = (
    "correct the line, or set layout.quoting to false in the card where quotes are plain text; "
    "set layout.quoting and layout.delimiter as the file is written"
)


def records_of(source: Source, delimiter: str) -> Iterable[Batch]:
    """The records, as the layout says that they are written."""
    return _Quoted(source, delimiter) if source.layout.quoting else _unquoted(source, delimiter)


def _ahead(source: Source, delimiter: str, quoting: bool) -> Iterator[tuple[Lines, _Ask]]:
    """The blocks of a table, and for each what takes it apart when it is called: long ones are taken
    apart beforehand, while the next ones are read here. A block's lines can be looked at until the
    next one is asked for."""
    if not is_worth_it(source):
        for lines in raw_lines(source):
            yield lines, _not_at_once
            lines.let_go()
        return
    blocks = _complete(source, delimiter) if quoting else raw_lines(source)
    pool = ThreadPoolExecutor(AHEAD)
    if source.address.path.stat().st_size > HANDED_OVER:
        pool.submit(int)  # a thread takes as long to start as the first block to be read
    waiting: deque[tuple[Lines, _Ask]] = deque()
    try:
        for lines in blocks:
            waiting.append((lines, _begun(pool, lines, delimiter, quoting)))
            if len(waiting) > AHEAD:
                yield from _next_of(waiting)
        while waiting:
            yield from _next_of(waiting)
    finally:
        pool.shutdown(wait=False)  # everything is done, or nobody waits for it


def _complete(source: Source, delimiter: str) -> Iterator[Lines]:
    """Blocks that end where records do, as far as quotes are in order."""
    begun: Lines | None = None
    for lines in raw_lines(source):
        whole, begun = complete(begun.and_on(lines) if begun else lines, delimiter)
        yield whole
    if begun:
        yield begun


def _begun(pool: ThreadPoolExecutor, lines: Lines, delimiter: str, quoting: bool) -> _Ask:
    """What gives the records of a block that is being taken apart."""
    if len(lines.signs) >= HANDED_OVER:
        return pool.submit(taken_apart, lines, delimiter, quoting).result
    apart = taken_apart(lines, delimiter, quoting)
    return lambda: apart


def _next_of(waiting: deque[tuple[Lines, _Ask]]) -> Iterator[tuple[Lines, _Ask]]:
    lines, ask = waiting.popleft()
    yield lines, ask
    ask()  # nobody may have, and a thread may still look at the lines
    lines.let_go()


def _not_at_once() -> None:
    """What takes a block apart that is to be read record by record."""


def _unquoted(source: Source, delimiter: str) -> Iterator[Batch]:
    for lines, ask in _ahead(source, delimiter, quoting=False):
        if apart := ask():
            yield apart.numbers, apart.records
        else:
            records = [text.split(delimiter) for text in split_lines(lines.text())]
            yield range(lines.number, lines.number + len(records)), records


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
        self._blocks = _ahead(source, delimiter, quoting=True)
        self._line = 1  # the number of the next record's first line
        self._twice = 0

    def __iter__(self) -> Iterator[Batch]:
        csv.field_size_limit(LONGEST_LINE)
        for lines, ask in self._blocks:
            if apart := ask():
                for place, count in apart.merged:
                    self._tell_merged(apart.numbers[place], count, apart.records[place])
                yield apart.numbers, apart.records
            else:
                yield from self._one_by_one(lines)

    def _tell_merged(self, line: int, count: int, cells: Cells) -> None:
        """Tell of a record whose lines each look like a row of the table."""
        what = f"{count} lines became one row, since quotes enclose what looks like rows"
        example = next(cell for cell in cells if "\n" in cell)
        self._source.say("merged", "warning", what, CURE, line, shortened(example))

    def _one_by_one(self, block: Lines) -> Iterator[Batch]:
        """The records of a block; the last may reach into the next ones."""
        self._line = block.number
        lines = deque(self._text_lines(block))
        while lines:
            held: list[str] = []
            numbers: list[int] = []
            records: list[Cells] = []
            try:
                for cells in csv.reader(self._taken(lines, held), self._dialect):
                    if len(held) > 1 and self._look_like_rows(held, len(cells)):
                        self._tell_merged(self._line, len(held), self._restored([cells])[0])
                    numbers.append(self._line)
                    records.append(cells)
                    self._line += len(held)
                    held.clear()
            except csv.Error as err:
                lines.extendleft(reversed(self._after(str(err), held)))
            yield numbers, self._restored(records)

    def _look_like_rows(self, lines: Sequence[str], width: int) -> bool:
        parting = _DELIMITER if len(self._delimiter) > 1 else self._delimiter
        return width > 1 and all(line.count(parting) == width - 1 for line in lines)

    def _after(self, fault: str, held: list[str]) -> list[str]:
        """The lines to read once more after a record that the csv module does not take."""
        if "new-line" in fault and (hidden := self._hide_returns(held)) != held:
            return hidden
        _tell_quote(self._source, self._line, fault, held)
        self._line += 1
        self._twice += sum(map(len, held[1:]))
        if self._twice > MOST_READ_TWICE:
            raise DataError(
                f"{self._source.address} line {self._line}: too many quotes that do not close; {CURE}"
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
            following = next(self._blocks, None)
            if following is None:
                return
            lines.extend(self._text_lines(following[0]))

    def _text_lines(self, block: Lines) -> Iterable[str]:
        text = block.text()
        if len(self._delimiter) > 1:  # the csv module takes those of one sign
            text = text.replace(self._delimiter, _DELIMITER)
        return io.StringIO(text, newline="\n")

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
    source.say("quotes", "error", what + swallowed, CURE, line, shortened(example))
