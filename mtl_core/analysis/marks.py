"""What happened while a run trained, as marks on its curves: pauses, steering, tasks that rest."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from mtl_core.training.events import Asked, Evaluated, Event, Started, Steered

MOVEMENT_SECONDS = 1.0
"""Changes that follow each other so soon are one movement of a slider, and one mark."""
MOST_NAMED = 3  # changes that one mark names
EVALUATE = "evaluate"
BY_HAND = "evaluated by hand"
NO_LONGER = "no longer steered"
_NO_TASK = "/"  # no task's name begins with it
_ASKED = {"pause": "paused", "resume": "resumed", "stop": "stopped"}


@dataclass(frozen=True)
class Mark:
    """Something that happened at a step, in a few words: "resumed", "mood ×2", "best checkpoint"."""

    step: int
    label: str


class Happenings:
    """Takes events in the order in which they were written; a resumed run writes some again."""

    def __init__(self) -> None:
        self._said: dict[tuple[int, str], Mark] = {}
        self._steered: dict[int, Steered] = {}
        self._judged: dict[int, Evaluated] = {}
        self._wants_evaluation = False

    def take(self, event: Event) -> None:
        """Take down what deserves a mark."""
        if isinstance(event, Steered):
            self._steered[event.step] = event
        elif isinstance(event, Evaluated):
            self._judged[event.step] = event
            if self._wants_evaluation:
                self._say(event.step, BY_HAND)
            self._wants_evaluation = False
        elif isinstance(event, Asked):
            self._wants_evaluation = event.ask == EVALUATE
            if not self._wants_evaluation:
                self._say(event.step, _ASKED.get(event.ask, event.ask))
        elif isinstance(event, Started) and event.step:
            self._say(event.step, "resumed")

    def marks(self) -> list[Mark]:
        """All marks, those of one kind by step."""
        steered = [self._steered[step] for step in sorted(self._steered)]
        judged = [self._judged[step] for step in sorted(self._judged)]
        return [*self._said.values(), *_steering(steered), *_resting(judged)]

    def _say(self, step: int, label: str) -> None:
        self._said[step, label] = Mark(step, label)


def _steering(events: Iterable[Steered]) -> list[Mark]:
    """A mark for each movement of the sliders, with what it changed in the end."""
    marks: dict[int, Mark] = {}
    before = last = Steered(0, {}, 1.0, 0.0)
    begun = 0
    for event in events:
        if 0 <= event.time - last.time < MOVEMENT_SECONDS:
            marks.pop(begun, None)
        else:
            before = last
        last, begun = event, event.step
        label = _changed(before, event)
        if label:
            marks[begun] = Mark(begun, label)
    return list(marks.values())


def _changed(before: Steered, now: Steered) -> str:
    """What the user wishes now and did not before: "mood ×2, learning rate ×0.5"."""
    one, other = _wishes(before), _wishes(now)
    parts = [
        f"{name.removeprefix(_NO_TASK)} ×{other.get(name, 1.0):.3g}"
        for name in {**one, **other}
        if one.get(name, 1.0) != other.get(name, 1.0)
    ]
    if parts and not other:
        return NO_LONGER
    more = f" and {len(parts) - MOST_NAMED} more" if len(parts) > MOST_NAMED else ""
    return ", ".join(parts[:MOST_NAMED]) + more


def _wishes(event: Steered) -> Mapping[str, float]:
    """All that is not 1."""
    found = {**event.factors, f"{_NO_TASK}learning rate": event.rate}
    return {name: factor for name, factor in found.items() if factor != 1.0}


def _resting(events: Iterable[Evaluated]) -> list[Mark]:
    """Where a task stops for good, rests, or wakes because it was forgotten."""
    marks = []
    stopped: frozenset[str] = frozenset()
    resting: frozenset[str] = frozenset()
    for event in events:
        now, asleep = frozenset(event.stopped), frozenset(event.resting)
        changes = {
            "has had enough": now - stopped,
            "rests": asleep - resting - now,
            "wakes": resting - asleep - now,
        }
        stopped, resting = now, asleep
        for word, tasks in changes.items():
            marks += [Mark(event.step, f"{task} {word}") for task in sorted(tasks)]
    return marks
