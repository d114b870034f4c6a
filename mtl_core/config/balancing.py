"""How the tasks' losses are brought together into one step: the choices."""

from typing import ClassVar, Literal

from pydantic import field_validator

from .parts import Part, option


class Fixed(Part):
    """Each task's loss is multiplied by a weight that stays the same; the sum is minimised.

    Use when you know what matters, or as the baseline for every other method.
    Costs nothing: one backward pass.
    """

    label: ClassVar[str] = "Fixed weights"

    kind: Literal["fixed"] = "fixed"
    weights: dict[str, float] = option(
        {}, "Loss weight of each task; tasks left out have weight 1."
    )

    def named_tasks(self) -> list[str]:
        """The tasks with a weight of their own."""
        return list(self.weights)

    @field_validator("weights")
    @classmethod
    def _weights_are_usable(cls, weights: dict[str, float]) -> dict[str, float]:
        for task, weight in weights.items():
            if not 0 <= weight <= 1000:
                raise ValueError(f"the weight of '{task}' is {weight}; it must lie in 0 .. 1000")
        if weights and not any(weights.values()):
            raise ValueError(
                "all weights are 0, so nothing would be learnt; give one task a weight"
            )
        return weights


# One choice so far; with a second, a union discriminated by `kind`, as in sharing.py.
BalancingChoice = Fixed
BALANCING_CHOICES: tuple[type[Part], ...] = (Fixed,)

USUAL = Fixed()
"""Where an experiment names none."""
