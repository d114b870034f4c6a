"""Plain facts about labels, texts and words: numbers to draw and to write as JSON, no judgement."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from math import log2

import numpy as np

from mtl_core.data.catalog import TaskKind
from mtl_core.data.tasks import Sentences

from .corpus import Corpus


@dataclass(frozen=True)
class LabelFacts:
    """The labels of one task in one split.

    `labelled` are the rows with an answer, `items` what carries a label: texts, words (tagging),
    spans, or the labels of a multilabel task. `counts` has the most frequent label first and
    `share` is its share of the items (of the labelled texts for multilabel). `entropy` is in bits,
    `evenness` its share of what as many labels could have at most. A regression has `low`, `high`,
    `mean` and `deviation` instead.
    """

    dataset: str
    task: str
    kind: TaskKind
    split: str
    rows: int
    labelled: int
    items: int
    counts: dict[str, int]
    entropy: float | None = None
    evenness: float | None = None
    majority: str = ""
    share: float | None = None
    low: float | None = None
    high: float | None = None
    mean: float | None = None
    deviation: float | None = None


@dataclass(frozen=True)
class TextFacts:
    """The texts of one split. Lengths are in words, those of a pair together; `percentile` is the
    length that 95 % do not exceed. `cut_rows` and `cut_words` fall to the length that was asked
    about. `repeated` rows stand further up in the split already; `seen` stand in training data."""

    dataset: str
    split: str
    rows: int
    words: int
    mean: float
    median: float
    percentile: int
    longest: int
    repeated: int
    cut_rows: int = 0
    cut_words: int = 0
    seen: int = 0


@dataclass(frozen=True)
class Overlap:
    """How much of the words of dataset `other` is known from dataset `one` (training texts).

    `known` is the share of its words, each counted as often as it stands there; `jaccard` the share
    of the words of both that are in common, each counted once.
    """

    one: str
    other: str
    known: float
    jaccard: float


def label_facts(corpus: Corpus, task: str, split: str) -> LabelFacts:
    """Count the labels of a task."""
    kind, found = corpus.specs[task].kind, corpus.splits[split]
    labelled = sum(gold is not None for gold in found.gold[task])
    about = (corpus.name, task, kind, split, len(found), labelled)
    if kind == "regression":
        values = np.array(found.values(task))
        if not len(values):
            return LabelFacts(*about, 0, {})
        low, high, mean, deviation = (float(f(values)) for f in (np.min, np.max, np.mean, np.std))
        return LabelFacts(
            *about, len(values), {}, low=low, high=high, mean=mean, deviation=deviation
        )
    counts = found.label_counts(task, kind)
    ordered = dict(sorted(counts.items(), key=lambda entry: (-entry[1], entry[0])))
    items = counts.total()
    if not items:
        return LabelFacts(*about, 0, {})
    majority = next(iter(ordered))
    whole = labelled if kind == "multilabel" else items
    bits = entropy(list(ordered.values()))
    return LabelFacts(
        *about,
        items,
        ordered,
        entropy=bits,
        evenness=bits / log2(len(ordered)) if len(ordered) > 1 else None,
        majority=majority,
        share=ordered[majority] / whole,
    )


def entropy(counts: Sequence[int]) -> float:
    """In bits."""
    whole = sum(counts)
    return 0.0 - sum(count / whole * log2(count / whole) for count in counts if count)


def lengths_of(sentences: Sentences) -> list[int]:
    """Words of each row, of both texts where there are two."""
    lengths = [len(words) for words in sentences.words]
    if sentences.seconds is not None:
        lengths = [n + len(words) for n, words in zip(lengths, sentences.seconds, strict=True)]
    return lengths


def text_facts(corpus: Corpus, split: str, *, max_words: int | None, seen: int) -> TextFacts:
    """Measure the texts of a split."""
    lengths = np.array(lengths_of(corpus.splits[split]), dtype=np.int64)
    prints = corpus.prints[split]
    beyond = lengths[lengths > max_words] - max_words if max_words else lengths[:0]
    rows = len(lengths)
    return TextFacts(
        dataset=corpus.name,
        split=split,
        rows=rows,
        words=int(lengths.sum()),
        mean=float(lengths.mean()) if rows else 0.0,
        median=float(np.median(lengths)) if rows else 0.0,
        percentile=int(np.percentile(lengths, 95, method="inverted_cdf")) if rows else 0,
        longest=int(lengths.max(initial=0)),
        repeated=rows - len(set(prints.exact)),
        cut_rows=len(beyond),
        cut_words=int(beyond.sum()),
        seen=seen,
    )


def overlaps(corpora: Sequence[Corpus]) -> list[Overlap]:
    """Of each two datasets, both ways."""
    if len(corpora) < 2:
        return []
    words = [Counter(word for text in corpus.training.texts for word in text) for corpus in corpora]
    found = []
    for one, other in combinations(range(len(corpora)), 2):
        common = words[one].keys() & words[other].keys()
        types = len(words[one]) + len(words[other]) - len(common)
        for a, b in ((one, other), (other, one)):
            known = sum(words[b][word] for word in common) / max(1, words[b].total())
            found.append(
                Overlap(corpora[a].name, corpora[b].name, known, len(common) / max(1, types))
            )
    return found
