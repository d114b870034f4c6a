"""Scores as pure functions of what is right and what was answered.

Labels that training never saw are in `gold` all the same: they can only be answered wrongly.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from sklearn.metrics import accuracy_score, f1_score

from mtl_core.data.spans import spans_of
from mtl_core.data.tasks import TaskKind

Metrics = dict[str, float]
NO_ANSWER = "\N{REPLACEMENT CHARACTER}no answer"
"""The answer for a word that was cut off: never right."""


def label_scores(gold: Sequence[str], answered: Sequence[str]) -> Metrics:
    """Accuracy, and F1 averaged over all labels that are right or were answered somewhere."""
    # As numbers, since scikit-learn is many times faster with them than with strings.
    names, numbers = np.unique([*gold, *answered], return_inverse=True)
    labels = np.flatnonzero(names != NO_ANSWER)  # it is no label, so it has no F1 of its own
    right, given = numbers[: len(gold)], numbers[len(gold) :]
    return {
        "accuracy": float(accuracy_score(right, given)),
        "macro_f1": float(f1_score(right, given, labels=labels, average="macro", zero_division=0)),
    }


def tag_scores(gold: Sequence[Sequence[str]], answered: Sequence[Sequence[str]]) -> Metrics:
    """As `label_scores`, over all words of all sentences."""
    return label_scores(
        [tag for sentence in gold for tag in sentence],
        [tag for sentence in answered for tag in sentence],
    )


def span_scores(gold: Sequence[Sequence[str]], answered: Sequence[Sequence[str]]) -> Metrics:
    """Precision, recall and F1 over exact spans, as conlleval and seqeval count them."""
    right = found = hits = 0
    for gold_tags, answered_tags in zip(gold, answered, strict=True):
        gold_spans, answered_spans = set(spans_of(gold_tags)), set(spans_of(answered_tags))
        right += len(gold_spans)
        found += len(answered_spans)
        hits += len(gold_spans & answered_spans)
    precision = hits / found if found else 0.0
    recall = hits / right if right else 0.0
    f1 = 2 * hits / (right + found) if right + found else 0.0
    return {"f1": f1, "precision": precision, "recall": recall}


SCORES: dict[TaskKind, Callable[[Any, Any], Metrics]] = {
    "classification": label_scores,
    "tagging": tag_scores,
    "spans": span_scores,
}


def scores(kind: TaskKind, gold: Sequence[object], answered: Sequence[object]) -> Metrics:
    """The scores of a task's kind over rows that all have a right answer."""
    return SCORES[kind](gold, answered)
