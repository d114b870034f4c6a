"""No sharing: every task has its own encoder."""

from torch import Tensor, nn

from mtl_core.data.batching import Batch
from mtl_core.models.contracts import Encoder, MakeEncoder, Owned, Scene, Sharing, trainable


class SeparateEncoders(Sharing):
    """One encoder a task."""

    def __init__(self, make_encoder: MakeEncoder, scene: Scene) -> None:
        super().__init__(scene)
        # A list, not a dict: nn.ModuleDict forbids dots and some names in its keys.
        self.places = {task: i for i, task in enumerate(scene.names)}
        encoders = [make_encoder() for _ in scene.tasks]
        self.encoders = nn.ModuleList(encoders)
        self.output = encoders[0].output

    def forward(self, batch: Batch, tasks: tuple[str, ...]) -> dict[str, Tensor]:
        return {task: self.encoders[self.places[task]](batch) for task in tasks}

    def owners(self) -> list[Owned]:
        return [Owned((t,), trainable([self.encoders[i]])) for t, i in self.places.items()]

    def trunk(self) -> Encoder | None:
        return self.encoders[0] if len(self.encoders) == 1 else None  # type: ignore[return-value]
