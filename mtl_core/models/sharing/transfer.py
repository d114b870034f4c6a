"""Sequential transfer: an encoder that another run has trained, shared by all tasks.

The new encoder comes with the source's weights already in it. Frozen blocks may thaw one after the
other, from the top (Howard and Ruder, 2018, "Universal Language Model Fine-tuning", section 3.3).
"""

from torch import Tensor, nn

from mtl_core.data.batching import Batch
from mtl_core.errors import ConfigError
from mtl_core.models.contracts import Encoder, MakeEncoder, Owned, Scene, Sharing, trainable
from mtl_core.models.insight import Insight, axis

from .stacks import layers_of


class TransferSharing(Sharing):
    """One encoder; its lowest layers are frozen for the whole training or for a part of it."""

    def __init__(
        self,
        make_encoder: MakeEncoder,
        scene: Scene,
        *,
        source: str,
        frozen_blocks: int,
        thaw: bool,
    ) -> None:
        super().__init__(scene)
        del source  # its weights are in the encoder already
        self.encoder = make_encoder()
        self.output = self.encoder.output
        blocks = list(self.encoder.blocks)
        if frozen_blocks > len(blocks):
            raise ConfigError(
                f"sharing.frozen_blocks is {frozen_blocks}, but the encoder has {len(blocks)} "
                "blocks; lower it"
            )
        # From the top: what thaws first. The embedding is the lowest layer.
        lowest = self.encoder.embedding_parameters()
        layers = [trainable([block]) for block in blocks[:frozen_blocks]][::-1]
        self._frozen: list[list[nn.Parameter]] = [*layers, lowest] if frozen_blocks else []
        self._thaws = thaw
        self._moved_from = [p.detach().clone() for p in self.encoder.parameters()]
        if not thaw:
            self._set_learning(learning=0)

    def forward(self, batch: Batch, tasks: tuple[str, ...]) -> dict[str, Tensor]:
        hidden = self.encoder(batch)  # (batch, seq, hidden)
        return dict.fromkeys(tasks, hidden)

    def advance(self, done: float) -> None:
        if self._thaws:
            # With n frozen layers, layer i of them (0 is the top) learns from (i + 1) / (n + 1) on.
            self._set_learning(learning=int(done * (len(self._frozen) + 1) + 1e-9))

    def _set_learning(self, learning: int) -> None:
        for place, layer in enumerate(self._frozen):
            for parameter in layer:
                parameter.requires_grad_(place < learning)

    def owners(self) -> list[Owned]:
        waiting = [p for layer in self._frozen for p in layer] if self._thaws else []
        inside = {id(p) for p in waiting}
        learning = [p for p in trainable([self.encoder]) if id(p) not in inside]
        return [Owned(self.scene.names, [*waiting, *learning])]

    def insight(self) -> list[Insight]:
        layers = layers_of(self.encoder)
        starts = dict(zip(map(id, self.encoder.parameters()), self._moved_from, strict=True))
        values = [_relative_distance(layer, starts) for layer in layers.values()]
        return [
            Insight(
                name="moved",
                title="How far each layer has moved from its start",
                help="Length of the change of a layer's weights over the length of the weights it "
                "started from: 0 is frozen, or as the source left it.",
                axes=(axis("layer", layers),),
                values=values,
                low=0.0,
            )
        ]

    def trunk(self) -> Encoder | None:
        return self.encoder


def _relative_distance(layer: list[nn.Parameter], starts: dict[int, Tensor]) -> float:
    """‖now − start‖ / ‖start‖ over all weights of a layer."""
    moved = sum(float((p.detach().cpu() - starts[id(p)].cpu()).square().sum()) for p in layer)
    length = sum(float(starts[id(p)].square().sum()) for p in layer)
    return round((moved / length) ** 0.5 if length else 0.0, 5)
