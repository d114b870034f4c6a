"""Weights that do not change: what every other method is compared with."""

from typing import ClassVar, Literal

from pydantic import field_validator

from mtl_core.config.parts import option

from .contract import BalancingPart


class Fixed(BalancingPart):
    """Each task's loss is multiplied by a weight that stays the same; the sum is minimised.

    Use when you know what matters, or as the baseline for every other method.
    Costs nothing: one backward pass.
    """

    label: ClassVar[str] = "Fixed weights"
    formula: ClassVar[str] = r"L = \sum_i w_i L_i"
    paper: ClassVar[str] = (
        "Xin et al., Do Current Multi-Task Optimization Methods in Deep Learning Even Help?, "
        "NeurIPS 2022 (how far tuned fixed weights go)"
    )
    published_weights: ClassVar[str] = "as chosen"
    is_special: ClassVar[bool] = False

    kind: Literal["fixed"] = "fixed"
    weights: dict[str, float] = option(
        {}, "Loss weight of each task; tasks left out have weight 1."
    )

    def named_tasks(self) -> list[str]:
        """The tasks with a weight of their own."""
        return list(self.weights)

    def fixed_weights(self, tasks: tuple[str, ...]) -> dict[str, float]:
        """As given."""
        return {task: float(self.weights.get(task, 1.0)) for task in tasks}

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


class Equal(BalancingPart):
    """The losses are added up as they are.

    Use when in doubt: with good regularisation it keeps up with most special methods.
    Costs nothing: one backward pass.
    """

    label: ClassVar[str] = "Equal weights"
    formula: ClassVar[str] = r"L = \sum_i L_i"
    paper: ClassVar[str] = (
        "Kurin et al., In Defense of the Unitary Scalarization for Deep Multi-Task Learning, "
        "NeurIPS 2022"
    )
    is_special: ClassVar[bool] = False

    kind: Literal["equal"] = "equal"

    def fixed_weights(self, tasks: tuple[str, ...]) -> dict[str, float]:
        """One each."""
        return dict.fromkeys(tasks, 1.0)
