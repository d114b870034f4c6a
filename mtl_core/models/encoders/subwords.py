"""What the encoders have in common that know no positions: subword embeddings under the blocks."""

from torch import Tensor, nn

from mtl_core.data.batching import Batch
from mtl_core.models.contracts import Encoder, Output


class SubwordEncoder(Encoder):
    """Subword embeddings; whoever inherits adds the blocks."""

    def __init__(self, *, pieces: int, embedding: int, output: Output, dropout: float) -> None:
        super().__init__()
        self.input_width, self.output = embedding, output
        self.embedding = nn.Embedding(pieces, embedding)
        # PyTorch draws from N(0, 1); so large, a short training can hardly move them.
        nn.init.normal_(self.embedding.weight, std=0.1)
        self.dropout = nn.Dropout(dropout)

    def embed(self, batch: Batch) -> Tensor:
        return self.dropout(self.embedding(batch.ids))  # (batch, seq, embedding)
