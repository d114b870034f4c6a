"""Sluice networks (Ruder et al., 2019, "Latent Multi-task Architecture Learning")."""

from itertools import combinations

import torch
from torch import Tensor, nn

from mtl_core.config.sharing.connected import uneven_parts
from mtl_core.data.batching import Batch
from mtl_core.errors import ConfigError
from mtl_core.models.contracts import MakeEncoder, Owned, Scene, Sharing, scale_rate, trainable
from mtl_core.models.insight import Insight, axis, block_axis
from mtl_core.models.watch import as_lists

from .distances import orthogonality as alikeness
from .stitch import Stitch


class SluiceColumns(Sharing):
    """One encoder a task, a column. After each block the subspaces of all columns exchange shares
    of their outputs (α); each task reads a mixture of what left its column's blocks (β)."""

    def __init__(
        self,
        make_encoder: MakeEncoder,
        scene: Scene,
        *,
        subspaces: int,
        keep: float,
        orthogonality: float,
        stitch_rate: float,
    ) -> None:
        super().__init__(scene)
        self.columns = [make_encoder() for _ in scene.tasks]
        self.encoders = nn.ModuleList(self.columns)
        self.output = self.columns[0].output
        why = uneven_parts(subspaces, self.output.width)
        if why:
            raise ConfigError(why)
        self.subspaces, self.strength = subspaces, orthogonality
        blocks = len(self.columns[0].blocks)
        parts = len(self.columns) * subspaces
        self.stitches = [
            Stitch(parts, channels=1, keep=keep, rate=stitch_rate) for _ in range(blocks)
        ]
        self.connections = nn.ModuleList(self.stitches)
        self.mixtures = nn.ParameterList(
            nn.Parameter(torch.full((blocks,), 1 / blocks), requires_grad=stitch_rate > 0)
            for _ in scene.tasks
        )
        scale_rate(self.mixtures, stitch_rate)
        self._alike: list[Tensor] = []

    def forward(self, batch: Batch, tasks: tuple[str, ...]) -> dict[str, Tensor]:
        penalised = self.training and self.strength > 0 and self.subspaces > 1
        self._alike = []
        hidden = [column.embed(batch) for column in self.columns]  # (batch, seq, hidden) each
        levels: list[list[Tensor]] = []  # by block, then by task
        for level, stitch in enumerate(self.stitches):
            hidden = [
                column.blocks[level](own, batch)
                for column, own in zip(self.columns, hidden, strict=True)
            ]
            if penalised:
                self._alike += [self._alikeness(own, batch) for own in hidden]
            if stitch.connects:
                hidden = self._exchange(stitch, hidden)
            levels.append(hidden)
        places = {task: self.scene.names.index(task) for task in tasks}
        return {task: self._mixture(levels, place) for task, place in places.items()}

    def _exchange(self, stitch: Stitch, hidden: list[Tensor]) -> list[Tensor]:
        """The subspaces of all columns as a stitch's columns, the first task's first."""
        parts = [part for own in hidden for part in own.chunk(self.subspaces, dim=2)]
        mixed = list(stitch(torch.stack(parts)))  # (batch, seq, hidden / subspaces) each
        size = self.subspaces
        return [torch.cat(mixed[i : i + size], dim=2) for i in range(0, len(mixed), size)]

    def _alikeness(self, hidden: Tensor, batch: Batch) -> Tensor:
        """How alike the subspaces of one column are, the mean over all pairs of them."""
        parts = hidden.chunk(self.subspaces, dim=2)
        found = [alikeness(a, b, batch.mask) for a, b in combinations(parts, 2)]
        return torch.stack(found).mean()

    def _mixture(self, levels: list[list[Tensor]], place: int) -> Tensor:
        """Σ_block β_block h_block of a task's column."""
        weights = self.mixtures[place]
        terms = [weight * level[place] for weight, level in zip(weights, levels, strict=True)]
        return torch.stack(terms).sum(0)

    def owners(self) -> list[Owned]:
        """Where the columns exchange, every task's loss reaches every column."""
        names, connected = self.scene.names, self.stitches[0].connects
        together = trainable([self.encoders, self.connections]) if connected else []
        owned = [Owned(names, together)] if together else []
        for task, column, mixture in zip(names, self.columns, self.mixtures, strict=True):
            own = [] if connected else trainable([column])
            owned.append(Owned((task,), [*own, *([mixture] if mixture.requires_grad else [])]))
        return owned

    def penalties(self) -> dict[str, Tensor]:
        """‖G₁ᵀ G₂‖²_F of the subspaces before they exchange (section 3.2), as a mean over columns,
        blocks and pairs of subspaces, so that a strength means the same for any number of them."""
        if not self._alike:
            return {}
        return {"orthogonality": self.strength * torch.stack(self._alike).mean()}

    def insight(self) -> list[Insight]:
        names, blocks = self.scene.names, len(self.stitches)
        parts = [f"{task}/{i + 1}" for task in names for i in range(self.subspaces)]
        found = []
        if len(parts) > 1:
            stitches = torch.stack([stitch.matrix() for stitch in self.stitches])
            found.append(
                Insight(
                    name="stitches",
                    title="How much each subspace takes from each",
                    help="The share of every subspace's output (column) in what goes on in a "
                    "subspace (row) after a block.",
                    axes=(
                        block_axis(blocks),
                        axis("to subspace", parts),
                        axis("from subspace", parts),
                    ),
                    values=as_lists(stitches),
                )
            )
        mixtures = Insight(
            name="layer mixtures",
            title="Which layers each task reads",
            help="The weight of each block's output in what the task's head reads.",
            axes=(axis("task", names), block_axis(blocks)),
            values=as_lists(torch.stack(list(self.mixtures))),
        )
        return [*found, mixtures]
