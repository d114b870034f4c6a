"""The format of one file, told by its content first and by its name second."""

import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from mtl_core.data.findings import Finding
from mtl_core.data.layout import Layout
from mtl_core.data.reading.contract import Source
from mtl_core.data.reading.json_rows import document_of, lists_in
from mtl_core.data.reading.packed import bytes_of
from mtl_core.data.reading.tables import DELIMITER_TOLD
from mtl_core.errors import DataError

from .blocks import block_form
from .columns import marked_up
from .encoding import encoding_of
from .naming import unique
from .places import Place, head_of
from .tables import TableForm, has_header, records_of, table_form

_START = 1 << 20  # bytes that are looked at
_LONG = 2_000  # signs of a line in which marks are looked for
_MARKED = 500  # lines


@dataclass
class Looked:
    """A file that was looked at. `layout` is None where it is plain lines, or cannot be read."""

    place: Place
    format: str = ""
    layout: Layout | None = None
    encoding: str = ""  # in words
    sniffed: list[str] = field(default_factory=list)
    head: list[str] = field(default_factory=list)
    lists: dict[str, int] = field(default_factory=dict)  # of a JSON document
    why: str = ""  # why it cannot be used

    @property
    def is_lines(self) -> bool:
        """Whether it may be one of several parallel files, or hold a text a line."""
        return self.format in ("lines", "labelled") and bool(self.head)


def look(place: Place, layout: Layout | None = None) -> Looked:
    """Find out how a file is written, or take a layout as given."""
    seen = Looked(place)
    try:
        _look(seen, layout)
    except DataError as err:
        seen.why = str(err)
    return seen


def _look(seen: Looked, layout: Layout | None) -> None:
    start = _start(seen.place)
    if start.startswith(b"PAR1"):
        seen.format, seen.layout, seen.encoding = "parquet", Layout(kind="parquet"), "binary"
        return
    if start.startswith((b"ARROW1", b"\xff\xff\xff\xff")):
        seen.format, seen.layout, seen.encoding = "arrow", Layout(kind="arrow"), "binary"
        return
    needed, seen.encoding = encoding_of(start)
    if layout is not None:
        seen.format, seen.layout = layout.kind, layout
    seen.head = head_of(seen.place, _ignore, layout.encoding if layout else needed)
    if layout is None:
        _look_at_lines(seen)
        if seen.layout is not None and needed:
            seen.layout = seen.layout.model_copy(update={"encoding": needed})
    if seen.format == "json":
        _look_into_document(seen)


def _look_at_lines(seen: Looked) -> None:
    lines = seen.head
    if not any(line.strip() for line in lines):
        seen.why = "it is empty"
        return
    kind = _json_kind(lines)
    if kind:
        seen.format, seen.layout = kind, Layout.model_validate({"kind": kind})
    elif _as_blocks(seen) or _as_table(seen) or _as_labelled(seen) or _as_marked(seen):
        return
    else:
        seen.format = "lines"
        seen.sniffed.append("a text a line")


def _json_kind(lines: Sequence[str]) -> str:
    filled = [line.strip() for line in lines if line.strip()][:20]
    trees = [_tree(line) for line in filled]
    objects = sum(isinstance(tree, dict) for tree in trees)
    if 1 < len(filled) <= 2 * objects:  # whatever stands in the others
        return "jsonl"
    if filled[0][0] not in "[{" or (
        filled[0][0] == "[" and re.match(r"\[[^\[\]\d\"{},]+:", filled[0])
    ):
        return ""
    if isinstance(trees[0], dict):
        rows = [tree for tree in trees[1:] if isinstance(tree, dict)]
        if rows or (len(filled) == 1 and not lists_in(trees[0])):
            return "jsonl"
        return "json"
    if isinstance(trees[0], list) and len(filled) > 1 and isinstance(trees[1], list):
        return ""  # lists line by line: no reader can name their cells
    return "json" if filled[0][0] == "{" or re.match(r"\[\s*($|[\[{\"])", filled[0]) else ""


def _tree(line: str) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _as_blocks(seen: Looked) -> bool:
    form = block_form(seen.head)
    if form is None:
        return False
    if form.conllu:
        seen.format, seen.layout = "conllu", Layout(kind="conllu")
        return True
    closing = "label" if form.closing else ""
    seen.format = "conll"
    names = tuple(str(i) for i in range(form.columns))
    seen.layout = Layout(kind="conll", delimiter=form.delimiter, closing=closing, columns=names)
    seen.sniffed.append(f"{form.columns} columns parted by {_named(form.delimiter or 'blanks')}")
    if closing:
        seen.sniffed.append("a label closes each block")
    return True


def _as_table(seen: Looked) -> bool:
    lines = [line for line in seen.head if line.strip()]
    if DELIMITER_TOLD.fullmatch(lines[0]):
        lines = lines[1:]
    form = table_form(_without_remarks(lines))
    if form is None:
        return False
    while lines[0].startswith("#") and form.delimiter not in lines[0]:
        lines = lines[1:]
    kind = "tsv" if form.delimiter == "\t" else "csv"
    default = "\t" if kind == "tsv" else ","
    records = records_of(lines, form.delimiter, quoting=form.quoting)
    whole = [record for record in records if record and len(record) == form.columns]
    header = has_header(whole[:500])
    names = () if header else tuple(str(i) for i in range(form.columns))
    seen.format = kind
    seen.layout = Layout(
        kind="tsv" if kind == "tsv" else "csv",
        delimiter="" if form.delimiter == default else form.delimiter,
        quoting=form.quoting,
        columns=names,
    )
    if header and (len(set(whole[0])) < form.columns or "" in whole[0]):
        named = _repaired(whole[0])
        seen.layout = seen.layout.model_copy(update={"columns": named, "header": True})
    seen.sniffed += _words_of_table(form, header)
    return True


def _without_remarks(lines: list[str]) -> list[str]:
    """The lines without those before the first that does not begin with a hash; all, if all do."""
    begin = next((i for i, line in enumerate(lines) if not line.startswith("#")), 0)
    return lines[begin:]


def _repaired(header: Sequence[str]) -> tuple[str, ...]:
    """Names for the columns of a header that leaves some out or names some twice."""
    names: dict[str, None] = {}
    for i, name in enumerate(header):
        fresh = name.strip() or f"column_{i + 1}"
        names[unique(fresh, names)] = None
    return tuple(names)


def _words_of_table(form: TableForm, header: bool) -> list[str]:
    quotes = "quotes enclose fields" if form.quoting else "quotes are plain text"
    return [
        f"delimiter {_named(form.delimiter)}",
        f"{form.columns} columns",
        "the first line names the columns" if header else "no header",
        *([quotes] if not form.quoting and form.merged else []),
    ]


def _as_labelled(seen: Looked) -> bool:
    lines = [line for line in seen.head if line.strip()]
    fields = [re.split(r"[ \t]+", line.strip(), maxsplit=1) for line in lines]
    if len(lines) < 4 or sum(len(field) == 2 for field in fields) < 0.95 * len(fields):
        return False
    labels = [field[0] for field in fields]
    grouped = all(re.fullmatch(r"[^:]+:[^:]+", label) for label in labels)
    counts = Counter(label.partition(":")[0] if grouped else label for label in labels)
    once = sum(count == 1 for count in counts.values())
    most = max(0.1 * len(lines), min(len(lines) / 3, 12), 2)
    if not 2 <= len(counts) <= most or once > 0.005 * len(lines):
        return False
    # A word that begins many texts stands inside texts too; so do tags that begin many lines.
    inside = Counter(word for field in fields if len(field) == 2 for word in set(field[1].split()))
    if any(
        inside[label] > 0.25 * count + 1 for label, count in counts.items() if not label.isdigit()
    ):
        return False
    if _tags_are_glued([word for field in fields for word in field[-1].split()], labels):
        return False
    seen.format = "labelled"
    seen.layout = Layout(kind="labelled", columns=("label", "text"))
    seen.sniffed.append(f"each line begins with one of {len(set(labels))} labels")
    return True


def _as_marked(seen: Looked) -> bool:
    """Lines that hold nothing but a text with its answers marked inside: a table of one column."""
    lines = [line.strip()[:_LONG] for line in seen.head if line.strip()]
    found = None if any("\t" in line for line in lines) else marked_up(lines[:_MARKED])
    if found is None:
        return False
    seen.format, seen.layout = "tsv", Layout(kind="tsv", columns=("0",), quoting=False)
    seen.sniffed.append(f"a text a line, {found.why}")
    return True


def _tags_are_glued(words: Sequence[str], labels: Sequence[str]) -> bool:
    """Whether what may be labels are words like the others, all with a tag after the same sign."""
    return any(
        all(sign in label for label in labels)
        and sum(sign in word for word in words) >= 0.9 * len(words)
        for sign in "/_|"
    )


def _look_into_document(seen: Looked) -> None:
    source = Source(seen.place.address, seen.layout or Layout(kind="json"), _ignore)
    seen.lists = lists_in(document_of(source))


def _start(place: Place) -> bytes:
    """The first bytes, unpacked."""
    blocks = bytes_of(Source(place.address, Layout(kind="labelled"), _ignore))
    start = b""
    for block in blocks:
        start += block
        if len(start) >= _START:
            break
    return start[:_START]


def _named(delimiter: str) -> str:
    return {"\t": "tab", ",": "comma", ";": "semicolon", "|": "pipe"}.get(delimiter, delimiter)


def is_plain_suffix(place: Place) -> bool:
    """Whether a file's name says that it is a text, or nothing."""
    return PurePosixPath(place.name).suffix.lower() in ("", ".txt", ".text")


def _ignore(finding: Finding) -> None:
    """What is found in a head is found again when the whole file is read."""
