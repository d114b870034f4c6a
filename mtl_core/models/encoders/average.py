"""The deep averaging network (Iyyer et al., 2015), with its layers below the average.

The paper averages first; here the average is the heads' pooling, so that tasks on words have
something to read.
"""

from torch import Tensor, nn

from mtl_core.data.batching import Batch
from mtl_core.models.contracts import Block, Output

from .subwords import SubwordEncoder


class FeedForwardBlock(Block):
    """One feed-forward layer at each place by itself."""

    def __init__(self, *, inputs: int, hidden: int, dropout: float) -> None:
        super().__init__()
        self.layer = nn.Linear(inputs, hidden)
        self.dropout = nn.Dropout(dropout)

    def forward(self, hidden: Tensor, batch: Batch) -> Tensor:
        del batch
        out: Tensor = self.dropout(self.layer(hidden).relu())  # (batch, seq, hidden)
        return out


class AverageEncoder(SubwordEncoder):
    """Subword embeddings and feed-forward layers; no piece sees another."""

    def __init__(
        self, *, pieces: int, embedding: int, hidden: int, blocks: int, dropout: float, pooling: str
    ) -> None:
        output = Output(hidden, pooling)
        super().__init__(pieces=pieces, embedding=embedding, output=output, dropout=dropout)
        widths = [embedding, *[hidden] * (blocks - 1)]
        self.blocks = nn.ModuleList(
            FeedForwardBlock(inputs=width, hidden=hidden, dropout=dropout) for width in widths
        )
