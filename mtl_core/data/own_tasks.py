"""The tasks that a user labels sentences for: their definitions, what may be put, and what is lacking."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from mtl_core.config.faults import sentence_of
from mtl_core.errors import DataError

from .catalog import PER_WORD, Card, Dataset, TaskKind, TaskSpec
from .gold import Gold
from .spans import NotSpans, spans_of, to_bio
from .tasks import Task, load_sentences

TOKENS, SECOND = "tokens", "second"
_TAKEN = ("id", "text", "second_text", TOKENS, SECOND, "split", "unfinished")
"""Columns of a row that are no answers."""
LEAST = 3
"""Labelled sentences from which on a task can train: the third one is validation data."""


@dataclass(frozen=True)
class OwnTask:
    """A task's entry in the card, and the labels to choose from."""

    spec: TaskSpec
    labels: tuple[str, ...] = ()

    @property
    def kind(self) -> TaskKind:
        return self.spec.kind

    @property
    def is_per_word(self) -> bool:
        return self.kind in PER_WORD


def define(
    name: str, kind: TaskKind, labels: Iterable[str] = (), *, pair: bool = False, **rest: Any
) -> OwnTask:
    """A task of one's own; `rest` are other options of its entry. Raises DataError."""
    if not name.strip():
        raise DataError("give the task a name, for example mood")
    kept = tuple(dict.fromkeys(label.strip() for label in labels if label.strip()))
    column = f"{name}_label" if name in _TAKEN else name
    tree = {**rest, "kind": kind, "target": column, "input": [TOKENS, SECOND] if pair else TOKENS}
    try:
        spec = TaskSpec.model_validate(tree)
        Card(name="own", splits={"train": "a", "validation": "b"}, tasks={name: spec})
    except ValidationError as err:
        model = TaskSpec if err.title == TaskSpec.__name__ else Card
        raise DataError(f"task '{name}': {sentence_of(err, model)}") from err
    if kind != "regression" and not kept:
        raise DataError(f"task '{name}' has no labels; name those to choose from")
    if kind in ("classification", "tagging") and len(kept) < 2:
        raise DataError(f"task '{name}' has one label only; name at least two to choose from")
    return OwnTask(spec, () if kind == "regression" else kept)


def tasks_of_dataset(dataset: Dataset, names: Sequence[str]) -> dict[str, OwnTask]:
    """The tasks of another dataset under the same names, so that they train the same heads."""
    found = {}
    for name in names:
        spec = dataset.card.tasks[name]
        sentences = load_sentences(dataset, "train", [name])
        counts = sentences.label_counts(name, spec.kind)
        labels = sorted(counts, key=lambda label: (-counts[label], label))
        found[name] = _like(name, spec, labels)
    return found


def task_of_model(task: Task, spec: TaskSpec | None) -> OwnTask:
    """The task that a model answers; `spec` is its entry in a card of its training, where known."""
    if spec is not None:
        return _like(task.name, spec, task.labels)
    return define(task.name, task.kind, task.labels, pair=task.pair, metric=task.metric)


def _like(name: str, spec: TaskSpec, labels: Sequence[str]) -> OwnTask:
    """The same entry over the columns of one's own rows."""
    rest = {"metric": spec.metric, "range": spec.range, "description": spec.description}
    return define(name, spec.kind, labels, pair=spec.pair, **rest)


def checked(name: str, task: OwnTask, gold: Gold, words: Sequence[str]) -> Gold:
    """The answer as it may be put, or DataError with the cure. A tag may still be lacking, as ""."""
    match gold:
        case None:
            return None
        case str():
            fits = task.kind == "classification"
        case list():
            fits = task.kind in ("multilabel", "tagging", "spans")
        case _:
            fits = task.kind == "regression" and math.isfinite(gold)
    if not fits:
        raise DataError(f"task '{name}': {gold!r} is no answer of a {task.kind} task")
    if isinstance(gold, list) and task.is_per_word and len(gold) != len(words):
        raise DataError(f"task '{name}': {len(words)} words but {len(gold)} tags")
    unknown = sorted(_labels_in(task, gold) - {*task.labels})
    if unknown:
        raise DataError(
            f"task '{name}' has no label '{unknown[0]}'; add it, or choose one of "
            f"{', '.join(task.labels)}"
        )
    limits = task.spec.range
    if isinstance(gold, float) and limits and not limits[0] <= gold <= limits[1]:
        raise DataError(f"task '{name}': {gold:g} is outside {limits[0]:g} to {limits[1]:g}")
    if isinstance(gold, list) and not task.is_per_word:
        return sorted(set(gold))
    return to_bio(gold) if isinstance(gold, list) and task.kind == "spans" else gold


def _labels_in(task: OwnTask, gold: Gold) -> set[str]:
    if isinstance(gold, str):
        return {gold}
    if not isinstance(gold, list):
        return set()
    if task.kind == "spans":
        try:
            return {label for _, _, label in spans_of(to_bio(gold))}
        except NotSpans as err:
            raise DataError(str(err)) from err
    return {label for label in gold if label}


def joined(
    now: Mapping[str, OwnTask], more: Mapping[str, OwnTask], dataset: str
) -> dict[str, OwnTask]:
    """The tasks with more tasks, or more labels. Raises DataError where two of a name differ."""
    found = dict(now)
    for name, task in more.items():
        old = found.get(name, task)
        for what in ("kind", "pair", "range"):
            here, there = getattr(old.spec, what), getattr(task.spec, what)
            if here != there:
                raise DataError(
                    f"task '{name}': its {what} is {there}, but {here} in dataset '{dataset}'; "
                    "choose another dataset"
                )
        found[name] = OwnTask(old.spec, tuple(dict.fromkeys(old.labels + task.labels)))
    return found


def with_span(tags: Sequence[str], start: int, end: int, label: str) -> list[str]:
    """BIO tags with one more span; what it overlaps goes. An empty label only takes away."""
    kept = [span for span in spans_of(tags) if span[1] <= start or span[0] >= end]
    found = ["O"] * len(tags)
    for first, last, name in [*kept, *([(start, end, label)] if label else [])]:
        found[first:last] = [f"B-{name}", *[f"I-{name}"] * (last - first - 1)]
    return found


@dataclass(frozen=True)
class Need:
    """How far a task is: its labelled sentences, and what it lacks to be trained; "" for nothing."""

    labelled: int
    lacks: str


def needs(tasks: Mapping[str, OwnTask], rows: Sequence[Mapping[str, Any]]) -> dict[str, Need]:
    """For each task, how many sentences have an answer, and what is still needed to train it."""
    return {name: _need(task, rows) for name, task in tasks.items()}


def _need(task: OwnTask, rows: Sequence[Mapping[str, Any]]) -> Need:
    answered = [row for row in rows if row.get(task.spec.target) is not None]
    training = [row[task.spec.target] for row in answered if row.get("split") == "train"]
    count = len(answered)
    if count < LEAST:
        more = LEAST - count
        return Need(count, f"{more} more labelled sentence{'s' if more > 1 else ''}")
    if len(training) == count:
        return Need(count, "one more labelled sentence, for validation")
    if not training:
        return Need(count, "one more labelled sentence, for training")
    return Need(count, _too_alike(task, training))


def _too_alike(task: OwnTask, training: Sequence[Any]) -> str:
    """What training data lacks in which everything is the same."""
    if task.kind == "regression":
        alike = len(set(training)) < 2 and not task.spec.range
        return "a sentence with another number" if alike else ""
    seen = set().union(*(_labels_in(task, gold) for gold in training))
    if task.kind in ("classification", "tagging"):
        return "a sentence with another label" if len(seen) < 2 else ""
    return "" if seen else "a sentence that has one of the labels"
