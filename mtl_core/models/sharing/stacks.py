"""Stacks of blocks: what strategies with several columns build and run."""

from collections.abc import Iterable

from torch import Tensor, nn

from mtl_core.data.batching import Batch


def through(blocks: Iterable[nn.Module], hidden: Tensor, batch: Batch) -> Tensor:
    """Through all of the blocks: (batch, seq, hidden) -> (batch, seq, hidden)."""
    for block in blocks:
        hidden = block(hidden, batch)
    return hidden
