"""One cell of the table strategy × encoder × kind of steps: train, stop, resume, save, answer."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file

from mtl_core.config import METHODS, Experiment
from mtl_core.data.catalog import Catalog
from mtl_core.training.events import Evaluated, Event, Finished, Step
from mtl_core.training.manifest import TOKENIZER
from mtl_core.training.restore import restore
from mtl_core.training.setup import Prepared, prepare
from mtl_core.training.trainer import train

STEPS, STOP = 25, 9
CELLS = list(itertools.product(METHODS["sharing"], METHODS["encoder"]))


def check(experiment: Experiment, folder: Path) -> None:
    """The loss falls, a resumed training equals the whole one, a saved model answers alike."""
    experiment = experiment.replace({"training.steps": STEPS, "training.evaluate_every": STEPS})
    whole = prepare(experiment, Catalog.read([]))
    told = list(_events(whole, folder / "whole"))
    assert _mean_loss(told, range(STEPS - 5, STEPS)) < 0.8 * _mean_loss(told, range(5))
    parts = list(
        itertools.islice(_events(prepare(experiment, Catalog.read([])), folder / "parts"), STOP)
    )
    parts = [e for e in parts if isinstance(e, Step)]
    rest = list(_events(prepare(experiment, Catalog.read([])), folder / "parts"))
    assert _numbers([*parts, *rest]) == _numbers(told)
    files = [load_file(folder / name / "model.safetensors") for name in ("whole", "parts")]
    torch.testing.assert_close(files[0], files[1], atol=0, rtol=0)
    _check_answers(experiment, whole, folder / "whole")


def _events(prepared: Prepared, folder: Path) -> Iterator[Event]:
    folder.mkdir(exist_ok=True)
    events = train(prepared.parts, prepared.plan, folder)
    try:
        yield from events
    finally:
        events.close()  # type: ignore[attr-defined]


def _numbers(events: Sequence[Event]) -> list[Any]:
    """What must repeat: everything but the times."""
    kept = [e for e in events if isinstance(e, Step | Evaluated | Finished)]
    return [replace(e, seconds=0.0) for e in kept]


def _mean_loss(events: Sequence[Event], steps: range) -> float:
    """The mean over the tasks of their mean losses in some steps."""
    losses: dict[str, list[float]] = {}
    for event in events:
        if isinstance(event, Step) and event.step - 1 in steps:
            for task, loss in event.losses.items():
                losses.setdefault(task, []).append(loss)
    return float(np.mean([np.mean(each) for each in losses.values()]))


def _check_answers(experiment: Experiment, prepared: Prepared, folder: Path) -> None:
    """The trained model in memory, which holds its best weights now, and the one on the disk."""
    (folder / "experiment.yaml").write_text(experiment.to_yaml(), encoding="utf-8")
    prepared.manifest.save(folder)
    prepared.pieces.save(folder / TOKENIZER)
    restored = restore(folder)
    labelled = prepared.parts.evaluator.splits["test"][0]
    batch = labelled.table.batch(np.arange(4))
    again = restored.pieces.encode(labelled.sentences.words[:4])
    assert again.ids.tolist() == labelled.table.encoded.ids[: len(again.ids)].tolist()
    prepared.parts.model.eval()
    with torch.inference_mode():
        expected = prepared.parts.model(batch, experiment.tasks)
        found = restored.model(batch, experiment.tasks)
    torch.testing.assert_close(found, expected, atol=1e-6, rtol=0)
