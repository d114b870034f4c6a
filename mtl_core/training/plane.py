"""The playground's plane: two tasks, two shared numbers; what is asked and what comes back.

Torch-free, so that pages can use it. A landscape's formula is written once, for arrays and tensors
alike: `losses(numpy, x, y)` draws it, `losses(torch, x, y)` is descended.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, Self

from pydantic import Field, ValidationError, model_validator

from mtl_core.config import BalancingChoice
from mtl_core.config import balancing as methods
from mtl_core.config.faults import sentence_of
from mtl_core.config.parts import Part, option
from mtl_core.errors import ConfigError

TASKS = ("task 1", "task 2")
EPOCH = 20
"""Steps that count as an epoch, for methods that look at whole ones."""
MOST_STEPS = 500

Losses = Callable[[Any, Any, Any], tuple[Any, Any]]
"""(numpy or torch, x, y) -> both losses, of the shape of x and y."""


@dataclass(frozen=True)
class Landscape:
    """Two positive losses over a square of the plane.

    Args:
        formula: in LaTeX, lines apart.
        edge: the square reaches from -edge to edge both ways.
        rates: a learning rate that suits each optimiser.
        steps: enough to see where a path leads.
    """

    title: str
    about: str
    formula: str
    edge: float
    start: tuple[float, float]
    rates: dict[str, float]
    steps: int
    losses: Losses = field(repr=False)


def _bowls(xp: Any, x: Any, y: Any) -> tuple[Any, Any]:
    """Ellipses of very different steepness, and not side by side: the best points lie on a curve."""
    del xp
    first = 0.5 * (10 * (x + 1) ** 2 + 4 * (y + 0.5) ** 2) + 0.05
    second = 0.5 * (0.3 * (x - 1) ** 2 + (y - 0.5) ** 2) + 0.05
    return first, second


def _agreeing_bowls(xp: Any, x: Any, y: Any) -> tuple[Any, Any]:
    """Both lowest at 0: g_1 · g_2 = 0.3 (x² + y²)."""
    del xp
    return 0.5 * (x**2 + 0.3 * y**2) + 0.05, 0.5 * (0.3 * x**2 + y**2) + 0.05


def _valley(xp: Any, x: Any, y: Any) -> tuple[Any, Any]:
    """Liu et al., 2021 (CAGrad), the toy problem of the appendix, as in their published code."""
    upper, lower = xp.tanh(y / 2).clip(0), xp.tanh(-y / 2).clip(0)
    crease_1 = xp.log(xp.abs(0.5 * (-x - 7) + xp.tanh(y)).clip(5e-6)) + 6
    crease_2 = xp.log(xp.abs(0.5 * (-x + 3) - xp.tanh(y) + 2).clip(5e-6)) + 6
    bowl_1 = ((-x + 7) ** 2 + 0.1 * (-y - 8) ** 2) / 10 - 20
    bowl_2 = ((-x - 7) ** 2 + 0.1 * (-y - 8) ** 2) / 10 - 20
    first = upper * crease_1 + lower * bowl_1 + RAISED
    second = upper * crease_2 + lower * bowl_2 + RAISED
    return first, second


RAISED = 21
"""Added to both losses of the valley: methods that take logarithms want positive ones."""

LANDSCAPES: dict[str, Landscape] = {
    "steep": Landscape(
        "Steep and flat",
        "Task 1 is steep, task 2 is flat. The sum of the losses hardly hears task 2; methods that "
        "do not care about the size of a loss find a point between the two.",
        r"L_1 = \tfrac12\big(10\,(x+1)^2 + 4\,(y+\tfrac12)^2\big) + 0.05 \\ "
        r"L_2 = \tfrac12\big(0.3\,(x-1)^2 + (y-\tfrac12)^2\big) + 0.05",
        2.0,
        (-0.5, -1.8),
        {"sgd": 0.05, "adamw": 0.05},
        200,
        _bowls,
    ),
    "valley": Landscape(
        "Creases and a valley",
        "The toy problem of Liu et al. (2021). In the upper half each loss has a narrow crease: "
        "there the sum of the gradients leads to and fro, and hardly on. 21 is added to both "
        "losses, so that they are positive.",
        r"L_i = c_1 f_i + c_2\, h_i + 21,\quad "
        r"c_1 = \max\big(\tanh \tfrac y2, 0\big),\ c_2 = \max\big(\tanh \tfrac{-y}2, 0\big) \\ "
        r"f_1 = 6 + \log \big|\tfrac12(-x - 7) + \tanh y\big|,\quad "
        r"f_2 = 6 + \log \big|\tfrac12(-x + 3) - \tanh y + 2\big| \\ "
        r"h_1 = \tfrac1{10}\big((x - 7)^2 + \tfrac1{10}(y + 8)^2\big) - 20,\quad "
        r"h_2 = \tfrac1{10}\big((x + 7)^2 + \tfrac1{10}(y + 8)^2\big) - 20",
        10.0,
        (-8.5, 7.5),
        {"sgd": 0.1, "adamw": 0.1},
        300,
        _valley,
    ),
    "agree": Landscape(
        "In agreement",
        "Both losses are lowest at the same point, and nowhere do the gradients conflict. Here "
        "there is little to be balanced.",
        r"L_1 = \tfrac12\big(x^2 + 0.3\,y^2\big) + 0.05 \\ "
        r"L_2 = \tfrac12\big(0.3\,x^2 + y^2\big) + 0.05",
        2.0,
        (1.5, -1.7),
        {"sgd": 0.05, "adamw": 0.05},
        100,
        _agreeing_bowls,
    ),
}


class Setting(Part):
    """One walk over the plane: where from, how, and under which balancing."""

    landscape: str = option("steep", "The two losses.")
    x: float = option(0.0, "Where the walk starts, from left to right.", ge=-100, le=100)
    y: float = option(0.0, "Where the walk starts, upwards.", ge=-100, le=100)
    balancing: BalancingChoice = Field(
        default=methods.USUAL, description="How the two losses become one step."
    )
    optimiser: Literal["sgd", "adamw"] = option(
        "sgd",
        "sgd steps along the direction itself; adamw, which trains the models, scales each "
        "coordinate by itself.",
    )
    learning_rate: float | None = option(None, "Step size; empty: suitable.", gt=0, le=10)
    steps: int | None = option(None, "Number of steps; empty: enough.", ge=1, le=MOST_STEPS)
    seed: int = option(0, "For methods that draw by chance.", ge=0, le=2**31 - 1)

    @model_validator(mode="after")
    def _names_exist(self) -> Self:
        if self.landscape not in LANDSCAPES:
            allowed = ", ".join(LANDSCAPES)
            raise ValueError(f"there is no landscape '{self.landscape}'; allowed: {allowed}")
        unknown = [task for task in self.balancing.named_tasks() if task not in TASKS]
        if unknown:
            raise ValueError(f"there is no task '{unknown[0]}'; allowed: {', '.join(TASKS)}")
        return self

    @classmethod
    def parse(cls, tree: dict[str, Any]) -> "Setting":
        """Validate plain data. Raises ConfigError in one sentence."""
        try:
            return cls.model_validate(tree)
        except ValidationError as err:
            raise ConfigError(f"the playground: {sentence_of(err, cls)}") from err

    @property
    def ground(self) -> Landscape:
        """The landscape itself."""
        return LANDSCAPES[self.landscape]

    @property
    def rate(self) -> float:
        """The learning rate: the one given, or what suits the landscape."""
        return self.learning_rate or self.ground.rates[self.optimiser]

    @property
    def count(self) -> int:
        """The number of steps: as given, or enough for the landscape."""
        return self.steps or self.ground.steps

    @property
    def plain(self) -> "Setting":
        """The same walk under equal weights."""
        return self.model_copy(update={"balancing": methods.USUAL, "seed": 0})


@dataclass(frozen=True)
class Walk:
    """A path over the plane. One entry a step, and one more of what is there at the end.

    `points` (step + 1, 2), `losses` (step + 1, task) and `gradients` (step + 1, task, 2) are those
    at the points; `directions` (step, 2) are what the method gave the optimiser, `weights`
    (step, task) what it says each task received. `ended` says why it is shorter than was asked.
    """

    points: list[list[float]]
    losses: list[list[float]]
    gradients: list[list[list[float]]]
    directions: list[list[float]]
    weights: list[list[float]]
    ended: str = ""

    @property
    def steps(self) -> int:
        """How many were made."""
        return len(self.directions)

    def to_tree(self) -> dict[str, Any]:
        """As plain data for JSON."""
        return asdict(self)
