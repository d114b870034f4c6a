"""Average test error over 16 review domains: separate, shared, shared-private, adversarial.

    python -m tests.benchmarks.reviews [--seeds 3] [--epochs 3] [--keep FOLDER]

One task a domain, as in Liu, Qiu and Huang (2017, "Adversarial Multi-task Learning for Text
Classification"), on the corpus of ../shared beside the checkout. 508 of the 6,400 test texts stand
verbatim in the training data, so every error is given with and without them. Same batches, updates
and seeds for all; runs that lie in --keep already are not trained again.
"""

import argparse
import gzip
import json
import statistics
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
import yaml

from mtl_core.config import Experiment
from mtl_core.data.batching import make_table
from mtl_core.data.catalog import Dataset, load_card
from mtl_core.data.tasks import load_sentences
from mtl_core.runs.execute import execute
from mtl_core.runs.store import Run, Runs, State
from mtl_core.training.evaluation import Evaluator, Labelled
from mtl_core.training.restore import restore

CORPUS = Path(__file__).resolve().parents[3] / "shared" / "data" / "mtl_reviews"
SHARING = {
    "separate": {"kind": "separate"},
    "hard": {"kind": "hard"},
    "shared-private, no adversary": {"kind": "adversarial", "adversary": 0.0, "orthogonality": 0.0},
    "shared-private, adversarial": {"kind": "adversarial"},
}
ENCODER = {
    "kind": "bilstm", "hidden": 128, "embedding": 96, "blocks": 1, "dropout": 0.4,
    "vocabulary": 8000, "max_length": 128,
}  # fmt: skip


def main(seeds: int, epochs: int, folder: Path) -> None:
    """Train what is missing, then print the table."""
    domains = _domains()
    cards = {domain: _card(domain, folder) for domain in domains}
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in SHARING}
    for seed in range(seeds):
        for name in SHARING:
            run = _run(name, seed, epochs, list(cards.values()), folder)
            found[name].append(_errors(run, cards))
            whole, clean = found[name][-1]
            print(
                f"# seed {seed} {name}: {whole:.2f} (without leaked rows {clean:.2f}) "
                f"in {run.status().seconds:.0f} s",
                flush=True,
            )
    print("\n| sharing | test error, % | without leaked rows, % |\n|---|---|---|")
    for name, pairs in found.items():
        print(f"| {name} | {_spread([p[0] for p in pairs])} | {_spread([p[1] for p in pairs])} |")


def _domains() -> list[str]:
    with gzip.open(CORPUS / "train.jsonl.gz", "rt", encoding="utf-8") as file:
        return list(dict.fromkeys(json.loads(line)["domain"] for line in file))


def _card(domain: str, folder: Path) -> Dataset:
    """One domain as a dataset; its test rows that training has not seen in a file of their own."""
    place = folder / "cards" / domain
    place.mkdir(parents=True, exist_ok=True)
    with gzip.open(CORPUS / "test.jsonl.gz", "rt", encoding="utf-8") as file:
        rows = [line for line in file if not json.loads(line)["seen_in_train"]]
    (place / "unseen.jsonl").write_text("".join(rows), encoding="utf-8")
    files = {split: str(CORPUS / f"{split}.jsonl.gz") for split in ("train", "validation", "test")}
    task = {"kind": "classification", "input": "text", "target": "sentiment"}
    card = {"name": domain, "where": {"domain": domain}, "splits": files, "tasks": {domain: task}}
    (place / "card.yaml").write_text(yaml.safe_dump(card, sort_keys=False), encoding="utf-8")
    return load_card(place)


def _run(name: str, seed: int, epochs: int, cards: list[Dataset], folder: Path) -> Run:
    """The finished run of a setting; one that was begun goes on."""
    experiment = Experiment.parse(
        {
            "name": name,
            "data": [{"card": str(d.path), "tasks": [d.name]} for d in cards],
            "encoder": ENCODER,
            "sharing": SHARING[name],
            "mixing": {"kind": "proportional"},
            "training": {"epochs": epochs, "seed": seed, "learning_rate": 0.002, "device": "cpu"},
        },
        source=name,
    )
    runs = Runs(folder / "runs")
    kept = [run for run in runs if run.experiment == experiment]
    run = kept[0] if kept else runs.create(experiment)
    if run.status().state is not State.FINISHED:
        status = execute(run)
        assert status.state is State.FINISHED, status.reason
    return run


def _errors(run: Run, cards: dict[str, Dataset]) -> tuple[float, float]:
    """The mean test error of all domains in percent, with all rows and with unseen ones."""
    metrics = run.status().metrics
    whole = [1 - metrics[f"{domain}/test/accuracy"] for domain in cards]
    clean = [1 - accuracy for accuracy in _unseen(run, cards).values()]
    return 100 * statistics.mean(whole), 100 * statistics.mean(clean)


def _unseen(run: Run, cards: dict[str, Dataset]) -> dict[str, float]:
    """Accuracy of each domain on test texts that are not in the training data."""
    restored = restore(run.folder)
    tasks = {task.name: task for task in restored.manifest.tasks}
    found = {}
    for domain, dataset in cards.items():
        splits = dataset.card.splits | {"test": str(dataset.path.parent / "unseen.jsonl")}
        part = Dataset(dataset.card.model_copy(update={"splits": splits}), dataset.path)
        sentences = load_sentences(part, "test", [domain])
        encoded = restored.pieces.encode(sentences.words)
        table = make_table(domain, sentences, [tasks[domain]], encoded, restored.pieces.pad_id)
        splits_of = {"test": [Labelled(table, sentences)]}
        evaluator = Evaluator([tasks[domain]], splits_of, torch.device("cpu"))
        found[domain] = evaluator.score(restored.model, "test", None)[f"{domain}/test/accuracy"]
    return found


def _spread(values: list[float]) -> str:
    """Mean and standard deviation over the seeds."""
    if len(values) < 2:
        return f"{values[0]:.2f}"
    return f"{statistics.mean(values):.2f} ± {statistics.stdev(values):.2f}"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--keep", type=Path, help="Folder of the runs; empty: a temporary one.")
    asked = parser.parse_args()
    with TemporaryDirectory() as temporary:
        main(asked.seeds, asked.epochs, asked.keep or Path(temporary))
