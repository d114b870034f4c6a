"""Every balancing method trains, and what it remembers survives a stop to the bit."""

import math
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from mtl_core.config import METHODS, Experiment
from mtl_core.data.catalog import Catalog
from mtl_core.training.events import Evaluated, Event, Finished, Step, Watched
from mtl_core.training.setup import prepare
from mtl_core.training.trainer import train

from .conftest import tiny_experiment, write_dataset

STEPS, STOP = 12, 5
TRAINING = {
    "epochs": 4, "batch_size": 8, "learning_rate": 0.05, "warmup": 0.0, "evaluate_every": STEPS,
    "keep": "best", "watch_every": 5, "device": "cpu",
}  # fmt: skip
CHOICES = {choice.kind_name(): choice for choice in METHODS["balancing"]}
OFFERING = {
    field: [kind for kind, choice in CHOICES.items() if field in choice.model_fields]
    for field in ("smoothing", "gradients", "scale")
}


@pytest.fixture(scope="module")
def datasets(tmp_path_factory):
    home = tmp_path_factory.mktemp("balanced")
    return [write_dataset(home / name, name, seed=seed) for seed, name in enumerate(("one", "two"))]


def experiment_of(datasets, kind: str, **changes: Any) -> Experiment:
    """Three tasks on one dataset, four epochs of three steps: a stop after 5 is inside of one.

    Validated at the end alone, so that the test is quick.
    """
    if CHOICES[kind].missing():
        pytest.skip(CHOICES[kind].how_to_install())
    balancing = {"kind": kind, **changes.pop("balancing", {})}
    return tiny_experiment(
        *datasets[:1],
        balancing=balancing,
        training=TRAINING,
        **changes,
    )


def events_of(experiment: Experiment, folder, steps: int = STEPS) -> list[Event]:
    """The events until so many steps are made, where the user stops."""
    folder.mkdir(exist_ok=True)
    prepared = prepare(experiment, Catalog.read([]))
    generator = train(prepared.parts, prepared.plan, folder)
    found = list(generator) if steps == STEPS else list(_until(generator, steps))
    generator.close()
    return found


def _until(generator, steps):
    for event in generator:
        yield event
        if isinstance(event, Step) and event.step == steps:
            return


def check(experiment: Experiment, folder) -> list[Event]:
    """Train it whole, and stopped and resumed: all numbers are finite, and the same both times."""
    whole = events_of(experiment, folder / "whole")
    begun = events_of(experiment, folder / "parts", STOP)
    rest = events_of(experiment, folder / "parts")
    assert _numbers([*begun, *rest]) == _numbers(whole)
    one, two = (load_file(folder / name / "model.safetensors") for name in ("whole", "parts"))
    assert all(torch.equal(one[name], two[name]) for name in one)
    assert all(bool(torch.isfinite(value).all()) for value in one.values())
    steps = [event for event in whole if isinstance(event, Step)]
    assert [event.step for event in steps] == [*range(1, STEPS + 1)]
    for event in steps:
        assert event.losses and set(event.weights) == set(event.losses)
        assert all(map(math.isfinite, (*event.losses.values(), *event.weights.values())))
    return whole


def _numbers(events: list[Event]) -> list[Any]:
    """What must repeat: everything but the times."""
    kept: list[Any] = []
    for event in events:
        if isinstance(event, Step):
            kept.append((event.step, event.losses, event.weights, event.penalties))
        elif isinstance(event, Watched):
            kept.append(event)
        elif isinstance(event, Evaluated | Finished):
            kept.append((event.step, event.metrics))
    return kept


def _mean_loss(events: list[Event], steps: range) -> float:
    losses = [e.losses for e in events if isinstance(e, Step) and e.step in steps]
    return sum(sum(each.values()) for each in losses) / len(steps)


@pytest.mark.parametrize("kind", CHOICES)
def test_every_method_trains_and_resumes_exactly(datasets, tmp_path, kind):
    events = check(experiment_of(datasets, kind), tmp_path)
    assert _mean_loss(events, range(10, 13)) < 0.9 * _mean_loss(events, range(1, 4))
    (first, *others) = [event for event in events if isinstance(event, Watched)]
    assert (first.step, [event.step for event in others]) == (1, [6, 11])
    assert first.length is not None and math.isfinite(first.length)


def _cases(*tables: tuple[list[str], dict[str, Any]]) -> list[Any]:
    return [
        pytest.param(kind, changes, id=f"{kind} {' '.join(map(str, changes.values()))}")
        for kinds, changes in tables
        for kind in kinds
    ]


@pytest.mark.parametrize(
    ("kind", "options"),
    _cases(
        (OFFERING["gradients"], {"gradients": "representation"}),
        (OFFERING["smoothing"][::5], {"smoothing": 0.9}),
        (OFFERING["scale"][2::6], {"scale": "published"}),
    ),
)
def test_with_other_options(datasets, tmp_path, kind, options):
    check(experiment_of(datasets, kind, balancing=options), tmp_path)


@pytest.mark.parametrize("kind", list(CHOICES)[::4])
def test_where_datasets_take_turns_and_not_all_tasks_meet(datasets, tmp_path, kind):
    one, two = datasets
    data = [
        {"card": str(one.path), "tasks": ["mood", "tags"]},
        {"card": str(two.path), "tasks": ["places", "mood"]},
    ]
    experiment = experiment_of(
        datasets, kind, data=data, mixing={"kind": "proportional"}, training__steps=STEPS
    )
    events = check(experiment, tmp_path)
    met = {frozenset(event.losses) for event in events if isinstance(event, Step)}
    assert met == {frozenset({"mood", "tags"}), frozenset({"places", "mood"})}
