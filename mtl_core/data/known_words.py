"""Words known from the training data: text without blanks is cut into them.

For Chinese, Japanese or Thai data that comes as tokens: a typed sentence must be cut as its makers
cut theirs. The likeliest cut is sought (Viterbi) under the frequencies of the words; what is not
known is a new word, as long as rare words are and spelt with the signs that they are spelt with.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

import regex

LONGEST = 24
"""Signs of the longest word that is sought: web addresses need not be known as words."""
_WHOLE = 0.1
_SMOOTHING = 0.5
LATIN, DIGIT = r"\p{Latin}", r"\p{Nd}"
_ONE = {kind: regex.compile(rf"{kind}\p{{M}}*") for kind in (LATIN, DIGIT)}
_RUN = {kind: regex.compile(rf"(?:{kind}\p{{M}}*){{2,}}") for kind in (LATIN, DIGIT)}
# A sign that new words are spelt with; any other one, such as a comma, is a word of its own.
_SPELLS = regex.compile(rf"(?!{LATIN}|{DIGIT})[\p{{L}}\p{{M}}]\X*")
_CHUNK = regex.compile(r"[^\s\x1c-\x1f\u200b]+")


class KnownWords:
    """The words of the training data, each with the number of times it stands there."""

    def __init__(self, counts: Mapping[str, int]) -> None:
        self.counts = dict(counts)
        self._total = sum(self.counts.values()) + 1
        self._signs = _signs(self.counts)

    @classmethod
    def of(cls, sentences: Iterable[Sequence[str]]) -> "KnownWords":
        """Those of some sentences."""
        return cls(Counter(word for words in sentences for word in words))

    def cut(self, text: str) -> list[str]:
        """The likeliest words of a text; blanks always part them."""
        return [word for chunk in _CHUNK.findall(text) for word in self._likeliest(chunk)]

    def _likeliest(self, text: str) -> list[str]:
        ends = [0, *(found.end() for found in self._signs.finditer(text))]
        new = self._new.along([text[a:b] for a, b in zip(ends, ends[1:], strict=False)])
        reach = max(self._longest, self._new.longest)
        best, back = [0.0], [0]  # of the text up to each sign: the cost, where its last word begins
        for end in range(1, len(ends)):
            options = (
                (best[start] + self._cost(text[ends[start] : ends[end]], new, start, end), -start)
                for start in range(max(0, end - reach), end)
            )
            cost, start = min(options)
            best.append(cost)
            back.append(-start)
        words: list[str] = []
        end = len(ends) - 1
        while end > 0:
            words.append(text[ends[back[end]] : ends[end]])
            end = back[end]
        return words[::-1]

    def _cost(self, word: str, new: "_Along", start: int, end: int) -> float:
        times = self.counts.get(word)
        return new.cost(start, end) if times is None else math.log(self._total / times)

    @cached_property
    def _longest(self) -> int:
        lengths = (len(self._signs.findall(word)) for word in self.counts)
        return min(LONGEST, max(lengths, default=1))

    @cached_property
    def _new(self) -> "_NewWords":
        once = [word for word, times in self.counts.items() if times == 1] or list(self.counts)
        spelt = [self._signs.findall(word) for word in once]
        every = {sign for word in self.counts for sign in self._signs.findall(word)}
        return _NewWords(spelt, len(every), (len(once) + 1) / (self._total + 1))


class _NewWords:
    """How likely a word is that the training data does not have, judged by its rare words."""

    def __init__(self, rare: Sequence[Sequence[str]], signs: int, share: float) -> None:
        lengths = Counter(len(word) for word in rare if len(word) <= LONGEST)
        self.longest = max(lengths, default=1)
        self._of_length = {
            length: -math.log(share * times / len(rare)) for length, times in lengths.items()
        }
        self._of_length.setdefault(1, -math.log(share / (len(rare) + 1)))
        self._times = Counter(sign for word in rare for sign in word)
        # As many signs again may be met that nobody has seen.
        self._all = self._times.total() + _SMOOTHING * 2 * (signs + 1)

    def along(self, signs: Sequence[str]) -> "_Along":
        costs, spelt = [0.0], [0]
        for sign in signs:
            costs.append(costs[-1] + math.log(self._all / (self._times[sign] + _SMOOTHING)))
            spelt.append(spelt[-1] + bool(_SPELLS.match(sign)))
        return _Along(self._of_length, costs, spelt)


class _Along:
    """The costs of new words along one text."""

    def __init__(
        self, of_length: Mapping[int, float], costs: Sequence[float], spelt: Sequence[int]
    ) -> None:
        self._of_length, self._costs, self._spelt = of_length, costs, spelt

    def cost(self, start: int, end: int) -> float:
        """That of the word from one sign to another; infinite where it can be no new word."""
        length = end - start
        if length > 1 and self._spelt[end] - self._spelt[start] < length:
            return math.inf
        return self._of_length.get(length, math.inf) + self._costs[end] - self._costs[start]


def _signs(counts: Mapping[str, int]) -> "regex.Pattern[str]":
    """What words are made of: signs as people see them, and Latin words and numbers whole, unless
    the training data has those cut into characters too."""
    kinds = "".join(kind for kind in (LATIN, DIGIT) if _kept_whole(kind, counts))
    if not kinds:
        return regex.compile(r"\X")
    return regex.compile(rf"{run_of(kinds)}|\X")


def run_of(kinds: str) -> str:
    """The pattern of signs of some kinds in a row, such as a word with hyphens or a number."""
    sign = rf"[{kinds}]\p{{M}}*"
    return rf"{sign}(?:[-'’.]?{sign}|(?<=\p{{Nd}}),(?=\p{{Nd}}){sign})*"


def _kept_whole(kind: str, counts: Mapping[str, int]) -> bool:
    alone = sum(times for word, times in counts.items() if _ONE[kind].fullmatch(word))
    whole = sum(times for word, times in counts.items() if _RUN[kind].search(word))
    return whole >= _WHOLE * alone
