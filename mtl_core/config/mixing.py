"""How the datasets of an experiment are mixed over the steps: the choices.

The alternating ones take as many steps an epoch as `Proportional`, so that they can be compared.
"""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field

from .parts import Part, option


class MixingPart(Part):
    """A way of mixing, and what it promises besides its options."""

    @property
    def rest(self) -> dict[str, Any] | None:
        """When tasks rest that have converged, as options of `Resting`; None where none ever does."""
        return None

    def refusal(self, datasets: tuple[str, ...], batch_size: int) -> str | None:
        """Why it cannot mix these datasets, with the cure; None if it can."""
        del datasets, batch_size
        return None

    def renamed(self, cards: Mapping[str, str]) -> Self:
        """The same where datasets go by other names: from the names that the options use."""
        del cards
        return self


class Joint(MixingPart):
    """Every step takes one batch of each dataset and sums the losses.

    Use when all datasets matter equally. Tasks of one dataset always share their batches.
    Costs one forward pass per dataset and step; smaller datasets are repeated within an epoch.
    """

    label: ClassVar[str] = "Joint"

    kind: Literal["joint"] = "joint"


class Proportional(MixingPart):
    """Every step takes one batch of one dataset, drawn in proportion to the datasets' sizes.

    Use when the datasets differ in size and each row should be seen once per epoch.
    Costs one forward pass per step; large datasets get most of the steps.
    """

    label: ClassVar[str] = "Alternating, proportional"

    kind: Literal["proportional"] = "proportional"


class Temperature(MixingPart):
    """One dataset a step, drawn with p ∝ N^(1/τ) for N rows and temperature τ (Arivazhagan et al., 2019).

    Use when small datasets should have more than their share of the steps, but not all have the same.
    Costs one forward pass per step. Within an epoch small datasets are repeated, and of large ones
    only a part is seen.
    """

    label: ClassVar[str] = "Alternating, temperature"

    kind: Literal["temperature"] = "temperature"
    temperature: float = option(
        5.0, "τ: 1 draws in proportion to the sizes; the higher, the more evenly.", ge=1, le=1000
    )


class Uniform(MixingPart):
    """One dataset a step, each equally often, in random order.

    Use when every dataset should have as many updates as any other, however few rows it has.
    Costs one forward pass per step. Small datasets are repeated often, so watch them for overfitting.
    """

    label: ClassVar[str] = "Alternating, uniform"

    kind: Literal["uniform"] = "uniform"


class Annealed(MixingPart):
    """One dataset a step, p ∝ N^α for N rows; α falls from epoch to epoch (Stickland and Murray, 2019).

    Use when large datasets should shape the model at first, and all datasets count alike at last.
    Costs one forward pass per step.
    Limits: with one epoch there is nothing to anneal, so it draws in proportion to the sizes.
    """

    label: ClassVar[str] = "Alternating, annealed"

    kind: Literal["annealed"] = "annealed"
    fall: float = option(
        0.8, "In epoch e of E, α is 1 − fall · (e − 1) / (E − 1).", ge=0, le=1, advanced=True
    )


class Explicit(MixingPart):
    """One dataset a step, drawn with the probabilities that you give.

    Use when you know how often each dataset should be trained.
    Costs one forward pass per step.
    Limits: every dataset needs a number; without any number all are equally likely.
    """

    label: ClassVar[str] = "Alternating, own probabilities"

    kind: Literal["explicit"] = "explicit"
    probabilities: dict[str, Annotated[float, Field(ge=0.001, le=1000)]] = option(
        {},
        "How often each dataset is drawn; only their ratio counts. Give all or none; empty: none.",
    )

    def refusal(self, datasets: tuple[str, ...], batch_size: int) -> str | None:
        """Numbers must be those of the experiment's datasets, and none may be missing."""
        del batch_size
        names = ", ".join(datasets)
        for card in self.probabilities:
            if card not in datasets:
                return (
                    f"'{card}' is not among the datasets of this experiment ({names}); "
                    "correct mixing.probabilities"
                )
        missing = [card for card in datasets if card not in self.probabilities]
        if self.probabilities and missing:
            return f"mixing.probabilities has no number for '{missing[0]}'; give every dataset one"
        return None

    def renamed(self, cards: Mapping[str, str]) -> Self:
        """The same numbers under the datasets' other names."""
        found = {cards.get(card, card): value for card, value in self.probabilities.items()}
        return self.model_copy(update={"probabilities": found})


class RoundRobin(MixingPart):
    """One batch of each dataset in turn, always in the order in which the datasets are listed.

    Use when every dataset should be trained equally often and none should wait for long.
    Costs one forward pass per step. Small datasets are repeated within an epoch.
    """

    label: ClassVar[str] = "Alternating, in turn"

    kind: Literal["round_robin"] = "round_robin"


class MixedBatches(MixingPart):
    """Every step holds rows of all datasets, together as many as a batch has (Aghajanyan et al., 2021).

    Use when there are many datasets: each update hears all tasks, at the price of a single batch.
    Costs one forward pass per dataset and step, each of a part of a batch. A dataset has rows in
    proportion to its size, but at least one in every step, so tiny ones are repeated within an epoch.
    Limits: the batch size must not be less than the number of datasets.
    """

    label: ClassVar[str] = "Mixed batches"

    kind: Literal["mixed_batches"] = "mixed_batches"

    def refusal(self, datasets: tuple[str, ...], batch_size: int) -> str | None:
        """Every dataset needs a row in a batch."""
        del self
        if batch_size >= len(datasets):
            return None
        return (
            f"training.batch_size is {batch_size}, but a mixed batch holds rows of all "
            f"{len(datasets)} datasets; raise it to {len(datasets)} or more"
        )


class StopAndGo(MixingPart):
    """In turn, but tasks that have converged rest, and wake when forgotten (Lu et al., 2020, "12-in-1").

    Use when some tasks are learnt long before others and would overfit while those go on.
    Costs one forward pass per step, and less while tasks rest. A resting task still trains in some
    of its turns, so that it is not forgotten at once.
    Limits: who rests is decided at validations, so there must be several of them.
    """

    label: ClassVar[str] = "Stop and go"

    kind: Literal["stop_and_go"] = "stop_and_go"
    gap: int = option(4, "A resting task trains in every gap-th of its turns.", ge=2, le=1000)
    patience: int = option(
        2, "Validations over which a task must gain.", unit="validations", ge=1, le=100
    )
    converged: float = option(
        0.001,
        "A task rests if its best main score gained less than this share of itself.",
        gt=0,
        le=1,
        advanced=True,
    )
    forgotten: float = option(
        0.005,
        "A resting task wakes if its main score is below its best by more than this share of it.",
        gt=0,
        le=1,
        advanced=True,
    )

    def arguments(self) -> dict[str, Any]:
        """The plan of the turns has no options: who rests is decided while training."""
        return {}

    @property
    def rest(self) -> dict[str, Any]:
        """The options of `Resting`."""
        return {
            "gap": self.gap,
            "patience": self.patience,
            "converged": self.converged,
            "forgotten": self.forgotten,
        }


MixingChoice = Annotated[
    Joint
    | Proportional
    | Temperature
    | Uniform
    | Annealed
    | Explicit
    | RoundRobin
    | MixedBatches
    | StopAndGo,
    Field(discriminator="kind"),
]
MIXING_CHOICES: tuple[type[MixingPart], ...] = (
    Joint,
    Proportional,
    Temperature,
    Uniform,
    Annealed,
    Explicit,
    RoundRobin,
    MixedBatches,
    StopAndGo,
)

USUAL = Joint()
"""Where an experiment names none."""
