"""How the best checkpoint of a run answered each task: per class, label by label, value by value."""

import json
from dataclasses import dataclass
from typing import Any

from mtl_core.runs.store import Run
from mtl_core.training.events import Detailed, from_line

_BEGIN = json.dumps({"kind": Detailed.kind})[:-1]


@dataclass(frozen=True)
class Confusion:
    """`counts[i][j]` items are `right[i]` and were answered with `answered[j]`."""

    right: tuple[str, ...]
    answered: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]
    unit: str = "items"
    """What is counted."""


@dataclass(frozen=True)
class Details:
    """One task on one split. What its kind does not have is empty or None."""

    classes: list[dict[str, Any]]
    """Rows of the table: label, precision, recall, f1, support, answered."""
    confusion: Confusion | None = None
    points: tuple[tuple[float, float], ...] = ()
    """Right and answered value."""
    count: int = 0
    """How many values there are; `points` may be a sample."""

    @classmethod
    def of(cls, tree: dict[str, Any]) -> "Details":
        """From the details of an event."""
        columns: dict[str, list[Any]] = tree.get("classes", {})
        rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
        found = tree.get("confusion")
        confusion = found and Confusion(
            tuple(found["right"]),
            tuple(found["answered"]),
            tuple(map(tuple, found["counts"])),
            found["unit"],
        )
        points = tuple((right, answered) for right, answered in tree.get("points", ()))
        return cls(rows, confusion, points, tree.get("count", 0))


def details_of(run: Run) -> dict[str, dict[str, Details]]:
    """By task and split; empty where the run has not finished, or began before they were kept.

    Only the lines that hold them are parsed: a long run has very many others.
    """
    found: dict[str, dict[str, Details]] = {}
    try:
        with (run.folder / "events.jsonl").open(encoding="utf-8") as file:
            for line in file:
                if line.startswith(_BEGIN) and line.endswith("\n"):
                    event = from_line(line)
                    assert isinstance(event, Detailed)
                    found.setdefault(event.task, {})[event.split] = Details.of(event.details)
    except FileNotFoundError:
        return {}
    return found
