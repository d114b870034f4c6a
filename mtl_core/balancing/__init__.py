"""Balancing: how the tasks' losses become one step.

To add a method: a config class in `config/balancing.py`, the method in `loss.py` or `gradient.py`,
a line in this table.
"""

from mtl_core.config.balancing import Fixed
from mtl_core.config.parts import Part

from .contract import Balancer
from .loss import FixedWeights

BALANCING: dict[type[Part], type[Balancer]] = {Fixed: FixedWeights}

__all__ = ["BALANCING", "Balancer"]
