"""Train the recipes on real corpora and print what they reach, as the README's table.

    python -m tests.benchmarks.recipes [NAME ...]

Needs the corpora of ../shared beside the checkout; every recipe is what `mtl train` would run.
"""

import sys
import tempfile
from pathlib import Path

from mtl_core.config import Experiment
from mtl_core.data.catalog import Catalog
from mtl_core.data.choosing import settle
from mtl_core.runs.execute import execute
from mtl_core.runs.store import Runs

FOLDER = Path(__file__).parent / "recipes"
TARGETS = {
    "snips_bilstm": {"intent/test/accuracy": 0.97, "slots/test/f1": 0.885},
    "snips_minilm": {"intent/test/accuracy": 0.98, "slots/test/f1": 0.94},
    "ewt_bilstm": {},
}
SHOWN = ("accuracy", "f1", "exact_match")


def main(names: list[str]) -> None:
    """Train the named recipes, or all, and print a row for each."""
    print("| recipe | test scores | training | reached |")
    print("|---|---|---|---|")
    for name in names or list(TARGETS):
        file = FOLDER / f"{name}.yaml"
        experiment = settle(Experiment.load(file), Catalog.read([]), beside=file.parent)
        with tempfile.TemporaryDirectory() as folder:
            status = execute(Runs(Path(folder)).create(experiment))
        scores = {k: v for k, v in status.metrics.items() if "/test/" in k and k.endswith(SHOWN)}
        shown = ", ".join(f"{k.replace('/test/', ' ')} {100 * v:.1f}" for k, v in scores.items())
        reached = all(scores.get(k, 0) >= least for k, least in TARGETS[name].items())
        verdict = ("yes" if reached else "NO") if TARGETS[name] else "no target"
        print(
            f"| {name} | {shown or status.reason} | {status.seconds:.0f} s | {verdict} |",
            flush=True,
        )


if __name__ == "__main__":
    main(sys.argv[1:])
