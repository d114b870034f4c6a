"""Rows of columns: a word a line, blocks parted by empty lines; CoNLL and CoNLL-U.

Comments and closing labels become columns of the sentence, beside the columns of words.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, groupby, islice

from mtl_core.data.layout import Layout

from .contract import MOST_COLUMNS, Row, Source
from .opened import lines_of

CONLLU = ("id", "form", "lemma", "upos", "xpos", "feats", "head", "deprel", "deps", "misc")
Numbered = tuple[int, str]
_LOOKED_AT = 500  # lines from which the number of columns is told
_FEW_BLOCKS = 3  # by fewer it cannot be told what all of them have in common
_NEARLY = 0.9  # of the blocks
_LONGEST_KEY = 60  # signs; more is a remark, not the key of a comment
_MOST_WORDS = 4  # of a key
_NO_WORD = re.compile(r"\d+[-.]\d+$")  # the id of a multiword range or of an empty node
_COLON = re.compile(r":(?=\s|$)")


def read_conll(source: Source) -> Iterator[Row]:
    """Without `columns` they are called 0, 1, 2, ..."""
    lines, first = _looked_at(source)
    form = _form(source.layout, [line for _, line in first])
    yield from _rows(source, form, lines)


def read_conllu(source: Source) -> Iterator[Row]:
    """Universal Dependencies: lines for ranges of words and for empty nodes are left out."""
    lines, first = _looked_at(source)
    names = source.layout.columns or _global_columns(first) or CONLLU
    delimiter = source.layout.delimiter or "\t"
    yield from _rows(source, _Form(delimiter, len(names), names, always_comments=True), lines)


def comment_of(line: str) -> tuple[str, str] | None:
    """Key and value of `# key = value` or `# key: value`; None for any other line."""
    body = line.lstrip("#").strip()
    colon = _COLON.search(body, 0, _LONGEST_KEY + 2)
    marks = [body.find("=", 0, _LONGEST_KEY + 2), colon.start() if colon else -1]
    place = min((mark for mark in marks if mark >= 0), default=0)
    key = body[:place].strip()
    if not key or len(key.split()) > _MOST_WORDS:
        return None
    return key, body[place + 1 :].strip()


@dataclass(frozen=True)
class _Form:
    """How the lines of a file are written. Without a delimiter, blanks part the columns.

    A no-break space is no such blank: it belongs to its word.
    """

    delimiter: str
    width: int  # columns that the file has; there may be more of them than names
    names: tuple[str, ...]
    closing: str = ""
    always_comments: bool = False  # no word line begins with #
    headed: bool = False  # comments stand before the words of nearly every block

    def cells(self, line: str) -> list[str]:
        if self.delimiter:
            return line.rstrip(" ").split(self.delimiter)
        return [cell for cell in line.replace("\t", " ").split(" ") if cell]

    def is_comment(self, line: str, begun: bool) -> bool:
        """Whether a line that begins with # is none of words: a word may itself be #.

        `begun` says that words of its block stand before it.
        """
        if self.always_comments:
            return True
        cells = self.cells(line)
        spaced, keyed = line.startswith("# "), comment_of(line) is not None
        if len(cells) == self.width:
            return not begun and ((self.headed and spaced) or (keyed and self._marked(cells)))
        if begun:
            return spaced and (keyed or (len(cells) == 1 and not self.closing))
        return spaced or keyed or len(line.split()) > 1 or not line.strip("# ")

    def _marked(self, cells: list[str]) -> bool:
        """Whether a line with as many cells as a line of words is a comment all the same."""
        if self.delimiter.strip(" "):
            return cells[0].startswith("# ") and comment_of(cells[0]) is not None
        if cells[0] == "#":
            return "=" in cells[2:] or (len(cells[1]) > 1 and cells[1].endswith(":"))
        return "=" in cells[1:2]


@dataclass
class _Block:
    """The lines of one sentence."""

    numbers: list[int] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    comments: dict[str, str] = field(default_factory=dict)


def _looked_at(source: Source) -> tuple[Iterator[Numbered], list[Numbered]]:
    """All lines with their numbers, and the first of them once more."""
    lines = enumerate(lines_of(source), 1)
    first = list(islice(lines, _LOOKED_AT))
    return chain(first, lines), first


def _global_columns(first: Sequence[Numbered]) -> tuple[str, ...]:
    """The names that a CoNLL-U Plus file gives its columns in its first line."""
    found = comment_of(first[0][1]) if first and first[0][1].startswith("#") else None
    if found is None or found[0] != "global.columns":
        return ()
    return tuple(name.lower() for name in found[1].split())


def are_headed(blocks: Sequence[Sequence[str]]) -> bool:
    """Whether blocks begin with remarks like `# id 7`, which may have as many cells as a word has.

    No corpus has the word # before nearly every sentence.
    """
    blocks = [block for block in blocks if not _is_document(block[0])]
    headed = sum(len(block) > 1 and block[0].startswith("# ") for block in blocks)
    return len(blocks) >= _FEW_BLOCKS and headed >= _NEARLY * len(blocks)


def _is_empty(line: str) -> bool:
    return not line or line.isspace()


def _form(layout: Layout, first: Sequence[str]) -> _Form:
    filled = [line for line in first if line and not line.isspace() and not _is_document(line)]
    lines = [line for line in filled if line[0] != "#"] or filled
    delimiter = layout.delimiter or ("\t" if _tabs_part(lines, layout.columns) else "")
    parting = _Form(delimiter, 0, ())
    counts = Counter(len(parting.cells(line)) for line in lines)
    if layout.closing and len(counts) > 1:
        del counts[1]
    width = max(counts, key=lambda n: (counts[n], n), default=0)
    names = layout.columns or tuple(str(i) for i in range(min(width, MOST_COLUMNS)))
    blocks = [list(block) for is_empty, block in groupby(first, _is_empty) if not is_empty]
    return _Form(delimiter, width, names, layout.closing, headed=are_headed(blocks))


def _tabs_part(lines: Sequence[str], columns: Sequence[str]) -> bool:
    """Whether tabs alone part the columns, so that words may hold blanks."""
    counts = Counter(line.count("\t") for line in lines)
    tabs = max(counts, key=lambda n: counts[n], default=0)
    if tabs == 0 or 2 * counts[tabs] < len(lines) or tabs < len(columns) - 1:
        return False
    like_most = {len(line.split()) for line in lines if line.count("\t") == tabs}
    return tabs == len(columns) - 1 or len(like_most) > 1


def _is_document(line: str) -> bool:
    return line.startswith(("-DOCSTART-", "#begin document", "#end document"))


def _rows(source: Source, form: _Form, lines: Iterable[Numbered]) -> Iterator[Row]:
    for block in _blocks(form, lines):
        row = _row(source, form, block)
        if row is not None:
            yield row


def _blocks(form: _Form, lines: Iterable[Numbered]) -> Iterator[_Block]:
    block = _Block()
    for number, line in lines:
        if not line or line.isspace() or _is_document(line):
            if block.lines:
                yield block
            block = _Block()
        elif line[0] == "#" and form.is_comment(line, bool(block.lines)):
            found = comment_of(line)
            if found is not None:
                block.comments[found[0]] = found[1]
        else:
            block.numbers.append(number)
            block.lines.append(line)
    if block.lines:
        yield block


def _row(source: Source, form: _Form, block: _Block) -> Row | None:
    cells = [form.cells(line) for line in block.lines]
    numbers = block.numbers
    sentence = {(f"# {k}" if k in form.names else k): v for k, v in block.comments.items()}
    if form.closing:
        label = _closing_label(source, block, cells)
        if label is not None:
            sentence[form.closing] = label
            cells, numbers = cells[:-1], numbers[:-1]
    if form.names[0] == "id":
        kept = [i for i, of_line in enumerate(cells) if not _NO_WORD.match(of_line[0])]
        cells, numbers = [cells[i] for i in kept], [numbers[i] for i in kept]
    if not cells or not _fits(source, form, numbers, cells):
        return None
    words = {name: [line[i] for line in cells] for i, name in enumerate(form.names)}
    return Row(block.numbers[0], words | sentence)


def _closing_label(source: Source, block: _Block, cells: list[list[str]]) -> str | None:
    """The label in the last line of a block; None, which is told, where there is none."""
    number = block.numbers[-1]
    if len(cells[-1]) != 1:
        source.say(
            "closing",
            "warning",
            f"no label closes this block: its last line has {len(cells[-1])} columns",
            f"write the {source.layout.closing} alone in a line after the words",
            number,
            block.lines[-1][:60],
        )
        return None
    if len(cells) == 1:
        source.say(
            "ragged",
            "error",
            f"no word stands before the label '{block.lines[-1][:60]}'",
            "write the words of the block, or take the label out",
            number,
        )
    return cells[-1][0]


def _fits(source: Source, form: _Form, numbers: list[int], cells: list[list[str]]) -> bool:
    """Whether every line of a block has its columns; tells of the first that has not."""
    counts = {len(line) for line in cells}
    least = len(form.names)
    expected = max(form.width, least)
    if counts == {expected}:
        return True
    if max(counts) > form.width:
        _drop_empty(form.width, cells)
        counts = {len(line) for line in cells}
    few = max(counts) <= form.width or len(cells) > 1
    if len(counts) == 1 and min(counts) >= least and few:
        return True
    place = next(i for i, line in enumerate(cells) if len(line) != expected)
    _tell_ragged(source, form, (numbers[place], cells[place]), place == len(cells) - 1)
    return False


def _drop_empty(width: int, cells: list[list[str]]) -> None:
    """Delimiters at the end of a line make no columns."""
    for line in cells:
        while len(line) > width and not line[-1]:
            line.pop()


def _tell_ragged(
    source: Source, form: _Form, line: tuple[int, list[str]], closes_block: bool
) -> None:
    number, cells = line
    cure = "correct the line or layout.columns in the card"
    if len(cells) > form.width and not form.delimiter.strip(" "):
        cure = "take the blanks out of the word, or set layout.delimiter in the card"
    elif len(cells) == 1 and closes_block and not form.closing:
        cure = "correct the line, or set layout.closing in the card where a label closes a block"
    source.say(
        "ragged",
        "error",
        f"{len(cells)} columns where {max(form.width, len(form.names))} are expected "
        f"({', '.join(form.names)})",
        cure,
        number,
        " ".join(cells)[:60],
    )
