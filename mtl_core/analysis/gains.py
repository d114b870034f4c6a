"""What multi-task training brought each task, against its matched single-task twin.

The house's promise lives here: no result without its twin, and no winner from one seed.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import fmean, stdev

import pandas as pd
from scipy.special import stdtrit

from mtl_core.runs.store import State

from .results import MULTI, TWIN, Result

CONFIDENCE = 0.95

NO_TWIN = "no single-task twin: train one before you judge"
NOT_FINISHED = "the multi-task run or its twin has not finished"
ONE_SEED = "one seed: cannot tell; train more seeds"
STEERED = "steered by hand: not a fair comparison"
HELPED, HURT, CANNOT_TELL = "helped", "hurt", "cannot tell"


@dataclass(frozen=True)
class Spread:
    """Mean of some values; from two values on also their spread and the mean's 95 % interval."""

    count: int
    mean: float
    deviation: float | None = None
    low: float | None = None
    high: float | None = None


def spread(values: Sequence[float]) -> Spread | None:
    """Mean, sample standard deviation and Student's t interval; None without values."""
    count = len(values)
    if not count:
        return None
    mean = fmean(values)
    if count == 1:
        return Spread(1, mean)
    deviation = stdev(values)
    half = float(stdtrit(count - 1, (1 + CONFIDENCE) / 2)) * deviation / sqrt(count)
    return Spread(count, mean, deviation, mean - half, mean + half)


@dataclass(frozen=True)
class Gain:
    """One task of one setting: its scores, its twins' scores, and their paired difference.

    `difference` counts only seeds for which both have finished.
    """

    setting: str
    task: str
    metric: str
    split: str
    multi: Spread | None
    twin: Spread | None
    difference: Spread | None
    has_twin: bool
    steered: bool = False
    """Whether a run that counts here was steered by hand while it trained."""

    @property
    def verdict(self) -> str:
        """What may be said. A winner needs two paired seeds and an interval that excludes 0."""
        if not self.has_twin:
            return NO_TWIN
        if self.difference is None:
            return NOT_FINISHED
        if self.steered:
            return STEERED
        low, high = self.difference.low, self.difference.high
        if low is None or high is None:
            return ONE_SEED
        if low > 0:
            return HELPED
        return HURT if high < 0 else CANNOT_TELL

    @property
    def sentence(self) -> str:
        """The verdict with its numbers, in points (hundredths of the score)."""
        found = self.difference
        if found is None or not self.has_twin:
            return self.verdict
        points = f"{signed(found.mean)} points over its twin"
        if found.low is None or found.high is None or self.steered:
            return f"{points}; {self.verdict}"
        interval = f"95\N{NO-BREAK SPACE}% interval {signed(found.low)} to {signed(found.high)}"
        return f"{self.verdict}: {points} ({interval}, {found.count} seeds)"


def signed(share: float) -> str:
    """A difference of two scores in points, with its sign: 0.0123 is "+1.2"."""
    return f"{100 * share:+.1f}".replace("-", "\N{MINUS SIGN}")


def gains(results: Iterable[Result], split: str) -> list[Gain]:
    """The gain of every task of every multi-task setting, over the seeds that were trained."""
    everyone = list(results)
    if not any(_may_have(result, split) for result in everyone):
        return []  # the data has no such split
    settings: dict[str, list[Result]] = {}
    for result in everyone:
        if result.role == MULTI:
            settings.setdefault(result.setting, []).append(result)
    labels = setting_labels(settings)
    return [
        gain_of(labels[setting], task, split, multis, everyone)
        for setting, multis in settings.items()
        for task in multis[0].experiment.tasks
    ]


def _may_have(result: Result, split: str) -> bool:
    if result.state is not State.FINISHED:
        return True
    return any(key.split("/")[1] == split for key in result.metrics)


def setting_labels(settings: dict[str, list[Result]]) -> dict[str, str]:
    """A name for each setting: its newest run's, with a number where two would be called alike."""
    names = {setting: max(found, key=lambda r: r.run).name for setting, found in settings.items()}
    counts: dict[str, int] = {}
    labels = {}
    for setting, name in names.items():
        counts[name] = counts.get(name, 0) + 1
        labels[setting] = f"{name} ({counts[name]})" if counts[name] > 1 else name
    return labels


def twins_of(multi: Result, task: str, candidates: Iterable[Result]) -> list[Result]:
    """The matched single-task runs: alike in everything but what makes them single."""
    return [other for other in candidates if other.role == TWIN and _matches(multi, task, other)]


def _matches(multi: Result, task: str, other: Result) -> bool:
    if other.experiment.only != task or other.seed != multi.seed:
        return False  # the quick way out: a sweep has many runs
    return multi.experiment.twin(task).unnamed == other.experiment.unnamed


def gain_of(
    setting: str, task: str, split: str, multis: list[Result], everyone: list[Result]
) -> Gain:
    """What a setting's runs gained over their twins among `everyone`.

    Seeds that were trained twice count once, with their newest pair.
    """
    own: dict[int, float] = {}
    alone: dict[int, float] = {}
    pairs: dict[int, float] = {}
    steered: dict[int, bool] = {}
    has_twin = False
    for multi in sorted(multis, key=lambda r: r.run):
        twins = twins_of(multi, task, everyone)
        has_twin = has_twin or bool(twins)
        score = multi.score(task, split)
        scored = [
            (s, twin.steered)
            for twin in _oldest_first(twins)
            if (s := twin.score(task, split)) is not None
        ]
        if score is not None:
            own[multi.seed] = score
        if scored:
            alone[multi.seed] = scored[-1][0]
        if score is not None and scored:
            pairs[multi.seed] = score - scored[-1][0]
            steered[multi.seed] = multi.steered or scored[-1][1]
    metric = next((m.main[task] for m in multis if task in m.main), "")
    one, two, both = (spread(list(values.values())) for values in (own, alone, pairs))
    is_steered = any(steered.values())
    return Gain(setting, task, metric, split, one, two, both, has_twin, is_steered)


def _oldest_first(results: list[Result]) -> list[Result]:
    return sorted(results, key=lambda r: r.run)


def gains_table(found: Iterable[Gain]) -> pd.DataFrame:
    """Gains as a table, differences in points, for people and for export."""
    rows = []
    for gain in found:
        multi, twin, by = gain.multi, gain.twin, gain.difference
        rows.append(
            {
                "setting": gain.setting,
                "task": gain.task,
                "split": gain.split,
                "metric": gain.metric,
                "multi-task": multi.mean if multi else None,
                "multi-task sd": multi.deviation if multi else None,
                "twin": twin.mean if twin else None,
                "twin sd": twin.deviation if twin else None,
                "gain (points)": 100 * by.mean if by else None,
                "low": 100 * by.low if by and by.low is not None else None,
                "high": 100 * by.high if by and by.high is not None else None,
                "seeds": by.count if by else 0,
                "steered": gain.steered,
                "verdict": gain.verdict,
            }
        )
    return pd.DataFrame(rows)
