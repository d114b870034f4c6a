"""Faults of a tag scheme: a tag that goes on with a span which nothing has begun.

In IOB1 `I-` begins most spans, and rightly so. So the whole file decides: where other spans begin
with `B-`, those that begin with `I-` are faults.
"""

from collections.abc import Mapping
from typing import Any

from .findings import EXAMPLES, Finding, Tell
from .spans import first_of

_BEGIN = frozenset("BSUW")
_GO_ON = frozenset("IMEL")
_END = frozenset("ESLUW")


class Beginnings:
    """How the spans of a task begin, over all rows of a file."""

    def __init__(self, task: str, names: Mapping[str, str]) -> None:
        self._task, self._names = task, names
        self._proper = 0
        self._orphans = 0
        self._several: list[tuple[int, str]] = []
        self._first = 0
        self._examples: list[tuple[int, str]] = []

    def note(self, line: int, cell: Any) -> None:
        """Look at the tags of one row as they are written; what is no list of tags is left alone."""
        tags = cell.split() if isinstance(cell, str) else cell
        if not isinstance(tags, list):
            return
        if "O" not in self._names and set(map(str, tags)) <= {"O"}:
            return  # as in most rows
        before, open_label = "the beginning", None
        for written in tags:
            cell_tag = self._names.get(str(written), str(written))
            tag = first_of(cell_tag)
            if tag != cell_tag:
                self._several.append((line, cell_tag))
            prefix, hyphen, label = tag.partition("-")
            if prefix in _GO_ON and hyphen and label != open_label:
                self._take(line, before, tag)
            elif prefix in _BEGIN and hyphen and label != open_label:
                self._proper += 1
            opens = prefix in _BEGIN | _GO_ON and prefix not in _END
            before, open_label = tag, label if opens else None

    def _take(self, line: int, before: str, tag: str) -> None:
        self._orphans += 1
        self._first = self._first or line
        if len(self._examples) < EXAMPLES:
            self._examples.append((line, f"{tag} after {before}"))

    def tell(self, tell: Tell, place: str) -> None:
        """Say how many begin wrongly, judged by the others, and which cells hold several tags.

        `place` is what stands before the number of a row: the file, and what is counted there.
        """
        unit = place.rpartition(" ")[2]
        if self._several:
            tell(
                Finding(
                    code=f"several tags of {self._task}",
                    level="note",
                    what=f"{len(self._several)} words have several tags of task '{self._task}', and "
                    "the first one counts",
                    cure="give every word one tag",
                    place=f"{place} {self._several[0][0]}",
                    count=len(self._several),
                    examples=tuple(dict.fromkeys(tag for _, tag in self._several))[:EXAMPLES],
                )
            )
        if not (self._orphans and self._proper):
            return
        tell(
            Finding(
                code=f"tags of {self._task}",
                level="warning",
                what=f"{self._orphans} spans of task '{self._task}' begin with a tag that goes on "
                f"with a span, while {self._proper} begin with B- or its like",
                cure="they are read as spans of their own; correct the tags if they are not",
                place=f"{place} {self._first}",
                count=self._orphans,
                examples=tuple(f"{unit} {line}: {said}" for line, said in self._examples),
            )
        )
