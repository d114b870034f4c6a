"""What encoders, sharing strategies and heads promise each other.

Axes of tensors, everywhere: batch (sentences), seq (subword pieces), word (words), hidden
(features), label (answers of a task), task, expert.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from typing import Any

from torch import Tensor, nn

from mtl_core.data.batching import Batch


class Block(nn.Module, ABC):
    """One layer of an encoder; sharing strategies work between blocks."""

    @abstractmethod
    def forward(self, hidden: Tensor, batch: Batch) -> Tensor:
        """(batch, seq, hidden) -> (batch, seq, hidden)."""


class Encoder(nn.Module, ABC):
    """Pieces become vectors: an embedding and a row of blocks.

    `width` is the size of the hidden axis after every block; `pooling` says how the heads should
    make one vector of a sentence.
    """

    width: int
    pooling: str
    blocks: nn.ModuleList

    @abstractmethod
    def embed(self, batch: Batch) -> Tensor:
        """What enters the first block: (batch, seq, hidden)."""

    def forward(self, batch: Batch) -> Tensor:
        """Through all blocks: (batch, seq, hidden)."""
        hidden = self.embed(batch)
        for block in self.blocks:
            hidden = block(hidden, batch)
        return hidden


class Sharing(nn.Module, ABC):
    """What the tasks have in common, between the words and the heads.

    Built from `make_encoder`, which returns a new encoder with each call, and the tasks' names.
    """

    width: int
    pooling: str

    @abstractmethod
    def forward(self, batch: Batch, tasks: tuple[str, ...]) -> dict[str, Tensor]:
        """The representation that each task reads: {task: (batch, seq, hidden)}."""

    @abstractmethod
    def shared_parameters(self) -> list[nn.Parameter]:
        """Parameters that more than one task trains."""

    def penalties(self) -> dict[str, Tensor]:
        """Scalars to be minimised beside the tasks' losses, by name; of the last forward pass."""
        return {}

    def insight(self) -> dict[str, Any]:
        """What can be looked at, as plain arrays with named axes."""
        return {}


MakeEncoder = Callable[[], Encoder]


def trainable(modules: Iterable[nn.Module]) -> list[nn.Parameter]:
    """Their parameters that learn."""
    return [p for module in modules for p in module.parameters() if p.requires_grad]
