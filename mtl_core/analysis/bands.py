"""Curves of several seeds become one: the mean at each step, and the band of their deviation."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

from .curves import Series
from .gains import setting_labels
from .results import MULTI, TWIN, Result


@dataclass(frozen=True)
class Band:
    """Mean and sample standard deviation over `seeds` runs; the deviation is 0 for one run."""

    steps: list[int]
    mean: list[float]
    deviation: list[float]
    seeds: int


def band_of(curves: Sequence[Series]) -> Band:
    """One band from one curve per seed; a step counts where at least two have it, if several do."""
    points: dict[int, list[float]] = defaultdict(list)
    for curve in curves:
        for step, value in zip(curve.steps, curve.values, strict=True):
            points[step].append(value)
    needed = min(2, len(curves))
    steps = sorted(step for step, values in points.items() if len(values) >= needed)
    deviation = [stdev(points[step]) if len(points[step]) > 1 else 0.0 for step in steps]
    return Band(steps, [fmean(points[step]) for step in steps], deviation, len(curves))


@dataclass(frozen=True)
class Bundle:
    """Runs whose curves of a task belong in one line: same setting, or twins of that task."""

    label: str
    task: str
    role: str
    runs: tuple[str, ...]


def bundles(results: Iterable[Result]) -> list[Bundle]:
    """What to draw for each task: every multi-task setting, then the twins, then lone runs."""
    settings: dict[str, list[Result]] = {}
    for result in results:
        settings.setdefault(result.setting, []).append(result)
    multis = {key: found for key, found in settings.items() if found[0].role == MULTI}
    labels = setting_labels(settings)
    found = []
    for key, members in settings.items():
        for task in members[0].experiment.tasks:
            role = members[0].role
            runs = _newest_per_seed(members)
            steered = " (steered)" if any(r.steered for r in runs) else ""
            label = _label(role, labels[key], len(multis)) + steered
            found.append(Bundle(label, task, role, tuple(r.run for r in runs)))
    order = (MULTI, TWIN)
    return sorted(found, key=lambda b: order.index(b.role) if b.role in order else len(order))


def _label(role: str, name: str, settings: int) -> str:
    if role == TWIN:
        return "Single-task twin"
    return "Multi-task" if role == MULTI and settings == 1 else name


def _newest_per_seed(members: Sequence[Result]) -> list[Result]:
    return list({r.seed: r for r in sorted(members, key=lambda r: r.run)}.values())
