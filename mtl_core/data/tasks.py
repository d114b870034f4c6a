"""Tasks and their labelled sentences; every check on data happens here, once."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mtl_core.errors import DataError

from .catalog import Dataset, TaskKind, TaskSpec
from .formats import Row, read_rows
from .spans import NotSpans, bio_tags, to_bio
from .text import cut, readable

Gold = str | list[str] | None
"""What is right: a label for the sentence, a tag for each word, or None where nobody said."""

METRICS: dict[TaskKind, tuple[str, ...]] = {
    "classification": ("accuracy", "macro_f1"),
    "tagging": ("accuracy", "macro_f1"),
    "spans": ("f1", "precision", "recall"),
}
"""The scores of each kind; the first is the main one unless the card says otherwise."""


@dataclass(frozen=True)
class Task:
    """A task as a model knows it. `labels` are those of the training data, in order.

    Labels met only in validation or test have no place here: nothing can predict them, so they
    count as wrong in every score.
    """

    name: str
    kind: TaskKind
    labels: tuple[str, ...]
    metric: str

    @property
    def is_per_word(self) -> bool:
        """Whether every word gets an answer, not the sentence."""
        return self.kind != "classification"

    @property
    def outputs(self) -> tuple[str, ...]:
        """What a head chooses from: the labels, or the BIO tags made of them."""
        return bio_tags(self.labels) if self.kind == "spans" else self.labels


@dataclass(frozen=True)
class Sentences:
    """The rows of one split: their words, and the right answers of each task, row by row."""

    words: list[list[str]]
    gold: dict[str, list[Gold]]

    def __len__(self) -> int:
        return len(self.words)

    def label_counts(self, task: str, kind: TaskKind) -> Counter[str]:
        """How often each label (each span, for spans; each tag otherwise) is right."""
        counts: Counter[str] = Counter()
        for gold in self.gold[task]:
            if isinstance(gold, str):
                counts[gold] += 1
            elif gold is not None:
                kept = [t[2:] for t in gold if t.startswith("B-")] if kind == "spans" else gold
                counts.update(kept)
        return counts


def load_sentences(dataset: Dataset, split: str, tasks: Sequence[str]) -> Sentences:
    """Read one split. Raises DataError naming file, line, value and cure."""
    path = dataset.file(split)  # for a hub dataset only a name in messages
    specs = {task: spec_of(dataset, task) for task in tasks}
    words: list[list[str]] = []
    gold: dict[str, list[Gold]] = {task: [] for task in tasks}
    source = _input_column(specs, dataset)
    for row in _rows(dataset, split, path):
        row_words = _words(row, source, dataset, path)
        words.append(row_words)
        for task, spec in specs.items():
            gold[task].append(_gold(row, task, spec, row_words, path))
    _check_labelled(gold, path)
    return Sentences(words, gold)


def _rows(dataset: Dataset, split: str, path: Path) -> list[Row]:
    if dataset.card.hub is None:
        return read_rows(path, dataset.card.layout)
    from .hub import read_hub

    return read_hub(dataset.card.hub, dataset.card.splits[split], dataset.path)


def spec_of(dataset: Dataset, task: str) -> TaskSpec:
    """The card's entry of a task. Raises DataError where there is none."""
    if task not in dataset.card.tasks:
        names = ", ".join(dataset.card.tasks)
        raise DataError(f"{dataset.path}: the card has no task '{task}'; it has {names}")
    spec = dataset.card.tasks[task]
    if spec.metric is not None and spec.metric not in METRICS[spec.kind]:
        raise DataError(
            f"{dataset.path}: task '{task}' asks for metric '{spec.metric}'; "
            f"a {spec.kind} task has {', '.join(METRICS[spec.kind])}"
        )
    return spec


def task_of(name: str, spec: TaskSpec, training: Sequence[Sentences]) -> Task:
    """The task with the labels of all its training sentences, most frequent first for reading."""
    counts: Counter[str] = Counter()
    for sentences in training:
        counts += sentences.label_counts(name, spec.kind)
    labels = tuple(sorted(counts, key=lambda label: (-counts[label], label)))
    return Task(name, spec.kind, labels, spec.metric or METRICS[spec.kind][0])


def _input_column(specs: dict[str, TaskSpec], dataset: Dataset) -> str:
    """Sentence tasks read the same words as the word tasks beside them, if there are any."""
    per_word = {spec.input for spec in specs.values() if spec.kind != "classification"}
    columns = per_word or {spec.input for spec in specs.values()}
    if len(columns) > 1:
        raise DataError(
            f"{dataset.path}: the chosen tasks read different columns ({', '.join(sorted(columns))}); "
            "choose tasks of one column, or make a card for each column"
        )
    return columns.pop()


def _column(row: Row, name: str, path: Path) -> Any:
    if name not in row.columns:
        names = ", ".join(map(str, row.columns))
        raise DataError(
            f"{path} line {row.line}: there is no column '{name}' (it has {names}); correct the card"
        )
    return row.columns[name]


def _words(row: Row, column: str, dataset: Dataset, path: Path) -> list[str]:
    value = _column(row, column, path)
    if isinstance(value, str):
        # A table's cell with tags beside it: the tags say that blanks part the words.
        tagged = any(
            s.input == column and s.kind != "classification" for s in dataset.card.tasks.values()
        )
        return readable(value).split() if tagged else cut(value, dataset.card.segmentation)
    if isinstance(value, list):
        return [readable(str(word)) for word in value]
    raise DataError(
        f"{path} line {row.line}: column '{column}' holds {value!r}; write a text or a list of words"
    )


def _gold(row: Row, task: str, spec: TaskSpec, words: list[str], path: Path) -> Gold:
    value = row.columns.get(spec.target)
    if value is None or (isinstance(value, str) and not value.strip()):
        return None  # an empty cell is how a table says it
    if spec.kind == "classification":
        if isinstance(value, list | dict):
            raise DataError(
                f"{path} line {row.line}: task '{task}' has the label {value!r}; write one label"
            )
        return str(value)
    tags = value.split() if isinstance(value, str) else value
    if not isinstance(tags, list):
        raise DataError(
            f"{path} line {row.line}: task '{task}' has {value!r}; write a list of tags"
        )
    if len(tags) != len(words):
        raise DataError(
            f"{path} line {row.line}: {len(words)} words but {len(tags)} tags of task '{task}'; "
            "give every word one tag"
        )
    tags = [str(tag) for tag in tags]
    try:
        return to_bio(tags) if spec.kind == "spans" else tags
    except NotSpans as err:
        raise DataError(f"{path} line {row.line}: task '{task}': {err}") from err


def _check_labelled(gold: dict[str, list[Gold]], path: Path) -> None:
    for task, answers in gold.items():
        if not any(answers):
            raise DataError(
                f"{path}: no row has a label of task '{task}'; correct its target in the card"
            )
