"""Small transformer layers (Vaswani et al., 2017)."""

import math

import torch
from torch import Tensor, nn

from mtl_core.data.batching import Batch
from mtl_core.models.contracts import Block, Encoder, Output


class AttentionBlock(Block):
    """One transformer layer with normalisation first (Xiong et al., 2020)."""

    def __init__(self, *, hidden: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.layer = nn.TransformerEncoderLayer(
            hidden, heads, 4 * hidden, dropout, "gelu", batch_first=True, norm_first=True
        )

    def forward(self, hidden: Tensor, batch: Batch) -> Tensor:
        out: Tensor = self.layer(hidden, src_key_padding_mask=~batch.mask)
        return out


class TransformerEncoder(Encoder):
    """Subword and position embeddings and transformer layers.

    It needs no segments: the piece between two texts and the positions tell which is which.
    """

    def __init__(
        self, *, pieces: int, hidden: int, blocks: int, heads: int, dropout: float, pooling: str
    ) -> None:
        super().__init__()
        self.input_width, self.output = hidden, Output(hidden, pooling)
        self.embedding = nn.Embedding(pieces, hidden)
        nn.init.normal_(self.embedding.weight, std=1 / math.sqrt(hidden))
        self.dropout = nn.Dropout(dropout)
        self.blocks = nn.ModuleList(
            AttentionBlock(hidden=hidden, heads=heads, dropout=dropout) for _ in range(blocks)
        )

    def embed(self, batch: Batch) -> Tensor:
        width = self.input_width
        words = self.embedding(batch.ids) * math.sqrt(width)
        return self.dropout(words + positions(batch.ids.shape[1], width, words.device))


def positions(length: int, width: int, device: torch.device) -> Tensor:
    """Sines and cosines of Vaswani et al. (2017), section 3.5: (seq, hidden)."""
    place = torch.arange(length, device=device, dtype=torch.float32)[:, None]
    even = torch.arange(0, width, 2, device=device, dtype=torch.float32)
    angle = place * torch.exp(even * (-math.log(10_000.0) / width))  # (seq, hidden / 2)
    return torch.stack([angle.sin(), angle.cos()], dim=2).flatten(1)[:, :width]
