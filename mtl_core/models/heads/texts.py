"""Heads with one answer a text: a label, labels, or a value."""

import torch
from torch import Tensor

from mtl_core.data.batching import IGNORED, Batch
from mtl_core.data.counting import Counts
from mtl_core.data.gold import Gold
from mtl_core.data.tasks import Task
from mtl_core.models.contracts import Output

from .contract import Head
from .losses import BinaryCrossEntropy, CrossEntropy
from .pooling import TextReader


class TextHead(Head):
    """Reads the pooled pieces of the text, or of the pair."""

    def __init__(self, output: Output, task: Task) -> None:
        reader = TextReader(output, task)
        super().__init__(output, task, reader.width)
        self.read = reader

    def forward(self, hidden: Tensor, batch: Batch) -> Tensor:
        logits: Tensor = self.classify(self.dropout(self.read(hidden, batch)))
        return logits


class LearntByLabels(TextHead):
    """Whose loss is a cross-entropy."""

    cross_entropy: CrossEntropy | BinaryCrossEntropy

    def loss(self, logits: Tensor, target: Tensor, batch: Batch) -> Tensor:
        del batch
        loss: Tensor = self.cross_entropy(logits, target)
        return loss


class LabelHead(LearntByLabels):
    """One label for the text."""

    def __init__(
        self,
        output: Output,
        task: Task,
        *,
        class_weights: str = "none",
        label_smoothing: float = 0.0,
        counts: Counts | None = None,
    ) -> None:
        super().__init__(output, task)
        self.cross_entropy = CrossEntropy(
            len(task.outputs),
            class_weights=class_weights,
            label_smoothing=label_smoothing,
            counts=counts,
        )

    def probabilities(self, logits: Tensor, batch: Batch) -> Tensor:
        del batch
        return logits.float().softmax(-1)

    def decode(self, logits: Tensor, batch: Batch) -> list[Gold]:
        del batch
        return [self.task.outputs[i] for i in logits.argmax(-1).tolist()]


class MultilabelHead(LearntByLabels):
    """Any number of labels for the text: those whose probability reaches their threshold."""

    thresholds: Tensor

    def __init__(
        self,
        output: Output,
        task: Task,
        *,
        class_weights: str = "none",
        label_smoothing: float = 0.0,
        threshold: float | None = 0.5,
        counts: Counts | None = None,
    ) -> None:
        super().__init__(output, task)
        self.cross_entropy = BinaryCrossEntropy(
            len(task.outputs),
            class_weights=class_weights,
            label_smoothing=label_smoothing,
            counts=counts,
        )
        self._is_tuned = threshold is None
        start = 0.5 if threshold is None else threshold
        self.register_buffer("thresholds", torch.full((len(task.outputs),), start))

    def probabilities(self, logits: Tensor, batch: Batch) -> Tensor:
        del batch
        return logits.float().sigmoid()

    def decode(self, logits: Tensor, batch: Batch) -> list[Gold]:
        reached = (self.probabilities(logits, batch) >= self.thresholds).tolist()
        return [
            sorted(
                label for label, is_right in zip(self.task.outputs, row, strict=True) if is_right
            )
            for row in reached
        ]

    @property
    def is_tuned(self) -> bool:
        return self._is_tuned

    def tune(self, logits: Tensor, target: Tensor) -> None:
        """Each label's threshold becomes the one with its best F1 on these rows."""
        labelled = (target != IGNORED).all(1)
        shares, right = logits[labelled].float().sigmoid(), target[labelled] > 0
        found = [best_threshold(shares[:, i], right[:, i]) for i in range(len(self.thresholds))]
        self.thresholds.copy_(torch.tensor(found))


def best_threshold(shares: Tensor, right: Tensor) -> float:
    """Where to cut probabilities (row,) for the best F1 on rows that are `right` (row,) or not.

    Half-way between the last one that is answered and the next; 0.5 where no row is right.
    """
    if not right.any():
        return 0.5
    falling, order = shares.cpu().double().sort(descending=True)
    hits = right.cpu()[order].double().cumsum(0)
    answered = torch.arange(1, len(hits) + 1)
    f1 = 2 * hits / (answered + hits[-1])
    next_one = torch.cat([falling[1:], falling.new_zeros(1)])
    f1[:-1][falling[:-1] == falling[1:]] = -1.0  # equal ones are answered together
    last = int(f1.argmax())
    middle = ((falling[last] + next_one[last]) / 2).float()  # as precise as it will be compared
    return float(middle if middle > next_one[last] else falling[last])


class RegressionHead(TextHead):
    """One value for the text, learnt on the 0 .. 1 scale of the task's range by squared errors."""

    def loss(self, logits: Tensor, target: Tensor, batch: Batch) -> Tensor:
        del batch
        labelled = target != IGNORED
        errors = (logits.float().squeeze(-1) - target) ** 2 * labelled  # (batch,)
        return errors.sum() / labelled.sum().clamp(min=1)

    def probabilities(self, logits: Tensor, batch: Batch) -> Tensor:
        del batch
        return logits.float()

    def decode(self, logits: Tensor, batch: Batch) -> list[Gold]:
        """Never beyond the range."""
        low, high = self.task.low, self.task.high
        shares: list[float] = self.probabilities(logits, batch).squeeze(-1).clamp(0, 1).tolist()
        return [low + share * (high - low) for share in shares]
