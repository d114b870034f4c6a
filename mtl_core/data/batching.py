"""Batches: rows of one dataset as tensors, with the targets of all its chosen tasks."""

from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .catalog import TaskKind
from .pieces import CUT_OFF, Encoded
from .tasks import Sentences, Task

IGNORED = -100
"""The target where there is no label to learn: PyTorch's losses pass over it."""

Rows = NDArray[np.int64]
Targets = NDArray[Any]
"""Numbers of labels (int64) or values (float32)."""


@dataclass(frozen=True)
class Batch:
    """Sentences of one dataset, padded.

    Shapes: `ids`, `mask` (batch, seq); `lengths` (batch,) on the CPU; `first`, `words` (batch,
    word): the place of each word's first piece and whether there is such a word that was not cut
    off; `word_counts` (batch,) on the CPU: words of each sentence, cut or not; `segments` (batch,
    seq): 1 for the pieces of the second text of a pair, 0 for all others. `first`, `words` and
    `word_counts` are those of the first text.

    `targets`: numbers of labels, (batch,) for classification, (batch, word) for tasks on words; 0 or
    1 for each label, (batch, label), for multilabel; the value, scaled to 0 .. 1 by the task's range
    and real, (batch,), for regression. IGNORED stands where there is no label to learn.
    """

    dataset: str
    ids: Tensor
    mask: Tensor
    lengths: Tensor
    first: Tensor
    words: Tensor
    word_counts: Tensor
    segments: Tensor
    targets: dict[str, Tensor]

    def __len__(self) -> int:
        return len(self.ids)

    def only(self, tasks: Container[str]) -> "Batch":
        """The same batch with the targets of these tasks alone."""
        if all(task in tasks for task in self.targets):
            return self
        kept = {task: target for task, target in self.targets.items() if task in tasks}
        return replace(self, targets=kept)

    def to(self, device: torch.device) -> "Batch":
        """The same batch on a device; counts stay on the CPU, where LSTMs want them."""
        if device.type == "cpu":
            return self

        def move(tensor: Tensor) -> Tensor:
            return tensor.to(device, non_blocking=True)

        return replace(
            self,
            ids=move(self.ids),
            mask=move(self.mask),
            first=move(self.first),
            words=move(self.words),
            segments=move(self.segments),
            targets={task: move(target) for task, target in self.targets.items()},
        )


@dataclass(frozen=True)
class Table:
    """One split of one dataset, ready to be cut into batches.

    `targets` are those of a batch, but flat for a task on words: one number a word.
    """

    dataset: str
    encoded: Encoded
    targets: dict[str, Targets]
    per_word: frozenset[str]
    pad_id: int

    def __len__(self) -> int:
        return len(self.encoded)

    def batch(self, rows: Rows) -> Batch:
        """The given rows as a padded batch."""
        ids, mask = _padded(self.encoded.ids, self.encoded.id_ends, rows, self.pad_id)
        first, is_word = _padded(self.encoded.first, self.encoded.word_ends, rows, CUT_OFF)
        targets = {task: self._target(task, rows, first) for task in self.targets}
        return Batch(
            dataset=self.dataset,
            ids=torch.from_numpy(ids),
            mask=torch.from_numpy(mask),
            lengths=torch.from_numpy(mask.sum(1)),
            first=torch.from_numpy(np.maximum(first, 0)),
            words=torch.from_numpy(first != CUT_OFF),
            word_counts=torch.from_numpy(is_word.sum(1)),
            segments=torch.from_numpy(self._segments(rows, mask)),
            targets={task: torch.from_numpy(target) for task, target in targets.items()},
        )

    def _segments(self, rows: Rows, mask: NDArray[np.bool_]) -> Rows:
        places = np.arange(mask.shape[1])[None, :]
        return (mask & (places >= self.encoded.second[rows][:, None])).astype(np.int64)

    def _target(self, task: str, rows: Rows, first: Rows) -> Targets:
        if task not in self.per_word:
            return self.targets[task][rows]
        target, _ = _padded(self.targets[task], self.encoded.word_ends, rows, IGNORED)
        return np.where(first == CUT_OFF, IGNORED, target)

    def in_order(self, size: int) -> Iterator[tuple[Rows, Batch]]:
        """Every row once, sentences of like length together: for evaluation."""
        order = np.argsort(self.encoded.lengths, kind="stable")
        for start in range(0, len(order), size):
            rows = order[start : start + size]
            yield rows, self.batch(rows)


def make_table(
    dataset: str, sentences: Sentences, tasks: Sequence[Task], encoded: Encoded, pad_id: int
) -> Table:
    """Put words and labels of a split into numbers. Labels that training lacks are ignored."""
    targets = {task.name: _TARGETS[task.kind](task, sentences) for task in tasks}
    per_word = frozenset(task.name for task in tasks if task.is_per_word)
    return Table(dataset, encoded, targets, per_word, pad_id)


def _label_targets(task: Task, sentences: Sentences) -> Targets:
    number = {label: i for i, label in enumerate(task.outputs)}
    gold = sentences.gold[task.name]
    values = [number.get(g, IGNORED) if isinstance(g, str) else IGNORED for g in gold]
    return np.array(values, dtype=np.int64)


def _labels_targets(task: Task, sentences: Sentences) -> Targets:
    """(row, label): 1 where a label is right, 0 where not, IGNORED in rows that nobody labelled."""
    number = {label: i for i, label in enumerate(task.outputs)}
    gold = sentences.gold[task.name]
    targets = np.full((len(gold), len(number)), IGNORED, dtype=np.int64)
    for row, labels in enumerate(gold):
        if isinstance(labels, list):
            targets[row] = 0
            targets[row, [number[label] for label in labels if label in number]] = 1
    return targets


def _value_targets(task: Task, sentences: Sentences) -> Targets:
    """The share of the range that lies below each value."""
    values = [
        (gold - task.low) / (task.high - task.low) if isinstance(gold, float) else IGNORED
        for gold in sentences.gold[task.name]
    ]
    return np.array(values, dtype=np.float32)


def _word_targets(task: Task, sentences: Sentences) -> Targets:
    number = {output: i for i, output in enumerate(task.outputs)}
    flat: list[int] = []
    for answer, words in zip(sentences.gold[task.name], sentences.words, strict=True):
        if isinstance(answer, list):
            flat.extend(number.get(tag, IGNORED) for tag in answer)
        else:
            flat.extend([IGNORED] * len(words))
    return np.array(flat, dtype=np.int64)


_TARGETS: dict[TaskKind, Callable[[Task, Sentences], Targets]] = {
    "classification": _label_targets,
    "multilabel": _labels_targets,
    "regression": _value_targets,
    "tagging": _word_targets,
    "spans": _word_targets,
}


def _padded(flat: Rows, ends: Rows, rows: Rows, fill: int) -> tuple[Rows, NDArray[np.bool_]]:
    """Pieces of a flat array side by side, shape (row, longest), and where they are real."""
    starts, lengths = ends[rows], ends[rows + 1] - ends[rows]
    steps = np.arange(max(1, int(lengths.max(initial=0))))
    real = steps[None, :] < lengths[:, None]
    places = np.minimum(starts[:, None] + steps[None, :], max(0, len(flat) - 1))
    values = flat[places] if len(flat) else np.zeros_like(places)
    return np.where(real, values, fill), real


def bucketed(lengths: Rows, size: int, rng: np.random.Generator) -> list[Rows]:
    """All rows once in random batches whose sentences are of like length, to save padding.

    Rows are shuffled, sorted by length within pools of 50 batches, and the batches shuffled again.
    """
    order = rng.permutation(len(lengths))
    batches: list[Rows] = []
    for start in range(0, len(order), 50 * size):
        pool = order[start : start + 50 * size]
        pool = pool[np.argsort(lengths[pool], kind="stable")]
        batches += [pool[i : i + size] for i in range(0, len(pool), size)]
    return [batches[i] for i in rng.permutation(len(batches))]
