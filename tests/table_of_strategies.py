"""One cell of the table strategy × encoder × kind of steps: train, stop, resume, save, answer."""

import itertools
from collections.abc import Generator, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from mtl_core.config import METHODS, Experiment
from mtl_core.data.catalog import Catalog
from mtl_core.training.events import Event, Step
from mtl_core.training.manifest import TOKENIZER
from mtl_core.training.restore import restore
from mtl_core.training.setup import Prepared, prepare
from mtl_core.training.trainer import train

STEPS, STOP, SEEN = 25, 4, 7
CELLS = list(itertools.product(METHODS["sharing"], METHODS["encoder"]))


def of_three_tasks(experiment: Experiment) -> Experiment:
    """Two tasks from one dataset and another from the second, a third of the work of all six."""
    one, two = experiment.data
    data = [{"card": one.card, "tasks": one.tasks[:2]}, {"card": two.card, "tasks": two.tasks[2:]}]
    return experiment.replace({"data": data})


def check(experiment: Experiment, folder: Path) -> None:
    """The loss falls, a resumed training goes on as the whole one, a saved model answers alike."""
    experiment = experiment.replace({"training.steps": STEPS, "training.evaluate_every": STEPS})
    whole = prepare(experiment, Catalog.read([]))
    told = list(_events(whole, folder / "whole"))
    assert _mean_loss(told, range(STEPS - 5, STEPS)) < 0.85 * _mean_loss(told, range(5))
    parts = _steps_until(STOP, experiment, folder / "parts")
    rest = _steps_until(SEEN, experiment, folder / "parts")
    assert [e.step for e in rest] == list(range(STOP + 1, SEEN + 1))
    assert [*parts, *rest] == _steps(told)[:SEEN]
    _check_answers(experiment, whole, folder / "whole")


def _events(prepared: Prepared, folder: Path) -> Generator[Event, None, None]:
    folder.mkdir(exist_ok=True)
    events = train(prepared.parts, prepared.plan, folder)
    try:
        yield from events
    finally:
        events.close()  # type: ignore[attr-defined]


def _steps_until(last: int, experiment: Experiment, folder: Path) -> list[Step]:
    """Train on from where the folder stands, and stop after a step."""
    events = _events(prepare(experiment, Catalog.read([])), folder)
    found: list[Event] = []
    for event in events:
        found.append(event)
        if isinstance(event, Step) and event.step == last:
            break
    events.close()
    return _steps(found)


def _steps(events: Iterable[Event]) -> list[Step]:
    """The steps with everything that must repeat: all but the times."""
    return [replace(e, seconds=0.0) for e in events if isinstance(e, Step)]


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
