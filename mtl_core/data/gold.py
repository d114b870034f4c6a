"""What is right, read from a row's cell: one reader for each kind of task."""

import math
from collections.abc import Callable, Sequence
from typing import Any

from mtl_core.errors import shown

from .catalog import TaskKind, TaskSpec
from .reading import Row
from .spans import NotSpans, to_bio

Gold = str | float | list[str] | None
"""What is right: a label for the text, the labels of a multilabel task sorted by name (none of them
is an answer too), a value, a tag for each word; or None where nobody said."""
NO_ANSWER = "\N{REPLACEMENT CHARACTER}no answer"
"""The tag answered for a word that was cut off: never right."""


class WrongAnswer(ValueError):
    """A value that the kind of a task cannot take: what it is, and what to do."""

    def __init__(self, what: str, cure: str) -> None:
        super().__init__(what)
        self.what, self.cure = what, cure


def gold_of(row: Row, task: str, spec: TaskSpec, words: Sequence[str]) -> Gold:
    """The right answer of a row. Raises WrongAnswer.

    An empty cell, which is how a table says it, a missing one, or one of `spec.unanswered` means that
    nobody said.
    """
    value = row.columns.get(spec.target)
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if spec.unanswered and str(value) in spec.unanswered:
        return None
    try:
        return _READERS[spec.kind](value, spec, words)
    except WrongAnswer as err:
        raise WrongAnswer(f"task '{task}': {err.what}", err.cure) from err
    except NotSpans as err:
        what, _, cure = str(err).rpartition("; ")
        raise WrongAnswer(f"task '{task}': {what}", cure) from err


def _label(value: Any, spec: TaskSpec, words: Sequence[str]) -> str:
    del words
    if isinstance(value, list | dict):
        raise WrongAnswer(f"found the label {shown(value)}", "write one label")
    return spec.names.get(str(value), str(value))


def _labels(value: Any, spec: TaskSpec, words: Sequence[str]) -> list[str]:
    """An empty list, or a text of nothing but the separator, says that no label is right."""
    del words
    if isinstance(value, str):
        found = [part.strip() for part in value.split(spec.separator)]
        return sorted({spec.names.get(label, label) for label in found if label})
    if not isinstance(value, list):
        raise WrongAnswer(
            f"found {shown(value)}", "write a list of labels, or one text with separators"
        )
    odd = [one for one in value if one is None or isinstance(one, list | dict) or not str(one)]
    if odd:
        raise WrongAnswer(f"found {shown(odd[0])} among the labels", "write names only")
    return sorted({spec.names.get(str(label), str(label)) for label in value})


def _number(value: Any, spec: TaskSpec, words: Sequence[str]) -> float:
    del words
    try:
        number = float(value) if isinstance(value, str | int | float) else math.nan
    except (ValueError, OverflowError):
        number = math.nan
    if isinstance(value, bool) or not math.isfinite(number):
        raise WrongAnswer(
            f"found {shown(value)}", "write a finite number, with a point before its decimals"
        )
    if spec.range and not spec.range[0] <= number <= spec.range[1]:
        low, high = spec.range
        raise WrongAnswer(
            f"{number:g} is outside the range {low:g} to {high:g}",
            "correct it, or the range in the card",
        )
    return number


def _tags(value: Any, spec: TaskSpec, words: Sequence[str]) -> list[str]:
    tags = value.split() if isinstance(value, str) else value
    if not isinstance(tags, list):
        raise WrongAnswer(f"found {shown(value)}", "write a list of tags")
    if len(tags) != len(words):
        raise WrongAnswer(f"{len(words)} words but {len(tags)} tags", "give every word one tag")
    tags = [spec.names.get(str(tag), str(tag)) for tag in tags]
    return to_bio(tags, spec.scheme) if spec.kind == "spans" else tags


_READERS: dict[TaskKind, Callable[[Any, TaskSpec, Sequence[str]], Gold]] = {
    "classification": _label,
    "multilabel": _labels,
    "regression": _number,
    "tagging": _tags,
    "spans": _tags,
}
