"""Experts that all tasks may use, and gates that decide how much."""

from typing import Literal

import torch
from torch import Tensor, nn

from mtl_core.data.batching import Batch
from mtl_core.models.contracts import MakeEncoder, Owned, Scene, Sharing, trainable
from mtl_core.models.insight import PIECE, Axis, Insight, axis
from mtl_core.models.watch import as_lists

from .gates import GATE, Gates
from .levels import ExpertLevels
from .stacks import through


class MultiGate(Sharing):
    """Multi-gate mixture of experts (Ma et al., 2018, "Modeling Task Relationships in Multi-task
    Learning with Multi-gate Mixture-of-Experts").

    An expert is a whole stack of blocks above the shared embedding x; task k reads Σ_e g^k_e h_e
    with g^k = softmax(W^k x), piece by piece.
    """

    def __init__(
        self, make_encoder: MakeEncoder, scene: Scene, *, shared_experts: int, balance: float
    ) -> None:
        super().__init__(scene)
        self.embedding = make_encoder()
        self.output = self.embedding.output
        stacks = [self.embedding.blocks]
        stacks += [make_encoder().blocks for _ in range(shared_experts - 1)]
        self.embedding.blocks = nn.ModuleList()
        self.experts = nn.ModuleList(stacks)
        width = self.embedding.input_width
        sizes: dict[tuple[str, ...], tuple[int, int]] = {
            (GATE, task): (width, shared_experts) for task in scene.names
        }
        self.gates = Gates(sizes, watch=self.watch, balance=balance)

    def forward(self, batch: Batch, tasks: tuple[str, ...]) -> dict[str, Tensor]:
        self.gates.forget()
        embedded = self.embedding.embed(batch)
        found = [through(stack, embedded, batch) for stack in self.experts]  # type: ignore[arg-type]
        return {task: self.gates((GATE, task), embedded, found, batch) for task in tasks}

    def penalties(self) -> dict[str, Tensor]:
        return self.gates.penalties()

    def owners(self) -> list[Owned]:
        names = self.scene.names
        own = [Owned((task,), self.gates.parameters_of((GATE, task))) for task in names]
        return [Owned(names, trainable([self.embedding, self.experts])), *own]

    def insight(self) -> list[Insight]:
        return _gates_seen(self.watch.means(GATE), self.scene.names, ())

    def insight_by_piece(self) -> list[Insight]:
        rows = {name: values[0].T for name, values in self.watch.last_of(GATE).items()}
        return _gates_seen(rows, self.scene.names, (Axis(PIECE, ()),))


def _gates_seen(
    found: dict[tuple[str, ...], Tensor], names: tuple[str, ...], beyond: tuple[Axis, ...]
) -> list[Insight]:
    """(task, expert, ...) from each task's (expert, ...)."""
    tasks = [task for task in names if (task,) in found]
    if not tasks:
        return []
    values = torch.stack([found[(task,)] for task in tasks])
    return [
        Insight(
            "gates",
            "Experts that each task listens to",
            "The weights of the task's gate over the experts; they add up to 1.",
            (axis("task", tasks), axis("expert", range(1, values.shape[1] + 1)), *beyond),
            as_lists(values),
            low=0.0,
            high=1.0,
        )
    ]


def build_experts(
    make_encoder: MakeEncoder,
    scene: Scene,
    *,
    form: Literal["mmoe", "ple"],
    shared_experts: int,
    task_experts: int,
    balance: float,
) -> Sharing:
    """The form that is asked for."""
    if form == "mmoe":
        return MultiGate(make_encoder, scene, shared_experts=shared_experts, balance=balance)
    return ExpertLevels(
        make_encoder,
        scene,
        shared_experts=shared_experts,
        task_experts=task_experts,
        balance=balance,
    )
