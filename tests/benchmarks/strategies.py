"""Every sharing strategy on real corpora through the command line: trains, answers, can be seen into.

    python -m tests.benchmarks.strategies [--steps 150] [--only KIND ...] [--keep FOLDER]

`mtl train` on SNIPS (intent and slots) and EWT (parts of speech and names), then `mtl predict` on a
sentence. Strategies whose limits ask for two datasets get both corpora at once, those that start
from a run get one. Needs the corpora of ../shared beside the checkout.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

from mtl_core.config import METHODS, Experiment
from mtl_core.errors import ConfigError
from mtl_core.runs.store import Runs
from mtl_core.training.events import Looked, from_line

CARDS = Path(__file__).parent / "cards"
DATA = {
    "snips": [{"card": str(CARDS / "snips"), "tasks": ["intent", "slots"]}],
    "ewt": [{"card": str(CARDS / "ewt"), "tasks": ["upos", "ner"]}],
}
TEXTS = {
    "snips": "play some jazz by miles davis on spotify",
    "ewt": "Google moved to Dublin in May .",
}
SETTINGS = {"encoder": {"kind": "bilstm", "hidden": 128}}


def main(steps: int, only: list[str], folder: Path) -> None:
    """Train and ask; a row for each strategy and corpus."""
    folder.mkdir(parents=True, exist_ok=True)
    os.environ["MTL_HOME"] = str(folder)
    print("| strategy | corpus | test scores | training, s | insights | by word |")
    print("|---|---|---|---|---|---|", flush=True)
    for choice in METHODS["sharing"]:
        kind = choice.kind_name()
        if not only or kind in only:
            for corpus in DATA:
                print(_row(kind, corpus, steps, folder), flush=True)


def _row(kind: str, corpus: str, steps: int, folder: Path) -> str:
    tree: dict[str, Any] = {**SETTINGS, "data": DATA[corpus], "sharing": {"kind": kind}}
    tree["training"] = {"steps": steps, "evaluate_every": steps, "device": "cpu"}
    try:
        Experiment.parse(tree, source=kind)
    except ConfigError as err:
        if "dataset" in str(err):
            tree["data"] = [*DATA["snips"], *DATA["ewt"]]
        else:
            tree["sharing"]["source"] = _source(corpus, tree, folder)
    run, took = _train(tree, folder)
    answers = _mtl("predict", run["run"], "--text", TEXTS[corpus], "--json")
    assert set(answers["tasks"]) >= set(DATA[corpus][0]["tasks"]), answers
    scores = {k: v for k, v in run["metrics"].items() if k.split("/")[1] == "test"}
    mains = {"intent": "accuracy", "slots": "f1", "upos": "accuracy", "ner": "f1"}
    shown = [
        f"{task} {100 * scores[f'{task}/test/{metric}']:.1f}"
        for task, metric in mains.items()
        if f"{task}/test/{metric}" in scores
    ]
    seen = _seen(run["run"])
    by_word = [insight["name"] for insight in answers["insights"]]
    cells = [kind, corpus, ", ".join(shown), f"{took:.0f}", ", ".join(seen), ", ".join(by_word)]
    return f"| {' | '.join(cells)} |"


def _train(tree: dict[str, Any], folder: Path) -> tuple[dict[str, Any], float]:
    file = folder / "experiment.yaml"
    file.write_text(yaml.safe_dump(tree), encoding="utf-8")
    began = time.perf_counter()
    found = _mtl("train", str(file), "--json")
    return found, time.perf_counter() - began


def _source(corpus: str, tree: dict[str, Any], folder: Path) -> str:
    """A run on the other corpus to start from."""
    other = next(name for name in DATA if name != corpus)
    found, _ = _train({**tree, "data": DATA[other], "sharing": {"kind": "hard"}}, folder)
    return str(found["run"])


def _seen(run: str) -> list[str]:
    """The names of the insights that the run's page draws."""
    lines = (Runs().get(run).folder / "events.jsonl").read_text(encoding="utf-8").split("\n")
    looked = [e for e in map(from_line, filter(None, lines)) if isinstance(e, Looked)]
    return [insight["name"] for insight in looked[-1].insights] if looked else []


def _mtl(*arguments: str) -> Any:
    command = [sys.executable, "-m", "mtl_core.cli", *arguments]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=150)
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--keep", type=Path, help="Folder of the runs; empty: a temporary one.")
    asked = parser.parse_args()
    with TemporaryDirectory() as temporary:
        main(asked.steps, asked.only, (asked.keep or Path(temporary)).resolve())
