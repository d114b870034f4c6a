"""The tasks' gradients on what they share: J, one row a task, built with ordinary backward passes.

No vmap, so that it works for LSTMs, on every device and in mixed precision. J is kept in pieces,
one for each place; G = J Jᵀ is what methods and the conflict view look at.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

CHUNK = 1 << 15
"""Numbers of a gradient that a CPU takes at a time, so that they are still near when used again:
gradients of large embeddings are read once then, and not copied."""

LARGE = 1 << 18
"""Numbers from which on a table is thought to be an embedding, of which a batch reaches few rows."""

Row = list[Tensor | None]
"""One task's gradient on each tensor; None where the task does not reach it."""


@dataclass
class Rows:
    """J: the gradient of each task's loss on some tensors. Axes: task, and what the tensors have.

    Where they are not `kept`, the direction is made in their place.
    """

    tasks: tuple[str, ...]
    tensors: Sequence[Tensor] = field(repr=False)
    rows: list[Row] = field(repr=False)
    kept: bool = True

    def gramian(self, places: Sequence[int] | None = None) -> Tensor:
        """G = J Jᵀ over the tensors of these places, all by default: (task, task)."""
        chosen = range(len(self.tensors)) if places is None else places
        first = self.tensors[0]
        total = first.new_zeros(len(self.rows), len(self.rows), dtype=torch.float32)
        for place in chosen:
            for pieces in self.pieces(place):
                stacked = torch.stack(pieces).float()  # of a representation they may be bf16
                total += stacked @ stacked.T
        return total

    def combined(self, weights: Tensor) -> list[Tensor | None]:
        """d = Jᵀ w in pieces, for weights (task,); None where no task reaches."""
        factors = weights.tolist()
        return [self._sum(place, factors) for place in range(len(self.tensors))]

    def whole(self, place: int) -> list[Tensor]:
        """One tensor's gradient of each task, zeros where a task does not reach it."""
        return [
            torch.zeros_like(self.tensors[place]) if row[place] is None else row[place]  # type: ignore[misc]
            for row in self.rows
        ]

    def blank(self, place: int) -> Tensor | None:
        """Where the direction on one tensor may be written; None where no task reaches."""
        found = next((row[place] for row in self.rows if row[place] is not None), None)
        if found is None:
            return None
        return torch.empty_like(found) if self.kept else found.contiguous()

    def reached(self, place: int) -> Tensor | None:
        """Of a large table of which few rows have a gradient, those; None for all other tensors, and
        where a GPU would have to wait for the answer."""
        tensor = self.tensors[place]
        if tensor.dim() != 2 or tensor.numel() < LARGE or tensor.device.type != "cpu":
            return None
        found = [row[place] for row in self.rows]
        used = [(one.amax(1) > 0) | (one.amin(1) < 0) for one in found if one is not None]
        if not used:
            return None
        rows = torch.stack(used).any(0)
        return rows if 2 * int(rows.sum()) < len(rows) else None

    def pieces(self, place: int) -> Iterator[list[Tensor]]:
        """One tensor's gradients in equal parts that fit a cache: for each part, that of each task."""
        found = [row[place] for row in self.rows]
        reached = [gradient for gradient in found if gradient is not None]
        if not reached:
            return
        parts = [None if one is None else parts_of(one) for one in found]
        for number, part in enumerate(parts_of(reached[0])):
            nothing = torch.zeros_like(part) if len(reached) < len(found) else part
            yield [nothing if one is None else one[number] for one in parts]

    def _sum(self, place: int, factors: list[float]) -> Tensor | None:
        found = [row[place] for row in self.rows]
        terms = [(f, one) for f, one in zip(factors, found, strict=True) if one is not None]
        if not terms:
            return None
        (first, total), *others = terms
        total = total.clone() if self.kept else total.contiguous()
        parts = [parts_of(one) for one in (total, *(one for _, one in others))]
        for into, *rest in zip(*parts, strict=True):
            into.mul_(first)
            for (factor, _), part in zip(others, rest, strict=True):
                into.add_(part, alpha=factor)
        return total


@dataclass
class Shared:
    """What more than one task trains, by place ("embedding", "block 1", ...), in the model's order.

    `own` are the parameters that one task alone trains. `representation` holds, for each batch of
    the step, what all its tasks read, where that is the same: (batch, seq, hidden). `rows` are the
    gradients of the step, once somebody has looked; with `keeps_rows` they outlast the balancing.
    """

    places: dict[str, list[nn.Parameter]]
    own: list[nn.Parameter] = field(default_factory=list, repr=False)
    representation: list[Tensor] = field(default_factory=list, repr=False)
    rows: Rows | None = None
    keeps_rows: bool = True

    @property
    def parameters(self) -> list[nn.Parameter]:
        """Those of all places that learn now, in order."""
        return [p for group in self.places.values() for p in group if p.requires_grad]

    @property
    def last(self) -> list[nn.Parameter]:
        """Those of the highest block where some learn, or of the last place where none is shared."""
        blocks = [group for place, group in self.places.items() if place.startswith("block")]
        for group in reversed([*self.places.values(), *blocks]):
            learning = [parameter for parameter in group if parameter.requires_grad]
            if learning:
                return learning
        return []

    def look(self, losses: Mapping[str, Tensor]) -> Rows:
        """The rows, without touching any `.grad`; the graph stays for the backward pass to come."""
        self.rows = _looked(losses, self.parameters)
        return self.rows

    def look_last(self, losses: Mapping[str, Tensor]) -> Rows:
        """The rows on the last place alone, which is cheap."""
        return _looked(losses, self.last)

    def take(self, losses: Mapping[str, Tensor], *, keep: bool) -> Rows:
        """The rows, with T backward passes that also fill the tasks' own gradients, unweighted.

        `keep` holds the graph for another pass. The shared parameters are left without gradients.
        """
        parameters = self.parameters
        rows: list[Row] = []
        last = len(losses) - 1
        for place, loss in enumerate(losses.values()):
            loss.backward(retain_graph=keep or place < last)
            rows.append([parameter.grad for parameter in parameters])
            for parameter in parameters:
                parameter.grad = None
        self.rows = Rows(tuple(losses), parameters, rows, kept=self.keeps_rows)
        return self.rows

    def take_representation(self, losses: Mapping[str, Tensor]) -> Rows:
        """The rows on the representation; fills the tasks' own gradients, unweighted.

        What is frozen has none, and neither has a representation of frozen parameters alone.
        """
        read = [tensor for tensor in self.representation if tensor.requires_grad]
        own = [parameter for parameter in self.own if parameter.requires_grad]
        rows: list[Row] = []
        for loss in losses.values():
            found = torch.autograd.grad(loss, [*read, *own], retain_graph=True, allow_unused=True)
            rows.append(list(found[: len(read)]))
            for parameter, gradient in zip(own, found[len(read) :], strict=True):
                add_gradient(parameter, gradient)
        return Rows(tuple(losses), read, rows)


def parts_of(gradient: Tensor) -> tuple[Tensor, ...]:
    """The numbers of a tensor in equal parts; all at once on a GPU, which needs no help with it."""
    size = CHUNK if gradient.device.type == "cpu" else max(1, gradient.numel())
    return gradient.reshape(-1).split(size)


def add_gradient(parameter: Tensor, gradient: Tensor | None) -> None:
    """Add to `.grad`, as a backward pass would."""
    if gradient is not None:
        parameter.grad = gradient if parameter.grad is None else parameter.grad.add_(gradient)


def _looked(losses: Mapping[str, Tensor], parameters: list[nn.Parameter]) -> Rows:
    rows: list[Row] = [
        list(torch.autograd.grad(loss, parameters, retain_graph=True, allow_unused=True))
        for loss in losses.values()
    ]
    return Rows(tuple(losses), parameters, rows)
