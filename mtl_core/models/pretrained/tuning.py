"""How much of a pretrained encoder is trained, and how fast."""

from mtl_core.models.contracts import Encoder, scale_rate


def freeze(encoder: Encoder, blocks: int) -> None:
    """The embedding and so many blocks from the bottom keep their weights; 0 freezes nothing."""
    if not blocks:
        return
    below = [*encoder.embedding_parameters(), *encoder.blocks[:blocks].parameters()]
    for parameter in below:
        parameter.requires_grad_(False)


def slow_down(encoder: Encoder, factor: float) -> None:
    """Each block learns `factor` times as fast as the one above it; the embedding comes last.

    Howard and Ruder (2018), section 3.2, divide by 2.6 from layer to layer.
    """
    if factor == 1:
        return
    rate = 1.0
    for block in reversed(encoder.blocks):
        scale_rate(block.parameters(), rate)
        rate *= factor
    scale_rate(encoder.embedding_parameters(), rate)
