"""Which texts are the same: word for word, or in their letters.

Within a dataset a text is the same where every sign of it is. Between datasets, which cut and spell
differently, it is the same where its letters and digits are, whatever their case; texts of few
letters may then agree by chance, so they count as different.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import repeat

from mtl_core.data.marks import mark_of
from mtl_core.data.tasks import Sentences

ENOUGH = 20
"""Bytes of letters from which on equal letters are no chance: 20 Latin letters, 7 Chinese ones."""
_NO_LETTER = re.compile(r"[\W_]+")


@dataclass(frozen=True)
class Prints:
    """By row: the mark of the exact text, and that of its letters (None where they are too few)."""

    exact: list[int]
    letters: list[int | None]

    def __len__(self) -> int:
        return len(self.exact)


def prints_of(sentences: Sentences) -> Prints:
    """The marks of every row; of words, where nobody kept how the text was written."""
    seconds = repeat(None) if sentences.seconds is None else sentences.seconds
    exact = sentences.marks
    if len(exact) != len(sentences):
        pairs = zip(sentences.words, seconds, strict=False)
        exact = [mark_of(text for text in pair if text is not None) for pair in pairs]
    joined = (
        "".join(words) if second is None else "".join(words) + "\n" + "".join(second)
        for words, second in zip(sentences.words, seconds, strict=False)
    )
    return Prints(exact, [_letters(text) for text in joined])


def _letters(text: str) -> int | None:
    """A mark of the letters of a text, or of two texts in two lines; good within this process."""
    found = "\n".join(_NO_LETTER.sub("", line) for line in text.split("\n")).casefold()
    if len(found) < ENOUGH and len(found.encode()) < ENOUGH:
        return None
    return hash(found)


@dataclass(frozen=True)
class Leaks:
    """Rows whose text stands in training data: in the dataset's own, word for word or alike but for
    blanks, case and signs, or in another dataset's."""

    exact: frozenset[int]
    alike: frozenset[int]
    elsewhere: frozenset[int]

    @property
    def rows(self) -> frozenset[int]:
        """All of them."""
        return self.exact | self.alike | self.elsewhere


def leaks(own: Prints, others: Sequence[Prints], tested: Prints) -> Leaks:
    """Which rows of a split leak, given the training data of its dataset and of the others."""
    exact = found_in(set(own.exact), tested.exact)
    alike = found_in(set(own.letters), tested.letters) - exact
    letters = {mark for other in others for mark in other.letters}
    return Leaks(exact, alike, found_in(letters, tested.letters))


def found_in(known: "set[int] | set[int | None]", marks: Sequence[int | None]) -> frozenset[int]:
    """The rows whose mark is known; no mark at all never is."""
    return frozenset(row for row, mark in enumerate(marks) if mark is not None and mark in known)
