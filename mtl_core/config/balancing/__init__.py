"""How the tasks' losses are brought together into one step: the choices.

Every class of this package with a `kind` is offered, in the order of the imports below.
"""

from typing import TYPE_CHECKING, Annotated, Any, Union

from pydantic import Field

from .contract import BalancingPart
from .gradients import (
    Aligned,
    CaGrad,
    ConFig,
    Db,
    DualProj,
    Excess,
    FairGrad,
    GradDrop,
    GradVac,
    ImtlG,
    Mgda,
    Nash,
    Pcd,
    PcGrad,
    UpGrad,
)
from .losses import Dwa, Famo, Gls, GradNorm, ImtlL, Log, RandomWeighting, Stch, Uncertainty
from .plain import Equal, Fixed

# The order in which people see them.
BALANCING_CHOICES: tuple[type[BalancingPart], ...] = (
    Fixed,
    Equal,
    Uncertainty,
    ImtlL,
    Dwa,
    RandomWeighting,
    Gls,
    Stch,
    Famo,
    Log,
    GradNorm,
    PcGrad,
    GradVac,
    Mgda,
    CaGrad,
    Nash,
    FairGrad,
    ImtlG,
    Aligned,
    UpGrad,
    DualProj,
    ConFig,
    GradDrop,
    Db,
    Excess,
    Pcd,
)

if TYPE_CHECKING:
    BalancingChoice = BalancingPart
else:
    BalancingChoice = Annotated[Union[BALANCING_CHOICES], Field(discriminator="kind")]  # noqa: UP007

USUAL = Fixed()
"""Where an experiment names none."""

GRID_SUM = 2.0
"""The weights of the static grid add up to so much, as equal weights of two tasks do."""


def baselines(tasks: tuple[str, ...], points: int) -> dict[str, dict[str, Any]]:
    """What is trained beside any special method: name -> dotted changes of the experiment.

    Equal weights, random weights, and for two tasks a static grid of so many weights inside
    0 .. 2, which always add up to 2; the point of equal weights is not counted twice.
    """
    found: dict[str, dict[str, Any]] = {
        "equal weights": {"balancing.kind": Equal.kind_name()},
        "random weights": {"balancing.kind": RandomWeighting.kind_name()},
    }
    if len(tasks) != 2:
        return found
    for place in range(1, points + 1):
        first = round(GRID_SUM * place / (points + 1), 3)
        weights = {tasks[0]: first, tasks[1]: round(GRID_SUM - first, 3)}
        if first != GRID_SUM / 2:
            name = " : ".join(f"{weight:g}" for weight in weights.values())
            changes = {"balancing.kind": Fixed.kind_name(), "balancing.weights": weights}
            found[f"weights {name}"] = changes
    return found


__all__ = [
    "BALANCING_CHOICES",
    "USUAL",
    "Aligned",
    "BalancingChoice",
    "BalancingPart",
    "CaGrad",
    "ConFig",
    "Db",
    "DualProj",
    "Dwa",
    "Equal",
    "Excess",
    "FairGrad",
    "Famo",
    "Fixed",
    "Gls",
    "GradDrop",
    "GradNorm",
    "GradVac",
    "ImtlG",
    "ImtlL",
    "Log",
    "Mgda",
    "Nash",
    "PcGrad",
    "Pcd",
    "RandomWeighting",
    "Stch",
    "Uncertainty",
    "UpGrad",
    "baselines",
]
