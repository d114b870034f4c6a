"""Batches: rows of one dataset as tensors, with the targets of all its chosen tasks."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .pieces import CUT_OFF, Encoded
from .tasks import Sentences, Task

IGNORED = -100
"""The target where there is no label to learn: PyTorch's losses pass over it."""

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Batch:
    """Sentences of one dataset, padded.

    Shapes: `ids`, `mask` (batch, seq); `lengths` (batch,) on the CPU; `first`, `words` (batch,
    word): the place of each word's first piece and whether there is such a word that was not cut
    off; `word_counts` (batch,) on the CPU: words of each sentence, cut or not; `targets` (batch,) for a task on sentences, (batch, word) for a task on words.
    """

    dataset: str
    ids: Tensor
    mask: Tensor
    lengths: Tensor
    first: Tensor
    words: Tensor
    word_counts: Tensor
    targets: dict[str, Tensor]

    def __len__(self) -> int:
        return len(self.ids)

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
            targets={task: move(target) for task, target in self.targets.items()},
        )


@dataclass(frozen=True)
class Table:
    """One split of one dataset, ready to be cut into batches.

    `targets` are flat: one number a row for a task on sentences, one a word for a task on words.
    """

    dataset: str
    encoded: Encoded
    targets: dict[str, Rows]
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
            targets={task: torch.from_numpy(target) for task, target in targets.items()},
        )

    def _target(self, task: str, rows: Rows, first: Rows) -> Rows:
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
    targets: dict[str, Rows] = {}
    for task in tasks:
        number = {output: i for i, output in enumerate(task.outputs)}
        gold = sentences.gold[task.name]
        if task.is_per_word:
            targets[task.name] = _flat_targets(gold, sentences, number)
        else:
            values = [number.get(g, IGNORED) if isinstance(g, str) else IGNORED for g in gold]
            targets[task.name] = np.array(values, dtype=np.int64)
    per_word = frozenset(task.name for task in tasks if task.is_per_word)
    return Table(dataset, encoded, targets, per_word, pad_id)


def _flat_targets(gold: Sequence[object], sentences: Sentences, number: Mapping[str, int]) -> Rows:
    flat: list[int] = []
    for answer, words in zip(gold, sentences.words, strict=True):
        if isinstance(answer, list):
            flat.extend(number.get(tag, IGNORED) for tag in answer)
        else:
            flat.extend([IGNORED] * len(words))
    return np.array(flat, dtype=np.int64)


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
