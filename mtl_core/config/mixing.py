"""How the datasets of an experiment are mixed over the steps: the choices."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from .parts import Part


class Joint(Part):
    """Every step takes one batch of each dataset and sums the losses.

    Use when all datasets matter equally. Tasks of one dataset always share their batches.
    Costs one forward pass per dataset and step; smaller datasets are repeated within an epoch.
    """

    label: ClassVar[str] = "Joint"

    kind: Literal["joint"] = "joint"


class Proportional(Part):
    """Every step takes one batch of one dataset, drawn in proportion to the datasets' sizes.

    Use when the datasets differ in size and each row should be seen once per epoch.
    Costs one forward pass per step; large datasets get most of the steps.
    """

    label: ClassVar[str] = "Alternating, proportional"

    kind: Literal["proportional"] = "proportional"


MixingChoice = Annotated[Joint | Proportional, Field(discriminator="kind")]
MIXING_CHOICES: tuple[type[Part], ...] = (Joint, Proportional)

USUAL = Joint()
"""Where an experiment names none."""
