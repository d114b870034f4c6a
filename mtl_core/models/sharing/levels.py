"""Progressive layered extraction (Tang et al., 2020, "Progressive Layered Extraction (PLE)")."""

import torch
from torch import Tensor, nn

from mtl_core.data.batching import Batch
from mtl_core.models.contracts import MakeEncoder, Owned, Scene, Sharing, trainable
from mtl_core.models.insight import PIECE, Axis, Insight, axis, block_axis
from mtl_core.models.watch import as_lists

from .gates import GATE, SHARED, Gates


class ExpertLevels(Sharing):
    """Level l consists of the l-th blocks: shared experts, and each task's own.

    A task's gate mixes its own and the shared experts, chosen by what the task had below; a gate of
    the shared path mixes all experts, chosen by what that path had below. It is not needed at the
    top level, and not built there. With one level this is customised gate control (CGC).
    """

    def __init__(
        self,
        make_encoder: MakeEncoder,
        scene: Scene,
        *,
        shared_experts: int,
        task_experts: int,
        balance: float,
    ) -> None:
        super().__init__(scene)
        self.embedding = make_encoder()
        self.output = self.embedding.output
        stacks = [self.embedding.blocks]
        stacks += [make_encoder().blocks for _ in range(shared_experts - 1)]
        self.embedding.blocks = nn.ModuleList()
        self.levels = len(stacks[0])
        self.shared = nn.ModuleList(stacks)
        self.task_experts = task_experts
        count = task_experts * len(scene.tasks)
        self.own = nn.ModuleList(make_encoder().blocks for _ in range(count))  # task after task
        sizes: dict[tuple[str, ...], tuple[int, int]] = {}
        for level in range(self.levels):
            width = self.output.width if level else self.embedding.input_width
            for task in scene.names:
                sizes[GATE, str(level), task] = (width, task_experts + shared_experts)
            if level < self.levels - 1:
                sizes[SHARED, str(level)] = (width, count + shared_experts)
        self.gates = Gates(sizes, watch=self.watch, balance=balance)

    def forward(self, batch: Batch, tasks: tuple[str, ...]) -> dict[str, Tensor]:
        self.gates.forget()
        path = self.embedding.embed(batch)  # (batch, seq, hidden)
        # Below the top the shared path reads the experts of all tasks, asked or not.
        running = self.scene.names if self.task_experts else tasks
        below = dict.fromkeys(running, path)
        for level in range(self.levels):
            is_top = level == self.levels - 1
            shared = [block(path, batch) for block in _level(self.shared, level)]
            own: list[Tensor] = []
            mixed: dict[str, Tensor] = {}
            for task in tasks if is_top else running:
                experts = [block(below[task], batch) for block in self._own(task, level)]
                own += experts
                mixed[task] = self.gates(
                    (GATE, str(level), task), below[task], [*experts, *shared], batch,
                    seen=task in tasks,
                )  # fmt: skip
            if not is_top:
                path = self.gates((SHARED, str(level)), path, [*own, *shared], batch)
            below = mixed
        return below

    def _own(self, task: str, level: int) -> list[nn.Module]:
        first = self.scene.names.index(task) * self.task_experts
        return _level(self.own[first : first + self.task_experts], level)

    def penalties(self) -> dict[str, Tensor]:
        return self.gates.penalties()

    def owners(self) -> list[Owned]:
        """What happens below the top reaches every task through the shared path."""
        names, top = self.scene.names, self.levels - 1
        between = [
            p for level in range(top) for p in self.gates.parameters_of((SHARED, str(level)))
        ]
        found = [Owned(names, trainable([self.embedding, self.shared]) + between)]
        for task in names:
            for level in range(self.levels):
                # A gate is read by the experts of its task one level up.
                is_read = self.task_experts > 0 and level + 1 < top
                gate = self.gates.parameters_of((GATE, str(level), task))
                found.append(Owned(names if is_read else (task,), gate))
                if self.task_experts:
                    blocks = trainable(self._own(task, level))
                    found.append(Owned(names if level < top else (task,), blocks))
        return found

    def insight(self) -> list[Insight]:
        means = self.watch.means(GATE)
        tasks = [task for task in self.scene.names if ("0", task) in means]
        if not tasks:
            return []
        gates = [[means[str(level), task] for task in tasks] for level in range(self.levels)]
        found = [
            Insight(
                "gates",
                "Experts that each task listens to",
                "The weights of the task's gate over its own and the shared experts, block by "
                "block; they add up to 1.",
                (
                    block_axis(self.levels),
                    axis("task", tasks),
                    axis("expert", self._expert_names()),
                ),
                as_lists(torch.stack([torch.stack(level) for level in gates])),
                low=0.0,
                high=1.0,
            )
        ]
        return [*found, *self._shared_gates()]

    def _shared_gates(self) -> list[Insight]:
        means = self.watch.means(SHARED)
        if not means:
            return []
        experts = [
            f"{task} {i + 1}" for task in self.scene.names for i in range(self.task_experts)
        ] + [f"shared {i + 1}" for i in range(len(self.shared))]
        return [
            Insight(
                "shared_gates",
                "Experts that the shared path listens to",
                "The weights of the gate between the shared experts of one block and the next, "
                "over the experts of all tasks; they add up to 1.",
                (block_axis(self.levels - 1), axis("expert", experts)),
                as_lists(torch.stack([means[str(level),] for level in range(self.levels - 1)])),
                low=0.0,
                high=1.0,
            )
        ]

    def insight_by_piece(self) -> list[Insight]:
        last, top = self.watch.last_of(GATE), str(self.levels - 1)
        tasks = [task for task in self.scene.names if (top, task) in last]
        if not tasks:
            return []
        return [
            Insight(
                "gates",
                "Experts that each task listens to, at the top",
                "The weights of the task's topmost gate over its own and the shared experts.",
                (axis("task", tasks), axis("expert", self._expert_names()), Axis(PIECE, ())),
                as_lists(torch.stack([last[top, task][0].T for task in tasks])),
                low=0.0,
                high=1.0,
            )
        ]

    def _expert_names(self) -> list[str]:
        own = [f"own {i + 1}" for i in range(self.task_experts)]
        return own + [f"shared {i + 1}" for i in range(len(self.shared))]


def _level(stacks: nn.ModuleList, level: int) -> list[nn.Module]:
    """The blocks of some stacks at a level, 0 is the lowest."""
    return [stack[level] for stack in stacks]  # type: ignore[index]
