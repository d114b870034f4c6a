"""One cell of the table strategy × encoder × kind of steps: train, stop, resume, save, answer."""

import itertools
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file

from mtl_core.config import METHODS, Experiment
from mtl_core.data.catalog import Catalog
from mtl_core.training.events import Checkpointed, Evaluated, Event, Finished, Step
from mtl_core.training.manifest import TOKENIZER
from mtl_core.training.restore import restore
from mtl_core.training.setup import Prepared, prepare
from mtl_core.training.trainer import train

STEPS, SAVED = 25, 21
CELLS = list(itertools.product(METHODS["sharing"], METHODS["encoder"]))


def of_two_tasks(experiment: Experiment) -> Experiment:
    """One task of each dataset, a third of the work of all six."""
    one, two = experiment.data
    data = [{"card": one.card, "tasks": one.tasks[:1]}, {"card": two.card, "tasks": two.tasks[1:2]}]
    return experiment.replace({"data": data})


def check(experiment: Experiment, folder: Path) -> None:
    """The loss falls, a resumed training equals the whole one, a saved model answers alike."""
    experiment = experiment.replace({"training.steps": STEPS, "training.evaluate_every": SAVED})
    whole = prepare(experiment, Catalog.read([]))
    told = []
    for event in train(whole.parts, whole.plan, _new(folder / "whole")):
        told.append(event)
        if isinstance(event, Checkpointed) and event.step == SAVED:
            shutil.copytree(folder / "whole", folder / "resumed")
    assert _mean_loss(told, range(STEPS - 5, STEPS)) < 0.85 * _mean_loss(told, range(5))
    again = prepare(experiment, Catalog.read([]))
    rest = list(train(again.parts, again.plan, folder / "resumed"))
    assert _numbers(rest) == [e for e in _numbers(told) if e.step > SAVED]
    files = [load_file(folder / name / "model.safetensors") for name in ("whole", "resumed")]
    torch.testing.assert_close(files[0], files[1], atol=0, rtol=0)
    _check_answers(experiment, whole, folder / "whole")


def _new(folder: Path) -> Path:
    folder.mkdir()
    return folder


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
