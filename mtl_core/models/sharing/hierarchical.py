"""Tasks at their own depths (Søgaard and Goldberg, 2016, "Deep multi-task learning with low level
tasks supervised at lower layers"), with label embeddings (Hashimoto et al., 2017, "A Joint
Many-Task Model")."""

import torch
from torch import Tensor, nn

from mtl_core.config.sharing.depth import depth_refusal, depths_of
from mtl_core.data.batching import Batch
from mtl_core.errors import ConfigError
from mtl_core.models.contracts import Encoder, MakeEncoder, Owned, Scene, Sharing, trainable
from mtl_core.models.insight import PIECE, Axis, Insight, axis, block_axis
from mtl_core.models.watch import as_lists

FED = "fed"


class TasksAtDepths(Sharing):
    """One encoder; a task reads what leaves the block of its depth.

    Where labels are fed, every block above a task gets Σ_l p(l) e_l besides what leaves the block
    below it, with p the task's answer and e its label embeddings; the gradients flow through p into
    the lower task's head. Hashimoto et al. append these vectors; here they are added, since a block
    has one width.
    """

    def __init__(
        self, make_encoder: MakeEncoder, scene: Scene, *, depths: dict[str, int], feed_labels: bool
    ) -> None:
        super().__init__(scene)
        self.encoder = make_encoder()
        self.output = self.encoder.output
        blocks = len(self.encoder.blocks)
        why = depth_refusal(blocks, depths)
        if why:
            raise ConfigError(why)
        self.depths = depths_of(scene.names, blocks, depths)
        top = max(self.depths.values())
        self.is_whole = set(self.depths.values()) == {blocks}
        self.encoder.blocks = self.encoder.blocks[:top]
        self.feeding = tuple(t for t in scene.names if feed_labels and self._above(t))
        labels = {task.name: len(task.outputs) for task in scene.tasks}
        width = self.output.width
        self.labels = nn.ParameterList(
            nn.Parameter(torch.empty(labels[task], width)) for task in self.feeding
        )
        for embedding in self.labels:
            nn.init.normal_(embedding, std=0.02)

    def _above(self, task: str) -> tuple[str, ...]:
        """The tasks that are read at a greater depth."""
        return tuple(t for t in self.scene.names if self.depths[t] > self.depths[task])

    def forward(self, batch: Batch, tasks: tuple[str, ...]) -> dict[str, Tensor]:
        hidden = self.encoder.embed(batch)
        top = max((self.depths[task] for task in tasks), default=0)
        read: dict[str, Tensor] = {}
        told: Tensor | None = None  # by all tasks below: (batch, seq, hidden)
        for depth in range(1, top + 1):
            entering = hidden if told is None else hidden + told
            hidden = self.encoder.blocks[depth - 1](entering, batch)
            here = [task for task in self.scene.names if self.depths[task] == depth]
            read |= {task: hidden for task in here if task in tasks}
            for task in here:
                if task in self.feeding and depth < top:
                    fed = self._labels_of(task, hidden, batch)
                    told = fed if told is None else told + fed
        return read

    def _labels_of(self, task: str, hidden: Tensor, batch: Batch) -> Tensor:
        """What the task answers, as vectors of the pieces: (batch, seq, hidden)."""
        shares = self.ask(task, hidden, batch)  # (batch, label) or (batch, word, label)
        vectors = shares @ self.labels[self.feeding.index(task)]
        if vectors.dim() == 2:
            fed = vectors[:, None] * batch.mask[:, :, None]
        else:
            word = words_of_pieces(batch)  # (batch, seq)
            index = word.clamp(min=0)[:, :, None].expand(-1, -1, vectors.shape[2])
            fed = vectors.gather(1, index) * (word >= 0)[:, :, None]
        if not self.training:
            size = fed.float().norm(dim=2) / hidden.float().norm(dim=2).clamp(min=1e-8)
            self.watch.note((FED, task), size, batch.mask)
        return fed

    def owners(self) -> list[Owned]:
        names = self.scene.names
        found = [Owned(names, self.encoder.embedding_parameters())]
        for depth, block in enumerate(self.encoder.blocks, 1):
            reach = tuple(task for task in names if self.depths[task] >= depth)
            found.append(Owned(reach, trainable([block])))
        for task, embedding in zip(self.feeding, self.labels, strict=True):
            found.append(Owned(self._above(task), [embedding]))
        return found

    def listeners(self, task: str) -> tuple[str, ...]:
        above = self._above(task) if task in self.feeding else ()
        return tuple(t for t in self.scene.names if t == task or t in above)

    def insight(self) -> list[Insight]:
        blocks = len(self.encoder.blocks)
        where = [[float(self.depths[t] == b + 1) for b in range(blocks)] for t in self.scene.names]
        found = [
            Insight(
                "depths",
                "Where each task is read",
                "1 at the block after which the task's head reads the encoder.",
                (axis("task", self.scene.names), block_axis(blocks)),
                where,
                low=0.0,
                high=1.0,
            )
        ]
        return [*found, *self._fed(self.watch.means(FED), ())]

    def insight_by_piece(self) -> list[Insight]:
        rows = {name: values[0] for name, values in self.watch.last_of(FED).items()}
        return self._fed(rows, (Axis(PIECE, ()),))

    def _fed(self, found: dict[tuple[str, ...], Tensor], beyond: tuple[Axis, ...]) -> list[Insight]:
        """(from task, ...) from each feeding task's values."""
        tasks = [task for task in self.feeding if (task,) in found]
        if not tasks:
            return []
        return [
            Insight(
                "fed_labels",
                "How loudly a task tells its answer upwards",
                "The length of the embedded answer, as a share of the length of the representation "
                "that the task reads.",
                (axis("from task", tasks), *beyond),
                as_lists(torch.stack([found[(task,)] for task in tasks])),
                low=0.0,
            )
        ]

    def trunk(self) -> Encoder | None:
        return self.encoder if self.is_whole else None


def words_of_pieces(batch: Batch) -> Tensor:
    """The number of the word that each piece belongs to, -1 for none: (batch, seq).

    It is the number of words begun so far. The second text of a pair has no words here, nor have
    the signs that stand around a text: one that begins with a sign also ends with one.
    """
    begun = torch.zeros_like(batch.ids).scatter_add(1, batch.first, batch.words.to(batch.ids.dtype))
    begun = begun.cumsum(1)
    inside = batch.mask & (batch.segments == 0)
    place = torch.arange(batch.ids.shape[1], device=batch.ids.device)
    is_last = place[None, :] == inside.sum(1, keepdim=True) - 1
    has_signs = begun[:, :1] == 0
    return torch.where(inside & ~(is_last & has_signs), begun - 1, -1)
