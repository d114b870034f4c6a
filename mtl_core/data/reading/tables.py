"""Rows of tables: CSV and TSV."""

import csv
from collections.abc import Iterator

from .contract import Row, Source
from .opened import text_of


def read_table(source: Source) -> Iterator[Row]:
    """A row a record; the first names the columns unless the layout does."""
    import io

    layout = source.layout
    delimiter = layout.delimiter or ("\t" if layout.kind == "tsv" else ",")
    text = io.StringIO(text_of(source), newline="")
    if layout.quoting:
        reader = csv.reader(text, delimiter=delimiter, strict=True)
    else:
        reader = csv.reader(text, delimiter=delimiter, quoting=csv.QUOTE_NONE)
    header = list(layout.columns)
    try:
        for cells in reader:
            if not any(cells):
                continue
            if not header:
                header = cells
                continue
            if len(cells) != len(header):
                source.say(
                    "ragged",
                    "error",
                    f"{len(cells)} columns where {len(header)} are expected",
                    "correct the line, or set layout.quoting or layout.delimiter in the card",
                    reader.line_num,
                )
                continue
            yield Row(reader.line_num, dict(zip(header, cells, strict=True)))
    except csv.Error as err:
        cure = "correct the line, or set layout.quoting to false in the card where quotes are plain text"
        source.say("csv", "error", str(err), cure, reader.line_num)
