"""Hand-worked values of every method, and whether the method gives them on this project's own path.

The values were worked out on paper, for tasks with known gradients and losses: they come from no
run of this code. `check` goes the way of a training step: losses → method → `.grad` and weights.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from mtl_core.config import METHODS
from mtl_core.config import balancing as config
from mtl_core.config.balancing import BalancingPart

from . import make_balancer
from .gradnorm import gradnorm
from .losses import LossBalancer
from .rows import Shared

TOLERANCE = 1e-4
NAMES = ("first", "second", "third")
DRAWS = 64
"""Seeds that are tried where a method draws by chance."""

Row = tuple[float, ...]
TWO: tuple[Row, ...] = ((1, 0), (-1, 1))
THREE: tuple[Row, ...] = ((1, 0, 0), (-1, 1, 0), (0.5, -1, 2))


@dataclass(frozen=True)
class Case:
    """One step, and what must come out of it.

    Args:
        rows: the tasks' gradients, (task, parameter).
        weights: what each task must receive, (task,).
        direction: what `.grad` must be, (parameter,).
        drawn: directions for a method that draws by chance: each must occur under some seed.
        total: the one loss that is minimised, for methods that make one.
        losses: of the tasks in this step, 1 each unless given.
        before: losses of the epochs before, one step each.
        only_ratio: whether the paper leaves the length of the weights open.
    """

    rows: tuple[Row, ...] = TWO
    weights: Row = ()
    direction: Row = ()
    drawn: tuple[Row, ...] = ()
    total: float | None = None
    losses: Row = ()
    before: tuple[Row, ...] = ()
    options: dict[str, Any] = field(default_factory=dict)
    only_ratio: bool = False


@dataclass(frozen=True)
class Golden:
    """What is known of a method: steps worked out by hand, or, with no such value at hand, a step
    that must follow from the `equation` that defines it."""

    cases: tuple[Case, ...] = ()
    equation: str = ""
    other: Callable[[], bool] | None = None
    """A value of the method that no single step shows."""


@dataclass(frozen=True)
class Verdict:
    """Whether the values came out; None where there are none. `words` say what was looked at, and
    `short` says it in a cell of a table."""

    passes: bool | None
    short: str
    words: str


LOSSES: Row = (1, 4)

_PCGRAD = Case(weights=(2, 1.5), direction=(0.5, 1.5))
_BARGAIN = ((1.847759, 1.306563), (1.927846, 1.717214, 0.616162))


def _gradnorm_function() -> bool:
    """Its loss, and the derivative by the weights: task 1 learnt faster and has the longer gradient,
    so it must be turned down."""
    norms, ratios = torch.tensor([2.0, 1.0]), torch.tensor([0.5, 1.0])
    slope, loss = gradnorm(torch.ones(2), norms, ratios, 1.5)
    return _near(slope, (2, -1)) and _near(loss[None], (2.492905,))


def _random_weights() -> bool:
    """In the simplex, never twice the same; the step is their sum."""
    found = [_step(config.RandomWeighting, Case())[0] for _ in range(3)]
    simplex = all(bool((w > 0).all()) and _near(w.sum()[None], (1,)) for w in found)
    return (
        simplex
        and not _near(found[0], found[1].tolist())
        and _one_step(config.RandomWeighting, Case())
    )


GOLDEN: dict[type[BalancingPart], Golden] = {
    config.Fixed: Golden(
        (Case(weights=(2, 1), direction=(1, 1), options={"weights": {"first": 2.0}}),),
        "the step is the weighted sum of the gradients",
    ),
    config.Equal: Golden(
        (
            Case(weights=(1, 1), direction=(0, 1)),
            Case(THREE, weights=(1, 1, 1), direction=(0.5, 0, 2)),
        ),
        "the step is the sum of the gradients",
    ),
    config.Uncertainty: Golden(
        (
            Case(weights=(0.5, 0.5), total=2.5, losses=LOSSES),
            Case(total=3.621803, losses=LOSSES, options={"start": -0.5}),
        )
    ),
    config.ImtlL: Golden(
        (Case(weights=(1, 1), total=5, losses=LOSSES),),
        "with s = 0 it is twice uncertainty weighting: L = 5 for losses 1 and 4",
    ),
    config.Dwa: Golden(
        (Case(weights=(0.950042, 1.049958), losses=LOSSES, before=((1, 1), (0.8, 1))),)
    ),
    config.RandomWeighting: Golden(
        (), "weights are positive and sum to 1, and the step is the weighted sum", _random_weights
    ),
    config.Gls: Golden((Case(weights=(1, 0.25), total=2, losses=LOSSES),)),
    config.Stch: Golden((Case(weights=(0.091213, 0.408787), total=2.201413, losses=LOSSES),)),
    config.Famo: Golden((Case(weights=(0.8, 0.2), losses=LOSSES),)),
    config.Log: Golden(
        (Case(weights=(1, 0.25), direction=(0.75, 0.25), total=1.386294, losses=LOSSES),),
        "the weight of a task is one over its loss",
    ),
    config.GradNorm: Golden(other=_gradnorm_function),
    config.PcGrad: Golden(
        (
            _PCGRAD,
            # The other tasks in ascending and in descending order.
            Case(THREE, drawn=((0.369048, 1.011905, 2.476190), (0.5, 0.964286, 2.571429))),
        )
    ),
    config.GradVac: Golden((_PCGRAD,)),
    config.Mgda: Golden(
        (
            Case(weights=(0.6, 0.4), direction=(0.2, 0.4)),
            Case(THREE, weights=(0.504762, 0.4, 0.095238)),
        )
    ),
    config.CaGrad: Golden(
        (Case(direction=(0.25, 0.5)), Case(THREE, direction=(0.171777, 0.343554, 0.666667)))
    ),
    config.Nash: Golden(
        (
            Case(weights=_BARGAIN[0], only_ratio=True),
            Case(THREE, weights=_BARGAIN[1], only_ratio=True),
        )
    ),
    config.FairGrad: Golden((Case(weights=_BARGAIN[0]), Case(THREE, weights=_BARGAIN[1]))),
    config.ImtlG: Golden(
        (
            Case(weights=(0.585786, 0.414214)),
            Case(THREE, weights=(0.465882, 0.409796, 0.124322)),
        )
    ),
    config.Aligned: Golden(
        (
            Case(weights=(1.105573, 0.829180)),
            Case(THREE, weights=(1.095241, 0.964928, 0.389363)),
        )
    ),
    config.UpGrad: Golden(
        (
            Case(weights=(1, 0.75), direction=(0.25, 0.75)),
            Case(THREE, weights=(0.8, 0.848485, 0.420202)),
        )
    ),
    config.DualProj: Golden(
        (
            Case(weights=(0.5, 0.5), direction=(0, 0.5)),
            Case(THREE, weights=(1 / 3, 0.416667, 1 / 3)),
        )
    ),
    config.ConFig: Golden(
        (
            Case(direction=(0.353553, 0.853553)),
            Case(THREE, direction=(0.418267, 1.009786, 0.879512)),
        )
    ),
    config.GradDrop: Golden(
        (Case(drawn=((1, 1), (-1, 1))),),
        "where the signs differ, a coordinate keeps the gradients of one sign, either one by chance",
    ),
    config.Db: Golden(
        (Case(weights=(1, 0.707107), direction=(0.292893, 0.707107), losses=LOSSES),),
        "in the first step the gradients of the losses' logarithms are added at one length",
    ),
    config.Excess: Golden(
        (Case(weights=(0.497500, 0.502500)),),
        "in the first step weights are as the exponentials of 0.01 times the sums of |g|",
    ),
    config.Pcd: Golden(
        (Case(direction=(0.686822, 0.726826)),),
        "the nearest step to the main task's gradient that gains 0.02 for the other, as long as it",
    ),
}


def check(kind: str) -> bool | None:
    """Whether a method gives its hand-worked values; None where there are none, or a package lacks."""
    return verdict(kind).passes


def verdict(kind: str) -> Verdict:
    """The same, with the words for it."""
    choice = next(one for one in METHODS["balancing"] if one.kind_name() == kind)
    assert issubclass(choice, BalancingPart)
    golden = GOLDEN.get(choice)
    if golden is None:
        return Verdict(None, "none yet", "no value has been worked out by hand yet")
    if choice.missing():
        return Verdict(None, "a package is missing", f"not looked at: {choice.how_to_install()}")
    holds = all(_came_out(choice, case) for case in golden.cases)
    holds = holds and (golden.other is None or golden.other())
    if golden.equation:
        short = "definition holds" if holds else "definition does not hold"
        return Verdict(None if holds else False, short, f"{short}: {golden.equation}")
    if holds:
        return Verdict(True, "come out", f"gives {_what(golden)}")
    return Verdict(False, "do not come out", f"does not give {_what(golden)}")


def _what(golden: Golden) -> str:
    """What was compared, in words."""
    if golden.other:
        return "the hand-worked value and slope of its own loss"
    tasks = sorted({len(case.rows) for case in golden.cases})
    sizes = " and ".join({2: "two", 3: "three"}[count] for count in tasks)
    return f"the hand-worked values for {sizes} tasks"


def _came_out(choice: type[BalancingPart], case: Case) -> bool:
    with torch.random.fork_rng(devices=[]):
        if not case.drawn:
            return _one_step(choice, case)
        found = []
        for seed in range(DRAWS):
            torch.manual_seed(seed)
            found.append(_step(choice, case)[1])
        return all(any(_near(one, wanted) for one in found) for wanted in case.drawn)


def _one_step(choice: type[BalancingPart], case: Case) -> bool:
    weights, direction, total = _step(choice, case)
    given = torch.tensor(case.rows, dtype=torch.float32)
    holds = _near(direction, (weights @ given).tolist())  # the step is what the weights say
    if case.weights:
        wanted = torch.tensor(case.weights, dtype=torch.float32)
        stretch = weights.norm() / wanted.norm() if case.only_ratio else 1.0
        holds = holds and _near(weights, (stretch * wanted).tolist())
    if case.direction:
        holds = holds and _near(direction, case.direction)
    if case.total is not None:
        holds = holds and total is not None and _near(total[None], (case.total,))
    return holds


def _step(choice: type[BalancingPart], case: Case) -> tuple[Tensor, Tensor, Tensor | None]:
    """Weights (task,), `.grad` (parameter,) and the one loss, where the method makes one."""
    rows = torch.tensor(case.rows, dtype=torch.float32)
    published = {"scale": "published"} if "scale" in choice.model_fields else {}
    names = NAMES[: len(rows)]
    balancer = make_balancer(choice(**published, **case.options), names)
    place = nn.Parameter(torch.zeros(rows.shape[1]))
    shared = Shared({"the parameters": [place]})
    for losses in case.before:
        balancer.backward(_named(names, rows, place, losses), None, shared)
        balancer.next_epoch()
    place.grad = None
    losses = case.losses or (1.0,) * len(rows)
    weights = balancer.backward(_named(names, rows, place, losses), None, shared)
    total = None
    if isinstance(balancer, LossBalancer):
        total = balancer.total(names, torch.tensor(losses, dtype=torch.float32)).detach()
    assert place.grad is not None
    return weights, place.grad, total


def _named(
    names: Sequence[str], rows: Tensor, place: Tensor, losses: Sequence[float]
) -> dict[str, Tensor]:
    """L_i = g_i · θ + c_i at θ = 0."""
    return {n: row @ place + loss for n, row, loss in zip(names, rows, losses, strict=True)}


def _near(found: Tensor, wanted: Sequence[float]) -> bool:
    return torch.allclose(found, torch.tensor(wanted, dtype=found.dtype), rtol=0, atol=TOLERANCE)
