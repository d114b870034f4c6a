"""Shared and private encoders with an adversary (Liu, Qiu and Huang, 2017, "Adversarial
Multi-task Learning for Text Classification").

All encoders read the same word embeddings x_t, as in the paper; above them each has blocks of its
own.
"""

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from mtl_core.data.batching import Batch
from mtl_core.errors import ConfigError
from mtl_core.models.contracts import Encoder, MakeEncoder, Output, Owned, Scene, Sharing, trainable
from mtl_core.models.heads.pooling import mean_piece
from mtl_core.models.insight import PIECE, Axis, Insight, axis
from mtl_core.models.watch import as_lists

from .distances import orthogonality as overlap
from .reversal import ramp, reverse
from .stacks import through

GUESS = "guess"
"""What the discriminator makes of each piece."""


class SharedPrivate(Sharing):
    """Each task reads its private representation and the shared one, side by side."""

    def __init__(
        self,
        make_encoder: MakeEncoder,
        scene: Scene,
        *,
        adversary: float,
        orthogonality: float,
        schedule: Literal["ramp", "constant"],
    ) -> None:
        super().__init__(scene)
        if adversary and len(scene.datasets) < 2:
            raise ConfigError(
                f"sharing.adversary is {adversary:g}, but there is one dataset only, so nothing to "
                "tell apart; set it to 0 or add a dataset"
            )
        self.shared = make_encoder()
        self.privates = nn.ModuleList(make_encoder().blocks for _ in scene.tasks)
        inner = self.shared.output
        self.output = Output(2 * inner.width, inner.pooling, inner.dropout)
        self.adversary, self.orthogonality, self.schedule = adversary, orthogonality, schedule
        self.discriminator = nn.Linear(inner.width, len(scene.datasets)) if adversary else None
        self.strength = 0.0 if schedule == "ramp" else 1.0
        """Of the reversal."""
        self._penalties: dict[str, Tensor] = {}

    def forward(self, batch: Batch, tasks: tuple[str, ...]) -> dict[str, Tensor]:
        embedded = self.shared.embed(batch)
        shared = through(self.shared.blocks, embedded, batch)  # (batch, seq, hidden)
        own = {task: through(self._private(task), embedded, batch) for task in tasks}
        self._penalties = self._adversary(shared, batch) | self._orthogonality(shared, own, batch)
        return {task: torch.cat([private, shared], dim=2) for task, private in own.items()}

    def _adversary(self, shared: Tensor, batch: Batch) -> dict[str, Tensor]:
        """λ times the error of a softmax over the datasets: the paper's task adversarial loss."""
        if self.discriminator is None:
            return {}
        if not self.training:
            self.watch.note((GUESS,), self.discriminator(shared).softmax(2), batch.mask)
        if batch.dataset not in self.scene.datasets:
            return {}  # typed text comes from no dataset
        place = self.scene.datasets.index(batch.dataset)
        sentence = reverse(mean_piece(shared, batch.mask), self.strength)  # (batch, hidden)
        logits = self.discriminator(sentence).float()  # (batch, dataset)
        right = torch.full((len(batch),), place, device=logits.device)
        if not self.training:
            self.watch.note(("recognised", batch.dataset), logits.argmax(1) == right)
        return {"adversary": self.adversary * functional.cross_entropy(logits, right)}

    def _orthogonality(
        self, shared: Tensor, own: dict[str, Tensor], batch: Batch
    ) -> dict[str, Tensor]:
        """γ times the mean overlap of shared and private pieces: the paper's L_diff."""
        if self.training and not self.orthogonality:
            return {}
        found = {task: overlap(shared, private, batch.mask) for task, private in own.items()}
        if not self.training:
            for task, value in found.items():
                self.watch.note(("overlap", task), value[None])
        if not self.orthogonality or not found:
            return {}
        return {"orthogonality": self.orthogonality * torch.stack([*found.values()]).mean()}

    def _private(self, task: str) -> nn.ModuleList:
        blocks = self.privates[self.scene.names.index(task)]
        assert isinstance(blocks, nn.ModuleList)
        return blocks

    def penalties(self) -> dict[str, Tensor]:
        return self._penalties

    def advance(self, done: float) -> None:
        if self.schedule == "ramp":
            self.strength = ramp(done)

    def owners(self) -> list[Owned]:
        names = self.scene.names
        found = [Owned(names, trainable([self.shared]))]
        found += [Owned((task,), trainable([self._private(task)])) for task in names]
        if self.discriminator is not None:
            found.append(Owned((), trainable([self.discriminator])))
        return found

    def insight(self) -> list[Insight]:
        return [*self._accuracy(), *self._overlaps()]

    def insight_by_piece(self) -> list[Insight]:
        """The discriminator is linear, so what it hears in a sentence is the mean over its pieces."""
        last = self.watch.last_of(GUESS)
        if not last:
            return []
        return [
            Insight(
                "datasets heard",
                "The dataset that the adversary hears in each word",
                "What the adversary would guess from the shared representation of the word alone: "
                "alike everywhere where nothing of the dataset is left in it.",
                (axis("dataset", self.scene.datasets), Axis(PIECE, ())),
                as_lists(last[()][0].T),
                low=0.0,
                high=1.0,
                chance=1 / len(self.scene.datasets),
            )
        ]

    def _accuracy(self) -> list[Insight]:
        recognised = self.watch.means("recognised")
        if not recognised:
            return []
        return [
            Insight(
                "discriminator",
                "Datasets recognised by the adversary",
                "How often the adversary tells from the shared representation alone which dataset "
                "a sentence comes from: the mean over the datasets. Near chance, the shared encoder "
                "keeps nothing that gives the dataset away.",
                (),
                round(sum(float(v) for v in recognised.values()) / len(recognised), 4),
                low=0.0,
                high=1.0,
                chance=1 / len(self.scene.datasets),
            )
        ]

    def _overlaps(self) -> list[Insight]:
        found = self.watch.means("overlap")
        tasks = [task for task in self.scene.names if (task,) in found]
        if not tasks:
            return []
        return [
            Insight(
                "overlap",
                "Overlap of shared and private",
                "How much the shared and the private representation of the same pieces say the "
                "same thing: 0 where they are orthogonal, 1 where every piece is alike in both.",
                (axis("task", tasks),),
                [round(float(found[(task,)]), 5) for task in tasks],
                low=0.0,
            )
        ]

    def trunk(self) -> Encoder | None:
        return self.shared
