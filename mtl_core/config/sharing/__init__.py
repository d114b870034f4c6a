"""The sharing strategies that an experiment can choose, and how each one is drawn.

Every `SharingPart` of this package is offered, in the order of the imports below.
"""

from typing import TYPE_CHECKING, Annotated, Union

from pydantic import Field

from .contract import Cost, SharingPart, Surroundings

# The order in which people see them:
# isort: off
from .plain import Hard, Separate
from .tied import Soft
from .connected import CrossStitch, Sluice
from .attending import Attention
from .private import Adversarial
from .gated import Experts
from .depth import Hierarchical
from .adapted import Adapters
from .mixed import ScalarMix, TaskEmbedding
from .sequential import Transfer

# isort: on

SHARING_CHOICES: tuple[type[SharingPart], ...] = tuple(SharingPart.__subclasses__())

if TYPE_CHECKING:
    SharingChoice = SharingPart
else:
    SharingChoice = Annotated[Union[SHARING_CHOICES], Field(discriminator="kind")]  # noqa: UP007

USUAL = Hard()
"""Where an experiment names none."""
ALONE = Separate()
"""The sharing of a single-task twin: with one task there is nothing to share."""

__all__ = [
    "ALONE",
    "SHARING_CHOICES",
    "USUAL",
    "Adapters",
    "Adversarial",
    "Attention",
    "Cost",
    "CrossStitch",
    "Experts",
    "Hard",
    "Hierarchical",
    "ScalarMix",
    "Separate",
    "SharingChoice",
    "SharingPart",
    "Sluice",
    "Soft",
    "Surroundings",
    "TaskEmbedding",
    "Transfer",
]
