"""Sharing decided by attention: masks over a shared trunk, or a choice among encoders."""

from typing import Literal

import torch
from torch import Tensor, nn

from mtl_core.data.batching import Batch
from mtl_core.models.contracts import Encoder, MakeEncoder, Owned, Scene, Sharing, trainable
from mtl_core.models.insight import PIECE, Axis, Insight, axis, block_axis
from mtl_core.models.watch import as_lists

from .listening import Listening

MASK = "mask"


class Mask(nn.Module):
    """σ(W₂ relu(LN(W₁ x))): how much of each feature a task takes, between 0 and 1."""

    def __init__(self, *, inputs: int, size: int, hidden: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(inputs, size),
            nn.LayerNorm(size),
            nn.ReLU(),
            nn.Linear(size, hidden),
            nn.Sigmoid(),
        )

    def forward(self, read: Tensor) -> Tensor:
        """(batch, seq, inputs) -> (batch, seq, hidden)."""
        out: Tensor = self.layers(read)
        return out


class AttentionMasks(Sharing):
    """MTAN (Liu, Johns and Davison, 2019, "End-to-End Multi-Task Learning with Attention").

    With u_j what enters the trunk's block j and p_j what leaves it: â_j = m_j ⊙ p_j (equation 1),
    where the task's mask m_j reads [u_j ; f_j(â_{j-1})], the first one u_1 alone (equation 2). The
    maps f_j belong to all tasks, as in the paper. Its convolutions see one pixel; here they are
    linear maps of one piece, with layer norm instead of batch norm: padding and small batches
    would disturb a batch's statistics. The task reads â_B.
    """

    def __init__(self, make_encoder: MakeEncoder, scene: Scene, *, size: int) -> None:
        super().__init__(scene)
        self.encoder = make_encoder()
        self.output = self.encoder.output
        blocks, hidden = len(self.encoder.blocks), self.output.width
        inputs = [self.encoder.input_width, *[2 * hidden] * (blocks - 1)]
        self.masks = nn.ModuleList(
            nn.ModuleList(Mask(inputs=width, size=size, hidden=hidden) for width in inputs)
            for _ in scene.tasks
        )
        self.passed_on = nn.ModuleList(
            nn.Sequential(nn.Linear(hidden, hidden), nn.LayerNorm(hidden), nn.ReLU())
            for _ in range(blocks - 1)
        )

    def forward(self, batch: Batch, tasks: tuple[str, ...]) -> dict[str, Tensor]:
        entering = self.encoder.embed(batch)  # u_1: (batch, seq, hidden)
        taken: dict[str, Tensor] = {}
        for place, block in enumerate(self.encoder.blocks):
            leaving = block(entering, batch)
            for task in tasks:
                read = entering
                if place:
                    below = self.passed_on[place - 1](taken[task])
                    read = torch.cat([entering, below], dim=2)
                mask = self._masks(task)[place](read)
                if not self.training:
                    self.watch.note((MASK, str(place), task), mask.mean(2), batch.mask)
                taken[task] = mask * leaving
            entering = leaving
        return taken

    def _masks(self, task: str) -> nn.ModuleList:
        masks = self.masks[self.scene.names.index(task)]
        assert isinstance(masks, nn.ModuleList)
        return masks

    def owners(self) -> list[Owned]:
        names = self.scene.names
        own = [Owned((task,), trainable([self._masks(task)])) for task in names]
        return [Owned(names, trainable([self.encoder, self.passed_on])), *own]

    def insight(self) -> list[Insight]:
        means = self.watch.means(MASK)
        tasks = [task for task in self.scene.names if ("0", task) in means]
        if not tasks:
            return []
        blocks = len(self.encoder.blocks)
        values = [[means[str(place), task] for place in range(blocks)] for task in tasks]
        return [
            Insight(
                "masks",
                "How much of each block a task takes",
                "The mean of the task's mask over features and subwords: 1 takes all, 0 nothing.",
                (axis("task", tasks), block_axis(blocks)),
                as_lists(torch.stack([torch.stack(row) for row in values])),
                low=0.0,
                high=1.0,
            )
        ]

    def insight_by_piece(self) -> list[Insight]:
        last, top = self.watch.last_of(MASK), str(len(self.encoder.blocks) - 1)
        tasks = [task for task in self.scene.names if (top, task) in last]
        if not tasks:
            return []
        return [
            Insight(
                "masks",
                "How much of the last block a task takes",
                "The mean of the task's mask over the features: 1 takes all, 0 nothing.",
                (axis("task", tasks), Axis(PIECE, ())),
                as_lists(torch.stack([last[top, task][0] for task in tasks])),
                low=0.0,
                high=1.0,
            )
        ]

    def trunk(self) -> Encoder | None:
        return self.encoder


def build_attention(
    make_encoder: MakeEncoder, scene: Scene, *, form: Literal["masks", "sources"], size: int
) -> Sharing:
    """The form that is asked for."""
    strategy = {"masks": AttentionMasks, "sources": Listening}[form]
    return strategy(make_encoder, scene, size=size)
