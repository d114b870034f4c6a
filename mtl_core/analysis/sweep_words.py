"""The answer of a sweep in words: for each task, did sharing help, and can we tell?"""

from collections.abc import Sequence
from dataclasses import dataclass

from .gains import CANNOT_TELL, HELPED, HURT, Spread, signed
from .sweep import Cell, verdict_on

DEPENDS = "it depends"
WAITING = "not known yet"
NOTHING_SHARED = "nothing is shared"
EQUAL = "equal weights"
_NAMED = 3  # choices that a sentence names

INTERVAL = "95\N{NO-BREAK SPACE}% interval"


@dataclass(frozen=True)
class Answer:
    """What may be said about one task. `notes`: what other balancing did against equal weights."""

    task: str
    verdict: str
    sentence: str
    notes: tuple[str, ...] = ()


def answers(found: Sequence[Cell], seeds: int) -> list[Answer]:
    """One answer per task; `seeds` are those that the sweep is to have."""
    tasks = dict.fromkeys(cell.task for cell in found)
    return [_answer(task, [c for c in found if c.task == task], seeds) for task in tasks]


def _answer(task: str, own: list[Cell], seeds: int) -> Answer:
    sharing = [c for c in own if c.shares and not c.entry.added]
    if not sharing:
        sentence = "No choice of this sweep shares anything, so there is nothing to judge."
        return Answer(task, NOTHING_SHARED, sentence)
    verdict, sentence = _judged([c for c in sharing if c.is_candidate])
    steered = ", ".join(c.choice for c in sharing if c.gain.steered)
    sentence += f" Steered by hand, so not judged: {steered}." if steered else ""
    counts = [c.gain.difference.count for c in sharing if c.gain.difference]
    if counts and max(counts) < seeds:
        sentence += f" So far {max(counts)} of {seeds} seeds."
    return Answer(task, verdict, sentence, tuple(_notes(own)))


def _judged(sharing: list[Cell]) -> tuple[str, str]:
    """The verdict and the sentence on the choices that share."""
    ranked = sorted((c for c in sharing if c.gain.difference), key=_mean, reverse=True)
    if not ranked:
        return WAITING, "Not known yet: no choice that shares has finished together with its twin."
    several = [c for c in ranked if c.corrected is not None]
    if not several:
        return CANNOT_TELL, (
            f"Cannot tell from one seed; train more. {_best(ranked)}{_numbers(ranked[0])}."
        )
    helped = [c for c in several if c.corrected == HELPED]
    hurt = [c for c in several if c.corrected == HURT][::-1]
    if helped and hurt:
        return (
            DEPENDS,
            f"It depends. Sharing helped with {_list(helped)}; it hurt with {_list(hurt)}.",
        )
    if helped:
        return HELPED, f"Yes, sharing helped{_corrected(helped)}: {_list(helped)}."
    if hurt:
        return HURT, f"No, sharing hurt{_corrected(hurt)}: {_list(hurt)}."
    return CANNOT_TELL, f"Cannot tell. {_best(several)}{_numbers(several[0])}.{_by_luck(several)}"


def _by_luck(several: list[Cell]) -> str:
    """What would hold for one comparison alone, and does not for all of them."""
    alone = [c for c in several if c.gain.verdict in {HELPED, HURT}]
    if not alone:
        return ""
    said = "; ".join(f"{c.choice} {c.gain.verdict}" for c in alone[:_NAMED])
    return f" Judged alone, {said}; among {alone[0].compared} choices that may be luck."


def _corrected(cells: list[Cell]) -> str:
    count = cells[0].compared
    return f" (corrected for {count} choices)" if count > 1 else ""


def _best(ranked: list[Cell]) -> str:
    return "The best choice is " if len(ranked) > 1 else ""


def _mean(cell: Cell) -> float:
    return cell.gain.difference.mean if cell.gain.difference else 0.0


def _list(cells: list[Cell]) -> str:
    more = f"; and {len(cells) - _NAMED} more" if len(cells) > _NAMED else ""
    return "; ".join(_numbers(cell) for cell in cells[:_NAMED]) + more


def _numbers(cell: Cell) -> str:
    found = cell.gain.difference
    return f"{cell.choice}, {_points(found, 'over its twin')}" if found else cell.choice


def _points(found: Spread, over: str) -> str:
    """A difference with its interval, in points."""
    points = f"{signed(found.mean)} points {over}"
    if found.low is None or found.high is None:
        return f"{points} (one seed)"
    interval = f"{INTERVAL} {signed(found.low)} to {signed(found.high)}"
    return f"{points} ({interval}, {found.count} seeds)"


def _notes(own: list[Cell]) -> list[str]:
    """What each choice that balances otherwise did against equal weights."""
    notes = []
    for cell in own:
        found = cell.against_equal
        if found and not cell.entry.added:
            named = "" if cell.reference == EQUAL else f"{cell.reference}, with "
            points = _points(found, f"over {named}{EQUAL}")
            notes.append(f"{cell.choice}: {verdict_on(found)}, {points}.")
    return notes
