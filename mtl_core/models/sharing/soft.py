"""Soft parameter sharing: one encoder a task, tied by a penalty on their weights.

Duong et al. (2015), "Low Resource Dependency Parsing" (L2); Yang and Hospedales (2017), "Trace Norm
Regularised Deep Multi-Task Learning" (trace norm of the stacked weights).
"""

import torch
from torch import Tensor, nn

from mtl_core.config.sharing.tied import wrong_blocks
from mtl_core.data.batching import Batch
from mtl_core.errors import ConfigError
from mtl_core.models.contracts import Encoder, MakeEncoder, Owned, Scene, Sharing, trainable
from mtl_core.models.insight import Insight, axis

from .distances import PENALTIES, relative_distance
from .stacks import layers_of


class SoftSharing(Sharing):
    """One encoder a task. All start from the same weights, so that the tie means something."""

    def __init__(
        self,
        make_encoder: MakeEncoder,
        scene: Scene,
        *,
        norm: str,
        strength: float,
        embedding: bool,
        blocks: tuple[int, int | None],
    ) -> None:
        super().__init__(scene)
        self.columns = [make_encoder() for _ in scene.tasks]
        self.encoders = nn.ModuleList(self.columns)
        for column in self.columns[1:]:
            column.load_state_dict(self.columns[0].state_dict())
        self.output = self.columns[0].output
        first, last = blocks
        why = wrong_blocks(first, last, len(self.columns[0].blocks))
        if why:
            raise ConfigError(why)
        self.penalty, self.strength = PENALTIES[norm], strength
        self.tied = [_tied(column, embedding, slice(first - 1, last)) for column in self.columns]

    def forward(self, batch: Batch, tasks: tuple[str, ...]) -> dict[str, Tensor]:
        names = self.scene.names
        return {task: self.columns[names.index(task)](batch) for task in tasks}

    def owners(self) -> list[Owned]:
        pairs = zip(self.scene.names, self.columns, strict=True)
        return [Owned((task,), trainable([column])) for task, column in pairs]

    def penalties(self) -> dict[str, Tensor]:
        if not self.strength or len(self.columns) == 1 or not self.tied[0]:
            return {}
        layers = zip(*self.tied, strict=True)
        stacks = [torch.stack([p.flatten() for p in layer]) for layer in layers]  # (task, weight)
        return {"distance": self.strength * self.penalty(stacks)}

    def insight(self) -> list[Insight]:
        if len(self.columns) == 1:
            return []
        layers = [layers_of(column) for column in self.columns]
        names = self.scene.names
        return [
            Insight(
                name="distances",
                title="How far the tasks' encoders are from each other",
                help="Length of the difference of two encoders' weights over the root mean square "
                "of their lengths: 0 is equal (as all begin), 1.4 is unrelated.",
                axes=(axis("layer", layers[0]), axis("task", names), axis("other task", names)),
                values=[
                    [[round(relative_distance(a[k], b[k]), 5) for b in layers] for a in layers]
                    for k in layers[0]
                ],
                low=0.0,
            )
        ]


def _tied(encoder: Encoder, embedding: bool, blocks: slice) -> list[nn.Parameter]:
    """The parameters that the penalty holds together."""
    below = encoder.embedding_parameters() if embedding else []
    return [*below, *trainable([encoder.blocks[blocks]])]
