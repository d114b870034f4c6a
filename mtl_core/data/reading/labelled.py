"""Rows of lines that begin with a label: `4 a fine film`, `DESC:manner How did ...`."""

import re
from collections.abc import Iterator

from mtl_core.errors import DataError

from .contract import Row, Source
from .opened import lines_of

_BLANKS = " \t"


def read_labelled(source: Source) -> Iterator[Row]:
    """A row a line: the label, blanks or the delimiter, the text.

    With more than two `columns` as many labels come first as there are columns before the last.
    """
    names = source.layout.columns or ("label", "text")
    if len(names) < 2:
        raise DataError(
            f"{source.address}: labelled lines have two columns or more, not only {names[0]}; "
            "correct layout.columns"
        )
    parting = re.compile(re.escape(source.layout.delimiter) or f"[{_BLANKS}]+")
    for number, line in enumerate(lines_of(source), 1):
        if not line.strip():
            continue
        cells = parting.split(line.strip(_BLANKS), maxsplit=len(names) - 1)
        if len(cells) < len(names) - 1:
            what = f"{len(cells)} columns where {len(names)} are expected ({', '.join(names)})"
            cure = "correct the line, or layout.columns or layout.delimiter"
            source.say("ragged", "error", what, cure, number, line[:80])
            continue
        if len(cells) < len(names) or not cells[-1]:
            what = f"a label without a {names[-1]}"
            cure = "correct the line, or layout.kind if lines do not begin with a label"
            source.say("no text", "warning", what, cure, number, line[:80])
            cells = [*cells, ""][: len(names)]
        cells = [cell.strip(_BLANKS) for cell in cells]
        yield Row(number, dict(zip(names, cells, strict=True)))
