"""Learning curves of a run, read on as it trains: each call parses only the new lines.

Between the store (events) and the screens (lines in a chart). It knows nothing of drawing.
"""

from array import array
from bisect import bisect_left
from collections import defaultdict
from dataclasses import dataclass, field
from threading import Lock

from mtl_core.config import EVERY_TASK
from mtl_core.runs.store import EventTail, Run
from mtl_core.training.events import Evaluated, Event, Finished, Looked, Started, Step, Watched

from .conflicts import Conflicts
from .insights import Record, Records
from .marks import Happenings, Mark

__all__ = [
    "ANGLE",
    "BEST",
    "EFFECTIVE_RATE",
    "LENGTH",
    "PENALTIES",
    "WEIGHTED_LOSS",
    "Curves",
    "Mark",
    "Series",
]

PENALTIES = f"{EVERY_TASK}/penalty/"
"""How the keys of penalties begin. They belong to no task, and "penalty" is no split."""
ANGLE = f"{EVERY_TASK}/train/angle"
LENGTH = f"{EVERY_TASK}/train/length"
EFFECTIVE_RATE = f"{EVERY_TASK}/train/effective_rate"
WEIGHTED_LOSS = f"{EVERY_TASK}/train/weighted_loss"
"""The keys of what a look at the gradients tells of the step as a whole; see `Watched`."""
BEST = "best checkpoint"


@dataclass
class Series:
    """Values over steps; steps rise, each occurs once. Compact, so 100,000 points are cheap."""

    steps: "array[int]" = field(default_factory=lambda: array("q"))
    values: "array[float]" = field(default_factory=lambda: array("d"))

    def __len__(self) -> int:
        return len(self.steps)

    def put(self, step: int, value: float) -> None:
        """Add a value, or replace the step's earlier one: the last value of a step holds."""
        if not self.steps or step > self.steps[-1]:
            self.steps.append(step)
            self.values.append(value)
            return
        place = bisect_left(self.steps, step)
        if self.steps[place] == step:
            self.values[place] = value
        else:
            self.steps.insert(place, step)
            self.values.insert(place, value)

    def copy(self) -> "Series":
        """The values as they are now."""
        return Series(array("q", self.steps), array("d", self.values))


class Curves:
    """The curves of one run. Several viewers may share one: reading takes turns."""

    def __init__(self, run: Run) -> None:
        self._tail = EventTail(run)
        self._turn = Lock()
        self._series: dict[str, Series] = defaultdict(Series)
        self._happened = Happenings()
        self._best_step = 0
        self._seen = Records()
        self._conflicts = Conflicts()
        self.learning_rate = Series()
        self.tasks: tuple[str, ...] = ()
        self.parameters = 0
        self.shared_parameters = 0

    def read(self) -> bool:
        """Read on; says whether there was anything new."""
        with self._turn:
            events = self._tail.read()
            for event in events:
                self._take(event)
        return bool(events)

    @property
    def keys(self) -> tuple[str, ...]:
        """Names of the series: `task/train/loss`, also `weight` and `gradient`,
        `task/validation/f1`, `all/train/angle`, `all/penalty/...`, ..."""
        with self._turn:
            return tuple(self._series)

    @property
    def penalties(self) -> tuple[str, ...]:
        """Names of what is minimised beside the losses; their keys begin with `PENALTIES`."""
        start = len(PENALTIES)
        return tuple(key[start:] for key in self.keys if key.startswith(PENALTIES))

    @property
    def insights(self) -> dict[str, Record]:
        """What could be seen into the model so far, by name, with all that it was before."""
        with self._turn:
            return self._seen.copies()

    @property
    def conflicts(self) -> Conflicts:
        """What the looks at the tasks' gradients have told so far."""
        with self._turn:
            return self._conflicts.copy()

    def series(self, key: str) -> Series:
        """The series as it is now; empty where nothing came yet."""
        with self._turn:
            return self._series[key].copy() if key in self._series else Series()

    @property
    def marks(self) -> list[Mark]:
        """What happened, by step; the best checkpoint is marked once, where it is now."""
        with self._turn:
            best = [Mark(self._best_step, BEST)] if self._best_step else []
            return sorted([*self._happened.marks(), *best], key=lambda mark: mark.step)

    def _take(self, event: Event) -> None:
        if isinstance(event, Step):
            self._take_step(event)
            return
        self._happened.take(event)
        if isinstance(event, Watched):
            self._take_look(event)
        elif isinstance(event, Evaluated):
            for key, value in event.metrics.items():
                self._series[key].put(event.step, value)
            self._best_step = event.step if event.best else self._best_step
        elif isinstance(event, Looked):
            self._seen.take(event.step, event.insights)
        elif isinstance(event, Started):
            self.tasks = event.tasks
            self.parameters = event.parameters
            self.shared_parameters = event.shared_parameters
        elif isinstance(event, Finished):
            self._best_step = event.best_step or self._best_step

    def _take_step(self, event: Step) -> None:
        for task, loss in event.losses.items():
            self._series[f"{task}/train/loss"].put(event.step, loss)
        for task, weight in event.weights.items():
            self._series[f"{task}/train/weight"].put(event.step, weight)
        for name, value in event.penalties.items():
            self._series[f"{PENALTIES}{name}"].put(event.step, value)
        self.learning_rate.put(event.step, event.learning_rate)

    def _take_look(self, event: Watched) -> None:
        """What is not known, like the angle of a gradient of zero, has no point."""
        self._conflicts.put(event)
        for task, norm in event.norms.items():
            self._series[f"{task}/train/gradient"].put(event.step, norm)
        whole = {
            ANGLE: event.angle,
            LENGTH: event.length,
            EFFECTIVE_RATE: event.effective_rate,
            WEIGHTED_LOSS: event.loss,
        }
        for key, value in whole.items():
            if value is not None:
                self._series[key].put(event.step, value)
