"""What a reader, a check or a report has to say about data: a fault, a doubt, or a fact.

Readers and checks tell what they find to a `Tell`. Training uses `strict`, which stops at the first
error; `mtl data check` and the Data page use a `Findings`, which gathers everything.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Literal

from mtl_core.errors import DataError, one_line

Level = Literal["error", "warning", "note"]
LEVELS: tuple[Level, ...] = ("error", "warning", "note")
EXAMPLES = 5  # kept of each finding
_LINE = re.compile(r" (line|row) \d+$")


@dataclass(frozen=True)
class Finding:
    """One thing that was found.

    `code` is its lasting name, for tests and scripts; `what` a sentence without its last stop;
    `cure` what the user can do. An error means that a row, or a file, cannot be used as it stands.
    `place` names the file and the line of the first one, `count` how many there are. Whatever
    stands in the files, each of its texts is one line of bounded length.
    """

    code: str
    level: Level
    what: str
    cure: str = ""
    place: str = ""
    count: int = 1
    examples: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in ("code", "what", "cure", "place"):
            object.__setattr__(self, name, one_line(getattr(self, name)))
        object.__setattr__(self, "examples", tuple(map(one_line, self.examples)))

    @property
    def sentence(self) -> str:
        """What, where and the cure in one sentence."""
        place = f"{self.place}: " if self.place else ""
        cure = f"; {self.cure}" if self.cure else ""
        return f"{place}{self.what}{cure}"


Tell = Callable[[Finding], None]


def strict(finding: Finding) -> None:
    """Raise DataError at an error; what is no error is left to the reports."""
    if finding.level == "error":
        raise DataError(finding.sentence)


@dataclass
class Findings:
    """Gathers findings. Those with the same code about the same thing are counted together."""

    _found: dict[tuple[str, str], Finding] = field(default_factory=dict)

    def __call__(self, finding: Finding) -> None:
        """Take one more. The first of its kind gives the sentence and the place."""
        key = (finding.code, _LINE.sub("", finding.place))
        first = self._found.get(key)
        if first is None:
            self._found[key] = replace(finding, examples=finding.examples[:EXAMPLES])
            return
        more = tuple(e for e in finding.examples if e not in first.examples)
        examples = (first.examples + more)[:EXAMPLES]
        self._found[key] = replace(first, count=first.count + finding.count, examples=examples)

    def __iter__(self) -> Iterator[Finding]:
        """Errors first, then warnings, then notes; each in the order in which they were found."""
        return iter(sorted(self._found.values(), key=lambda f: LEVELS.index(f.level)))

    def __len__(self) -> int:
        return len(self._found)

    @property
    def worst(self) -> Level | None:
        """The gravest level among them."""
        return next((finding.level for finding in self), None)
