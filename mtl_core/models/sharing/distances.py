"""How far weights or representations are from each other: pure functions, in full precision.

A stack holds one tensor of every task's encoder, flattened, as rows: (task, weight).
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

Penalty = Callable[[Sequence[Tensor]], Tensor]
"""From the stacks of all tied layers, (task, weight) each, to one number."""

CHUNK = 1 << 20
"""Weights that are put into double precision at a time."""


def l2(stacks: Sequence[Tensor]) -> Tensor:
    """(1/T) Σ_{a<b} ‖θ_a − θ_b‖², which is Σ_t ‖θ_t − mean‖² (Evgeniou and Pontil, 2004)."""
    return _total([(s - s.mean(0)).square().sum() for s in stacks])


def l1(stacks: Sequence[Tensor]) -> Tensor:
    """(1/T) Σ_{a<b} ‖θ_a − θ_b‖₁ = (1/T) Σ_a ⟨Σ_b sign(θ_a − θ_b), θ_a⟩: no pair is kept in memory.

    The signs of a weight add up to 0 over the tasks, so the mean may be taken off: more exact.
    """
    with torch.no_grad():
        signs = [sum((s - other).sign() for other in s) / len(s) for s in stacks]
    pairs = zip(signs, stacks, strict=True)
    return _total([(sign * (s - s.mean(0).detach())).sum() for sign, s in pairs])


def group(stacks: Sequence[Tensor]) -> Tensor:
    """Σ_i √(Σ_t θ_ti²), the L2,1 norm: a weight leaves all tasks or none.

    Where a weight is 0 in all tasks, the gradient is 0.
    """
    return _total([_root(stack.square().sum(0)).sum() for stack in stacks])


def trace(stacks: Sequence[Tensor]) -> Tensor:
    """Σ of the singular values of every stack (Yang and Hospedales, 2017): few directions.

    With M = U S Vᵀ, ‖M‖_* = ⟨U Vᵀ, M⟩ and its gradient is U Vᵀ over the singular values that are
    not 0: the shortest of the subgradients, so equal rows stay equal. U Vᵀ = (M Mᵀ)^{-1/2} M needs
    only the small matrix M Mᵀ.
    """
    with torch.no_grad(), _full_precision(stacks[0]):
        grams = torch.stack([_gram(stack) for stack in stacks])  # (layer, task, task)
        squares, vectors = torch.linalg.eigh(grams)
        singular = squares.clamp(min=0).sqrt()  # (layer, task), rising
        is_some = (singular > 1e-6 * singular[:, -1:]) & (singular > 0)
        inverse = torch.where(is_some, 1 / singular, torch.zeros_like(singular))
        whiten = (vectors * inverse[:, None, :]) @ vectors.mT  # (M Mᵀ)^{-1/2}
        directions = [w.to(s) @ s for w, s in zip(whiten, stacks, strict=True)]
    return _total([(d * s).sum() for d, s in zip(directions, stacks, strict=True)])


def _gram(stack: Tensor) -> Tensor:
    """M Mᵀ in double precision, (task, task): its small eigenvalues are squares of small numbers."""
    place = "cpu" if stack.device.type == "mps" else stack.device  # which has no double precision
    chunks = [chunk.to(place).double() for chunk in stack.split(CHUNK, dim=1)]
    return torch.stack([chunk @ chunk.mT for chunk in chunks]).sum(0)


PENALTIES: dict[str, Penalty] = {"l2": l2, "l1": l1, "group": group, "trace": trace}


@torch.no_grad()
def relative_distance(a: Sequence[Tensor], b: Sequence[Tensor]) -> float:
    """‖a − b‖ over the root mean square of ‖a‖ and ‖b‖: 0 is equal, √2 unrelated, 2 opposite."""
    apart = sum(float((x - y).square().sum()) for x, y in zip(a, b, strict=True))
    size = sum(float(x.square().sum()) for x in [*a, *b]) / 2
    return (apart / size) ** 0.5 if size else 0.0


def orthogonality(a: Tensor, b: Tensor, mask: Tensor) -> Tensor:
    """How much two representations (batch, seq, hidden) go along with each other, 0 .. 1.

    ‖AᵀB‖²_F of the n real pieces (Bousmalis et al., 2016, equation 5; Liu et al., 2017, equation
    12): 0 where no feature of one can be told from a feature of the other. Rows have length 1 here,
    and the whole is divided by n², so that a strength means the same for every batch size, sentence
    length and width.
    """
    with _full_precision(a):
        rows_a, rows_b = _unit_rows(a[mask]), _unit_rows(b[mask])  # (piece, hidden)
        return (rows_a.mT @ rows_b / len(rows_a)).square().sum()


def _unit_rows(rows: Tensor) -> Tensor:
    """Rows of length 1; those shorter than 0.0001 stay shorter, and have a bounded gradient."""
    rows = rows.float()
    return rows * rows.square().sum(1, keepdim=True).clamp(min=1e-8).rsqrt()


def _root(squares: Tensor) -> Tensor:
    """The square root, whose gradient at 0 is 0 instead of infinite."""
    is_some = squares > 0
    return torch.where(is_some, squares.where(is_some, torch.ones_like(squares)).sqrt(), squares)


def _total(terms: Sequence[Tensor]) -> Tensor:
    return torch.stack([*terms]).sum()


def _full_precision(like: Tensor) -> torch.autocast:
    """Matrix products inside an autocast are exact all the same."""
    return torch.autocast(like.device.type, enabled=False)
