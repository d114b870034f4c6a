"""The training loop: what it reports, that it repeats itself, and that stopping loses nothing."""

import itertools
import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from mtl_core.config import METHODS
from mtl_core.data.catalog import Catalog
from mtl_core.data.tasks import METRICS
from mtl_core.errors import DataError, RunError
from mtl_core.training.events import (
    Checkpointed,
    Detailed,
    Evaluated,
    Failed,
    Finished,
    Looked,
    Started,
    Step,
    Watched,
    from_line,
    to_line,
)
from mtl_core.training.plan import Plan
from mtl_core.training.setup import prepare
from mtl_core.training.trainer import train
from mtl_core.training.unseen import UNSEEN

from .conftest import tiny_experiment, write_rows


def events_of(experiment, folder: Path, count=None, change=lambda plan: plan):
    """All events, or the first `count` after which the user stops."""
    folder.mkdir(exist_ok=True)
    prepared = prepare(experiment, Catalog.read([]))
    generator = train(prepared.parts, change(prepared.plan), folder)
    found = list(itertools.islice(generator, count))
    generator.close()
    return found


def numbers(events):
    """What must repeat: everything but the times."""
    kept = [e for e in events if isinstance(e, Step | Evaluated | Finished)]
    return [replace(e, seconds=0.0) for e in kept]


def test_events_come_in_order_and_are_complete(tiny, tmp_path):
    events = events_of(tiny_experiment(tiny), tmp_path / "run")
    assert isinstance(events[0], Started) and events[0].steps == 6
    steps = [e.step for e in events if isinstance(e, Step)]
    assert steps == list(range(1, 7))
    assert [e.step for e in events if isinstance(e, Evaluated)] == [3, 6]
    assert isinstance(events[-1], Finished)
    assert {type(e) for e in events} == {
        Started, Step, Watched, Evaluated, Looked, Checkpointed, Detailed, Finished,
    }  # fmt: skip
    told = [(e.split, e.task) for e in events if isinstance(e, Detailed)]
    assert told == list(itertools.product(("validation", "test"), ("mood", "places", "tags")))
    first = next(e for e in events if isinstance(e, Step))
    assert set(first.losses) == {"mood", "places", "tags"} == set(first.weights)


def test_metric_keys_are_task_split_metric_and_test_comes_only_at_the_end(tiny, tmp_path):
    events = events_of(tiny_experiment(tiny), tmp_path / "run")
    validated = [set(e.metrics) for e in events if isinstance(e, Evaluated)]
    expected = {
        *(f"mood/validation/{m}" for m in (*METRICS["classification"], "loss")),
        *(f"places/validation/{m}" for m in (*METRICS["spans"], "loss")),
        *(f"tags/validation/{m}" for m in (*METRICS["tagging"], "loss")),
        "all/validation/exact_match",
    }
    assert validated == [expected, expected]
    tested = {key.replace("validation", "test") for key in expected}
    unseen = {key for key in events[-1].metrics if key.split("/")[1].endswith(UNSEEN)}
    assert set(events[-1].metrics) - unseen == expected | tested


@pytest.mark.parametrize("sharing", [c.kind_name() for c in METHODS["sharing"]])
def test_same_seed_same_numbers_other_seed_other_numbers(strategy_experiment, tmp_path, sharing):
    experiment = strategy_experiment(sharing, training__epochs=1)
    one = numbers(events_of(experiment, tmp_path / "one"))
    two = numbers(events_of(experiment, tmp_path / "two"))
    other = numbers(events_of(experiment.replace({"training.seed": 1}), tmp_path / "other"))
    assert one == two
    assert one != other


@pytest.mark.parametrize("mixing", [c.kind_name() for c in METHODS["mixing"]])
@pytest.mark.parametrize("stop", [1, 3, 9])
def test_a_resumed_training_equals_an_uninterrupted_one(make_dataset, tmp_path, mixing, stop):
    """With dropout, at every kind of place; every strategy is stopped in `test_table_*`."""
    datasets = make_dataset("one"), make_dataset("two", train=16, seed=3)
    experiment = tiny_experiment(*datasets, mixing__kind=mixing)
    whole = events_of(experiment, tmp_path / "whole")
    begun = events_of(experiment, tmp_path / "parts", count=stop)
    rest = events_of(experiment, tmp_path / "parts")
    done = max((e.step for e in begun if isinstance(e, Step)), default=0)
    assert rest[0].step == done
    joined = [e for e in numbers(begun) if e.step <= done] + numbers(rest)
    assert joined == numbers(whole)
    files = [load_file(tmp_path / name / "model.safetensors") for name in ("whole", "parts")]
    torch.testing.assert_close(files[0], files[1], atol=0, rtol=0)


def test_going_on_from_a_checkpoint_after_a_crash_repeats_the_lost_steps_exactly(tiny, tmp_path):
    """A killed process saves nothing at its end: the last checkpoint decides."""
    experiment = tiny_experiment(tiny)
    whole = numbers(events_of(experiment, tmp_path / "whole"))
    folder = tmp_path / "crashed"
    folder.mkdir()
    prepared = prepare(experiment, Catalog.read([]))
    generator = train(prepared.parts, prepared.plan, folder)
    seen = []
    for event in generator:
        seen.append(event)
        if isinstance(event, Step) and event.step == 5:
            kept = (folder / "last" / "state.pt").read_bytes()
            break
    generator.close()
    (folder / "last" / "state.pt").write_bytes(kept)  # as a kill would have left it
    rest = events_of(experiment, folder)
    assert rest[0].step == 3
    after = [e for e in whole if e.step > 3]
    assert numbers(rest) == after
    assert [e for e in numbers(seen) if e.step in (4, 5)] == [
        e for e in after if isinstance(e, Step) and e.step in (4, 5)
    ]


@pytest.mark.parametrize("stop", range(1, 9))
def test_steps_told_late_as_on_a_gpu_are_all_told_also_across_a_stop(
    tiny, tmp_path, monkeypatch, stop
):
    experiment = tiny_experiment(tiny)
    whole = events_of(experiment, tmp_path / "whole")
    monkeypatch.setattr("mtl_core.training.telling.report_seconds", lambda device: 60.0)
    begun = events_of(experiment, tmp_path / "parts", count=stop)
    rest = events_of(experiment, tmp_path / "parts")
    found = {e.step: e for e in numbers(begun) + numbers(rest) if isinstance(e, Step)}
    assert list(found.values()) == [e for e in numbers(whole) if isinstance(e, Step)]


def test_a_stopped_training_can_answer_even_before_its_first_validation(tiny, tmp_path):
    events_of(tiny_experiment(tiny), tmp_path / "run", count=2)
    assert (tmp_path / "run" / "model.safetensors").exists()
    assert (tmp_path / "run" / "last" / "state.pt").exists()


def test_the_best_checkpoint_is_kept_and_tested(tiny, tmp_path):
    events = events_of(tiny_experiment(tiny, training__epochs=4), tmp_path / "run")
    evaluated = [e for e in events if isinstance(e, Evaluated)]
    main = ("mood/validation/accuracy", "places/validation/f1", "tags/validation/accuracy")
    means = [sum(e.metrics[key] for key in main) / 3 for e in evaluated]
    best = evaluated[means.index(max(means))]
    assert events[-1].best_step == best.step
    assert best.metrics.items() <= events[-1].metrics.items()
    improved = [m > max(means[:i], default=-math.inf) for i, m in enumerate(means)]
    assert [e.best for e in evaluated] == improved


@pytest.mark.parametrize("rule", ["last", "worst"])
def test_other_rules_for_the_best_checkpoint(tiny, tmp_path, rule):
    experiment = tiny_experiment(tiny, training__epochs=4, training__best_by=rule)
    events = events_of(experiment, tmp_path / "run")
    main = ("mood/validation/accuracy", "places/validation/f1", "tags/validation/accuracy")
    evaluated = [e for e in events if isinstance(e, Evaluated)]
    worst = [min(e.metrics[key] for key in main) for e in evaluated]
    place = {"last": -1, "worst": worst.index(max(worst))}[rule]
    assert events[-1].best_step == evaluated[place].step


def test_early_stopping_counts_validations_without_improvement(tiny, tmp_path):
    experiment = tiny_experiment(
        tiny, training__epochs=50, training__patience=2, training__learning_rate=1e-7
    )
    events = events_of(experiment, tmp_path / "run")
    best = [e.best for e in events if isinstance(e, Evaluated)]
    assert best == [True, False, False]
    assert events[-1].early and events[-1].step == 9


def test_a_twins_updates_equal_those_of_its_task_in_the_multi_task_run(make_dataset, tmp_path):
    datasets = make_dataset("one"), make_dataset("two", train=40, seed=3)
    tree = tiny_experiment(*datasets).model_dump(mode="json")
    tree["data"][0]["tasks"], tree["data"][1]["tasks"] = ["mood"], ["tags"]
    tree["mixing"] = {"kind": "proportional"}
    experiment = type(tiny_experiment(*datasets)).parse(tree, source="t")
    multi = [e for e in events_of(experiment, tmp_path / "multi") if isinstance(e, Step)]
    for task, twin in experiment.twins().items():
        alone = [e for e in events_of(twin, tmp_path / task) if isinstance(e, Step)]
        assert len(alone) == sum(task in e.losses for e in multi)
        assert {frozenset(e.losses) for e in alone} == {frozenset({task})}


FRESH = [c.kind_name() for c in METHODS["sharing"] if "source" not in c.model_fields]


@pytest.mark.parametrize("sharing", FRESH)
def test_a_twin_begins_with_the_very_encoder_of_its_multi_task_run(strategy_experiment, sharing):
    experiment = strategy_experiment(sharing)
    multi = list(prepare(experiment, Catalog.read([])).parts.model.sharing.parameters())
    twin = list(prepare(experiment.twin("mood"), Catalog.read([])).parts.model.sharing.parameters())
    assert twin and all(any(torch.equal(own, p) for p in multi) for own in twin)


def test_a_loss_that_is_not_a_number_ends_with_a_sentence(tiny, tmp_path):
    experiment = tiny_experiment(tiny, training__learning_rate=1.0, training__epochs=40)
    explode = lambda plan: replace(plan, learning_rate=1e30, clip=None, warmup=0.0)  # noqa: E731
    with pytest.raises(RunError, match=r"the loss of task '\w+' is (nan|inf) at step \d+; lower"):
        events_of(experiment, tmp_path / "run", change=explode)


@pytest.mark.parametrize(
    ("decay", "step", "share"),
    [("linear", 0, 0.1), ("linear", 9, 1.0), ("linear", 10, 1.0), ("linear", 55, 0.5),
     ("cosine", 55, 0.5), ("cosine", 32, 0.5 * (1 + math.cos(math.pi * 22 / 90))), ("none", 99, 1.0)],
)  # fmt: skip
def test_the_learning_rate_rises_and_falls(decay, step, share):
    plan = Plan(steps=100, evaluate_every=10, learning_rate=2.0, warmup=0.1, decay=decay)
    assert plan.learning_rate_at(step) == pytest.approx(2.0 * share)


def test_rows_without_a_label_teach_their_task_nothing(tmp_path, make_dataset):
    dataset = make_dataset()
    rows = [{"tokens": ["a", "b"], "mood": m, "tags": t} for m, t in
            [("fine", ["X", "Y"]), (None, ["X", "Y"]), ("poor", None)] * 4]  # fmt: skip
    for split in ("train", "validation", "test"):
        write_rows(dataset.path.parent / f"{split}.jsonl", rows)
    experiment = tiny_experiment(dataset).replace(
        {"data": [{"card": str(dataset.path), "tasks": ["mood", "tags"]}], "training.batch_size": 1}
    )
    steps = [e for e in events_of(experiment, tmp_path / "run") if isinstance(e, Step)]
    assert {frozenset(e.losses) for e in steps} == {
        frozenset({"mood", "tags"}), frozenset({"tags"}), frozenset({"mood"}),
    }  # fmt: skip


def test_one_name_in_two_datasets_is_one_head_fed_by_both(make_dataset, tmp_path):
    one, two = make_dataset("one"), make_dataset("two", seed=4)
    prepared = prepare(tiny_experiment(one, two), Catalog.read([]))
    assert prepared.parts.model.tasks == ("mood", "places", "tags")
    steps = list(prepared.parts.feed.batches())
    assert all([b.dataset for b in step] == ["one", "two"] for step in steps)
    text = two.path.read_text().replace("{kind: tagging, ", "{kind: spans, ")
    two.path.write_text(text)
    rows = [{"tokens": ["a"], "mood": "fine", "places": ["O"], "tags": ["B-X"]}] * 4
    for split in ("train", "validation", "test"):
        write_rows(two.path.parent / f"{split}.jsonl", rows)
    with pytest.raises(
        DataError, match="task 'tags' differs between its datasets: kind is tagging and spans"
    ):
        prepare(tiny_experiment(one, two), Catalog.read([]))


@pytest.mark.parametrize(
    "event",
    [
        Started(0, 5, ("a", "b"), "cpu", 10, 3, 1.5),
        Step(1, {"a": 0.5}, {"a": 1.0}, 0.1, 0.2),
        Evaluated(2, "validation", {"a/validation/f1": 0.25}, True, 3.0),
        Detailed(2, "a", "test", {"points": [[1.0, 0.5]], "count": 1}),
        Finished(2, 1, {"é/test/f1": 1 / 3}, 4.0, early=True),
        Failed(0, "why", "line one\nline two"),
    ],
)
def test_events_survive_a_line_of_json(event):
    line = to_line(event)
    assert line.count("\n") == 1 and from_line(line) == event


def test_tasks_that_have_converged_rest_and_train_in_one_turn_of_four(tiny, tmp_path):
    """Nothing is learnt at this rate, so every task that has a score at all rests in the end."""
    experiment = tiny_experiment(
        tiny, training__epochs=14, training__learning_rate=1e-9, mixing__kind="stop_and_go"
    )
    events = events_of(experiment, tmp_path / "run")
    told = [event for event in events if isinstance(event, Evaluated)]
    resting = set(told[-1].resting)
    since = next(event.step for event in told if set(event.resting) == resting)
    steps = [event for event in events if isinstance(event, Step) and event.step > since]
    assert resting and len(steps) >= 12
    for task in experiment.tasks:
        trained = sum(task in step.losses for step in steps)
        assert abs(trained - len(steps) / 4) <= 1 if task in resting else trained == len(steps)
    events = events_of(experiment.twin("mood"), tmp_path / "twin")
    assert not any(event.resting for event in events if isinstance(event, Evaluated))
