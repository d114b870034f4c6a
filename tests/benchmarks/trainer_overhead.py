"""What the trainer costs: its steps per second over those of a bare loop, in one process.

    python -m tests.benchmarks.trainer_overhead [ROUNDS]

Both do the same updates with the same model on the same batches; they take turns, and the median
ratio is printed. At least 0.95 is wanted.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Generator
from contextlib import closing
from pathlib import Path
from typing import cast

import torch

from mtl_core.config import Experiment
from mtl_core.data.catalog import Catalog, sample_folder
from mtl_core.runs.execute import execute
from mtl_core.runs.store import Runs
from mtl_core.training.events import Event, Started, Step
from mtl_core.training.setup import Prepared, prepare
from mtl_core.training.trainer import train

STEPS = 150


def experiment(encoder: str) -> Experiment:
    """Hard sharing over the four tasks of the sample corpus, without an evaluation in between."""
    tree = {
        "data": [{"card": str(sample_folder() / "city_en"),
                  "tasks": ["sentiment", "topic", "entities", "pos"]}],
        "encoder": {"kind": encoder},
        "training": {"steps": STEPS, "evaluate_every": STEPS},
    }  # fmt: skip
    return Experiment.parse(tree, source="benchmark")


def trainer_seconds(prepared: Prepared) -> float:
    """From the first step to the last, as events come out of the trainer."""
    with tempfile.TemporaryDirectory() as folder:
        events = train(prepared.parts, prepared.plan, Path(folder))
        began = 0.0
        with closing(cast(Generator[Event, None, None], events)):
            for event in events:
                if isinstance(event, Started):
                    began = time.perf_counter()
                elif isinstance(event, Step) and event.step == STEPS:
                    return time.perf_counter() - began
    raise AssertionError("the training ended early")


def run_seconds(chosen: Experiment) -> float:
    """The same with everything written into a run folder."""
    times: dict[str, float] = {}

    def listen(event: object) -> None:
        if isinstance(event, Started):
            times["began"] = time.perf_counter()
        elif isinstance(event, Step):
            times["ended"] = time.perf_counter()

    with tempfile.TemporaryDirectory() as folder:
        execute(Runs(Path(folder)).create(chosen), listen)
    return times["ended"] - times["began"]


def bare_seconds(prepared: Prepared) -> float:
    """A loop as one writes it by hand: forward, backward, clip, step."""
    model, device = prepared.parts.model, prepared.parts.device
    batches = [batch for step in prepared.parts.feed.batches() for batch in step]
    optimiser = torch.optim.AdamW(model.parameters(), lr=prepared.plan.learning_rate, fused=True)
    model.train()
    began = time.perf_counter()
    for batch in batches:
        loss = torch.stack(list(model.losses(batch.to(device)).values())).sum()
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
    if device.type == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - began


def main(rounds: int) -> None:
    """Print the median ratios for each encoder from scratch."""
    print("| encoder | bare steps/s | trainer / bare | trainer and run folder / bare |")
    print("|---|---|---|---|")
    for encoder in ("bilstm", "transformer"):
        chosen, catalog = experiment(encoder), Catalog.read([])
        bare_seconds(prepare(chosen, catalog))  # warm up
        ratios: list[float] = []
        whole: list[float] = []
        bare = 0.0
        for _ in range(rounds):
            ours = trainer_seconds(prepare(chosen, catalog))
            bare = bare_seconds(prepare(chosen, catalog))
            ratios.append(bare / ours)
            whole.append(bare / run_seconds(chosen))
        middle, run = statistics.median(ratios), statistics.median(whole)
        print(f"| {encoder} | {STEPS / bare:.1f} | {middle:.3f} | {run:.3f} |", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
