"""What a user wishes of a run that trains: other weights, another learning rate, a validation now."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

FACTORS = (0.0, 4.0)
RATES = (0.01, 10.0)
"""What weights and the learning rate can be multiplied by."""


@dataclass(frozen=True)
class Wishes:
    """What holds from the next step on.

    `factors` multiply the tasks' losses before they are balanced, 1 where a task is not named; with
    0 a task takes no part in the steps.
    `rate` multiplies the learning rate. `evaluate` asks for a validation after this step.
    """

    factors: Mapping[str, float] = field(default_factory=dict)
    rate: float = 1.0
    evaluate: bool = False

    @classmethod
    def of(cls, tree: Mapping[str, Any], tasks: tuple[str, ...], *, evaluate: bool) -> "Wishes":
        """From plain data that may come from anywhere; what is out of bounds is brought inside."""
        given = tree.get("factors") or {}
        factors = {task: _inside(given[task], FACTORS) for task in tasks if task in given}
        kept = {task: factor for task, factor in factors.items() if factor != 1.0}
        return cls(kept, _inside(tree.get("rate", 1.0), RATES), evaluate)


NOTHING = Wishes()


def _inside(value: Any, bounds: tuple[float, float]) -> float:
    low, high = bounds
    return min(high, max(low, float(value)))
