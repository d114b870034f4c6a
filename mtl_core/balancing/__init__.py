"""Balancing: how the tasks' losses become one step.

To add a method: a config class in `config/balancing/`, the method in `losses.py`, `gradients.py` or
`weightings.py`, a line in this table.
"""

from collections.abc import Callable

from mtl_core.config import balancing as config
from mtl_core.config.parts import Part
from mtl_core.errors import ConfigError

from . import weightings
from .contract import Balancer
from .coordinates import DualBalancing, ExcessRisks, SignDropout
from .gradnorm import GradNorm
from .losses import (
    DynamicWeightAverage,
    Famo,
    FixedWeights,
    GeometricMean,
    ImpartialLosses,
    LogLosses,
    RandomWeights,
    SmoothTchebycheff,
    UncertaintyWeights,
)
from .rows import Rows, Shared

BALANCING: dict[type[Part], Callable[..., Balancer]] = {
    config.Fixed: FixedWeights,
    config.Equal: FixedWeights,
    config.Uncertainty: UncertaintyWeights,
    config.ImtlL: ImpartialLosses,
    config.Dwa: DynamicWeightAverage,
    config.RandomWeighting: RandomWeights,
    config.Gls: GeometricMean,
    config.Stch: SmoothTchebycheff,
    config.Famo: Famo,
    config.Log: LogLosses,
    config.GradNorm: GradNorm,
    config.PcGrad: weightings.pcgrad,
    config.GradVac: weightings.gradvac,
    config.Mgda: weightings.mgda,
    config.CaGrad: weightings.cagrad,
    config.Nash: weightings.nash,
    config.FairGrad: weightings.fairgrad,
    config.ImtlG: weightings.imtl_g,
    config.Aligned: weightings.aligned,
    config.UpGrad: weightings.upgrad,
    config.DualProj: weightings.dualproj,
    config.ConFig: weightings.conflict_free,
    config.GradDrop: SignDropout,
    config.Db: DualBalancing,
    config.Excess: ExcessRisks,
    config.Pcd: weightings.pcd,
}


def make_balancer(choice: config.BalancingChoice, tasks: tuple[str, ...]) -> Balancer:
    """The balancer of a choice. Raises ConfigError, with the cure, where a solver is missing.

    A task that trains alone has nothing to be weighed against: it is trained plainly.
    """
    if len(tasks) == 1:
        return FixedWeights(tasks)
    if choice.missing():
        raise ConfigError(f"balancing.kind: {choice.kind_name()} {choice.how_to_install()}")
    return BALANCING[type(choice)](tasks, **choice.arguments())


__all__ = ["BALANCING", "Balancer", "Rows", "Shared", "make_balancer"]
