"""Bidirectional LSTM layers (Graves and Schmidhuber, 2005)."""

from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from mtl_core.data.batching import Batch
from mtl_core.models.contracts import Block, Output

from .subwords import SubwordEncoder


class LSTMBlock(Block):
    """One bidirectional LSTM layer; padding is never read."""

    def __init__(self, *, inputs: int, hidden: int, dropout: float) -> None:
        super().__init__()
        self.lstm = nn.LSTM(inputs, hidden // 2, batch_first=True, bidirectional=True)
        self.dropout = nn.Dropout(dropout)

    def forward(self, hidden: Tensor, batch: Batch) -> Tensor:
        packed = pack_padded_sequence(hidden, batch.lengths, batch_first=True, enforce_sorted=False)
        out, _ = self.lstm(packed)
        padded, _ = pad_packed_sequence(out, batch_first=True, total_length=hidden.shape[1])
        return self.dropout(padded)  # (batch, seq, hidden)


class BiLSTMEncoder(SubwordEncoder):
    """Subword embeddings and bidirectional LSTM layers."""

    def __init__(
        self, *, pieces: int, embedding: int, hidden: int, blocks: int, dropout: float, pooling: str
    ) -> None:
        output = Output(hidden, pooling)
        super().__init__(pieces=pieces, embedding=embedding, output=output, dropout=dropout)
        widths = [embedding, *[hidden] * (blocks - 1)]
        self.blocks = nn.ModuleList(
            LSTMBlock(inputs=width, hidden=hidden, dropout=dropout) for width in widths
        )
