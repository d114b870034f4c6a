"""Rows of columns: a word a line, blocks parted by empty lines; CoNLL and CoNLL-U."""

import re
from collections.abc import Iterator, Sequence

from .contract import Row, Source
from .opened import lines_of

CONLLU = ("id", "form", "lemma", "upos", "xpos", "feats", "head", "deprel", "deps", "misc")
Numbered = tuple[int, list[str]]


def read_conll(source: Source) -> Iterator[Row]:
    """Without `columns` they are called 0, 1, 2, ..."""
    yield from _blocks(source, enumerate(lines_of(source), 1), source.layout.columns)


def read_conllu(source: Source) -> Iterator[Row]:
    """Universal Dependencies: lines for ranges of words and for empty nodes are left out."""
    kept = (
        (number, line)
        for number, line in enumerate(lines_of(source), 1)
        if not line.startswith("#") and not re.match(r"\d+[-.]\d+\t", line)
    )
    yield from _blocks(source, kept, source.layout.columns or CONLLU, "\t")


def _blocks(
    source: Source,
    lines: Iterator[tuple[int, str]],
    names: Sequence[str],
    delimiter: str = "",
) -> Iterator[Row]:
    delimiter = delimiter or source.layout.delimiter
    block: list[Numbered] = []
    for number, line in lines:
        cells = _cells(line, delimiter)
        if not cells or not line.strip():
            yield from _row(source, block, names)
            block = []
        elif cells[0] != "-DOCSTART-" and not _is_comment(line, cells):
            block.append((number, cells))
    yield from _row(source, block, names)


def _cells(line: str, delimiter: str) -> list[str]:
    """The columns of a line. Blanks are spaces and tabs: a no-break space belongs to its word."""
    if delimiter:
        return line.split(delimiter)
    return [cell for cell in re.split(r"[ \t]+", line) if cell]


def _is_comment(line: str, cells: list[str]) -> bool:
    """`# key = value` lines; a word may itself be `#`, but then its tag follows in a column."""
    return line.startswith("# ") and ("=" in line or ":" in line) and len(cells) > 1


def _row(source: Source, block: list[Numbered], names: Sequence[str]) -> Iterator[Row]:
    if not block:
        return
    names = names or tuple(str(i) for i in range(len(block[0][1])))
    for number, cells in block:
        if len(cells) < len(names):
            source.say(
                "ragged",
                "error",
                f"{len(cells)} columns where {len(names)} are expected ({', '.join(names)})",
                "correct the line or layout.columns in the card",
                number,
            )
            return
    yield Row(block[0][0], {name: [cells[i] for _, cells in block] for i, name in enumerate(names)})
