"""The model: words through the sharing strategy to each task's head."""

from collections.abc import Mapping, Sequence

from torch import Tensor, nn

from mtl_core.config import HeadOptions, SharingChoice
from mtl_core.data.batching import Batch
from mtl_core.data.counting import Counts
from mtl_core.data.tasks import Task

from .contracts import Block, Encoder, MakeEncoder, Owned, Scene, Sharing, trainable
from .heads import Head, make_head
from .insight import Insight
from .sharing import SHARING
from .similarity import Similarity

EMBEDDING, BLOCK, BETWEEN, HEADS = "embedding", "block", "connections", "heads"
"""Places of shared parameters; blocks are numbered from 1."""


class MultiTaskModel(nn.Module):
    """Encoder, sharing and heads; per-task things are dicts keyed by the task's name."""

    def __init__(self, sharing: Sharing, heads: dict[str, Head]) -> None:
        super().__init__()
        self.sharing = sharing
        self.tasks = tuple(heads)
        self._heads = nn.ModuleList(heads.values())
        sharing.ask = self._distribution
        self._similarity = Similarity(self.tasks)
        self.representation: Tensor | None = None
        """What all tasks of the last batch have read, (batch, seq, hidden), where that is the same."""

    def head(self, task: str) -> Head:
        """The head of a task."""
        head = self._heads[self.tasks.index(task)]
        assert isinstance(head, Head)
        return head

    def forward(self, batch: Batch, tasks: tuple[str, ...]) -> dict[str, Tensor]:
        """Logits of the tasks, as their heads give them."""
        if not self.training:
            self.sharing.watch.next_batch()
        hidden = self.sharing(batch, tasks)
        if self.training:
            first, *others = hidden.values()
            self.representation = first if all(other is first for other in others) else None
        else:
            self._similarity.note(hidden, batch.mask)
        return {task: self.head(task)(hidden[task], batch) for task in tasks}

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """The loss of every task that has a target in the batch, a scalar each."""
        logits = self(batch, tuple(batch.targets))
        targets = batch.targets
        return {task: self.head(task).loss(logits[task], targets[task], batch) for task in targets}

    def forget(self) -> None:
        """Forget what was seen in evaluation, so that `insight` tells of what comes now."""
        self.sharing.watch.clear()
        self._similarity.clear()

    def insight(self) -> list[Insight]:
        """What can be looked at, of all that was evaluated since `forget`."""
        return [*self.sharing.insight(), *self._similarity.insight()]

    def owners(self) -> list[Owned]:
        """Every parameter that learns, once, with the tasks whose losses train it."""
        heads = [Owned(self.sharing.listeners(t), trainable([self.head(t)])) for t in self.tasks]
        return [*self.sharing.owners(), *heads]

    def shared_parameters(self) -> list[nn.Parameter]:
        """Parameters that more than one task trains."""
        return [p for owned in self.owners() if len(owned.tasks) > 1 for p in owned.parameters]

    def shared_places(self) -> dict[str, list[nn.Parameter]]:
        """Parameters that more than one task trains, by where they stand, from the words upwards:
        "embedding", "block 1", ..., then what lies between blocks and in heads."""
        where = self._places()
        found: dict[str, list[nn.Parameter]] = {}
        for parameter in self.shared_parameters():
            found.setdefault(where.get(id(parameter), BETWEEN), []).append(parameter)
        return {place: found[place] for place in sorted(found, key=_height)}

    def _places(self) -> dict[int, str]:
        """Where the parameters of encoders, stacks of blocks and heads stand, by their identity."""
        where: dict[int, str] = {}
        for module in self.sharing.modules():
            if isinstance(module, Encoder):
                where |= {id(p): EMBEDDING for p in module.embedding_parameters()}
            elif isinstance(module, nn.ModuleList) and all(isinstance(m, Block) for m in module):
                for depth, block in enumerate(module, 1):
                    where |= {id(p): f"{BLOCK} {depth}" for p in block.parameters()}
        return where | {id(p): HEADS for p in self._heads.parameters()}

    def _distribution(self, task: str, hidden: Tensor, batch: Batch) -> Tensor:
        head = self.head(task)
        return head.probabilities(head(hidden, batch), batch)


def _height(place: str) -> tuple[int, int]:
    name, _, number = place.partition(" ")
    return (EMBEDDING, BLOCK, BETWEEN, HEADS).index(name), int(number or 0)


def build_model(
    *,
    make_encoder: MakeEncoder,
    sharing: SharingChoice,
    tasks: Sequence[Task],
    datasets: Sequence[str],
    heads: Mapping[str, HeadOptions] | None = None,
    counts: Mapping[str, Counts] | None = None,
) -> MultiTaskModel:
    """Put the parts together for some tasks, and the datasets that they are learnt from.

    `heads` holds the options of tasks that have some; `counts`, how often each label is right, is
    only needed to train.
    """
    scene = Scene(tuple(tasks), tuple(datasets))
    strategy = SHARING[type(sharing)](make_encoder, scene, **sharing.arguments())
    options, counted = heads or {}, counts or {}
    made = {
        task.name: make_head(task, strategy.output, options.get(task.name), counted.get(task.name))
        for task in tasks
    }
    return MultiTaskModel(strategy, made)
