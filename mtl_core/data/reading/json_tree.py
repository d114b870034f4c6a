"""Where the rows are in a JSON document: lists of them, objects of columns, objects keyed by ids."""

from collections.abc import Iterator
from typing import Any

from mtl_core.errors import DataError

_SEEN = 50  # of a list, from which the rest is judged
_FEW = 3  # longest list that is searched for lists inside its rows
_MOST_PATHS = 200
_DEEPEST = 12
_SPLITS = ("train", "dev", "valid", "test", "eval", "oos")  # how the names of splits begin


def lists_in(tree: Any) -> dict[str, int]:
    """The key paths of a document that lead to rows, and how many rows each has.

    Keys are parted by `/` and escaped as in JSON pointers: `~1` is a slash, `~0` a tilde.
    """
    found: dict[str, int] = {}
    for path, count in _walk(tree, (), _DEEPEST):
        found[path] = count
        if len(found) == _MOST_PATHS:
            break
    return found


def at_path(tree: Any, path: str, place: str) -> Any:
    """What a key path leads to. Raises DataError naming what there is instead."""
    for token in path.removeprefix("/").split("/") if path else ():
        key = token.replace("~1", "/").replace("~0", "~")
        if isinstance(tree, dict) and key in tree:
            tree = tree[key]
        elif isinstance(tree, list) and _is_place(key, tree):
            tree = tree[int(key)]
        else:
            raise DataError(f"{place}: there is no '{key[:60]}' {_instead(tree)}")
    return tree


def rows_of(tree: Any, place: str) -> list[Any]:
    """The rows that a document or a part of it holds. Raises DataError where it is not clear which."""
    if isinstance(tree, list):
        return tree
    if not isinstance(tree, dict):
        raise DataError(f"{place}: found a {type(tree).__name__}; write a list of rows")
    rows = _table(tree)
    if rows is not None:
        return rows
    lists = lists_in(tree)
    if "data" in lists:
        return rows_of(tree["data"], place)
    if len(lists) == 1:
        return rows_of(at_path(tree, next(iter(lists)), place), place)
    if not lists:
        raise DataError(f"{place}: the document holds no list of rows; name another file")
    shown = ", ".join(f"{path} with {count} rows" for path, count in list(lists.items())[:8])
    raise DataError(
        f"{place}: the document holds several lists ({shown}); name one behind a # in the card's splits"
    )


def _walk(tree: Any, path: tuple[str, ...], depth: int) -> Iterator[tuple[str, int]]:
    rows = tree if isinstance(tree, list) and _is_rows(tree) else None
    inside: list[tuple[str, Any]] = []
    if isinstance(tree, dict):
        rows = _table(tree)
        inside = [] if rows is not None else list(tree.items())
    elif isinstance(tree, list) and len(tree) <= _FEW:
        inside = [(str(i), one) for i, one in enumerate(tree) if isinstance(one, dict)]
    if rows is not None:
        keys = [key.replace("~", "~0").replace("/", "~1") for key in path]
        yield "/".join(keys if any(keys[:1]) or not keys else ["", *keys]), len(rows)
    if depth > 0:
        for key, value in inside:
            if isinstance(value, dict | list):
                yield from _walk(value, (*path, key), depth - 1)


def _is_rows(values: list[Any]) -> bool:
    """Whether a list holds rows: objects, or lists that each have as many cells."""
    seen = values[:_SEEN]
    if 2 * sum(isinstance(one, dict) for one in seen) > len(seen):
        return True
    widths = {len(one) if isinstance(one, list) else 0 for one in seen}
    return (
        len(widths) == 1
        and min(widths) > 1
        and all(any(isinstance(cell, str) for cell in one) for one in seen)
    )


def _table(tree: dict[str, Any]) -> list[Any] | None:
    """The rows that an object is as a whole; None where it only holds some somewhere."""
    if _is_split(tree):
        names = [str(name) for name in tree["columns"]]
        return [dict(zip(names, cells, strict=True)) for cells in tree["data"]]
    if _is_of_columns(tree):
        return [dict(zip(tree, cells, strict=True)) for cells in zip(*tree.values(), strict=True)]
    if _is_of_numbered(tree):
        order = next(iter(tree.values()))
        return [{name: column[key] for name, column in tree.items()} for key in order]
    if _is_keyed(tree):
        return [{"key": key, **row} for key, row in tree.items()]
    return None


def _is_split(tree: dict[str, Any]) -> bool:
    """Names of columns, and under `data` the cells of each row."""
    names, data = tree.get("columns"), tree.get("data")
    if not isinstance(names, list) or not isinstance(data, list) or not data:
        return False
    return all(isinstance(cells, list) and len(cells) == len(names) for cells in data)


def _is_of_columns(tree: dict[str, Any]) -> bool:
    """A list for each column, all of one length, and not simply a list of rows for each split."""
    columns = list(tree.values())
    if len(columns) < 2 or not all(isinstance(column, list) for column in columns):
        return False
    lengths = {len(column) for column in columns}
    return len(lengths) == 1 and min(lengths) > 0 and not all(map(_is_rows, columns))


def _is_of_numbered(tree: dict[str, Any]) -> bool:
    """An object for each column, whose keys are the numbers of the rows."""
    columns = list(tree.values())
    if len(columns) < 2 or not all(isinstance(column, dict) for column in columns):
        return False
    numbers = list(columns[0])
    return (
        bool(numbers)
        and all(key.isdecimal() for key in numbers)
        and all(column.keys() == columns[0].keys() for column in columns)
    )


def _is_keyed(tree: dict[str, Any]) -> bool:
    """An object for each row, with a text that they all have."""
    rows = list(tree.values())
    if len(rows) < 2 or not all(isinstance(row, dict) for row in rows):
        return False
    if all(key.lower().startswith(_SPLITS) for key in tree):
        return False
    shared = [key for key in rows[0] if all(key in row for row in rows[1:])]
    return any(all(_is_text(row[key]) for row in rows[:_SEEN]) for key in shared)


def _is_text(value: Any) -> bool:
    words = value if isinstance(value, list) else [value]
    return bool(words) and all(isinstance(word, str) for word in words)


def _instead(tree: Any) -> str:
    if isinstance(tree, dict):
        keys = ", ".join(str(key)[:40] for key in list(tree)[:10]) or "nothing"
        return f"(only {keys}{' ...' if len(tree) > 10 else ''}); correct what stands behind the #"
    if isinstance(tree, list):
        return f"in a list of {len(tree)}; correct what stands behind the #"
    return f"in a {type(tree).__name__}; correct what stands behind the #"


def _is_place(key: str, values: list[Any]) -> bool:
    return key.isascii() and key.isdecimal() and len(key) < 12 and int(key) < len(values)
