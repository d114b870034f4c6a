"""The sweep behind the lesson on relatedness: how much a helper brings, from opposite to the same.

The main task has few labelled rows, its helper many. Every point of the curve is a choice of the
sweep. With a head for each task the single-task twins are what is compared with; with one head for
both there is one task only, and what is compared with is the choice `ALONE`, without the helper.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

from .sweep import BLOCK, Sweep

Heads = Literal["own", "one"]

POINTS: Final = (-1.0, -0.5, 0.0, 0.5, 1.0)
SEEDS: Final = (0, 1, 2)
ALONE: Final = "alone"
TITLES: Final[dict[Heads, str]] = {"own": "a head each", "one": "one head for both"}
MAIN: Final = "main"
HELPER: Final = "helper"
ROWS: Final = 2000  # training rows of the helper
_SHARE = 0.05  # of them are labelled for the main task too
_ENCODER = {"kind": "average", "hidden": 32, "embedding": 32}
_TRAINING = {
    # As many steps whatever the data is, so that nobody trains longer; each task is judged at its best.
    "steps": 400, "evaluate_every": 50, "best_by": "each", "watch_every": 0, "keep": "best",
    "device": "cpu",
}  # fmt: skip


def relatedness_sweep(
    heads: Heads, cards: Mapping[float, Sequence[str]], seeds: Sequence[int] = SEEDS
) -> Sweep:
    """The sweep over points; of each the cards, the main task's first."""
    choices = {point_name(p): {"data": _data(heads, found)} for p, found in cards.items()}
    if heads == "one":
        alone = _data(heads, next(iter(cards.values())))[:1]
        choices = {ALONE: {"data": alone}, **choices}
    tree = {
        "name": sweep_name(heads),
        **next(iter(choices.values())),
        # One task has nothing to share with; said here, so that nobody asks for its twin.
        **({"sharing": {"kind": "separate"}} if heads == "one" else {}),
        "encoder": _ENCODER,
        "training": _TRAINING,
        BLOCK: {"seeds": list(seeds), "choices": choices},
    }
    return Sweep.parse(tree, source="the lesson on relatedness")


def _data(heads: Heads, cards: Sequence[str]) -> list[dict[str, Any]]:
    if heads == "own":
        return [{"card": cards[0], "tasks": [MAIN, HELPER], "share": {MAIN: _SHARE}}]
    rows: list[dict[str, Any]] = [{"max_rows": round(_SHARE * ROWS)}, {}]
    return [{"card": card, "tasks": [MAIN], **few} for card, few in zip(cards, rows, strict=True)]


def sweep_name(heads: Heads) -> str:
    """What the sweep is called: by this it is found again."""
    return f"How related must tasks be: {TITLES[heads]}"


def point_name(relatedness: float) -> str:
    """What the choice of a point is called."""
    return f"relatedness {relatedness:g}"
