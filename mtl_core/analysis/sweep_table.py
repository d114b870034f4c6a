"""A sweep's numbers as tables: in full for export, and as people read them."""

from collections.abc import Sequence

import pandas as pd

from .gains import Spread, signed
from .sweep import Cell, verdict_on

NONE = "–"


def table(found: Sequence[Cell]) -> pd.DataFrame:
    """A row per choice and task; scores as shares, differences in points (hundredths)."""
    return pd.DataFrame([_row(cell) for cell in found])


def _row(cell: Cell) -> dict[str, object]:
    gain = cell.gain
    own = gain.multi
    return {
        "choice": cell.choice,
        "task": cell.task,
        "split": gain.split,
        "metric": gain.metric,
        "added baseline": cell.entry.added,
        "seeds": own.count if own else 0,
        "mean": own.mean if own else None,
        "sd": own.deviation if own else None,
        "low": own.low if own else None,
        "high": own.high if own else None,
        "twin": gain.twin.mean if gain.twin else None,
        **_points("over twin", gain.difference),
        "verdict": gain.verdict,
        "corrected verdict": cell.corrected or "",
        **_points("over equal weights", cell.against_equal),
        "verdict on equal weights": verdict_on(cell.against_equal),
    }


def _points(name: str, found: Spread | None) -> dict[str, float | int | None]:
    """A difference in points, with its interval and the seeds that it is paired over."""
    scaled = [found.mean, found.low, found.high] if found else [None] * 3
    mean, low, high = (None if value is None else 100 * value for value in scaled)
    return {
        f"{name} (points)": mean,
        f"{name} low": low,
        f"{name} high": high,
        f"{name} seeds": found.count if found else 0,
    }


def shown_table(found: Sequence[Cell]) -> pd.DataFrame:
    """One row per choice, task by task: scores in percent, differences in points."""
    names = dict.fromkeys((cell.task for cell in found), "")
    for cell in found:
        metric = cell.gain.metric.replace("_", " ")
        names[cell.task] = names[cell.task] or (f"{cell.task} ({metric})" if metric else "")
    ordered = [(cell, names[task] or task) for task in names for cell in found if cell.task == task]
    return pd.DataFrame([_shown(cell, task) for cell, task in ordered])


def _shown(cell: Cell, task: str) -> dict[str, object]:
    own = cell.gain.multi
    return {
        "task": task,
        "choice": f"{cell.choice} (added)" if cell.entry.added else cell.choice,
        "seeds": own.count if own else 0,
        "mean ± sd, %": _score(own),
        "95 % interval": _interval(own),
        "over its twin": _difference(cell.gain.difference),
        "verdict": cell.gain.verdict.split(":")[0],
        "corrected": cell.corrected or NONE,
        "over equal weights": _difference(cell.against_equal),
        "verdict on that": verdict_on(cell.against_equal) or NONE,
    }


def _score(found: Spread | None) -> str:
    if found is None:
        return NONE
    mean = f"{100 * found.mean:.1f}"
    return mean if found.deviation is None else f"{mean} ± {100 * found.deviation:.1f}"


def _interval(found: Spread | None) -> str:
    if found is None or found.low is None or found.high is None:
        return NONE
    return f"{100 * found.low:.1f} to {100 * found.high:.1f}".replace("-", "\N{MINUS SIGN}")


def _difference(found: Spread | None) -> str:
    if found is None:
        return NONE
    if found.low is None or found.high is None:
        return signed(found.mean)
    return f"{signed(found.mean)} ({signed(found.low)} to {signed(found.high)})"
