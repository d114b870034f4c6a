"""Gain of a task with 100 labelled rows from a helper with 2,000, by their true relatedness.

    python -m tests.benchmarks.relatedness [--seeds 5] [--keep FOLDER]

The sweeps of the lesson, with a head for each task and with one head for both; but here each seed
also has a language of its own, so that the intervals cover the luck of the data too. Runs that lie
in --keep already are not trained again.
"""

import argparse
from pathlib import Path
from tempfile import TemporaryDirectory

from mtl_core.analysis.gains import Spread, spread
from mtl_core.analysis.relatedness import curve
from mtl_core.analysis.results import result_of
from mtl_core.analysis.sweep import verdict_on
from mtl_core.config import Experiment
from mtl_core.config.relatedness import POINTS, TITLES, Heads, relatedness_sweep
from mtl_core.data.related import Related, write_related
from mtl_core.runs.execute import execute
from mtl_core.runs.store import Run, Runs, State


def main(seeds: int, folder: Path) -> None:
    """Train what is missing, then print the table."""
    print("| relatedness | heads | gain, points | 95 % interval | |\n|---|---|---|---|---|")
    for heads, title in TITLES.items():
        found = [_gains(heads, seed, folder) for seed in range(seeds)]
        for point in POINTS:
            print(_row(point, title, spread([gains[point] for gains in found])), flush=True)


def _gains(heads: Heads, seed: int, folder: Path) -> dict[float, float]:
    """The gain at each point in the language of this seed."""
    cards = {}
    for p in POINTS:
        place = folder / f"data/{heads}/{seed}/related_{p:g}"
        asked = Related(relatedness=p, heads=heads, seed=seed)
        cards[p] = [str(dataset.path) for dataset in write_related(place, asked)]
    sweep = relatedness_sweep(heads, cards, [seed])
    wanted = [e for e in sweep.experiments() if e.only != "helper"]
    runs = Runs(folder / "runs" / heads / str(seed))
    results = [result_of(_trained(experiment, runs)) for experiment in wanted]
    return {p.relatedness: p.gain.mean for p in curve(sweep, POINTS, results) if p.gain}


def _trained(experiment: Experiment, runs: Runs) -> Run:
    run = next((r for r in runs if r.experiment == experiment), None) or runs.create(experiment)
    if run.status().state is not State.FINISHED:
        status = execute(run)
        assert status.state is State.FINISHED, status.reason
    return run


def _row(point: float, title: str, gain: Spread | None) -> str:
    assert gain is not None
    low, high = (100 * (end or 0.0) for end in (gain.low, gain.high))
    interval = f"{low:+.1f} to {high:+.1f}"
    return f"| {point:+g} | {title} | {100 * gain.mean:+.1f} | {interval} | {verdict_on(gain)} |"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument(
        "--keep", type=Path, help="Folder of data and runs; empty: a temporary one."
    )
    asked = parser.parse_args()
    with TemporaryDirectory() as temporary:
        main(asked.seeds, asked.keep or Path(temporary))
