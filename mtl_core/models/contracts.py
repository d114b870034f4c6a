"""What encoders, sharing strategies and heads promise each other.

Axes of tensors, everywhere: batch (sentences), seq (subword pieces), word (words), hidden
(features), label (answers of a task), task, expert.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from torch import Tensor, nn

from mtl_core.data.batching import Batch
from mtl_core.data.tasks import Task

from .insight import Insight
from .watch import Watch


@dataclass(frozen=True)
class Output:
    """How heads read a representation: its hidden axis, the pooling of its pieces, the dropout."""

    width: int
    pooling: str
    dropout: float = 0.0


class Block(nn.Module, ABC):
    """One layer of an encoder; sharing strategies work between blocks."""

    @abstractmethod
    def forward(self, hidden: Tensor, batch: Batch) -> Tensor:
        """(batch, seq, hidden) -> (batch, seq, hidden)."""


class Encoder(nn.Module, ABC):
    """Pieces become vectors: an embedding and a row of blocks.

    `input_width` is the hidden axis of what enters the first block, `output` describes what leaves
    every block. `lora_targets` are the names of the attention's projections within a block.
    """

    input_width: int
    output: Output
    blocks: nn.ModuleList
    lora_targets: tuple[str, ...] = ()

    @abstractmethod
    def embed(self, batch: Batch) -> Tensor:
        """What enters the first block: (batch, seq, hidden)."""

    def forward(self, batch: Batch) -> Tensor:
        """Through all blocks: (batch, seq, hidden)."""
        hidden = self.embed(batch)
        for block in self.blocks:
            hidden = block(hidden, batch)
        return hidden

    def embedding_parameters(self) -> list[nn.Parameter]:
        """Those that learn and belong to no block."""
        inside = {id(p) for p in self.blocks.parameters()}
        return [p for p in trainable([self]) if id(p) not in inside]


@dataclass(frozen=True)
class Scene:
    """What a strategy is built for: the tasks, and the datasets whose names batches bear."""

    tasks: tuple[Task, ...]
    datasets: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The tasks' names, in order."""
        return tuple(task.name for task in self.tasks)


@dataclass(frozen=True)
class Owned:
    """Parameters, and the tasks whose losses train them; none where only penalties do."""

    tasks: tuple[str, ...]
    parameters: list[nn.Parameter] = field(repr=False)


MakeEncoder = Callable[[], Encoder]
Ask = Callable[[str, Tensor, Batch], Tensor]
"""A task's label distribution from a representation: (task, (batch, seq, hidden), batch) ->
(batch, label) or (batch, word, label). Goes through the task's own head."""


class Sharing(nn.Module, ABC):
    """What the tasks have in common, between the words and the heads.

    Built as `Strategy(make_encoder, scene, **options)`; `make_encoder` returns a new encoder with
    each call. In evaluation, what depends on the input is noted in `watch`.
    """

    output: Output
    ask: Ask
    """Set by the model before the first forward pass, for strategies that feed answers back."""

    def __init__(self, scene: Scene) -> None:
        super().__init__()
        self.scene = scene
        self.watch = Watch()

    @abstractmethod
    def forward(self, batch: Batch, tasks: tuple[str, ...]) -> dict[str, Tensor]:
        """The representation that each task reads: {task: (batch, seq, hidden)}."""

    @abstractmethod
    def owners(self) -> list[Owned]:
        """Every parameter of this module that learns, once, with the tasks that train it."""

    def listeners(self, task: str) -> tuple[str, ...]:
        """Tasks whose losses reach this task's head: itself, and those that read its answers."""
        return (task,)

    def penalties(self) -> dict[str, Tensor]:
        """Scalars to be minimised beside the tasks' losses, by name; of the last forward pass."""
        return {}

    def advance(self, done: float) -> None:
        """Told before every step which share of the training is done, 0 .. 1."""

    def insight(self) -> list[Insight]:
        """What can be looked at: weights, and means over all that was evaluated since the last
        `watch.clear()`."""
        return []

    def insight_by_piece(self) -> list[Insight]:
        """What depends on the input, for the first row of the last batch that was evaluated; the
        last axis is PIECE, without ticks."""
        return []

    def trunk(self) -> Encoder | None:
        """The encoder that another run may start from; None where there is no single one."""
        return None


def trainable(modules: Iterable[nn.Module]) -> list[nn.Parameter]:
    """Their parameters that learn."""
    return [p for module in modules for p in module.parameters() if p.requires_grad]


def scale_rate(parameters: Iterable[nn.Parameter], factor: float) -> None:
    """Let parameters learn so many times as fast as the learning rate says."""
    for parameter in parameters:
        parameter.rate = factor * rate_of(parameter)  # type: ignore[attr-defined]


def rate_of(parameter: nn.Parameter) -> float:
    """The factor that `scale_rate` gave it."""
    return float(getattr(parameter, "rate", 1.0))
