"""Scores as pure functions of what is right and what was answered.

    judge(kind, gold, answered).scores()       by name, those of METRICS
    judge(kind, gold, answered).details()      per class, as plain data for JSON

Everything is counted once; scores and tables are made of the counts. Labels that training never saw
are in `gold` all the same: they can only be answered wrongly.
"""

from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from mtl_core.data.gold import NO_ANSWER
from mtl_core.data.spans import spans_of
from mtl_core.data.tasks import TaskKind

Metrics = dict[str, float]
Numbers = NDArray[np.float64]

MOST_CLASSES = 200
"""Rows of a table per class; the rarest ones beyond are left out."""
MOST_CONFUSED = 30
"""Labels of a confusion matrix; the others become one."""
MOST_POINTS = 500
"""Points of a regression's scatter: a sample that is even over the rows."""


class Judged(Protocol):
    """Answers that have been counted."""

    def scores(self) -> Metrics:
        """By name."""

    def details(self) -> dict[str, Any]:
        """For the tables and charts of one run, small."""


@dataclass(frozen=True)
class Hits:
    """Per label: how often it is right, was answered, and both at once."""

    labels: tuple[str, ...]
    right: Numbers
    answered: Numbers
    both: Numbers

    @classmethod
    def of(
        cls, gold: Iterable[Collection[Hashable]], answered: Iterable[Collection[Hashable]],
        label_of: Callable[[Any], str],
    ) -> "Hits":  # fmt: skip
        """Rows of things of which each has a label: labels themselves, or spans."""
        right, given, both = Counter[str](), Counter[str](), Counter[str]()
        for gold_row, answered_row in zip(gold, answered, strict=True):
            right.update(map(label_of, gold_row))
            given.update(map(label_of, answered_row))
            both.update(map(label_of, set(gold_row) & set(answered_row)))
        labels = tuple(sorted(right.keys() | given.keys()))

        def numbers(counts: Counter[str]) -> Numbers:
            return np.array([counts[label] for label in labels], dtype=np.float64)

        return cls(labels, numbers(right), numbers(given), numbers(both))

    @property
    def precision(self) -> Numbers:
        return _share(self.both, self.answered)

    @property
    def recall(self) -> Numbers:
        return _share(self.both, self.right)

    @property
    def f1(self) -> Numbers:
        return _share(2 * self.both, self.right + self.answered)

    def macro(self) -> Metrics:
        """Means over all labels that are right or were answered somewhere."""
        named = {"precision": self.precision, "recall": self.recall, "f1": self.f1}
        return {n: float(each.mean()) if len(each) else 0.0 for n, each in named.items()}

    def micro(self) -> Metrics:
        """All labels counted together."""
        right, answered, both = (
            counts.sum(keepdims=True) for counts in (self.right, self.answered, self.both)
        )
        one = Hits(("all",), right, answered, both)
        return one.macro()

    def table(self) -> dict[str, list[Any]]:
        """Columns of the table per class, the most frequent class first."""
        order = np.lexsort((-self.answered, -self.right))[:MOST_CLASSES]
        return {
            "label": [self.labels[i] for i in order],
            "precision": _rounded(self.precision[order]),
            "recall": _rounded(self.recall[order]),
            "f1": _rounded(self.f1[order]),
            "support": self.right[order].astype(int).tolist(),
            "answered": self.answered[order].astype(int).tolist(),
        }


@dataclass(frozen=True)
class Confusion:
    """One right label an item: `counts[i, j]` items of label i were answered with label j."""

    labels: tuple[str, ...]
    counts: Numbers
    unit: str = "texts"
    """What an item is, in the plural."""

    @classmethod
    def of(cls, gold: Sequence[str], answered: Sequence[str], unit: str = "texts") -> "Confusion":
        """Single labels of texts, or of words."""
        pairs = Counter(zip(gold, answered, strict=True))
        labels = tuple(sorted({label for pair in pairs for label in pair}))
        place = {label: i for i, label in enumerate(labels)}
        counts = np.zeros((len(labels), len(labels)))
        for (right, given), count in pairs.items():
            counts[place[right], place[given]] = count
        return cls(labels, counts, unit)

    @property
    def hits(self) -> Hits:
        """Per label; no answer at all is no label."""
        kept = np.array([label != NO_ANSWER for label in self.labels], dtype=bool)
        labels = tuple(label for label in self.labels if label != NO_ANSWER)
        right, answered = self.counts.sum(1)[kept], self.counts.sum(0)[kept]
        return Hits(labels, right, answered, np.diag(self.counts)[kept])

    def scores(self) -> Metrics:
        hits = self.hits
        total = self.counts.sum()
        return {
            "accuracy": float(np.trace(self.counts) / total) if total else 0.0,
            **{f"macro_{name}": value for name, value in hits.macro().items()},
            **{f"micro_{name}": value for name, value in hits.micro().items()},
            "mcc": self._mcc(),
        }

    def _mcc(self) -> float:
        """Matthews' correlation for any number of labels (Gorodkin, 2004); 0 where undefined."""
        right, answered, total = self.counts.sum(1), self.counts.sum(0), self.counts.sum()
        together = np.trace(self.counts) * total - right @ answered
        alone = (total**2 - right @ right) * (total**2 - answered @ answered)
        return float(together / np.sqrt(alone)) if alone > 0 else 0.0

    def details(self) -> dict[str, Any]:
        return {"classes": self.hits.table(), "confusion": self._matrix()}

    def _matrix(self) -> dict[str, Any]:
        """Rows are right, columns answered. Rare labels are one; no answer is the last column."""
        frequency = self.counts.sum(1) + self.counts.sum(0)
        real = [i for i, label in enumerate(self.labels) if label != NO_ANSWER]
        order = sorted(real, key=lambda i: (-frequency[i], self.labels[i]))
        kept, rest = order, []
        if len(order) > MOST_CONFUSED:
            kept, rest = order[: MOST_CONFUSED - 1], order[MOST_CONFUSED - 1 :]
        groups = [[i] for i in kept] + ([rest] if rest else [])
        names = [self.labels[i] for i in kept] + ([f"{len(rest)} other labels"] if rest else [])
        missing = [[i] for i, label in enumerate(self.labels) if label == NO_ANSWER]
        return {
            "right": names,
            "answered": names + ["no answer"] * len(missing),
            "counts": [
                [int(self.counts[np.ix_(row, column)].sum()) for column in groups + missing]
                for row in groups
            ],
            "unit": self.unit,
        }


@dataclass(frozen=True)
class LabelSets:
    """Any number of right labels a row."""

    hits: Hits
    rows: int
    exact: int

    @classmethod
    def of(cls, gold: Sequence[Sequence[str]], answered: Sequence[Sequence[str]]) -> "LabelSets":
        exact = sum(set(g) == set(a) for g, a in zip(gold, answered, strict=True))
        return cls(Hits.of(gold, answered, str), len(gold), exact)

    def scores(self) -> Metrics:
        return {
            **{f"micro_{name}": value for name, value in self.hits.micro().items()},
            **{f"macro_{name}": value for name, value in self.hits.macro().items()},
            "exact_match": self.exact / self.rows if self.rows else 0.0,
        }

    def details(self) -> dict[str, Any]:
        return {"classes": self.hits.table()}


@dataclass(frozen=True)
class Spans:
    """Exact spans, as conlleval and seqeval count them."""

    hits: Hits

    @classmethod
    def of(cls, gold: Sequence[Sequence[str]], answered: Sequence[Sequence[str]]) -> "Spans":
        return cls(Hits.of(map(spans_of, gold), map(spans_of, answered), _label_of_span))

    def scores(self) -> Metrics:
        return self.hits.micro()

    def details(self) -> dict[str, Any]:
        return {"classes": self.hits.table()}


@dataclass(frozen=True)
class Values:
    """Values of a regression, on the task's own scale."""

    right: Numbers
    answered: Numbers

    @classmethod
    def of(cls, gold: Sequence[float], answered: Sequence[float]) -> "Values":
        return cls(np.asarray(gold, np.float64), np.asarray(answered, np.float64))

    def scores(self) -> Metrics:
        """A correlation that is not defined, as where all answers are the same, is 0."""
        from scipy.stats import rankdata  # half a second, which only these tasks wait for

        errors = self.right - self.answered
        return {
            "pearson": _correlation(self.right, self.answered),
            "spearman": _correlation(rankdata(self.right), rankdata(self.answered)),
            "mse": float((errors**2).mean()) if len(errors) else 0.0,
        }

    def details(self) -> dict[str, Any]:
        count = len(self.right)
        shown = np.linspace(0, count - 1, min(count, MOST_POINTS)).astype(int)
        points = np.stack([self.right[shown], self.answered[shown]], 1)
        return {"points": [_rounded(point) for point in points], "count": count}


def _tags(gold: Sequence[Sequence[str]], answered: Sequence[Sequence[str]]) -> Confusion:
    """Over all words of all sentences."""
    return Confusion.of(
        [tag for sentence in gold for tag in sentence],
        [tag for sentence in answered for tag in sentence],
        "words",
    )


_JUDGES: dict[TaskKind, Callable[[Any, Any], Judged]] = {
    "classification": Confusion.of,
    "multilabel": LabelSets.of,
    "regression": Values.of,
    "tagging": _tags,
    "spans": Spans.of,
}


def judge(kind: TaskKind, gold: Sequence[object], answered: Sequence[object]) -> Judged:
    """Count the answers of rows that all have a right one."""
    return _JUDGES[kind](gold, answered)


def _label_of_span(span: tuple[int, int, str]) -> str:
    return span[2]


def _share(part: Numbers, whole: Numbers) -> Numbers:
    """0 where there is nothing to have a share of."""
    return np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)


def _correlation(one: Numbers, other: Numbers) -> float:
    """Pearson's; 0 where one of the two is constant."""
    if not len(one) or np.ptp(one) == 0 or np.ptp(other) == 0:
        return 0.0
    one, other = one - one.mean(), other - other.mean()
    return float(one @ other / (np.linalg.norm(one) * np.linalg.norm(other)))


def _rounded(values: Numbers) -> list[float]:
    return [float(f"{value:.4g}") for value in values.tolist()]
