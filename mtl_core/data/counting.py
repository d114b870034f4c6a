"""How often each answer is right in the training data: what class weights are made of."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .batching import IGNORED, Table
from .pieces import CUT_OFF
from .tasks import Task


@dataclass(frozen=True)
class Counts:
    """`right[i]`: labelled items of which output i is right; `items`: all that are labelled.

    Items are texts, or words that were not cut off. In a multilabel task several may be right.
    """

    right: tuple[int, ...]
    items: int


def count_labels(task: Task, tables: Sequence[Table]) -> Counts:
    """Over all tables that have the task. Zeros for a regression, which has no labels."""
    right = np.zeros(len(task.outputs), dtype=np.int64)
    items = 0
    for table in [table for table in tables if task.name in table.targets]:
        targets = table.targets[task.name]
        if task.is_per_word:
            targets = targets[table.encoded.first != CUT_OFF]
        if targets.ndim == 2:  # (row, label) of 0 and 1
            labelled = targets[targets[:, 0] != IGNORED]
            right += labelled.sum(0)
            items += len(labelled)
        elif targets.dtype == np.int64:
            labelled = targets[targets != IGNORED]
            right += np.bincount(labelled, minlength=len(right))
            items += len(labelled)
    return Counts(tuple(right.tolist()), items)
