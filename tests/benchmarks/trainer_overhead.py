"""What the trainer costs: its steps per second over those of a bare loop, in one process.

    python -m tests.benchmarks.trainer_overhead [ROUNDS]

Both do the same updates with the same model on the same batches, and take turns step by step, so
that the machine's moods hit both alike. The median ratio is printed; at least 0.95 is wanted.
"""

import statistics
import sys
import tempfile
import time
from pathlib import Path

import torch

from mtl_core.config import Experiment
from mtl_core.data.catalog import Catalog, sample_folder
from mtl_core.runs.execute import execute
from mtl_core.runs.store import Runs
from mtl_core.training.events import Event, Step
from mtl_core.training.setup import Prepared, prepare
from mtl_core.training.trainer import train

STEPS = 150
WARM = 10


def experiment(encoder: str) -> Experiment:
    """Hard sharing over the four tasks of the sample corpus, without an evaluation in between."""
    tree = {
        "data": [{"card": str(sample_folder() / "city_en"),
                  "tasks": ["sentiment", "topic", "entities", "pos"]}],
        "encoder": {"kind": encoder},
        "training": {"steps": STEPS, "evaluate_every": STEPS},
    }  # fmt: skip
    return Experiment.parse(tree, source="benchmark")


class Bare:
    """A loop as one writes it by hand, a step at a time: forward, backward, clip, step."""

    def __init__(self, prepared: Prepared) -> None:
        self.model, self.device = prepared.parts.model, prepared.parts.device
        self.batches = [batch for step in prepared.parts.feed.batches() for batch in step]
        self.optimiser = torch.optim.AdamW(
            self.model.parameters(), lr=prepared.plan.learning_rate, fused=True
        )
        self.model.train()

    def seconds(self, step: int) -> float:
        """Do one step (1 is the first)."""
        began = time.perf_counter()
        batch = self.batches[step - 1].to(self.device)
        loss = torch.stack(list(self.model.losses(batch).values())).sum()
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimiser.step()
        return time.perf_counter() - began


class Duel:
    """Listens to a training and does a bare step after each of its steps: both see one machine."""

    def __init__(self, bare: Bare) -> None:
        self.bare = bare
        self.ours: list[float] = []
        self.theirs: list[float] = []
        self.mark = 0.0

    def listen(self, event: Event) -> None:
        """Called with every event, at once."""
        if isinstance(event, Step):
            self.ours.append(time.perf_counter() - self.mark)
            self.theirs.append(self.bare.seconds(event.step))
        self.mark = time.perf_counter()

    @property
    def ratio(self) -> float:
        """Our steps per second over theirs, by the median step; warm-up steps left out."""
        return statistics.median(self.theirs[WARM:]) / statistics.median(self.ours[WARM:])


def trainer_duel(chosen: Experiment, catalog: Catalog) -> Duel:
    """The trainer alone: its events as they come."""
    duel, prepared = Duel(Bare(prepare(chosen, catalog))), prepare(chosen, catalog)
    with tempfile.TemporaryDirectory() as folder:
        for event in train(prepared.parts, prepared.plan, Path(folder)):
            duel.listen(event)
    return duel


def run_duel(chosen: Experiment, catalog: Catalog) -> Duel:
    """The same with everything written into a run folder."""
    duel = Duel(Bare(prepare(chosen, catalog)))
    with tempfile.TemporaryDirectory() as folder:
        execute(Runs(Path(folder)).create(chosen), duel.listen)
    return duel


def main(rounds: int) -> None:
    """Print the median ratios for each encoder from scratch."""
    print("| encoder | bare steps/s | trainer / bare | trainer and run folder / bare |")
    print("|---|---|---|---|")
    for encoder in ("bilstm", "transformer"):
        chosen, catalog = experiment(encoder), Catalog.read([])
        alone = [trainer_duel(chosen, catalog) for _ in range(rounds)]
        whole = [run_duel(chosen, catalog) for _ in range(rounds)]
        bare = 1 / statistics.median(alone[0].theirs[WARM:])
        middle = statistics.median(duel.ratio for duel in alone)
        run = statistics.median(duel.ratio for duel in whole)
        print(f"| {encoder} | {bare:.1f} | {middle:.3f} | {run:.3f} |", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
