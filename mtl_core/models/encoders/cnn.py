"""Convolutions over the subwords (Collobert et al., 2011; Kim, 2014)."""

from torch import Tensor, nn

from mtl_core.data.batching import Batch
from mtl_core.models.contracts import Block, Output

from .subwords import SubwordEncoder


class ConvolutionBlock(Block):
    """One convolution along the pieces, added to what it reads (He et al., 2016).

    Padding is never read.
    """

    def __init__(self, *, hidden: int, kernel: int, dropout: float) -> None:
        super().__init__()
        self.convolution = nn.Conv1d(hidden, hidden, kernel, padding=kernel // 2)
        self.dropout = nn.Dropout(dropout)

    def forward(self, hidden: Tensor, batch: Batch) -> Tensor:
        real = hidden * batch.mask[:, :, None]  # beyond the last piece stands 0, as at every edge
        out = self.convolution(real.transpose(1, 2)).transpose(1, 2)  # (batch, seq, hidden)
        return hidden + self.dropout(out.relu())


class CNNEncoder(SubwordEncoder):
    """Subword embeddings and convolutions, all of one width."""

    def __init__(
        self, *, pieces: int, hidden: int, blocks: int, kernel: int, dropout: float, pooling: str
    ) -> None:
        output = Output(hidden, pooling)
        super().__init__(pieces=pieces, embedding=hidden, output=output, dropout=dropout)
        self.blocks = nn.ModuleList(
            ConvolutionBlock(hidden=hidden, kernel=kernel, dropout=dropout) for _ in range(blocks)
        )
