"""Instruments that show when learning together helps: less, noisy or shuffled training data.

    instrumented(train, tasks, max_rows=1000, share={"ner": 0.1}, noise={"pos": 0.2}, shuffled=["ner"])

What is taken depends on the data alone and never on the seed of a training, so that all seeds, all
strategies and the twins learn from the same. First rows are taken away, then labels are shuffled,
then noise is put in.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from math import ceil
from typing import Any
from zlib import crc32

import numpy as np

from mtl_core.errors import DataError

from .catalog import TaskKind
from .gold import Gold
from .spans import spans_of
from .tasks import Sentences, Task

_ORDER, _NOISE, _SHUFFLE = 1, 2, 3  # seeds: each thing that is drawn has its own
Draw = np.random.Generator


def instrumented(
    training: Sentences,
    tasks: Sequence[Task],
    *,
    max_rows: int | None = None,
    share: Mapping[str, float] | None = None,
    noise: Mapping[str, float] | None = None,
    shuffled: Sequence[str] = (),
) -> Sentences:
    """The training data of a dataset with some of it taken away, shuffled or made wrong.

    `tasks` are the dataset's, with all the labels that noise may put. Raises DataError where a task
    is left without a label, or where there is nothing to shuffle or to replace with.
    """
    names = [task.name for task in tasks]
    found = limited(training, names, max_rows=max_rows, share=share or {})
    gold = dict(found.gold)
    for task in tasks:
        if task.name in shuffled:
            gold[task.name] = _shuffle(task, gold[task.name])
        if (noise or {}).get(task.name):
            gold[task.name] = _with_noise(task, gold[task.name], (noise or {})[task.name])
    return replace(found, gold=gold)


def limited(
    training: Sentences, tasks: Sequence[str], *, max_rows: int | None, share: Mapping[str, float]
) -> Sentences:
    """At most so many rows, and of the labels of these tasks a share, rounded up.

    Rows stand in one order for all tasks, and the first ones are taken: those of a smaller share or
    a smaller number lie within those of a larger one. Rows without any label are dropped where a
    share is asked for; the others keep the order that they have in the file.
    """
    if (max_rows is None or max_rows >= len(training)) and not share:
        return training
    order = np.random.default_rng(_ORDER).permutation(len(training))[:max_rows]
    kept = {task: _first_labelled(training.gold[task], order, share.get(task)) for task in tasks}
    for task, labelled in kept.items():
        if not labelled:
            raise DataError(
                f"task '{task}' has no label among the first {len(order)} training rows; raise max_rows"
            )
    rows = sorted(set().union(*kept.values()) if share else {int(row) for row in order})
    gold = {
        task: [training.gold[task][row] if row in labelled else None for row in rows]
        for task, labelled in kept.items()
    }
    seconds = training.seconds and [training.seconds[row] for row in rows]
    marks = [training.marks[row] for row in rows] if training.marks else []
    return Sentences([training.words[row] for row in rows], gold, seconds, marks)


def _first_labelled(answers: Sequence[Gold], order: Any, share: float | None) -> set[int]:
    """The first rows in an order that have a label; all of them, or a share."""
    rows = [int(row) for row in order if answers[row] is not None]
    return set(rows if share is None else rows[: ceil(share * len(rows) - 1e-9)])


def _draw(what: int, task: Task) -> Draw:
    """Random numbers of a task's own, the same in every process."""
    return np.random.default_rng([what, crc32(task.name.encode())])


def _shuffle(task: Task, answers: Sequence[Gold]) -> list[Gold]:
    """Each label in another row: along one ring through all rows that have one."""
    rng = _draw(_SHUFFLE, task)
    rows = [row for row, gold in enumerate(answers) if gold is not None]
    out = list(answers)
    if task.is_per_word:
        _shuffle_tags(out, rows, rng)
    elif len(rows) > 1:
        _around(out, rows, rng)
    else:
        raise DataError(
            f"task '{task.name}' has one labelled row, so there is none to shuffle with"
        )
    return out


def _around(out: list[Gold], rows: Sequence[int], rng: Draw) -> None:
    """Move the answers of some rows one place on, along a random ring: none stays."""
    ring = [rows[i] for i in rng.permutation(len(rows))]
    answers = [out[row] for row in ring]
    for row, answer in zip(ring, [answers[-1], *answers[:-1]], strict=True):
        out[row] = answer


def _shuffle_tags(out: list[Gold], rows: Sequence[int], rng: Draw) -> None:
    """Among sentences of as many words; one that has no such fellow turns its own tags."""
    of_length: dict[int, list[int]] = {}
    for row in rows:
        tags = out[row]
        assert isinstance(tags, list)
        of_length.setdefault(len(tags), []).append(row)
    for fellows in of_length.values():
        if len(fellows) > 1:
            _around(out, fellows, rng)
        else:
            tags = out[fellows[0]]
            assert isinstance(tags, list)
            out[fellows[0]] = _turned(tags, rng)


def _turned(tags: list[str], rng: Draw) -> list[str]:
    """The sentence's tags from another place on, around its end; spans stay whole."""
    starts = [i for i, tag in enumerate(tags) if i == 0 or not tag.startswith("I-")]
    if len(starts) < 2:
        return tags
    start = starts[int(rng.integers(1, len(starts)))]
    return tags[start:] + tags[:start]


def _with_noise(task: Task, answers: Sequence[Gold], share: float) -> list[Gold]:
    """A share of the labels replaced, exactly but for rounding.

    The places of a smaller share lie within those of a larger one.
    """
    rng = _draw(_NOISE, task)
    places, replace_at = _NOISY[task.kind](task, answers)
    chosen = rng.permutation(len(places))[: round(share * len(places))]
    out: list[Gold] = [list(gold) if isinstance(gold, list) else gold for gold in answers]
    for i in chosen:
        replace_at(out, places[i], rng)
    return [_sorted(gold) for gold in out] if task.kind == "multilabel" else out


Place = tuple[int, int]
"""A row, and the place of the label within it."""
Replace = Callable[[list[Gold], Place, Draw], None]


def _noisy_label(task: Task, answers: Sequence[Gold]) -> tuple[list[Place], Replace]:
    _check_choice(task)

    def put(out: list[Gold], place: Place, rng: Draw) -> None:
        out[place[0]] = _other(task, [str(out[place[0]])], rng)

    return [(row, 0) for row, gold in enumerate(answers) if gold is not None], put


def _noisy_labels(task: Task, answers: Sequence[Gold]) -> tuple[list[Place], Replace]:
    """Each label of a row is one; it becomes one that the row has not, so rows keep their number.

    Rows that have all labels cannot have another.
    """
    _check_choice(task)
    places = [
        (row, i)
        for row, gold in enumerate(answers)
        if isinstance(gold, list) and len(gold) < len(task.labels)
        for i in range(len(gold))
    ]

    def put(out: list[Gold], place: Place, rng: Draw) -> None:
        labels = out[place[0]]
        assert isinstance(labels, list)
        labels[place[1]] = _other(task, labels, rng)

    return places, put


def _noisy_value(task: Task, answers: Sequence[Gold]) -> tuple[list[Place], Replace]:
    """Drawn from the training data's values, as often as they occur, but never the same."""
    values = np.sort([gold for gold in answers if isinstance(gold, float)])
    if values[0] == values[-1]:
        raise DataError(f"task '{task.name}' has one value only, so noise has no other to put")

    def put(out: list[Gold], place: Place, rng: Draw) -> None:
        value = out[place[0]]
        assert isinstance(value, float)
        low = int(np.searchsorted(values, value, "left"))
        high = int(np.searchsorted(values, value, "right"))
        drawn = int(rng.integers(len(values) - (high - low)))
        out[place[0]] = float(values[drawn if drawn < low else drawn + high - low])

    return [(row, 0) for row, gold in enumerate(answers) if gold is not None], put


def _noisy_tags(task: Task, answers: Sequence[Gold]) -> tuple[list[Place], Replace]:
    _check_choice(task)

    def put(out: list[Gold], place: Place, rng: Draw) -> None:
        tags = out[place[0]]
        assert isinstance(tags, list)
        tags[place[1]] = _other(task, [tags[place[1]]], rng)

    return [(row, i) for row, gold in enumerate(answers) for i in range(len(_listed(gold)))], put


def _noisy_spans(task: Task, answers: Sequence[Gold]) -> tuple[list[Place], Replace]:
    """Each span is one place, named by its first word; it keeps its words."""
    _check_choice(task)
    places = [(row, s) for row, gold in enumerate(answers) for s, _, _ in spans_of(_listed(gold))]

    def put(out: list[Gold], place: Place, rng: Draw) -> None:
        row, start = place
        tags = out[row]
        assert isinstance(tags, list)
        old = tags[start][2:]
        label = _other(task, [old], rng)
        tags[start] = f"B-{label}"
        for i in range(start + 1, len(tags)):
            if tags[i] != f"I-{old}":
                break
            tags[i] = f"I-{label}"

    return places, put


_NOISY: dict[TaskKind, Callable[[Task, Sequence[Gold]], tuple[list[Place], Replace]]] = {
    "classification": _noisy_label,
    "multilabel": _noisy_labels,
    "regression": _noisy_value,
    "tagging": _noisy_tags,
    "spans": _noisy_spans,
}


def _sorted(gold: Gold) -> Gold:
    return sorted(gold) if isinstance(gold, list) else gold


def _listed(gold: Gold) -> list[str]:
    return gold if isinstance(gold, list) else []


def _other(task: Task, not_these: Sequence[str], rng: Draw) -> str:
    """A label of the task, each as likely, but not these."""
    labels = [label for label in task.labels if label not in not_these]
    return labels[int(rng.integers(len(labels)))]


def _check_choice(task: Task) -> None:
    if len(task.labels) < 2:
        raise DataError(
            f"task '{task.name}' has fewer than two labels, so noise has no other to put; "
            "leave it out of noise"
        )
