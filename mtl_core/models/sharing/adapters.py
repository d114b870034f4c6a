"""Adapters (Houlsby et al., 2019, "Parameter-Efficient Transfer Learning for NLP")."""

from typing import Literal

import torch
from torch import Tensor, nn

from mtl_core.data.batching import Batch
from mtl_core.models.contracts import Encoder, MakeEncoder, Owned, Scene, Sharing, trainable
from mtl_core.models.insight import PIECE, Axis, Insight, axis, block_axis
from mtl_core.models.watch import as_lists

from .lora import LowRankChanges

CHANGE = "change"


class Adapter(nn.Module):
    """W_up gelu(W_down LN(h)): what is added to the stream, next to nothing at the start."""

    def __init__(self, *, width: int, size: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.down = nn.Linear(width, size)
        self.up = nn.Linear(size, width)
        # Not exactly 0: W_down would learn nothing in the first step.
        nn.init.normal_(self.up.weight, std=1e-3)
        nn.init.zeros_(self.up.bias)

    def forward(self, hidden: Tensor) -> Tensor:
        """(batch, seq, hidden) -> (batch, seq, hidden)."""
        out: Tensor = self.up(nn.functional.gelu(self.down(self.norm(hidden))))
        return out


class BottleneckAdapters(Sharing):
    """A task's stream goes through the shared blocks and, after each, through its own adapter.

    The paper puts two adapters inside a transformer layer; here one stands after each block, so
    that every encoder can have them.
    """

    def __init__(self, make_encoder: MakeEncoder, scene: Scene, *, size: int, frozen: bool) -> None:
        super().__init__(scene)
        self.encoder = make_encoder()
        self.output = self.encoder.output
        if frozen:
            self.encoder.requires_grad_(False)
        self.adapters = nn.ModuleList(
            nn.ModuleList(Adapter(width=self.output.width, size=size) for _ in self.encoder.blocks)
            for _ in scene.tasks
        )

    def forward(self, batch: Batch, tasks: tuple[str, ...]) -> dict[str, Tensor]:
        embedded = self.encoder.embed(batch)
        return {task: self._stream(task, embedded, batch) for task in tasks}

    def _stream(self, task: str, hidden: Tensor, batch: Batch) -> Tensor:
        pairs = zip(self.encoder.blocks, self._adapters(task), strict=True)
        for place, (block, adapter) in enumerate(pairs):
            hidden = block(hidden, batch)
            change = adapter(hidden)
            if not self.training:
                size = change.float().norm(dim=2) / hidden.float().norm(dim=2).clamp(min=1e-8)
                self.watch.note((CHANGE, str(place), task), size, batch.mask)
            hidden = hidden + change
        return hidden

    def _adapters(self, task: str) -> nn.ModuleList:
        adapters = self.adapters[self.scene.names.index(task)]
        assert isinstance(adapters, nn.ModuleList)
        return adapters

    def owners(self) -> list[Owned]:
        names = self.scene.names
        own = [Owned((task,), trainable([self._adapters(task)])) for task in names]
        return [Owned(names, trainable([self.encoder])), *own]

    def insight(self) -> list[Insight]:
        return self._changes(self.watch.means(CHANGE), ())

    def insight_by_piece(self) -> list[Insight]:
        rows = {name: values[0] for name, values in self.watch.last_of(CHANGE).items()}
        return self._changes(rows, (Axis(PIECE, ()),))

    def _changes(
        self, found: dict[tuple[str, ...], Tensor], beyond: tuple[Axis, ...]
    ) -> list[Insight]:
        """(task, block, ...) from the values of each block and task."""
        tasks = [task for task in self.scene.names if ("0", task) in found]
        if not tasks:
            return []
        blocks = len(self.encoder.blocks)
        values = [torch.stack([found[str(b), task] for b in range(blocks)]) for task in tasks]
        return [
            Insight(
                "adapters",
                "How much each task changes the stream",
                "The length of what the task's adapter adds, as a share of the length of what "
                "leaves the block.",
                (axis("task", tasks), block_axis(blocks), *beyond),
                as_lists(torch.stack(values)),
                low=0.0,
            )
        ]

    def trunk(self) -> Encoder | None:
        return self.encoder


def build_adapters(
    make_encoder: MakeEncoder,
    scene: Scene,
    *,
    form: Literal["bottleneck", "lora"],
    size: int,
    frozen: bool,
) -> Sharing:
    """The form that is asked for."""
    strategy = {"bottleneck": BottleneckAdapters, "lora": LowRankChanges}[form]
    return strategy(make_encoder, scene, size=size, frozen=frozen)
