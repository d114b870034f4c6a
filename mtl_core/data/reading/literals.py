"""Lists and objects as Python and numpy write them into cells, where JSON would stand better."""

import ast
import json
import re
from typing import Any

from .json_text import JsonText, NotJson

_ITEM = re.compile(
    r"""\s*(,?)\s*([uUbB]?'(?:[^'\\]|\\.)*'|[uUbB]?"(?:[^"\\]|\\.)*"|[^\s,\[\](){}'"]+)""",
    re.DOTALL,
)
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))", re.DOTALL)
_SIGNS = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", "'": "'", '"': '"'}
_LONGEST = 1 << 20  # signs of a cell that Python's own parser is given
_SHORTENED = "..."  # what numpy writes for what it leaves out


class NotList(ValueError):
    """A text that is no list of words or numbers: why."""


def list_in(text: str) -> list[Any]:
    """The list that a text is: JSON, ['a', 'b'], ['a' 'b'], [a, b] or [1 2]. Raises NotList."""
    body = text.strip()
    if len(body) < 2 or body[0] != "[" or body[-1] != "]":
        raise NotList("it stands in no brackets")
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return _scanned(body[1:-1])
    if any(isinstance(one, list | dict) for one in found):
        raise NotList("there are lists or objects in it")
    return found


def tree_in(text: str, decoder: JsonText) -> Any:
    """The value that a text holds, as JSON or as Python writes it. Raises NotJson."""
    try:
        return decoder.decode(text)
    except NotJson as err:
        try:
            return _python(text)
        except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
            raise err from None


def _scanned(body: str) -> list[Any]:
    items: list[Any] = []
    at = 0
    while match := _ITEM.match(body, at):
        comma, item = match.groups()
        value = _value(item)
        bare = isinstance(value, str) and item[-1] not in "'\""
        if bool(comma and not items) or (items and bare and not comma):
            break
        if item == _SHORTENED:
            raise NotList("it was shortened by '...' when it was written")
        items.append(value)
        at = match.end()
    if body[at:].strip() not in ("", ","):
        raise NotList(f"'{body[at:].strip()[:40]}' is no word or number of a list")
    return items


def _value(item: str) -> Any:
    if item[-1] in "'\"":
        start = 1 if item[0] in "'\"" else 2
        return _ESCAPE.sub(_escaped, item[start:-1])
    if item in ("None", "nan", "null"):
        return None
    for kind in (int, float):
        try:
            return kind(item)
        except ValueError:
            continue
    return item


def _escaped(match: re.Match[str]) -> str:
    sign = match[4]
    if sign is not None:
        return _SIGNS.get(sign, match[0])
    code = int(match[1] or match[2] or match[3], 16)
    return chr(code) if code < 0xD800 or 0xDFFF < code < 0x110000 else match[0]


def _python(text: str) -> Any:
    text = text.strip()
    if text[:1] not in ("[", "{", "(") or len(text) > _LONGEST:
        raise ValueError("no list or object")
    return _plain(ast.literal_eval(text))


def _plain(tree: Any) -> Any:
    """The value with what JSON has: lists, objects, texts and numbers."""
    if isinstance(tree, list | tuple):
        return [_plain(one) for one in tree]
    if isinstance(tree, dict):
        return {str(key): _plain(one) for key, one in tree.items()}
    if tree is None or isinstance(tree, str | int | float):
        return tree
    raise ValueError(f"{type(tree).__name__} is no value")
