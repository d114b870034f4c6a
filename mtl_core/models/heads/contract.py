"""What every head promises."""

from abc import ABC, abstractmethod

from torch import Tensor, nn

from mtl_core.data.batching import Batch
from mtl_core.data.gold import Gold
from mtl_core.data.tasks import Task
from mtl_core.models.contracts import Output


class Head(nn.Module, ABC):
    """A task's own last layers: from its representation to logits, and from these to answers.

    Built as `Head(output, task, **options)`. Logits are (batch, label), (batch, word, label) for
    tasks on words, (batch, 1) for a regression. Losses and probabilities are float32, whatever the
    precision of the logits.
    """

    def __init__(self, output: Output, task: Task, width: int) -> None:
        """`width` is the hidden axis of what the last layer reads."""
        super().__init__()
        self.task = task
        self.dropout = nn.Dropout(output.dropout)
        self.classify = nn.Linear(width, len(task.outputs))

    @abstractmethod
    def forward(self, hidden: Tensor, batch: Batch) -> Tensor:
        """(batch, seq, hidden) -> logits."""

    @abstractmethod
    def loss(self, logits: Tensor, target: Tensor, batch: Batch) -> Tensor:
        """The mean over labelled items, a scalar; 0 with a gradient of 0 where there are none.

        `target` is the task's in `batch.targets`.
        """

    @abstractmethod
    def probabilities(self, logits: Tensor, batch: Batch) -> Tensor:
        """Of each label, in the shape of the logits; of a regression the value on its 0 .. 1 scale."""

    @abstractmethod
    def decode(self, logits: Tensor, batch: Batch) -> list[Gold]:
        """The answers as people write them, one a row; words that were cut off get none."""

    @property
    def is_tuned(self) -> bool:
        """Whether `decode` depends on something that `tune` chooses on validation data."""
        return False

    def tune(self, logits: Tensor, target: Tensor) -> None:
        """Choose it, from all rows of the validation data; kept with the weights."""
        del logits, target
