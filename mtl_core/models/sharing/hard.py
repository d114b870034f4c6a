"""Hard parameter sharing (Caruana, 1997, "Multitask Learning"): one encoder for all tasks."""

from torch import Tensor, nn

from mtl_core.data.batching import Batch
from mtl_core.models.contracts import MakeEncoder, Sharing, trainable


class HardSharing(Sharing):
    """One encoder; every task reads its last block."""

    def __init__(self, make_encoder: MakeEncoder, tasks: tuple[str, ...]) -> None:
        super().__init__()
        self.tasks = tasks
        self.encoder = make_encoder()
        self.width, self.pooling = self.encoder.width, self.encoder.pooling

    def forward(self, batch: Batch, tasks: tuple[str, ...]) -> dict[str, Tensor]:
        hidden = self.encoder(batch)  # (batch, seq, hidden)
        return dict.fromkeys(tasks, hidden)

    def shared_parameters(self) -> list[nn.Parameter]:
        return trainable([self.encoder]) if len(self.tasks) > 1 else []
