"""Files to rows: JSON lines, CSV, TSV and CoNLL columns, plain or gzipped, UTF-8.

A row is a mapping from column to value, together with its place in the file for messages.
"""

import csv
import gzip
import io
import json
import re
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mtl_core.errors import DataError

from .catalog import Layout

_KIND_OF_SUFFIX = {
    ".jsonl": "jsonl", ".ndjson": "jsonl", ".csv": "csv", ".tsv": "tsv",
    ".conll": "conll", ".conllu": "conllu", ".iob": "conll", ".iob2": "conll", ".bio": "conll",
}  # fmt: skip


@dataclass(frozen=True)
class Row:
    """The columns of one example, and its line number in the file (1 is the first)."""

    line: int
    columns: dict[str, Any]


def read_rows(path: Path, layout: Layout | None = None) -> list[Row]:
    """All rows of a file. Raises DataError naming the file, the line and the cure."""
    suffix = Path(path.stem).suffix if path.suffix == ".gz" else path.suffix
    kind = layout.kind if layout else _KIND_OF_SUFFIX.get(suffix.lower())
    if kind is None:
        known = ", ".join(sorted(_KIND_OF_SUFFIX))
        raise DataError(
            f"{path}: unknown ending '{suffix}' (known: {known}); set layout.kind in the card"
        )
    rows = list(_READERS[kind](_read_text(path), layout or Layout(kind=kind), path))  # type: ignore[arg-type]
    if not rows:
        raise DataError(f"{path}: the file holds no rows; put examples in it or name another file")
    return rows


def _read_text(path: Path) -> str:
    try:
        data = path.read_bytes()
        raw = gzip.decompress(data) if path.suffix == ".gz" else data
    except FileNotFoundError as err:
        raise DataError(
            f"{path}: there is no such file; correct the card's splits or folder"
        ) from err
    except (OSError, EOFError, zlib.error) as err:
        raise DataError(f"{path}: cannot be read ({err}); check the file") from err
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as err:
        line = raw[: err.start].count(b"\n") + 1
        raise DataError(
            f"{path} line {line}: not UTF-8 text (byte 0x{raw[err.start]:02x}); convert it"
        ) from err


def _lines(text: str) -> list[str]:
    """Split at newlines only: `str.splitlines` also breaks at U+0085 inside a text."""
    return [line.removesuffix("\r") for line in text.split("\n")]


def _read_json_lines(text: str, layout: Layout, path: Path) -> Iterator[Row]:
    for number, line in enumerate(_lines(text), 1):
        if not line.strip():
            continue
        try:
            tree = json.loads(line)
        except (ValueError, RecursionError) as err:
            why = getattr(err, "msg", str(err))
            raise DataError(
                f"{path} line {number}: not valid JSON ({why}); correct the line"
            ) from err
        if not isinstance(tree, dict):
            raise DataError(f"{path} line {number}: found a {type(tree).__name__}; write an object")
        yield Row(number, tree)


def _read_table(text: str, layout: Layout, path: Path) -> Iterator[Row]:
    usual = "\t" if layout.kind == "tsv" else ","
    delimiter = layout.delimiter or usual
    source = io.StringIO(text, newline="")
    if layout.quoting:
        reader = csv.reader(source, delimiter=delimiter, strict=True)
    else:
        reader = csv.reader(source, delimiter=delimiter, quoting=csv.QUOTE_NONE)
    header = list(layout.columns)
    try:
        for cells in reader:
            if not any(cells):
                continue
            if not header:
                header = cells
                continue
            if len(cells) != len(header):
                raise DataError(
                    f"{path} line {reader.line_num}: {len(cells)} columns where {len(header)} are "
                    f"expected; correct the line, or set layout.quoting or layout.delimiter in the card"
                )
            yield Row(reader.line_num, dict(zip(header, cells, strict=True)))
    except csv.Error as err:
        raise DataError(
            f"{path} line {reader.line_num}: {err}; correct the line, or set layout.quoting to false "
            "in the card where quotes are plain text"
        ) from err


def _read_conll(text: str, layout: Layout, path: Path) -> Iterator[Row]:
    """Blocks of lines, a word a line. Without `columns` they are called 0, 1, 2, ..."""
    block: list[tuple[int, list[str]]] = []
    for number, line in enumerate([*_lines(text), ""], 1):
        cells = _cells(line, layout.delimiter)
        if not cells or (layout.delimiter and not line.strip()):
            if block:
                yield _row_of_block(block, layout, path)
            block = []
        elif cells[0] != "-DOCSTART-" and not _is_comment(line, cells):
            block.append((number, cells))


def _cells(line: str, delimiter: str) -> list[str]:
    """The columns of a line. Blanks are spaces and tabs: a no-break space belongs to its word."""
    if delimiter:
        return line.split(delimiter)
    return [cell for cell in re.split(r"[ \t]+", line) if cell]


CONLLU = ("id", "form", "lemma", "upos", "xpos", "feats", "head", "deprel", "deps", "misc")


def _read_conllu(text: str, layout: Layout, path: Path) -> Iterator[Row]:
    """Universal Dependencies: tabs, comments, and lines for ranges and empty nodes, left out."""
    kept = [
        "" if not line or line.startswith("#") or re.match(r"\d+[-.]\d+\t", line) else line
        for line in _lines(text)
    ]
    # A comment or a range inside a sentence must not cut it, an empty line must.
    lines = [new for new, old in zip(kept, _lines(text), strict=True) if new or not old.strip()]
    columns = Layout(kind="conll", columns=layout.columns or CONLLU, delimiter="\t")
    yield from _read_conll("\n".join(lines), columns, path)


def _is_comment(line: str, cells: list[str]) -> bool:
    """`# key = value` lines; a word may itself be `#`, but then its tag follows in a column."""
    return line.startswith("# ") and ("=" in line or ":" in line) and len(cells) > 1


def _row_of_block(block: list[tuple[int, list[str]]], layout: Layout, path: Path) -> Row:
    names = layout.columns or tuple(str(i) for i in range(len(block[0][1])))
    for number, cells in block:
        if len(cells) < len(names):
            raise DataError(
                f"{path} line {number}: {len(cells)} columns where {len(names)} are expected "
                f"({', '.join(names)}); correct the line or layout.columns in the card"
            )
    columns = {name: [cells[i] for _, cells in block] for i, name in enumerate(names)}
    return Row(block[0][0], columns)


_READERS: dict[str, Callable[[str, Layout, Path], Iterator[Row]]] = {
    "jsonl": _read_json_lines,
    "csv": _read_table,
    "tsv": _read_table,
    "conll": _read_conll,
    "conllu": _read_conllu,
}
