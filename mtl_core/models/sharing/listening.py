"""Every task attends, piece by piece, over the shared encoder and every task's private one."""

import math

import torch
from torch import Tensor, nn

from mtl_core.data.batching import Batch
from mtl_core.models.contracts import Encoder, MakeEncoder, Owned, Scene, Sharing, trainable
from mtl_core.models.insight import PIECE, Axis, Insight, axis
from mtl_core.models.watch import as_lists

from .stacks import through

LISTENS = "listens"


class Listening(Sharing):
    """Attention over sources: who listens to whom is a matrix (task, source).

    For each piece, softmax(q·k_s / √size) over the sources s (Vaswani et al., 2017, equation 1): q
    is the task's map of its private representation, k_s one map for all of each source, and the
    values are the sources themselves. All encoders stand above one embedding.
    """

    def __init__(self, make_encoder: MakeEncoder, scene: Scene, *, size: int) -> None:
        super().__init__(scene)
        self.shared = make_encoder()
        self.privates = nn.ModuleList(make_encoder().blocks for _ in scene.tasks)
        self.output = self.shared.output
        width = self.output.width
        self.queries = nn.ModuleList(nn.Linear(width, size, bias=False) for _ in scene.tasks)
        self.key = nn.Linear(width, size, bias=False)
        self.scale = 1 / math.sqrt(size)

    def forward(self, batch: Batch, tasks: tuple[str, ...]) -> dict[str, Tensor]:
        embedded = self.shared.embed(batch)
        stacks = [self.shared.blocks, *self.privates]
        found = [through(stack, embedded, batch) for stack in stacks]
        sources = torch.stack(found, dim=2)  # (batch, seq, source, hidden)
        keys = self.key(sources)  # (batch, seq, source, size)
        return {task: self._listen(task, sources, keys, batch) for task in tasks}

    def _listen(self, task: str, sources: Tensor, keys: Tensor, batch: Batch) -> Tensor:
        place = self.scene.names.index(task)
        query = self.queries[place](sources[:, :, place + 1])  # (batch, seq, size)
        scores = (keys * query[:, :, None]).sum(3) * self.scale  # (batch, seq, source)
        weights = scores.softmax(2)
        if not self.training:
            self.watch.note((LISTENS, task), weights, batch.mask)
        return (sources * weights[..., None]).sum(2)

    def owners(self) -> list[Owned]:
        """Every task reads every encoder."""
        names = self.scene.names
        own = [Owned((t,), trainable([q])) for t, q in zip(names, self.queries, strict=True)]
        return [Owned(names, trainable([self.shared, self.privates, self.key])), *own]

    def insight(self) -> list[Insight]:
        return self._matrix(self.watch.means(LISTENS), ())

    def insight_by_piece(self) -> list[Insight]:
        rows = {name: values[0].T for name, values in self.watch.last_of(LISTENS).items()}
        return self._matrix(rows, (Axis(PIECE, ()),))

    def _matrix(
        self, found: dict[tuple[str, ...], Tensor], beyond: tuple[Axis, ...]
    ) -> list[Insight]:
        """(task, source, ...) from each task's (source, ...)."""
        names = self.scene.names
        tasks = [task for task in names if (task,) in found]
        if not tasks:
            return []
        return [
            Insight(
                "listening",
                "Who listens to whom",
                "How much each task (row) attends to the shared encoder and to each task's private "
                "one; a row adds up to 1.",
                (axis("task", tasks), axis("source", ["shared", *names]), *beyond),
                as_lists(torch.stack([found[(task,)] for task in tasks])),
                low=0.0,
                high=1.0,
            )
        ]

    def trunk(self) -> Encoder | None:
        return self.shared
