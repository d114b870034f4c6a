"""How datasets are mixed over the steps; `MIXING` is the table of the schedules.

feed = Feed(tables, partial(MIXING[type(mixing)], **mixing.arguments()), ...)
for batches in feed.batches(start): ...          # the batches of one step
"""

from mtl_core.config import mixing
from mtl_core.config.parts import Part

from . import schedules
from .feed import Feed
from .schedules import Epoch, Mixing, Plan

MIXING: dict[type[Part], Mixing] = {
    mixing.Joint: schedules.joint,
    mixing.Proportional: schedules.proportional,
    mixing.Temperature: schedules.temperature,
    mixing.Uniform: schedules.uniform,
    mixing.Annealed: schedules.annealed,
    mixing.Explicit: schedules.explicit,
    mixing.RoundRobin: schedules.round_robin,
    mixing.MixedBatches: schedules.mixed_batches,
    mixing.StopAndGo: schedules.round_robin,
}

__all__ = ["MIXING", "Epoch", "Feed", "Mixing", "Plan"]
