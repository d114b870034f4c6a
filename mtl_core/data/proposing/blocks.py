"""How columns of words are written: what parts them, and where a label for the whole block stands."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import dropwhile

from mtl_core.data.reading.conll import are_headed
from mtl_core.data.reading.contract import MOST_COLUMNS

_DELIMITERS = ("\t", "", ",", ";", "|")  # empty: any blanks
_ENOUGH = 0.9
_CONLLU_ID = re.compile(r"\d+([-.]\d+)?$")
Block = list[str]


@dataclass(frozen=True)
class BlockForm:
    """One way to read blocks of lines, and how well it fits."""

    delimiter: str
    columns: int
    fit: float
    closing: bool
    conllu: bool = False


def blocks_of(lines: Sequence[str]) -> list[Block]:
    """The lines between empty ones, without comments and document marks."""
    blocks: list[Block] = [[]]
    for line in lines:
        if not line.strip():
            blocks.append([])
        elif not line.startswith("-DOCSTART-") and not _is_comment(line):
            blocks[-1].append(line)
    blocks = [block for block in blocks if block]
    if are_headed(blocks):
        blocks = [list(dropwhile(lambda line: line.startswith("# "), block)) for block in blocks]
    return [block for block in blocks if block]


def block_form(lines: Sequence[str]) -> BlockForm | None:
    """The best way to read some lines as blocks of words; None where they are none."""
    blocks = blocks_of(lines)[:400]
    several = [block for block in blocks if len(block) > 1]
    parted = any(not line.strip() for line in lines[:-1])
    if not parted or len(several) < 0.3 * len(blocks) or not several:
        return None
    if _is_conllu(several):
        return BlockForm("\t", 10, 1.0, closing=False, conllu=True)
    found = [form for delimiter in _DELIMITERS if (form := _form(blocks, delimiter))]
    found = [form for form in found if form.fit >= _ENOUGH]
    return max(found, key=lambda form: round(form.fit, 2), default=None)


def _is_conllu(blocks: Sequence[Block]) -> bool:
    lines = [line.split("\t") for block in blocks for line in block]
    return all(len(cells) == 10 for cells in lines) and all(
        _CONLLU_ID.match(cells[0]) for cells in lines
    )


def _form(blocks: Sequence[Block], delimiter: str) -> BlockForm | None:
    widths = Counter(len(_cells(line, delimiter)) for block in blocks for line in block)
    closing = _is_closed(blocks, delimiter)
    if closing:
        blocks = [block[:-1] for block in blocks if len(block) > 1]
        widths = Counter(len(_cells(line, delimiter)) for block in blocks for line in block)
    columns, usual = widths.most_common(1)[0]
    if not 1 < columns <= MOST_COLUMNS:
        return None
    # Words are short: where the cells are sentences, this is a table with empty lines.
    words = [_cells(line, delimiter)[:columns] for block in blocks for line in block]
    if sum(len(cell) > 60 for cells in words for cell in cells) > 0.05 * len(words):
        return None
    return BlockForm(delimiter, columns, usual / widths.total(), closing)


def _is_closed(blocks: Sequence[Block], delimiter: str) -> bool:
    """Whether the last line of nearly every block holds one cell, and the lines before it more."""
    long = [block for block in blocks if len(block) > 1]
    alone = [
        block
        for block in long
        if len(_cells(block[-1], delimiter)) == 1 and len(_cells(block[0], delimiter)) > 1
    ]
    return bool(long) and len(alone) >= _ENOUGH * len(long)


def _cells(line: str, delimiter: str) -> list[str]:
    if delimiter:
        return line.split(delimiter)
    return [cell for cell in re.split(r"[ \t]+", line) if cell]


def _is_comment(line: str) -> bool:
    return re.match(r"#\s*[\w.:-]+( [\w.:-]+)*\s*[=:]", line) is not None
