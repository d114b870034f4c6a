"""Small steps that several strategies take: through a stack of blocks, over the real pieces."""

from collections.abc import Iterable

from torch import Tensor, nn

from mtl_core.data.batching import Batch


def through(blocks: Iterable[nn.Module], hidden: Tensor, batch: Batch) -> Tensor:
    """Through all of the blocks: (batch, seq, hidden) -> (batch, seq, hidden)."""
    for block in blocks:
        hidden = block(hidden, batch)
    return hidden


def mean_piece(hidden: Tensor, mask: Tensor) -> Tensor:
    """The mean of the real pieces of each sentence: (batch, seq, hidden) -> (batch, hidden)."""
    real = mask[:, :, None].to(hidden.dtype)
    return (hidden * real).sum(1) / real.sum(1).clamp(min=1)
