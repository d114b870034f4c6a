"""Tasks whose gradients are known: L_i = g_i · θ + c_i on shared parameters θ."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from mtl_core.balancing import Balancer, Shared, make_balancer
from mtl_core.config import METHODS
from mtl_core.config.balancing import BalancingPart

NAMES = ("a", "b", "c", "d")
CHOICES: dict[str, type[BalancingPart]] = {one.kind_name(): one for one in METHODS["balancing"]}  # type: ignore[misc]


def made(kind: str, tasks: int, **options: object) -> Balancer:
    """A method for so many tasks."""
    return make_balancer(CHOICES[kind](**options), NAMES[:tasks])


def backward(
    balancer: Balancer, rows: Sequence[Sequence[float]] | Tensor, losses: Sequence[float] = ()
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Weights (task,) and θ.grad (parameter,) for gradients `rows` (task, parameter) and losses
    that are 1 unless given."""
    given = torch.as_tensor(rows, dtype=torch.float32)
    theta = nn.Parameter(torch.zeros(given.shape[1]))
    values = list(losses) or [1.0] * len(given)
    named = {
        name: row @ theta + value for name, row, value in zip(NAMES, given, values, strict=False)
    }
    weights = balancer.backward(named, None, Shared({"θ": [theta]}))
    assert theta.grad is not None
    return weights.double().numpy(), theta.grad.double().numpy()


def random_rows(seed: int, tasks: int, size: int = 8) -> Tensor:
    """Gradients that are linearly independent and differ in length: (task, size)."""
    generator = torch.Generator().manual_seed(seed)
    lengths = torch.exp(torch.randn(tasks, 1, generator=generator))
    return torch.randn(tasks, size, generator=generator) * lengths
