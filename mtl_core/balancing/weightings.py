"""The methods that give each gradient a weight: which of the library's, and how long the result is.

One scale for all, `scale` "tasks": where the tasks' gradients agree and are alike, each weight is 1.
"""

import math
from collections.abc import Callable

from torch import Tensor, nn

from .gradients import Lengthen, MainTaskFirst, WeightingBalancer

Names = tuple[str, ...]


def as_published(weights: Tensor, gramian: Tensor) -> Tensor:
    """The weights as they are."""
    del gramian
    return weights


def times_tasks(weights: Tensor, gramian: Tensor) -> Tensor:
    """For methods whose weights sum to 1, or that change a mean."""
    return weights * len(gramian)


def to_sum(weights: Tensor, gramian: Tensor) -> Tensor:
    """For methods whose weights may have any sum: the sum of their sizes becomes T."""
    return weights * (len(gramian) / weights.abs().sum())


def _length(scale: str, comparable: Lengthen, published: Lengthen = as_published) -> Lengthen:
    return comparable if scale == "tasks" else published


def pcgrad(tasks: Names, *, scale: str = "tasks", **options: object) -> WeightingBalancer:
    """Yu et al., 2020, algorithm 1."""
    return _made(tasks, lambda lib, _: lib.pcgrad(), as_published, options)


def gradvac(
    tasks: Names, *, beta: float = 0.5, scale: str = "tasks", **options: object
) -> WeightingBalancer:
    """Wang et al., 2021, equation 4."""
    return _made(tasks, lambda lib, _: lib.gradvac(beta), as_published, options)


def mgda(
    tasks: Names, *, iterations: int = 250, scale: str = "tasks", **options: object
) -> WeightingBalancer:
    """Sener and Koltun, 2018, algorithm 2."""
    return _made(tasks, lambda lib, _: lib.mgda(iterations), _length(scale, times_tasks), options)


def cagrad(
    tasks: Names, *, c: float = 0.5, scale: str = "tasks", **options: object
) -> WeightingBalancer:
    """Liu et al., 2021, algorithm 1. Where tasks agree the step is 1 + c times the mean."""

    def comparable(weights: Tensor, gramian: Tensor) -> Tensor:
        return times_tasks(weights, gramian) / (1 + c)

    return _made(tasks, lambda lib, _: lib.cagrad(c), _length(scale, comparable), options)


def nash(tasks: Names, *, scale: str = "tasks", **options: object) -> WeightingBalancer:
    """Navon et al., 2022, equation 3: the same G w = 1 / w as FairGrad's with α = 1.

    Solved as that one is, since the library's own solver gives up where a sum of the gradients is
    orthogonal to one of them. Published, G is divided by its norm first, and the step's norm is cut
    to 1.
    """

    def published(weights: Tensor, gramian: Tensor) -> Tensor:
        norm = float(gramian.norm())
        solved = weights * math.sqrt(norm / float(gramian.trace()))
        return solved / max(1.0, math.sqrt(norm * len(gramian)))

    length = _length(scale, to_sum, published)
    return _made(tasks, lambda lib, _: lib.fairgrad(1.0), length, options)


def fairgrad(
    tasks: Names, *, alpha: float = 1.0, scale: str = "tasks", **options: object
) -> WeightingBalancer:
    """Ban and Ji, 2024, equation 4."""

    def solved(weights: Tensor, gramian: Tensor) -> Tensor:
        # With G = tG' and G'w' = w'^(-1/α), w = t^(-α/(1+α)) w' solves Gw = w^(-1/α).
        return weights * float(gramian.trace()) ** (-alpha / (1 + alpha))

    length = _length(scale, to_sum, solved)
    return _made(tasks, lambda lib, _: lib.fairgrad(alpha), length, options)


def imtl_g(tasks: Names, *, scale: str = "tasks", **options: object) -> WeightingBalancer:
    """Liu et al., 2021, section 3.1."""
    return _made(tasks, lambda lib, _: lib.imtl_g(), _length(scale, times_tasks), options)


def aligned(tasks: Names, *, scale: str = "tasks", **options: object) -> WeightingBalancer:
    """Senushkin et al., 2023, algorithm 1, with the sum of the tasks as preference."""
    return _made(tasks, lambda lib, names: lib.aligned(len(names)), as_published, options)


def upgrad(tasks: Names, *, scale: str = "tasks", **options: object) -> WeightingBalancer:
    """Quinton and Rey, 2024, section 3."""
    return _made(tasks, lambda lib, _: lib.upgrad(), _length(scale, times_tasks), options)


def dualproj(tasks: Names, *, scale: str = "tasks", **options: object) -> WeightingBalancer:
    """Lopez-Paz and Ranzato, 2017, equation 11."""
    return _made(tasks, lambda lib, _: lib.dualproj(), _length(scale, times_tasks), options)


def conflict_free(tasks: Names, *, scale: str = "tasks", **options: object) -> WeightingBalancer:
    """ConFIG: Liu, Chu and Thuerey, 2025, equation 2."""
    return _made(tasks, lambda lib, _: lib.conflict_free(), as_published, options)


def pcd(
    tasks: Names,
    *,
    main: str | None = None,
    tau: float = 0.02,
    beta: float = 0.999,
    scale: str = "tasks",
    **options: object,
) -> WeightingBalancer:
    """Priority-constrained descent, with the running mean of the gradients' norms."""
    from . import library

    length = _length(scale, times_tasks)
    return MainTaskFirst(tasks, lambda _: library.pcd(tau, beta), length, main=main, **options)


def _made(
    tasks: Names,
    make: Callable[..., nn.Module],
    lengthen: Lengthen,
    options: dict[str, object],
) -> WeightingBalancer:
    from . import library  # here, since it takes a second to import

    return WeightingBalancer(
        tasks,
        lambda names: make(library, names),
        lengthen,
        **options,  # type: ignore[arg-type]
    )
