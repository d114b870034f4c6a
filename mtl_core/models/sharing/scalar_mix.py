"""Scalar mixtures of layers (Peters et al., 2018, "Deep Contextualized Word Representations")."""

import torch
from torch import Tensor, nn

from mtl_core.data.batching import Batch
from mtl_core.models.contracts import (
    Encoder,
    MakeEncoder,
    Owned,
    Scene,
    Sharing,
    scale_rate,
    trainable,
)
from mtl_core.models.insight import Insight, axis, block_axis
from mtl_core.models.watch import as_lists


class Mixture(nn.Module):
    """γ Σ_block softmax(s)_block h_block (equation 1, without the embedding): begins as the mean."""

    def __init__(self, blocks: int) -> None:
        super().__init__()
        self.scores = nn.Parameter(torch.zeros(blocks))
        self.scale = nn.Parameter(torch.ones(1))

    def weights(self) -> Tensor:
        """How much of each block: (block,), sum 1."""
        return self.scores.softmax(0)

    def forward(self, levels: list[Tensor]) -> Tensor:
        """(batch, seq, hidden) of every block -> (batch, seq, hidden)."""
        terms = [w * level for w, level in zip(self.weights(), levels, strict=True)]
        return self.scale * torch.stack(terms).sum(0)


class ScalarMixSharing(Sharing):
    """One encoder; each task reads a mixture of its own of what leaves the blocks."""

    def __init__(self, make_encoder: MakeEncoder, scene: Scene, *, mix_rate: float) -> None:
        super().__init__(scene)
        self.encoder = make_encoder()
        self.output = self.encoder.output
        self.mixtures = [Mixture(len(self.encoder.blocks)) for _ in scene.tasks]
        self.mixes = nn.ModuleList(self.mixtures)
        scale_rate(self.mixes.parameters(), mix_rate)

    def forward(self, batch: Batch, tasks: tuple[str, ...]) -> dict[str, Tensor]:
        hidden = self.encoder.embed(batch)  # (batch, seq, hidden)
        levels: list[Tensor] = []
        for block in self.encoder.blocks:
            hidden = block(hidden, batch)
            levels.append(hidden)
        names = self.scene.names
        return {task: self.mixtures[names.index(task)](levels) for task in tasks}

    def owners(self) -> list[Owned]:
        names = self.scene.names
        pairs = zip(names, self.mixtures, strict=True)
        own = [Owned((task,), trainable([mixture])) for task, mixture in pairs]
        return [Owned(names, trainable([self.encoder])), *own]

    def insight(self) -> list[Insight]:
        tasks = axis("task", self.scene.names)
        weights = torch.stack([mixture.weights() for mixture in self.mixtures])
        scales = torch.cat([mixture.scale for mixture in self.mixtures])
        return [
            Insight(
                name="layer mixtures",
                title="Which layers each task reads",
                help="The share of each block's output in what the task's head reads; they add up "
                "to 1.",
                axes=(tasks, block_axis(weights.shape[1])),
                values=as_lists(weights),
                low=0.0,
                high=1.0,
                chance=round(1 / weights.shape[1], 4),
            ),
            Insight(
                name="scales",
                title="How large each task's mixture is made",
                help="γ, by which the mixture of the layers is multiplied; it begins at 1.",
                axes=(tasks,),
                values=as_lists(scales),
            ),
        ]

    def trunk(self) -> Encoder | None:
        return self.encoder
