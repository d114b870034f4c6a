"""Tables with a word in each row, and the column that tells which rows are one sentence."""

import re
from collections.abc import Mapping, Sequence
from itertools import groupby, pairwise
from typing import Any

from mtl_core.data.layout import Gather
from mtl_core.data.reading import Row
from mtl_core.data.reading.by_sentence import Beginnings, says

from .cells import as_number
from .columns import Column

MOST = 5_000  # rows that are looked at, one after the other
_LONGEST_WORD = 20  # signs, on average
_SHORTEST, _LONGEST = 2, 200  # rows of a sentence, on average
_FEWEST = 3  # sentences
_WORDS = 0.97  # of the cells hold one word
_SENTENCE = re.compile(r"(?i)sent|satz|phrase|utt|seq|tweet|doc|line|id\b|\bid|num|no\b|nr\b|#|idx")

Values = Sequence[Any]


def may_be_words(columns: Mapping[str, Column]) -> bool:
    """Whether single words may stand in the rows, which is worth a closer look."""
    return len(columns) > 2 and any(_are_words(column.values) for column in columns.values())


def gather_of(rows: Sequence[Row]) -> Gather | None:
    """How the first rows of a file go together to sentences; None where they are no single words."""
    names = list(dict.fromkeys(name for row in rows for name in row.columns))
    columns = {name: [row.columns.get(name) for row in rows] for name in names}
    by = next((name for name in names if _tells_sentences(name, columns[name])), "")
    words = [name for name, values in columns.items() if name != by and _are_words(values)]
    word = max(words, key=lambda name: len({*columns[name]}), default="")
    if not word or not by or len({*columns[word]}) == len(rows):  # a lexicon says each word once
        return None
    starts = _starts(columns[by])
    several = [name for name in names if name != by and _differ(columns[name], starts)]
    lists = tuple(name for name in several if not _count(columns[name], starts))
    return Gather(by=by, columns=lists) if word in lists and len(lists) > 1 else None


def _are_words(values: Values) -> bool:
    """Whether each cell holds one word of the usual length."""
    texts = [value for value in values if isinstance(value, str) and value.strip()]
    if not texts or len(texts) < _WORDS * len(values):
        return False
    single = [text for text in texts if len(text.split()) == 1]
    short = sum(map(len, single)) <= _LONGEST_WORD * len(single)
    letters = sum(text[0].isalpha() for text in single)
    return short and len(single) >= _WORDS * len(texts) and letters > 0.3 * len(texts)


def _tells_sentences(name: str, values: Values) -> bool:
    """Whether runs of rows say the same, or nothing more, and each run something else."""
    starts = _starts(values)
    told = [values[start] for start in starts]
    if len(told) < _FEWEST or not says(values[0]) or len({*map(str, told)}) < 0.98 * len(told):
        return False
    if not _SHORTEST <= len(values) / len(told) <= _LONGEST:
        return False
    numbers = [as_number(value) for value in told]
    rising = all(a is not None and b is not None and a < b for a, b in pairwise(numbers))
    sparse = sum(map(says, values)) == len(told)  # only the first row of a sentence says it
    return sparse or rising or bool(_SENTENCE.search(name))


def _starts(values: Values) -> list[int]:
    """The rows at which another sentence begins."""
    begins = Beginnings()
    return [place for place, value in enumerate(values) if begins(value) or place == 0]


def _runs(values: Values, starts: Sequence[int]) -> list[Values]:
    return [values[a:b] for a, b in pairwise([*starts, len(values)])]


def _differ(values: Values, starts: Sequence[int]) -> bool:
    """Whether the rows of a sentence say different things."""
    return any(len(list(groupby(map(str, run)))) > 1 for run in _runs(values, starts))


def _count(values: Values, starts: Sequence[int]) -> bool:
    """Whether the rows of each sentence are only counted."""
    for run in _runs(values, starts):
        numbers = [as_number(value) for value in run]
        if any(a is None or b is None or b - a != 1 for a, b in pairwise(numbers)):
            return False
    return True
