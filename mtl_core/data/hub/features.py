"""The hub's columns as rows: numbers of labels come out under their names."""

from pathlib import Path
from typing import Any

from mtl_core.data.address import Address
from mtl_core.data.catalog import Card
from mtl_core.data.findings import strict
from mtl_core.data.reading import Row, Source
from mtl_core.data.reading.markup import unfolded
from mtl_core.errors import DataError

from .opening import open_split

HIDDEN = -1
"""How the hub writes that a label is not given, as in the test data of GLUE."""


def read_hub(card: Card, split: str, path: Path) -> list[Row]:
    """All rows of a split. Raises DataError where it cannot be had, or lacks a column of the card."""
    if card.hub is None:
        raise DataError(f"{path}: the card names no dataset of the hub; add hub.path")
    try:
        found = open_split(card.hub, split)
    except DataError as err:
        raise DataError(f"{path}: {err}") from err
    rows = rows_of(found)
    if card.layout is not None:
        source = Source(Address(path), card.layout, strict)
        rows = list(unfolded(rows, source, card.segmentation))
    columns = list(dict.fromkeys([*found.column_names, *(n for row in rows for n in row.columns)]))
    _check_columns(card, split, columns, path)
    return rows


def rows_of(split: Any) -> list[Row]:
    """All rows of a split as the hub's library gives it."""
    names = {column: label_names(feature) for column, feature in split.features.items()}
    return [
        Row(i + 1, {column: _named(value, names[column]) for column, value in row.items()})
        for i, row in enumerate(split)
    ]


def label_names(feature: Any) -> list[str] | None:
    """The label names of a column of labels or of lists of labels, None for any other column."""
    inner = getattr(feature, "feature", feature)
    names = getattr(inner, "names", None)
    return list(names) if names else None


def is_list(feature: Any) -> bool:
    """Whether a column holds lists."""
    return hasattr(feature, "feature")


def in_words(feature: Any) -> str:
    """What a column is declared to be."""
    inner = getattr(feature, "feature", feature)
    names = label_names(feature)
    one = f"label of {len(names)}" if names else str(getattr(inner, "dtype", "object"))
    return f"list of {one}" if is_list(feature) else one


def _named(value: Any, names: list[str] | None) -> Any:
    """A number under its name; a hidden one is no answer, nor is a list of hidden ones."""
    if names is None or value is None:
        return value
    if isinstance(value, list):
        hidden = bool(value) and all(one == HIDDEN for one in value)
        return None if hidden else [_named(one, names) for one in value]
    return names[value] if 0 <= value < len(names) else None


def _check_columns(card: Card, split: str, columns: list[str], path: Path) -> None:
    """Hub datasets change, and a card may be written from memory: name what is not there."""
    for task, spec in card.tasks.items():
        for column in (*spec.columns, spec.target):
            if column not in columns:
                raise DataError(
                    f"{path}: task '{task}' wants the column '{column}', but split '{split}' of hub "
                    f"dataset '{card.hub.path if card.hub else ''}' has {', '.join(columns)}; "
                    "correct the card"
                )
