"""Hard parameter sharing (Caruana, 1997, "Multitask Learning"): one encoder for all tasks."""

from torch import Tensor, nn

from mtl_core.data.batching import Batch
from mtl_core.errors import ConfigError
from mtl_core.models.contracts import Encoder, MakeEncoder, Owned, Scene, Sharing, trainable

from .stacks import through


class HardSharing(Sharing):
    """One encoder; each task reads its last shared block, or its own blocks above that."""

    def __init__(self, make_encoder: MakeEncoder, scene: Scene, *, own_blocks: int) -> None:
        super().__init__(scene)
        self.encoder = make_encoder()
        self.output = self.encoder.output
        blocks = len(self.encoder.blocks)
        if own_blocks > blocks:
            raise ConfigError(
                f"sharing.own_blocks is {own_blocks}, but the encoder has {blocks} blocks; lower it"
            )
        self.shared = blocks - own_blocks
        # The first task keeps the encoder's own top, so that one task alone is the plain encoder.
        tops = [self.encoder.blocks[self.shared :]]
        if own_blocks:
            tops += [make_encoder().blocks[self.shared :] for _ in scene.tasks[1:]]
        self.encoder.blocks = self.encoder.blocks[: self.shared]
        self.tops = nn.ModuleList(tops)

    def forward(self, batch: Batch, tasks: tuple[str, ...]) -> dict[str, Tensor]:
        hidden = self.encoder(batch)  # (batch, seq, hidden)
        return {task: through(self._top(task), hidden, batch) for task in tasks}

    def _top(self, task: str) -> nn.ModuleList:
        place = self.scene.names.index(task) if len(self.tops) > 1 else 0
        top = self.tops[place]
        assert isinstance(top, nn.ModuleList)
        return top

    def owners(self) -> list[Owned]:
        names = self.scene.names
        own = [
            Owned((task,), trainable([self._top(task)])) for task in names if len(self._top(task))
        ]
        return [Owned(names, trainable([self.encoder])), *own]

    def trunk(self) -> Encoder | None:
        return None if len(self.tops[0]) else self.encoder  # type: ignore[arg-type]
