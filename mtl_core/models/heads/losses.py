"""Losses over labels, with the weights of uneven classes. Always in float32."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from mtl_core.data.batching import IGNORED
from mtl_core.data.counting import Counts


class CrossEntropy(nn.Module):
    """One right label an item: (item, ..., label) and (item, ...) to the mean over labelled items.

    With class weights an item counts as much as its label's weight. The sum is divided by the
    number of items, not by the sum of their weights: then a batch of frequent labels alone does not
    move the model as if it were the whole data.
    """

    weights: Tensor | None

    def __init__(
        self, labels: int, *, class_weights: str, label_smoothing: float, counts: Counts | None
    ) -> None:
        """Without `counts` the weights are those that will be loaded."""
        super().__init__()
        self.smoothing = label_smoothing
        weights = None if class_weights == "none" else balanced(labels, counts)
        self.register_buffer("weights", weights)

    def forward(self, logits: Tensor, target: Tensor) -> Tensor:
        flat, goal = logits.float().flatten(0, -2), target.flatten()  # (item, label), (item,)
        total = functional.cross_entropy(
            flat,
            goal,
            weight=self.weights,
            ignore_index=IGNORED,
            label_smoothing=self.smoothing,
            reduction="sum",
        )
        return total / (goal != IGNORED).sum().clamp(min=1)


class BinaryCrossEntropy(nn.Module):
    """Any number of right labels a row: (batch, label) twice to the mean over labelled rows.

    Smoothing draws both answers, yes and no, towards 0.5.
    """

    weights: Tensor | None

    def __init__(
        self, labels: int, *, class_weights: str, label_smoothing: float, counts: Counts | None
    ) -> None:
        """As for CrossEntropy."""
        super().__init__()
        self.smoothing = label_smoothing
        weights = None if class_weights == "none" else odds_against(labels, counts)
        self.register_buffer("weights", weights)

    def forward(self, logits: Tensor, target: Tensor) -> Tensor:
        labelled = target != IGNORED
        goal = target.clamp(min=0).float()
        goal = goal * (1 - self.smoothing) + 0.5 * self.smoothing
        each = functional.binary_cross_entropy_with_logits(
            logits.float(), goal, pos_weight=self.weights, reduction="none"
        )
        return (each * labelled).sum() / labelled.sum().clamp(min=1)


def balanced(labels: int, counts: Counts | None) -> Tensor:
    """Items over (labels that occur times occurrences): every label weighs the same in all.

    1 for a label that never occurs, such as a tag that BIO has and the data lacks.
    """
    if counts is None:
        return torch.ones(labels)
    occurring = sum(count > 0 for count in counts.right)
    return torch.tensor([counts.items / (occurring * n) if n else 1.0 for n in counts.right])


def odds_against(labels: int, counts: Counts | None) -> Tensor:
    """How many rows lack a label for each that has it; 1 where all have it, or none."""
    if counts is None:
        return torch.ones(labels)
    return torch.tensor(
        [(counts.items - n) / n if 0 < n < counts.items else 1.0 for n in counts.right]
    )
