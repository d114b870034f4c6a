"""Heads: from a task's representation to its answers. One class for each kind of task."""

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn
from torch.nn import functional

from mtl_core.data.batching import IGNORED, Batch
from mtl_core.data.tasks import TaskKind

from mtl_core.models.contracts import Output


class Head(nn.Module, ABC):
    """A task's own last layer."""

    def __init__(self, *, output: Output, outputs: int) -> None:
        super().__init__()
        self.pooling = output.pooling
        self.dropout = nn.Dropout(output.dropout)
        self.classify = nn.Linear(output.width, outputs)

    @abstractmethod
    def forward(self, hidden: Tensor, batch: Batch) -> Tensor:
        """(batch, seq, hidden) -> logits, (batch, label) or (batch, word, label)."""

    def loss(self, logits: Tensor, target: Tensor) -> Tensor:
        """Mean cross-entropy over the labelled items; 0 with a gradient of 0 where there are none."""
        flat, goal = logits.float().flatten(0, -2), target.flatten()  # (item, label), (item,)
        total = functional.cross_entropy(flat, goal, ignore_index=IGNORED, reduction="sum")
        return total / (goal != IGNORED).sum().clamp(min=1)


class SentenceHead(Head):
    """One label for the sentence, from the pooled pieces."""

    def forward(self, hidden: Tensor, batch: Batch) -> Tensor:
        logits: Tensor = self.classify(self.dropout(POOLINGS[self.pooling](hidden, batch.mask)))
        return logits


class WordHead(Head):
    """One label for each word, from its first piece (Devlin et al., 2019, section 5.3)."""

    def forward(self, hidden: Tensor, batch: Batch) -> Tensor:
        index = batch.first[:, :, None].expand(-1, -1, hidden.shape[2])  # (batch, word, hidden)
        logits: Tensor = self.classify(self.dropout(hidden.gather(1, index)))
        return logits


def pool_first(hidden: Tensor, mask: Tensor) -> Tensor:
    """The first piece: (batch, seq, hidden) -> (batch, hidden)."""
    del mask
    return hidden[:, 0]


def pool_mean(hidden: Tensor, mask: Tensor) -> Tensor:
    """Average the real pieces of each sentence; padding does not count."""
    real = mask[:, :, None].to(hidden.dtype)
    return (hidden * real).sum(1) / real.sum(1)


def pool_max(hidden: Tensor, mask: Tensor) -> Tensor:
    """The largest value of each feature over the real pieces."""
    lowest = torch.finfo(hidden.dtype).min
    return hidden.masked_fill(~mask[:, :, None], lowest).amax(1)


POOLINGS = {"first": pool_first, "mean": pool_mean, "max": pool_max}
HEADS: dict[TaskKind, type[Head]] = {
    "classification": SentenceHead,
    "tagging": WordHead,
    "spans": WordHead,
}
