"""No sharing: every task has its own encoder."""

from torch import Tensor, nn

from mtl_core.data.batching import Batch
from mtl_core.models.contracts import MakeEncoder, Sharing


class SeparateEncoders(Sharing):
    """One encoder a task."""

    def __init__(self, make_encoder: MakeEncoder, tasks: tuple[str, ...]) -> None:
        super().__init__()
        # A list, not a dict: nn.ModuleDict forbids dots and some names in its keys.
        self.places = {task: i for i, task in enumerate(tasks)}
        encoders = [make_encoder() for _ in tasks]
        self.encoders = nn.ModuleList(encoders)
        self.width, self.pooling = encoders[0].width, encoders[0].pooling

    def forward(self, batch: Batch, tasks: tuple[str, ...]) -> dict[str, Tensor]:
        return {task: self.encoders[self.places[task]](batch) for task in tasks}

    def shared_parameters(self) -> list[nn.Parameter]:
        return []
