"""Task embeddings: one encoder that is told which task it serves.

The vector is added to what enters the first block, or it scales and shifts a layer norm after each
block: feature-wise modulation (Perez et al., 2018, "FiLM") as conditional layer normalisation
(Pilault et al., 2021, "Conditionally Adaptive Multi-Task Learning", section 2.3).
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from mtl_core.data.batching import Batch
from mtl_core.models.contracts import Encoder, MakeEncoder, Owned, Scene, Sharing, trainable
from mtl_core.models.insight import Insight, axis, block_axis
from mtl_core.models.watch import as_lists

SMALL = 0.02
"""Standard deviation of the vectors at the start: the tasks begin nearly alike."""


class TaskEmbeddingSharing(Sharing):
    """One encoder, run once for each task. `vectors` are by task, then by layer."""

    def __init__(self, make_encoder: MakeEncoder, scene: Scene, *, form: str) -> None:
        super().__init__(scene)
        self.encoder = make_encoder()
        self.output = self.encoder.output
        self.is_added = form == "added"
        if self.is_added:
            widths = [self.encoder.input_width]
        else:
            widths = [2 * self.output.width] * len(self.encoder.blocks)
        self.vectors = nn.ModuleList(
            nn.ParameterList(nn.Parameter(SMALL * torch.randn(width)) for width in widths)
            for _ in scene.tasks
        )

    def forward(self, batch: Batch, tasks: tuple[str, ...]) -> dict[str, Tensor]:
        entering = self.encoder.embed(batch)  # (batch, seq, hidden)
        return {task: self._read_for(task, entering, batch) for task in tasks}

    def _read_for(self, task: str, hidden: Tensor, batch: Batch) -> Tensor:
        vectors = self._vectors(task)
        if self.is_added:
            hidden = hidden + vectors[0]
        for level, block in enumerate(self.encoder.blocks):
            hidden = block(hidden, batch)
            if not self.is_added:
                hidden = conditional_norm(hidden, vectors[level])
        return hidden

    def _vectors(self, task: str) -> list[nn.Parameter]:
        return list(self.vectors[self.scene.names.index(task)].parameters())

    def owners(self) -> list[Owned]:
        names = self.scene.names
        return [
            Owned(names, trainable([self.encoder])),
            *[Owned((task,), self._vectors(task)) for task in names],
        ]

    def insight(self) -> list[Insight]:
        names = self.scene.names
        if len(names) == 1:
            return []
        by_task = [
            torch.stack([v.detach() for v in layers]) for layers in map(self._vectors, names)
        ]
        directions = functional.normalize(torch.stack(by_task, 1), dim=2)  # (layer, task, hidden)
        alike = directions @ directions.mT
        tasks = (axis("task", names), axis("other task", names))
        return [
            Insight(
                name="task vectors",
                title="How alike the tasks' vectors are",
                help="Cosine of two tasks' vectors: 1 is the same direction, 0 unrelated (as all "
                "begin, nearly), -1 opposite.",
                axes=tasks if self.is_added else (block_axis(len(alike)), *tasks),
                values=as_lists(alike[0] if self.is_added else alike),
                low=-1.0,
                high=1.0,
            )
        ]

    def trunk(self) -> Encoder | None:
        return self.encoder


def conditional_norm(hidden: Tensor, vector: Tensor) -> Tensor:
    """LN(h)·(1 + γ) + β, where γ and β are the halves of the vector: (batch, seq, hidden)."""
    scale, shift = vector.chunk(2)
    return functional.layer_norm(hidden, hidden.shape[-1:], 1 + scale, shift)
