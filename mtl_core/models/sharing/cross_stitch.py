"""Cross-stitch networks (Misra et al., 2016, "Cross-stitch Networks for Multi-task Learning")."""

import torch
from torch import Tensor, nn

from mtl_core.data.batching import Batch
from mtl_core.models.contracts import MakeEncoder, Owned, Scene, Sharing, trainable
from mtl_core.models.insight import Insight, axis, block_axis
from mtl_core.models.watch import as_lists

from .stitch import Stitch


class CrossStitchColumns(Sharing):
    """One encoder a task, a column; after each block the columns exchange shares of their outputs."""

    def __init__(
        self,
        make_encoder: MakeEncoder,
        scene: Scene,
        *,
        keep: float,
        per_channel: bool,
        stitch_rate: float,
    ) -> None:
        super().__init__(scene)
        self.columns = [make_encoder() for _ in scene.tasks]
        self.encoders = nn.ModuleList(self.columns)
        self.output = self.columns[0].output
        channels = self.output.width if per_channel else 1
        self.stitches = [
            Stitch(len(self.columns), channels=channels, keep=keep, rate=stitch_rate)
            for _ in self.columns[0].blocks
        ]
        self.connections = nn.ModuleList(self.stitches)

    def forward(self, batch: Batch, tasks: tuple[str, ...]) -> dict[str, Tensor]:
        hidden = [column.embed(batch) for column in self.columns]  # (batch, seq, hidden) each
        for level, stitch in enumerate(self.stitches):
            hidden = [
                column.blocks[level](own, batch)
                for column, own in zip(self.columns, hidden, strict=True)
            ]
            if stitch.connects:
                hidden = list(stitch(torch.stack(hidden)))
        return {task: hidden[self.scene.names.index(task)] for task in tasks}

    def owners(self) -> list[Owned]:
        """Where the columns exchange, every task's loss reaches every column."""
        names = self.scene.names
        if self.stitches[0].connects:
            return [Owned(names, trainable([self.encoders, self.connections]))]
        pairs = zip(names, self.columns, strict=True)
        return [Owned((task,), trainable([column])) for task, column in pairs]

    def insight(self) -> list[Insight]:
        names = self.scene.names
        if len(names) == 1:
            return []
        return [
            Insight(
                name="stitches",
                title="How much each task takes from each",
                help="The share of every encoder's output (column) in what goes on in an encoder "
                "(row) after a block, averaged over the channels.",
                axes=(
                    block_axis(len(self.stitches)),
                    axis("to task", names),
                    axis("from task", names),
                ),
                values=as_lists(torch.stack([stitch.matrix() for stitch in self.stitches])),
            )
        ]
