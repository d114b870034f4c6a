"""Methods that look at J coordinate by coordinate: losses → J → `.grad`.

Written here, part by part: the library wants J in one piece, which takes many times as long as the
backward passes where embeddings are large. Tested against it.
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from .gradients import GradientBalancer
from .losses import Smooth
from .meeting import Meetings
from .rows import Row, Rows, parts_of


class SignDropout(GradientBalancer):
    """GradDrop (Chen et al., 2020, algorithm 1).

    With p and n the sums of the positive and of the negative gradients of a coordinate, P is
    p / (p - n), and the step is p with probability P and n else. The weight of a task is the share
    of its gradient that is kept.
    """

    def __init__(self, tasks: tuple[str, ...], *, leak: float = 0.0, **options: str) -> None:
        super().__init__(tasks, **options)
        self.leak = leak

    def combine(
        self, rows: Rows, losses: Mapping[str, Tensor]
    ) -> tuple[Tensor, list[Tensor | None]]:
        first = rows.tensors[0]
        sizes = first.new_zeros(2, len(losses), dtype=torch.float32)  # kept, and all: (2, task)
        direction = [self._drop(rows, place, sizes) for place in range(len(rows.tensors))]
        return torch.where(sizes[1] > 0, sizes[0] / sizes[1], 1.0), direction

    def _drop(self, rows: Rows, place: int, sizes: Tensor) -> Tensor | None:
        reached = rows.reached(place)
        total = rows.blank(place)
        if total is None:
            return None
        if reached is None:
            for into, pieces in zip(parts_of(total), rows.pieces(place), strict=True):
                into.copy_(self._dropped(torch.stack(pieces), sizes))
        else:  # of a large table few rows have gradients
            few = torch.stack([row[reached] for row in rows.whole(place)])
            dropped = self._dropped(few.flatten(1), sizes)
            total.zero_()
            total[reached] = dropped.view_as(few[0])
        return total

    def _dropped(self, stacked: Tensor, sizes: Tensor) -> Tensor:
        """(task, coordinate) -> (coordinate,); adds to `sizes`.

        With s = p + n and a = p - n the positive sign wins where P = (1 + s / a) / 2 > U, which is
        s > (2 U - 1) a; then the step is p = (s + a) / 2, else n = (s - a) / 2.
        """
        total = stacked.sum(0)
        absolute = stacked.abs()
        size = absolute.sum(0)
        draw = torch.rand_like(total).mul_(2).sub_(1)
        sign = torch.copysign(torch.ones_like(total), torch.addcmul(total, draw, size, value=-1))
        all_of_it = absolute.sum(1)  # (task,)
        kept = (all_of_it + stacked @ sign) / 2
        sizes[0] += self.leak * all_of_it + (1 - self.leak) * kept
        sizes[1] += all_of_it
        share = (1 - self.leak) / 2
        return total.mul_(1 - share).addcmul_(sign, size, value=share)


class ExcessRisks(GradientBalancer):
    """ExcessMTL (He et al., 2024, equations 6, 7 and 9)."""

    def __init__(
        self,
        tasks: tuple[str, ...],
        *,
        step_size: float = 0.01,
        smoothing: float = 0.0,
        scale: str = "tasks",
    ) -> None:
        super().__init__(tasks, scale=scale)
        self.meetings = Meetings(lambda names: _Excess(len(names), step_size))
        self.smooth = Meetings(lambda _: Smooth(smoothing))

    def combine(
        self, rows: Rows, losses: Mapping[str, Tensor]
    ) -> tuple[Tensor, list[Tensor | None]]:
        weights: Tensor = self.meetings.of(rows.tasks, rows.tensors[0].device)(rows)
        weights = self.smooth.of(rows.tasks)(weights)
        weights = weights * (len(losses) if self.scale == "tasks" else 1)
        return weights, rows.combined(weights)


class _Excess(nn.Module):
    """Weights that grow with g² / √(S + 1e-7), where S sums g² over the steps; the first step's
    risks are the yardstick of all later ones, and are taken raw, as in the authors' code."""

    logits: Tensor
    first: Tensor | None

    def __init__(self, tasks: int, step_size: float) -> None:
        super().__init__()
        self.step_size = step_size
        self.register_buffer("logits", torch.zeros(tasks))  # no weight can become 0 for good
        self.register_buffer("first", None)
        self.squares: list[Row] = []  # S, as the rows are

    def forward(self, rows: Rows) -> Tensor:
        """J -> (task,)."""
        self.squares = _fitting(self.squares, rows)
        risks = torch.stack(
            [
                _risk(row, squares, rows.tensors[0].device)
                for row, squares in zip(rows.rows, self.squares, strict=True)
            ]
        )
        first = self.first
        if first is None:
            self.first = risks
        else:
            risks = risks / (first.to(risks) + 1e-7)
        self.logits = torch.log_softmax(self.logits.to(risks) + self.step_size * risks, 0)
        return self.logits.exp()


def _risk(row: Row, squares: Row, device: torch.device) -> Tensor:
    total = torch.zeros((), device=device)
    for gradient, summed in zip(row, squares, strict=True):
        if gradient is None or summed is None:
            continue
        for part, into in zip(parts_of(gradient), parts_of(summed), strict=True):
            square = part * part
            into.add_(square)
            total += (square * torch.rsqrt(into + 1e-7)).sum()
    return total


class DualBalancing(GradientBalancer):
    """DB-MTL (Lin et al., 2023, algorithm 1): log losses, and gradients of one length.

    ĝ is the running mean β_k ĝ + (1 - β_k) g with β_k = β / k^σ; the first is g itself.
    """

    def __init__(
        self,
        tasks: tuple[str, ...],
        *,
        beta: float = 0.9,
        sigma: float = 0.0,
        scale: str = "tasks",
    ) -> None:
        super().__init__(tasks, scale=scale)
        self.meetings = Meetings(lambda _: _RunningRows(beta, sigma))

    def combine(
        self, rows: Rows, losses: Mapping[str, Tensor]
    ) -> tuple[Tensor, list[Tensor | None]]:
        values = torch.stack([loss.detach() for loss in losses.values()]) + 1e-8  # (task,)
        running: _RunningRows = self.meetings.of(rows.tasks, rows.tensors[0].device)
        norms = running(rows, (1 / values).tolist())
        stretch = torch.where(norms > 0, norms.max() / norms, 0.0)
        return stretch / values, running.combined(rows, stretch.tolist())


class _RunningRows(nn.Module):
    def __init__(self, beta: float, sigma: float) -> None:
        super().__init__()
        self.beta, self.sigma = beta, sigma
        self.calls = 0
        self.means: list[Row] = []

    def forward(self, rows: Rows, factors: list[float]) -> Tensor:
        """Take the rows times factors, one a task, into the means: their lengths, (task,)."""
        kept = self.beta / (self.calls + 1) ** self.sigma if self.calls else 0.0
        self.calls += 1
        self.means = _fitting(self.means, rows)
        return torch.stack(
            [
                self._take(row, means, kept, factor).sqrt()
                for row, means, factor in zip(rows.rows, self.means, factors, strict=True)
            ]
        )

    @staticmethod
    def _take(row: Row, means: Row, kept: float, factor: float) -> Tensor:
        """The squared length of one task's mean."""
        square = torch.zeros((), device=next(m.device for m in means if m is not None))
        for gradient, mean in zip(row, means, strict=True):
            assert mean is not None
            parts = [None] if gradient is None else parts_of(gradient)
            into_parts = [mean.view(-1)] if gradient is None else parts_of(mean)
            for part, into in zip(parts, into_parts, strict=True):
                into.mul_(kept)
                if part is not None:
                    into.add_(part, alpha=factor * (1 - kept))
                square = square + torch.dot(into, into)
        return square

    def combined(self, rows: Rows, stretch: list[float]) -> list[Tensor | None]:
        """The sum of the means times factors, one a task, written over the rows where they need not
        be kept."""
        found: list[Tensor | None] = []
        for place, tensor in enumerate(rows.tensors):
            total = rows.blank(place)
            total = torch.empty_like(tensor) if total is None else total
            means = [row[place] for row in self.means]
            parts = [parts_of(mean) for mean in means if mean is not None]
            for into, *pieces in zip(parts_of(total), *parts, strict=True):
                torch.mul(pieces[0], stretch[0], out=into)
                for piece, factor in zip(pieces[1:], stretch[1:], strict=True):
                    into.add_(piece, alpha=factor)
            found.append(total)
        return found


def _fitting(remembered: list[Row], rows: Rows) -> list[Row]:
    """What is remembered of the tensors that learn now; zeros where others learn than before."""
    shapes = [tensor.shape for tensor in rows.tensors]
    if remembered and [one.shape for one in remembered[0] if one is not None] == shapes:
        return remembered
    return [[torch.zeros_like(tensor) for tensor in rows.tensors] for _ in rows.rows]
