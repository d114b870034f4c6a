"""How a table is written: what parts its columns, whether quotes enclose fields, whether it has a header.

Both quotings are tried on the same lines, since each spoils some files: quotes that are plain text
then merge rows, and quotes that are needed then break rows.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice

from mtl_core.data.reading.contract import MOST_COLUMNS

DELIMITERS = ("\t", "####", "|||", ";", "|", ",")  # of equal fit, the one that texts hold least
ENOUGH = 0.8  # of the records have the same number of columns, or it is no table
_LONGEST_HEADER = 60
_LONGEST_RECORD = 50  # lines


@dataclass(frozen=True)
class TableForm:
    """One way to read lines as a table, and how well it fits."""

    delimiter: str
    quoting: bool
    columns: int
    records: int
    ragged: int
    merged: int = 0  # rows that default quoting would lose inside others

    @property
    def fit(self) -> float:
        """Share of the records that have the usual number of columns."""
        return 1 - self.ragged / max(self.records, 1)


def table_form(lines: Sequence[str]) -> TableForm | None:
    """The best way to read some lines as a table; None where they are none."""
    lines = [line for line in lines if line.strip()]
    found = [form for delimiter in DELIMITERS if (form := _form(lines, delimiter))]
    found = [form for form in found if form.fit >= ENOUGH]
    # A delimiter that fits all but exactly wins over one that happens to stand in most lines.
    return max(found, key=lambda form: round(form.fit, 2), default=None)


def _form(lines: Sequence[str], delimiter: str) -> TableForm | None:
    """A delimiter with the better of the two quotings."""
    if _is_punctuation(lines, delimiter):
        return None
    if sum(delimiter in line for line in lines) < ENOUGH * len(lines) / 2:
        return None
    plain = _measured(records_of(lines, delimiter, quoting=False), delimiter, quoting=False)
    if plain is None or len(delimiter) > 1:
        return plain
    if not any('"' in line for line in lines):
        return replace(plain, quoting=True)  # it makes no difference, and is usual
    quoted = _measured(records_of(lines, delimiter, quoting=True), delimiter, quoting=True)
    return better(plain, quoted, encloses(lines, delimiter), encloses_all(lines, delimiter))


def _is_punctuation(lines: Sequence[str], delimiter: str) -> bool:
    """Whether it only parts what is said: texts cut into words have blanks around each sign."""
    places = sum(line.count(delimiter) for line in lines)
    apart = sum(line.count(f" {delimiter} ") for line in lines)
    words = sum(len(line.split()) for line in lines) - places
    return delimiter in (",", ";") and apart >= 0.9 * places and words > 3 * (places + len(lines))


def better(
    plain: TableForm, quoted: TableForm | None, enclosed: bool, all_enclosed: bool
) -> TableForm:
    """The quoting that breaks and merges fewer rows; `enclosed`: some field stands inside quotes,
    `all_enclosed`: all do, as far as the first record shows."""
    if quoted is None or quoted.ragged > plain.ragged:
        return _with_merged(plain, quoted)
    if all_enclosed and quoted.ragged == 0:
        return quoted
    swallowed = quoted.records < plain.records and plain.ragged == 0
    same = quoted.records == plain.records and quoted.ragged == plain.ragged
    return _with_merged(plain, quoted) if swallowed or (same and not enclosed) else quoted


def _with_merged(plain: TableForm, quoted: TableForm | None) -> TableForm:
    lost = max(plain.records - quoted.records, 0) + quoted.ragged if quoted else plain.records
    return replace(plain, quoting=False, merged=lost)


def both_quotings(
    lines: Sequence[str], delimiter: str
) -> tuple[TableForm | None, TableForm | None]:
    """How well the lines of a whole file read without quotes that enclose fields, and with them."""
    lines = [line for line in lines if line.strip()]
    plain, quoted = (
        _measured(records_of(lines, delimiter, quoting=quoting), delimiter, quoting=quoting)
        for quoting in (False, True)
    )
    return plain, quoted


def encloses(lines: Sequence[str], delimiter: str) -> bool:
    """Whether some field is wholly inside quotes, as a writer of CSV leaves it."""
    whole = re.compile(rf'(?:^|{re.escape(delimiter)})"(?:[^"]|"")*"(?:{re.escape(delimiter)}|$)')
    return any(whole.search(line) for line in lines)


def encloses_all(lines: Sequence[str], delimiter: str) -> bool:
    """Whether all fields of the first record are inside quotes, as some writers of CSV leave them."""
    first = ""
    for line in islice(filter(str.strip, lines), _LONGEST_RECORD):
        first += line
        if first.count('"') % 2 == 0:
            break
    field = '"(?:[^"]|"")*"'
    return bool(re.fullmatch(f"{field}(?:{re.escape(delimiter)}{field})+", first))


def _measured(
    records: Sequence[Sequence[str] | None], delimiter: str, *, quoting: bool
) -> TableForm | None:
    widths = Counter(len(cells) for cells in records if cells)
    if not widths:
        return None
    columns = widths.most_common(1)[0][0]
    if not 1 < columns <= MOST_COLUMNS:
        return None
    ragged = len(records) - widths[columns]
    return TableForm(delimiter, quoting, columns, len(records), ragged)


def records_of(lines: Sequence[str], delimiter: str, *, quoting: bool) -> list[list[str] | None]:
    """The records of some lines; None for one that breaks the rules of quoting."""
    if not quoting:
        return [line.split(delimiter) for line in lines]
    reader = csv.reader(io.StringIO("\n".join(lines), newline=""), delimiter=delimiter, strict=True)
    records: list[list[str] | None] = []
    while True:
        try:
            records.append(next(reader))
        except StopIteration:
            return records
        except csv.Error:
            records.append(None)


def has_header(records: Sequence[Sequence[str]]) -> bool:
    """Whether the first record names the columns: it differs in kind from what stands beneath it."""
    if len(records) < 2:
        return False
    first, rest = [cell.strip() for cell in records[0]], records[1:]
    if len(set(first)) < len(first) or any(len(cell) > _LONGEST_HEADER for cell in first):
        return False
    votes = [
        _vote(cell, [record[i].strip() for record in rest if i < len(record)])
        for i, cell in enumerate(first)
    ]
    return -1 not in votes and 1 in votes


def _vote(cell: str, below: Sequence[str]) -> int:
    """1: this cell names its column; -1: it is one of its values; 0: it may be either."""
    values = [value for value in below if value]
    if not values:
        return 0
    if _is_number(cell):
        return -1
    if sum(map(_is_number, values)) >= 0.9 * len(values):
        return 1
    counts = Counter(values)
    repeats = len(counts) <= 0.5 * len(values)
    if repeats:
        return -1 if cell in counts else 1 if _names(cell) else 0
    return _vote_beside_texts(cell, values)


def _vote_beside_texts(cell: str, values: Sequence[str]) -> int:
    """A name is one short word or two, also where each text is another."""
    words = sorted(len(value.split()) for value in values)
    length = sorted(len(value) for value in values)[len(values) // 2]
    if len(cell.split()) > 4 or len(cell) > length:
        return -1 if words[len(words) // 2] > 2 and len(cell.split()) > 4 else 0
    return 1 if _names(cell) and length > 2 * len(cell) else 0


def _names(cell: str) -> bool:
    """Whether it looks like the name of a column."""
    return re.fullmatch(r"[^\W\d][\w .#:/()\[\]-]{0,40}", cell) is not None


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
