"""What is done before the first step, the first time and the second time of the same data.

    python -m tests.benchmarks.preparing

Reads the corpora of the recipes from ../shared. The second time nothing may be tokenised: learning
subwords and cutting all words is replaced by files of the cache.
"""

import tempfile
import time
from pathlib import Path

from mtl_core.config import Experiment
from mtl_core.data import pieces
from mtl_core.data.catalog import Catalog
from mtl_core.data.choosing import settle
from mtl_core.training.setup import prepare

FOLDER = Path(__file__).parent / "recipes"


def timed(experiment: Experiment, cache: Path) -> dict[str, float]:
    """Seconds of each phase, and how many sentences were cut into pieces."""
    began, phases, cut = time.perf_counter(), [("", 0.0)], [0]
    encode = pieces.Pieces.encode

    def counting(self, words, seconds=None):
        cut[0] += len(words)
        return encode(self, words, seconds)

    pieces.Pieces.encode = counting
    try:
        prepare(
            experiment,
            Catalog.read([]),
            cache,
            lambda name: phases.append((name, time.perf_counter() - began)),
        )
    finally:
        pieces.Pieces.encode = encode
    ends = [at for _, at in phases[2:]] + [time.perf_counter() - began]
    found = {name: end - at for (name, at), end in zip(phases[1:], ends, strict=True)}
    return found | {"sentences tokenised": cut[0]}


def main() -> None:
    for name in ("snips_bilstm", "ewt_bilstm", "snips_minilm"):
        file = FOLDER / f"{name}.yaml"
        experiment = settle(Experiment.load(file), Catalog.read([]), beside=file.parent)
        with tempfile.TemporaryDirectory() as folder:
            first, second = (timed(experiment, Path(folder)) for _ in range(2))
        print(f"{name:<26}{'first':>10}{'second':>10}")
        for phase, value in first.items():
            print(f"  {phase:<24}{value:>10.2f}{second[phase]:>10.2f}", flush=True)


if __name__ == "__main__":
    main()
