"""A look at the tasks' gradients in one step: how long they are, whether they conflict, and how far
the step is from the plain sum."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from mtl_core.balancing import Rows, Shared
from mtl_core.balancing.rows import parts_of

EVERYWHERE = "all"
"""The place that stands for all shared parameters together."""


@dataclass(frozen=True)
class Sight:
    """What was seen, still on the device.

    `gramians` (place, task, task) are G = J Jᵀ, first over all shared parameters, then at each
    place. `step` (4,) are: the step's direction d times the plain sum s of the gradients, |d|², |s|²,
    and the weighted loss.
    """

    tasks: tuple[str, ...]
    places: tuple[str, ...]
    gramians: Tensor
    step: Tensor

    def to_state(self) -> dict[str, Any]:
        """As plain data and tensors, to be saved until it is told."""
        return dict(vars(self))


def see(shared: Shared, losses: Mapping[str, Tensor], weights: Tensor) -> Sight:
    """After the backward passes, while the shared parameters have the step's gradients."""
    rows = shared.rows
    assert rows is not None
    where = {id(tensor): place for place, tensor in enumerate(rows.tensors)}
    spots = {
        name: [where[id(p)] for p in group if id(p) in where]
        for name, group in shared.places.items()
    }
    by_place = [rows.gramian(spot) for spot in spots.values()]
    everywhere = torch.stack(by_place).sum(0) if by_place else weights.new_zeros(0)
    values = torch.stack([loss.detach() for loss in losses.values()])
    step = torch.stack([*_against_sum(rows), (weights * values).sum().float()])
    gramians = torch.stack([everywhere, *by_place])
    return Sight(rows.tasks, (EVERYWHERE, *spots), gramians, step)


def _against_sum(rows: Rows) -> tuple[Tensor, Tensor, Tensor]:
    """d·s, |d|² and |s|² of what is in `.grad` and the plain sum of the rows."""
    product = step = plain = torch.zeros((), device=rows.tensors[0].device)
    for place, tensor in enumerate(rows.tensors):
        if tensor.grad is None:
            continue
        for part, pieces in zip(parts_of(tensor.grad), rows.pieces(place), strict=False):
            total = torch.stack(pieces).sum(0)
            product = product + torch.dot(part, total)
            step = step + torch.dot(part, part)
            plain = plain + torch.dot(total, total)
    return product, step, plain
