"""From the pieces of a text to one vector.

`POOLINGS[name](width)` is a module: (batch, seq, hidden) and the mask of the pieces to read,
(batch, seq), to (batch, hidden). A text without any piece becomes zeros.
"""

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn

from mtl_core.data.batching import Batch
from mtl_core.data.tasks import Task
from mtl_core.models.contracts import Output

UNREAD = -1e30
"""The attention score of pieces that are not to be read."""


class Pooling(nn.Module, ABC):
    """One vector from many."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.width = width

    @abstractmethod
    def forward(self, hidden: Tensor, mask: Tensor) -> Tensor:
        """(batch, seq, hidden), (batch, seq) -> (batch, hidden)."""


def mean_piece(hidden: Tensor, mask: Tensor) -> Tensor:
    """The mean of the pieces in the mask: (batch, seq, hidden), (batch, seq) -> (batch, hidden)."""
    real = mask[:, :, None].to(hidden.dtype)
    return (hidden * real).sum(1) / real.sum(1).clamp(min=1)


class First(Pooling):
    """The first piece: in pretrained models the sign that stands for the whole text."""

    def forward(self, hidden: Tensor, mask: Tensor) -> Tensor:
        place = mask.int().argmax(1)  # (batch,)
        found = hidden[torch.arange(len(hidden), device=hidden.device), place]
        return found * mask.any(1, keepdim=True)


class Mean(Pooling):
    """Average the pieces; padding does not count."""

    def forward(self, hidden: Tensor, mask: Tensor) -> Tensor:
        return mean_piece(hidden, mask)


class Max(Pooling):
    """The largest value of each feature over the pieces."""

    def forward(self, hidden: Tensor, mask: Tensor) -> Tensor:
        lowest = torch.finfo(hidden.dtype).min
        most = hidden.masked_fill(~mask[:, :, None], lowest).amax(1)
        return most.masked_fill(~mask.any(1, keepdim=True), 0.0)


class AttentionPooling(Pooling):
    """A learnt mean: pieces count as much as they resemble a learnt query.

    Yang et al. (2016), "Hierarchical Attention Networks", equations 5 to 7:
    u = tanh(W h + b), a = softmax(v · u), s = sum of a h.
    """

    def __init__(self, width: int) -> None:
        super().__init__(width)
        self.project = nn.Linear(width, width)
        self.query = nn.Linear(width, 1, bias=False)

    def forward(self, hidden: Tensor, mask: Tensor) -> Tensor:
        alike: Tensor = self.query(self.project(hidden).tanh())  # (batch, seq, 1)
        unread = ~mask[:, :, None]
        shares = alike.float().masked_fill(unread, UNREAD).softmax(1).masked_fill(unread, 0.0)
        return (shares.to(hidden.dtype) * hidden).sum(1)


POOLINGS: dict[str, type[Pooling]] = {
    "first": First,
    "mean": Mean,
    "max": Max,
    "attention": AttentionPooling,
}


class TextReader(nn.Module):
    """The vector of a text, or of a pair of texts: `width` wide.

    The two texts u and v of a pair are pooled each for itself and go on as [u; v; |u - v|; u * v]
    (Conneau et al., 2017, "InferSent", section 3.1).
    """

    def __init__(self, output: Output, task: Task) -> None:
        super().__init__()
        self.pool = POOLINGS[output.pooling](output.width)
        self.is_pair = task.pair
        self.width = 4 * output.width if task.pair else output.width

    def forward(self, hidden: Tensor, batch: Batch) -> Tensor:
        """(batch, seq, hidden) -> (batch, width)."""
        if not self.is_pair:
            pooled: Tensor = self.pool(hidden, batch.mask)
            return pooled
        is_second = batch.segments.bool()
        u: Tensor = self.pool(hidden, batch.mask & ~is_second)  # (batch, hidden)
        v: Tensor = self.pool(hidden, batch.mask & is_second)
        return torch.cat([u, v, (u - v).abs(), u * v], 1)
