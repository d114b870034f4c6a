"""Gradient reversal (Ganin and Lempitsky, 2015): what helps a classifier above harms it below."""

import math
from typing import Any

import torch
from torch import Tensor


class _Reversal(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, hidden: Tensor, strength: float) -> Tensor:
        ctx.strength = strength
        return hidden.view_as(hidden)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        return -ctx.strength * gradients[0], None


def reverse(hidden: Tensor, strength: float) -> Tensor:
    """The same values; their gradient comes back times -strength."""
    out: Tensor = _Reversal.apply(hidden, strength)
    return out


def ramp(done: float) -> float:
    """2 / (1 + exp(-10 p)) - 1 from 0 to almost 1 over the training."""
    return 2 / (1 + math.exp(-10 * done)) - 1
