"""Rows of JSON: an object a line, or one document that holds a list of them."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain, islice
from typing import Any

from mtl_core.errors import DataError

from .contract import Row, Source
from .json_text import JsonText, NotJson
from .json_tree import at_path, lists_in, rows_of
from .opened import key_of, lines_of, text_of

__all__ = ["lists_in", "read_json", "read_json_lines"]

_HEAD = 100  # lines from which JSON lines are told from one document


def read_json_lines(source: Source) -> Iterator[Row]:
    """An object a line, or a list of cells where the layout names columns; empty lines are passed
    over."""
    text = JsonText()
    for number, line in enumerate(lines_of(source), 1):
        if not line or line.isspace():
            continue
        try:
            tree = text.decode(line)
        except NotJson as err:
            cure = "correct the line"
            if line.strip() in ("[", "{", "[{"):
                cure += ", or set layout.kind to json in the card where the file is one document"
            source.say("json", "error", f"not valid JSON ({err})", cure, number, line[:60])
            continue
        text.tell_odd(source, number)
        if isinstance(tree, list) and source.layout.columns:
            yield from _cells(source, number, tree, source.layout.columns)
        elif isinstance(tree, dict):
            yield Row(number, tree)
        else:
            _tell_no_object(source, number, tree)


def read_json(source: Source) -> Iterator[Row]:
    """The rows of one document, or of the part of it that the address names.

    They are a list, an object of columns or an object keyed by ids. A file that is JSON lines in
    truth is read as such.
    """
    if not key_of(source) and _holds_lines(source):
        layout = source.layout.model_copy(update={"kind": "jsonl"})
        yield from read_json_lines(replace(source, layout=layout))
        return
    tree = at_path(document_of(source), key_of(source), str(source.address))
    columns = source.layout.columns
    for number, one in enumerate(rows_of(tree, str(source.address)), 1):
        if isinstance(one, list):
            names = columns or tuple(str(i) for i in range(len(one)))
            yield from _cells(source, number, one, names)
        elif isinstance(one, dict):
            yield Row(number, one)
        else:
            _tell_no_object(source, number, one)


def document_of(source: Source) -> Any:
    """The value that the whole file holds. Raises DataError where it is no JSON."""
    text = JsonText()
    try:
        tree = text.decode(text_of(source))
    except NotJson as err:
        raise DataError(
            f"{source.address} line {err.line}: not valid JSON ({err}); correct it"
        ) from err
    text.tell_odd(source)
    return tree


def _holds_lines(source: Source) -> bool:
    """Whether the first line holds a whole object and the second begins one."""
    lines = lines_of(replace(source, tell=lambda _: None))
    try:
        filled = (line.strip() for line in islice(lines, _HEAD))
        first, second = islice(chain(filter(None, filled), ("", "")), 2)
    except DataError:  # one line that is too long for a line; what is wrong besides is told later
        return False
    return first[:1] == "{" and first[-1:] == "}" and second[:1] == "{"


def _cells(source: Source, number: int, cells: list[Any], names: Iterable[str]) -> Iterator[Row]:
    names = tuple(names)
    if len(cells) < len(names):
        source.say(
            "ragged",
            "error",
            f"{len(cells)} cells where {len(names)} are expected ({', '.join(names)})",
            "correct the row, or layout.columns in the card",
            number,
        )
        return
    yield Row(number, dict(zip(names, cells, strict=False)))


def _tell_no_object(source: Source, number: int, found: Any) -> None:
    example = repr(found)[:60]
    what = f"found a {type(found).__name__}"
    source.say("json", "error", what, "write an object", number, example)
