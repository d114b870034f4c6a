"""Datasets of the Hugging Face hub (or saved in its layouts on the disk) as rows.

Labels that the hub keeps as numbers come out under their names. Code from the hub is never run.
"""

from pathlib import Path
from typing import Any

from mtl_core.errors import DataError

from .catalog import Hub
from .reading import Row


def read_hub(hub: Hub, split: str, card: Path) -> list[Row]:
    """All rows of a split. Raises DataError where it cannot be had."""
    import datasets  # late: it takes a second to import, and few cards need it

    datasets.disable_progress_bars()
    try:
        found = datasets.load_dataset(hub.path, hub.name, split=split, revision=hub.revision)
    except Exception as err:  # the library raises whatever its file systems and readers raise
        why = str(err).strip().split("\n")[0][:160]
        raise DataError(
            f"{card}: hub dataset '{hub.path}', split '{split}', cannot be loaded ({why}); "
            "correct the name, or connect to the network once so that it is kept on this disk"
        ) from err
    names = {column: _names(feature) for column, feature in found.features.items()}
    return [
        Row(i + 1, {column: _named(value, names[column]) for column, value in row.items()})
        for i, row in enumerate(found)
    ]


def _names(feature: Any) -> list[str] | None:
    """The label names of a column of labels or of lists of labels, None for any other column."""
    inner = getattr(feature, "feature", feature)
    names = getattr(inner, "names", None)
    return list(names) if names else None


def _named(value: Any, names: list[str] | None) -> Any:
    """A number under its name; -1 is how the hub writes "no label"."""
    if names is None or value is None:
        return value
    if isinstance(value, list):
        return [_named(one, names) for one in value]
    return names[value] if value >= 0 else None
