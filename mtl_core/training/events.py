"""What happened in a run: frozen records, one JSON line each. Torch-free, so readers stay light.

Numbers are keyed `task/split/metric`; `all/...` stands for all tasks of a sentence together.
A resumed run sends the steps after its checkpoint again: for each key the last value of a step holds.
"""

import json
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar, get_args


@dataclass(frozen=True)
class Started:
    """Training begins, or goes on after `step` steps."""

    kind: ClassVar[str] = "started"
    step: int
    steps: int
    tasks: tuple[str, ...]
    device: str
    parameters: int
    shared_parameters: int
    time: float


@dataclass(frozen=True)
class Step:
    """One update: the loss of each task that had labels in it, before weighting, and its weight."""

    kind: ClassVar[str] = "step"
    step: int
    losses: dict[str, float]
    weights: dict[str, float]
    learning_rate: float
    seconds: float
    """Training time so far, in seconds, without pauses."""
    penalties: dict[str, float] = field(default_factory=dict)
    """What is minimised beside the losses, by name."""


@dataclass(frozen=True)
class Watched:
    """A look at the tasks' gradients in an update, over what they share.

    `cosines` holds a matrix (task, task) for each place: "all", then "embedding", "block 1", ...;
    None where a task has no gradient. `norms` are over all places. `angle` is that between the step
    and the plain sum of the gradients, in degrees, `length` how many times as long the step is;
    `effective_rate` is the learning rate times that. `loss` is the weighted sum of the losses.
    """

    kind: ClassVar[str] = "watched"
    step: int
    tasks: tuple[str, ...]
    norms: dict[str, float]
    cosines: dict[str, list[list[float | None]]]
    angle: float | None
    length: float | None
    loss: float
    effective_rate: float | None


@dataclass(frozen=True)
class Steered:
    """From the update after `step` on, the user has other weights or another learning rate.

    `factors` multiply the losses of tasks, 1 where one is not named; `rate` the learning rate.
    """

    kind: ClassVar[str] = "steered"
    step: int
    factors: dict[str, float]
    rate: float
    time: float


@dataclass(frozen=True)
class Evaluated:
    """Scores of one split after `step` steps; `best` says that this is the best so far.

    `stopped` are tasks that have had enough, `resting` those that rest until they are forgotten.
    """

    kind: ClassVar[str] = "evaluated"
    step: int
    split: str
    metrics: dict[str, float]
    best: bool
    seconds: float
    stopped: tuple[str, ...] = ()
    resting: tuple[str, ...] = ()


@dataclass(frozen=True)
class Looked:
    """What could be seen into the model after `step` steps: insights as plain data."""

    kind: ClassVar[str] = "looked"
    step: int
    insights: list[dict[str, Any]]


@dataclass(frozen=True)
class Detailed:
    """How a task was answered on one split by the best checkpoint, that of `step`: told at the end.

    `details` holds some of: `classes`, the columns of a table with a row a class; `confusion`, with
    counts by right and by answered label; `points`, pairs of right and answered value.
    """

    kind: ClassVar[str] = "detailed"
    step: int
    task: str
    split: str
    details: dict[str, Any]


@dataclass(frozen=True)
class Checkpointed:
    """The state after `step` steps is on the disk; a resumed run goes on from here."""

    kind: ClassVar[str] = "checkpointed"
    step: int


@dataclass(frozen=True)
class Asked:
    """The user asked something of the live run: pause, resume, stop or evaluate."""

    kind: ClassVar[str] = "asked"
    step: int
    ask: str
    time: float


@dataclass(frozen=True)
class Finished:
    """Training ended by itself; `metrics` are the best checkpoint's, test scores included.

    `own_steps` are the steps of each task's own best validation.
    """

    kind: ClassVar[str] = "finished"
    step: int
    best_step: int
    metrics: dict[str, float]
    seconds: float
    early: bool = False
    own_steps: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Failed:
    """Training cannot go on; `reason` is a sentence for the user."""

    kind: ClassVar[str] = "failed"
    step: int
    reason: str
    details: str = field(default="")


Event = (
    Started
    | Step
    | Watched
    | Steered
    | Evaluated
    | Looked
    | Detailed
    | Checkpointed
    | Asked
    | Finished
    | Failed
)
_KINDS: dict[str, type[Any]] = {cls.kind: cls for cls in get_args(Event)}
_TUPLES = {"tasks", "stopped", "resting"}


def to_line(event: Event) -> str:
    """One line of JSON, newline included."""
    return json.dumps({"kind": event.kind, **asdict(event)}, ensure_ascii=False) + "\n"


def from_line(line: str) -> Event:
    """The event of a line that `to_line` wrote. Unknown keys are ignored: a newer version's."""
    tree = json.loads(line)
    cls = _KINDS[tree.pop("kind")]
    known = {name: tree[name] for name in cls.__dataclass_fields__ if name in tree}
    for name in _TUPLES & known.keys():
        known[name] = tuple(known[name])
    event: Event = cls(**known)
    return event
