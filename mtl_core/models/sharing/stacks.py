"""What several strategies do with a stack of blocks."""

from collections.abc import Iterable

from torch import Tensor, nn

from mtl_core.data.batching import Batch
from mtl_core.models.contracts import Encoder


def through(blocks: Iterable[nn.Module], hidden: Tensor, batch: Batch) -> Tensor:
    """Through all of the blocks: (batch, seq, hidden) -> (batch, seq, hidden)."""
    for block in blocks:
        hidden = block(hidden, batch)
    return hidden


def layers_of(encoder: Encoder) -> dict[str, list[nn.Parameter]]:
    """All weights by layer, frozen ones too, from the bottom: the embedding, then the blocks."""
    inside = {id(p) for p in encoder.blocks.parameters()}
    below = [p for p in encoder.parameters() if id(p) not in inside]
    blocks = {f"block {i}": list(b.parameters()) for i, b in enumerate(encoder.blocks, 1)}
    return {"embedding": below, **blocks}
