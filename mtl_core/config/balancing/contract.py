"""What every balancing method's config promises, besides its options.

A method turns the losses of the tasks that meet in a step into one direction. One scale for all:
where tasks agree, are alike and have losses of 1, every method gives each of them the weight 1, so
that the learning rate means the same whichever is chosen. With other losses that is not so for those
that take logarithms of them without a mean (Log, DB-MTL). `published` says what the paper does instead.
"""

from importlib.util import find_spec
from typing import ClassVar, Literal

from mtl_core.config.parts import Part, option

Scale = Literal["tasks", "published"]


class BalancingPart(Part):
    """A balancing method's options, and what is known of the method."""

    formula: ClassVar[str] = ""
    """What is minimised, or the direction of the step, in LaTeX; w are the weights."""
    paper: ClassVar[str] = ""
    """Authors, title, venue and year."""
    backward_passes: ClassVar[str] = "1"
    """For each step, as a function of the T tasks that meet in it."""
    published_weights: ClassVar[str] = "1 each"
    """The scale of the weights in the paper."""
    is_special: ClassVar[bool] = True
    """Whether it claims to find better weights than one would set by hand."""
    ignores_scale: ClassVar[bool] = False
    """Whether a loss that is multiplied by a constant changes nothing but the step's length."""
    packages: ClassVar[tuple[str, ...]] = ()
    """Python packages that it needs and that are installed only on demand."""

    @classmethod
    def missing(cls) -> tuple[str, ...]:
        """Those of its packages that are not installed."""
        return tuple(name for name in cls.packages if find_spec(name) is None)

    @classmethod
    def how_to_install(cls) -> str:
        """What to do where packages are missing, "" where none is."""
        lacking = cls.missing()
        if not lacking:
            return ""
        return f"needs {' and '.join(lacking)}; install with: pip install {' '.join(lacking)}"

    def fixed_weights(self, tasks: tuple[str, ...]) -> dict[str, float] | None:
        """The tasks' weights where they are known beforehand; None where training decides them."""
        del tasks
        return None

    @property
    def reads_representation(self) -> bool:
        """Whether gradients are taken at the representation that all tasks read."""
        return False

    def refusal(self, tasks: tuple[str, ...], one_representation: bool) -> str | None:
        """Why it cannot be combined with the rest of the experiment, with the cure; None if it can."""
        if self.reads_representation and not one_representation and len(tasks) > 1:
            return (
                "balancing.gradients is representation, but with this sharing strategy the tasks "
                "read different ones; set it to parameters"
            )
        return None


def scale_option() -> Scale:
    """How long a step is: comparable between methods, or as in the paper."""
    found: Scale = option(
        "tasks",
        "Length of the weights: tasks, so that tasks that agree get the weight 1 each, as with "
        "equal weights; published, as the paper has it.",
        advanced=True,
    )
    return found


def smoothing_option() -> float:
    """CR-MOGM, around any weighting."""
    found: float = option(
        0.0,
        "Share of the previous step's weights that is kept (CR-MOGM, Zhou et al., 2022, uses 0.9); "
        "0 for none. Calms noisy weights.",
        ge=0,
        lt=1,
        advanced=True,
    )
    return found
