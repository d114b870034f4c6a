"""The curve of the lesson on relatedness: what the helper brought the main task at each point."""

from collections.abc import Sequence
from dataclasses import dataclass

from mtl_core.config.relatedness import ALONE, MAIN, TITLES, Heads, point_name, sweep_name
from mtl_core.config.sweep import Sweep

from .gains import CANNOT_TELL, HELPED, HURT, Spread, signed, spread
from .results import Result
from .sweep import cells, verdict_on

_SPLIT = "test"


@dataclass(frozen=True)
class Point:
    """One relatedness, and the gain of the main task over the seeds; None as long as nothing is known."""

    relatedness: float
    gain: Spread | None

    @property
    def verdict(self) -> str:
        """Helped, hurt or cannot tell; "" without a gain."""
        return verdict_on(self.gain)


def heads_of(sweep: Sweep) -> Heads | None:
    """Which curve of the lesson a sweep draws; None where it is another sweep."""
    return next((heads for heads in TITLES if sweep.name == sweep_name(heads)), None)


def curve(sweep: Sweep, points: Sequence[float], results: Sequence[Result]) -> list[Point]:
    """The gain at each point: over the twins, or with one head over the main task's rows alone."""
    if heads_of(sweep) == "own":
        found = {
            c.choice: c.gain.difference
            for c in cells(sweep.entries(), results, _SPLIT)
            if c.task == MAIN
        }
    else:
        found = _over_alone(results)
    return [Point(p, found.get(point_name(p))) for p in points]


def _over_alone(results: Sequence[Result]) -> dict[str, Spread | None]:
    """By choice, the difference to the run of the same seed without the helper."""
    scores: dict[str, dict[int, float]] = {}
    for result in results:
        score = result.score(MAIN, _SPLIT)
        if score is not None and not result.steered:
            scores.setdefault(result.experiment.choice or "", {})[result.seed] = score
    alone = scores.pop(ALONE, {})
    return {
        choice: spread([own[seed] - alone[seed] for seed in own if seed in alone])
        for choice, own in scores.items()
    }


def in_words(found: Sequence[Point]) -> list[str]:
    """What can be told: a sentence for each verdict, with the numbers of its points."""
    said = []
    for verdict, begin in (
        (HELPED, "The helper helped"),
        (HURT, "It hurt"),
        (CANNOT_TELL, "It cannot be told"),
    ):
        points = [_numbers(p) for p in found if p.verdict == verdict]
        if points:
            said.append(f"{begin} at {'; '.join(points)}.")
    return said


def _numbers(point: Point) -> str:
    gain = point.gain
    assert gain is not None  # it has a verdict
    place = f"{point.relatedness:+g}".replace("-", "\N{MINUS SIGN}") if point.relatedness else "0"
    mean = f"{place} ({signed(gain.mean)} points"
    if gain.low is None or gain.high is None:
        return f"{mean}, one seed)"
    return f"{mean}, 95\N{NO-BREAK SPACE}% interval {signed(gain.low)} to {signed(gain.high)})"
