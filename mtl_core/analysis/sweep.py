"""What a sweep found: each choice and task over the seeds, against the twins and equal weights.

All differences are paired by seed, all intervals are 95 % t intervals of one comparison each.
Where several choices are compared with the twin, Holm's step-down correction says which verdicts
stand once all of them are allowed for (Holm 1979, "A simple sequentially rejective multiple test
procedure"). Pure functions on results; the words of the answer are in sweep_words.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import sqrt

from scipy.special import stdtr

from mtl_core.config.sharing import ALONE
from mtl_core.config.sweep import Entry

from .gains import CANNOT_TELL, CONFIDENCE, HELPED, HURT, Gain, Spread, gain_of, spread
from .results import TWIN, Result


@dataclass(frozen=True)
class Cell:
    """One task of one choice.

    `against_equal` is the paired difference to `reference`, the choice with equal weights that differs
    in nothing else; `corrected` the verdict against the twin that stands after Holm's correction
    among `compared` choices, None where the choice was not judged with others.
    """

    entry: Entry
    gain: Gain
    reference: str | None = None
    against_equal: Spread | None = None
    compared: int = 0
    corrected: str | None = None

    @property
    def choice(self) -> str:
        return self.entry.name

    @property
    def task(self) -> str:
        return self.gain.task

    @property
    def shares(self) -> bool:
        """Whether the tasks have anything in common, unlike in their twins."""
        return type(self.entry.experiment.sharing) is not type(ALONE)

    @property
    def is_candidate(self) -> bool:
        """Whether it may be what helps: it shares and was asked for, and nobody steered it.

        Baselines that the sweep added are references; they are not tried in order to win.
        """
        return self.shares and not self.entry.added and not self.gain.steered

    @property
    def p_value(self) -> float | None:
        """Of the paired t test against the twin, two-sided."""
        return None if self.gain.difference is None else p_value(self.gain.difference)


def cells(entries: Sequence[Entry], results: Sequence[Result], split: str) -> list[Cell]:
    """Every task of every choice, with its differences, verdict and corrected verdict."""
    by_choice = {e.name: _runs_of(e.name, results) for e in entries}
    twins = [result for result in results if result.role == TWIN]
    found = []
    for entry in entries:
        reference = next((e for e in entries if _is_equal_of(e, entry)), None)
        for task in entry.experiment.tasks:
            gain = gain_of(entry.name, task, split, by_choice[entry.name], twins)
            cell = Cell(entry, gain)
            if reference:
                paired = _paired(by_choice[entry.name], by_choice[reference.name], task, split)
                cell = replace(cell, reference=reference.name, against_equal=paired)
            found.append(cell)
    return _corrected(found)


def _runs_of(choice: str, results: Sequence[Result]) -> list[Result]:
    """The runs of a choice, oldest first."""
    own = [r for r in results if r.experiment.choice == choice and r.role != TWIN]
    return sorted(own, key=lambda r: r.run)


def _is_equal_of(reference: Entry, entry: Entry) -> bool:
    return (
        reference.is_equal and reference.identity != entry.identity
    ) and reference.surroundings == entry.surroundings


def _paired(own: Sequence[Result], other: Sequence[Result], task: str, split: str) -> Spread | None:
    """The difference over the seeds for which both have finished, neither steered by hand."""
    left, right = _by_seed(own, task, split), _by_seed(other, task, split)
    return spread([left[seed] - right[seed] for seed in left if seed in right])


def _by_seed(results: Sequence[Result], task: str, split: str) -> dict[int, float]:
    scored = ((r.seed, r.score(task, split)) for r in results if not r.steered)
    return {seed: score for seed, score in scored if score is not None}


def p_value(difference: Spread) -> float | None:
    """Two-sided p of the t test that the mean difference is 0; None from one seed."""
    if difference.deviation is None:
        return None
    if difference.deviation == 0.0:
        return float(difference.mean == 0.0)
    t = difference.mean / (difference.deviation / sqrt(difference.count))
    return float(2 * stdtr(difference.count - 1, -abs(t)))


def holm(values: Sequence[float]) -> list[float]:
    """The p values adjusted for their number, in the same order."""
    order = sorted(range(len(values)), key=values.__getitem__)
    adjusted = [0.0] * len(values)
    highest = 0.0
    for rank, place in enumerate(order):
        highest = max(highest, min(1.0, (len(values) - rank) * values[place]))
        adjusted[place] = highest
    return adjusted


def _corrected(found: list[Cell]) -> list[Cell]:
    """Judged together: one task under all choices that are candidates."""
    judged = [c for c in found if c.is_candidate and c.p_value is not None]
    corrected: dict[tuple[str, str], tuple[int, str | None]] = {}
    for task in {c.task for c in judged}:
        family = [c for c in judged if c.task == task]
        adjusted = holm([c.p_value or 0.0 for c in family])
        for cell, p in zip(family, adjusted, strict=True):
            verdict = cell.gain.verdict if p < 1 - CONFIDENCE else CANNOT_TELL
            corrected[cell.choice, task] = (len(family), verdict)
    made = []
    for cell in found:
        count, stands = corrected.get((cell.choice, cell.task), (0, None))
        made.append(replace(cell, compared=count, corrected=stands))
    return made


def verdict_on(difference: Spread | None) -> str:
    """Helped, hurt or cannot tell, by whether the interval excludes 0; "" without a difference."""
    if difference is None:
        return ""
    if difference.low is None or difference.high is None:
        return CANNOT_TELL
    return HELPED if difference.low > 0 else HURT if difference.high < 0 else CANNOT_TELL


def split_of(results: Sequence[Result]) -> str:
    """Where to compare: on test data, or on validation data as long as there are no test scores."""
    tested = any(key.split("/")[1] == "test" for r in results for key in r.metrics)
    return "test" if tested else "validation"
