"""The model: words through the sharing strategy to each task's head."""

from collections.abc import Sequence

from torch import Tensor, nn

from mtl_core.config import SharingChoice
from mtl_core.data.batching import Batch
from mtl_core.data.tasks import Task

from .contracts import MakeEncoder, Owned, Scene, Sharing, trainable
from .heads import HEADS, Head
from .sharing import SHARING


class MultiTaskModel(nn.Module):
    """Encoder, sharing and heads; per-task things are dicts keyed by the task's name."""

    def __init__(self, sharing: Sharing, heads: dict[str, Head]) -> None:
        super().__init__()
        self.sharing = sharing
        self.tasks = tuple(heads)
        self._heads = nn.ModuleList(heads.values())
        sharing.ask = self._distribution

    def head(self, task: str) -> Head:
        """The head of a task."""
        head = self._heads[self.tasks.index(task)]
        assert isinstance(head, Head)
        return head

    def forward(self, batch: Batch, tasks: tuple[str, ...]) -> dict[str, Tensor]:
        """Logits of the tasks: (batch, label) or (batch, word, label)."""
        if not self.training:
            self.sharing.watch.next_batch()
        hidden = self.sharing(batch, tasks)
        return {task: self.head(task)(hidden[task], batch) for task in tasks}

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """The loss of every task that has a target in the batch, a scalar each."""
        logits = self(batch, tuple(batch.targets))
        return {t: self.head(t).loss(logits[t], target) for t, target in batch.targets.items()}

    def owners(self) -> list[Owned]:
        """Every parameter that learns, once, with the tasks whose losses train it."""
        heads = [Owned(self.sharing.listeners(t), trainable([self.head(t)])) for t in self.tasks]
        return [*self.sharing.owners(), *heads]

    def shared_parameters(self) -> list[nn.Parameter]:
        """Parameters that more than one task trains."""
        return [p for owned in self.owners() if len(owned.tasks) > 1 for p in owned.parameters]

    def _distribution(self, task: str, hidden: Tensor, batch: Batch) -> Tensor:
        return self.head(task)(hidden, batch).softmax(-1)


def build_model(
    *,
    make_encoder: MakeEncoder,
    sharing: SharingChoice,
    tasks: Sequence[Task],
    datasets: Sequence[str],
) -> MultiTaskModel:
    """Put the parts together for some tasks, and the datasets that they are learnt from."""
    scene = Scene(tuple(tasks), tuple(datasets))
    strategy = SHARING[type(sharing)](make_encoder, scene, **sharing.arguments())
    heads = {
        task.name: HEADS[task.kind](output=strategy.output, outputs=len(task.outputs))
        for task in tasks
    }
    return MultiTaskModel(strategy, heads)
