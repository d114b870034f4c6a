"""Shared fixtures: a home of its own for every test, and small datasets made on the spot."""

import contextlib
import json
import os
import random
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import hypothesis
import psutil
import pytest

# Before torch and the hub's client are imported: one thread is quickest for models this small,
# and no test may wait for a network.
os.environ["OMP_NUM_THREADS"] = "1"
os.environ["HF_HUB_OFFLINE"] = "1"

from mtl_core.config import Experiment
from mtl_core.data.catalog import Dataset, load_card

hypothesis.settings.register_profile("noisy", deadline=None)  # a busy machine fails no test
hypothesis.settings.load_profile("noisy")

SHARED = Path(__file__).resolve().parents[2] / "shared"
"""Real corpora; they lie beside the checkout on some machines and are never part of it."""

CITIES = ("Rome", "Oslo", "Lima", "Bern", "New Port")
MOODS = {"good": "fine", "great": "fine", "bad": "poor", "awful": "poor"}


def make_rows(count: int, seed: int = 0) -> list[dict[str, Any]]:
    """Sentences such as "the tram in New Port is great", labelled for mood, places and tags."""
    rng = random.Random(seed)
    rows = []
    for _ in range(count):
        noun = rng.choice(["tram", "hotel", "weather", "food"])
        city = rng.choice(CITIES).split()
        mood = rng.choice(list(MOODS))
        places = ["B-LOC", "I-LOC"][: len(city)]
        rows.append(
            {
                "text": f"the {noun} in {' '.join(city)} is {mood}",
                "tokens": ["the", noun, "in", *city, "is", mood],
                "mood": MOODS[mood],
                "places": ["O", "O", "O", *places, "O", "O"],
                "tags": ["DET", "NOUN", "ADP", *["PROPN"] * len(city), "AUX", "ADJ"],
            }
        )
    return rows


CARD = """\
name: {name}
title: Tiny
language: en
splits: {{train: train.jsonl, validation: validation.jsonl, test: test.jsonl}}
tasks:
  mood: {{kind: classification, input: tokens, target: mood}}
  places: {{kind: spans, input: tokens, target: places}}
  tags: {{kind: tagging, input: tokens, target: tags}}
"""


def make_pair_rows(count: int, seed: int = 0) -> list[dict[str, Any]]:
    """Pairs such as "the tram is great" and "the hotel is bad": the same thing, how alike, and what
    is good of both, which may be nothing."""
    rng = random.Random(seed)
    rows = []
    for _ in range(count):
        one, two = (rng.choice(["tram", "hotel", "food"]) for _ in range(2))
        how, other = (rng.choice(list(MOODS)) for _ in range(2))
        good = {noun for noun, mood in ((one, how), (two, other)) if MOODS[mood] == "fine"}
        rows.append(
            {
                "a": f"the {one} is {how}",
                "b": f"the {two} is {other}",
                "same": "yes" if one == two else "no",
                "like": 2.0 * (one == two) + 2.0 * (MOODS[how] == MOODS[other]),
                "good": sorted(good),
            }
        )
    return rows


PAIR_CARD = """\
name: {name}
splits: {{train: train.jsonl, validation: validation.jsonl, test: test.jsonl}}
tasks:
  same: {{kind: classification, input: [a, b], target: same}}
  like: {{kind: regression, input: [a, b], target: like, range: [0, 4]}}
  good: {{kind: multilabel, input: [a, b], target: good}}
"""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with slow tests first, so that no process ends up alone with one of them."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


def write_rows(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def kill_all_of(home: Path) -> None:
    """End every process that serves this home: workers, runs, servers, predictors."""
    for process in psutil.process_iter(["environ"]):
        with contextlib.suppress(psutil.Error):
            belongs = (process.info["environ"] or {}).get("MTL_HOME") == str(home)
            if belongs and process.pid != os.getpid():
                process.kill()


@pytest.fixture(autouse=True)
def mtl_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Runs and data of a test lie in its own folder; a worker that a page began ends with the test."""
    home = tmp_path / "home"
    monkeypatch.setenv("MTL_HOME", str(home))
    monkeypatch.delenv("MTL_DATA", raising=False)
    yield home
    if home.exists():
        kill_all_of(home)


@pytest.fixture
def make_dataset(tmp_path: Path) -> Callable[..., Dataset]:
    """Writes a dataset of three small splits under a name and returns it."""

    def make(name: str = "tiny", train: int = 24, seed: int = 0) -> Dataset:
        return write_dataset(tmp_path / "data" / name, name, train=train, seed=seed)

    return make


def write_dataset(folder: Path, name: str, *, train: int = 24, seed: int = 0) -> Dataset:
    """Three small splits in a new folder."""
    folder.mkdir(parents=True)
    for i, (split, count) in enumerate({"train": train, "validation": 8, "test": 8}.items()):
        write_rows(folder / f"{split}.jsonl", make_rows(count, seed * 10 + i))
    (folder / "card.yaml").write_text(CARD.format(name=name), encoding="utf-8")
    return load_card(folder)


def write_pair_dataset(folder: Path, name: str = "pairs", train: int = 24) -> Dataset:
    """A small dataset of pairs in a new folder."""
    folder.mkdir(parents=True)
    for i, (split, count) in enumerate({"train": train, "validation": 8, "test": 8}.items()):
        write_rows(folder / f"{split}.jsonl", make_pair_rows(count, i))
    (folder / "card.yaml").write_text(PAIR_CARD.format(name=name), encoding="utf-8")
    return load_card(folder)


@pytest.fixture
def pairs(tmp_path: Path) -> Dataset:
    return write_pair_dataset(tmp_path / "data" / "pairs")


@pytest.fixture
def tiny(make_dataset: Callable[..., Dataset]) -> Dataset:
    return make_dataset()


def tiny_experiment(*datasets: Dataset, **changes: Any) -> Experiment:
    """A small, quick experiment over all tasks of some datasets; `a__b=1` changes a.b."""
    tree = {
        "name": "Tiny",
        "data": [{"card": str(d.path), "tasks": list(d.card.tasks)} for d in datasets],
        "encoder": {"kind": "bilstm", "hidden": 16, "embedding": 8, "blocks": 1, "dropout": 0.1},
        "training": {"epochs": 2, "batch_size": 8, "learning_rate": 0.01, "device": "cpu"},
    }
    experiment = Experiment.parse(tree, source="tiny")
    return experiment.replace({key.replace("__", "."): value for key, value in changes.items()})


@pytest.fixture(scope="session")
def source_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """The folder of a finished run with one encoder for all its tasks, to start others from."""
    from mtl_core.runs.execute import execute
    from mtl_core.runs.store import Runs

    home = tmp_path_factory.mktemp("source")
    dataset = write_dataset(home / "data" / "source", "source", train=16, seed=9)

    @cache
    def source(encoder: str) -> Path:
        changes = json.loads(encoder)
        run = Runs(home / "runs").create(tiny_experiment(dataset, training__epochs=1, **changes))
        execute(run)
        return run.folder

    return lambda **changes: source(json.dumps(changes))


@pytest.fixture
def source_run(source_of: Callable[..., Path]) -> Path:
    """A source with the encoder that `strategy_experiment` has."""
    return source_of(encoder__blocks=2)


@pytest.fixture
def strategy_experiment(
    make_dataset: Callable[..., Dataset], request: pytest.FixtureRequest
) -> Callable[..., Experiment]:
    """A small experiment on two datasets under any sharing strategy, by its kind."""

    def make(kind: str, **changes: Any) -> Experiment:
        from mtl_core.config import METHODS

        from .small_models import SHARING_OPTIONS

        changes = changes if "encoder" in changes else {"encoder__blocks": 2, **changes}
        choice = next(c for c in METHODS["sharing"] if c.kind_name() == kind)
        options = dict(SHARING_OPTIONS.get(choice, {}))  # type: ignore[call-overload]
        if "source" in choice.model_fields:
            encoder = {key: changes[key] for key in changes if key.startswith("encoder")}
            options["source"] = str(request.getfixturevalue("source_of")(**encoder))
        datasets = make_dataset("one"), make_dataset("two", train=16, seed=3)
        return tiny_experiment(*datasets, sharing={"kind": kind, **options}, **changes)

    return make


@pytest.fixture(scope="session")
def tiny_bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small pretrained model on the disk, known to `small_models`."""
    from mtl_core.config.encoder import Pretrained

    from .small_models import SMALL, write_tiny_bert

    folder = tmp_path_factory.mktemp("bert")
    write_tiny_bert(folder)
    SMALL[Pretrained] = Pretrained(model=str(folder), dropout=0.0, max_length=64)
    return folder
