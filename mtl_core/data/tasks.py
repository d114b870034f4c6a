"""Tasks and their labelled sentences; every check on data happens here, once."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mtl_core.errors import DataError, shown

from .catalog import PER_WORD, Dataset, TaskKind, TaskSpec
from .collecting import without_collecting
from .findings import Finding, Tell, strict
from .gold import Gold, WrongAnswer, gold_of
from .marks import mark_of
from .reading import Row
from .reading.kept_archives import archives_kept_open
from .spans import bio_tags
from .split_rows import SplitRows, place_of
from .tag_faults import Beginnings
from .text import cut, readable

_OF_LABELS = (
    "accuracy", "macro_f1", "macro_precision", "macro_recall", "micro_f1", "micro_precision",
    "micro_recall", "mcc",
)  # fmt: skip
METRICS: dict[TaskKind, tuple[str, ...]] = {
    "classification": _OF_LABELS,
    "multilabel": (
        "micro_f1", "macro_f1", "micro_precision", "micro_recall", "macro_precision",
        "macro_recall", "exact_match",
    ),
    "regression": ("pearson", "spearman", "mse"),
    "tagging": _OF_LABELS,
    "spans": ("f1", "precision", "recall"),
}  # fmt: skip
"""The scores of each kind; the first is the main one unless the card says otherwise."""
LOWER_IS_BETTER = frozenset({"mse"})
"""Scores that cannot be a task's main one: the best model is the one with the highest."""


class _Wrong(ValueError):
    """A row whose text cannot be read: why, and what to do."""

    def __init__(self, what: str, cure: str) -> None:
        super().__init__(what)
        self.what, self.cure = what, cure


@dataclass(frozen=True)
class Task:
    """A task as a model knows it. `labels` are those of the training data, in order.

    Labels met only in validation or test have no place here: nothing can predict them, so they
    count as wrong in every score. A regression has no labels but a range, `low` to `high`; a `pair`
    task reads two texts.
    """

    name: str
    kind: TaskKind
    labels: tuple[str, ...]
    metric: str
    low: float = 0.0
    high: float = 1.0
    pair: bool = False

    @property
    def is_per_word(self) -> bool:
        """Whether every word gets an answer, not the text."""
        return self.kind in PER_WORD

    @property
    def outputs(self) -> tuple[str, ...]:
        """What a head gives: a number for each label, for each BIO tag made of them, or one value."""
        if self.kind == "regression":
            return ("value",)
        return bio_tags(self.labels) if self.kind == "spans" else self.labels


@dataclass(frozen=True)
class Sentences:
    """The rows of one split: their words, and the right answers of each task, row by row.

    `seconds` are the words of the second texts where the tasks read pairs; `marks` tell rows apart
    whose texts differ in any sign, as the file has them.
    """

    words: list[list[str]]
    gold: dict[str, list[Gold]]
    seconds: list[list[str]] | None = None
    marks: list[int] = field(default_factory=list, repr=False, compare=False)

    def __len__(self) -> int:
        return len(self.words)

    @property
    def texts(self) -> list[list[str]]:
        """The words of all texts, first and second."""
        return self.words + (self.seconds or [])

    def label_counts(self, task: str, kind: TaskKind) -> Counter[str]:
        """How often each label (each span, for spans; each tag, for tagging) is right."""
        counts: Counter[str] = Counter()
        for gold in self.gold[task]:
            if isinstance(gold, str):
                counts[gold] += 1
            elif isinstance(gold, list):
                kept = [t[2:] for t in gold if t.startswith("B-")] if kind == "spans" else gold
                counts.update(kept)
        return counts

    def values(self, task: str) -> list[float]:
        """The right values of a regression."""
        return [gold for gold in self.gold[task] if isinstance(gold, float)]


def load_sentences(
    dataset: Dataset,
    split: str,
    tasks: Sequence[str],
    tell: Tell | None = None,
    *,
    rows: SplitRows | None = None,
) -> Sentences:
    """Read one split. Raises DataError naming file, line, value and cure.

    Faults in single rows are told; where that does not raise, the row is left out, or the answer
    counts as not given. Without `tell` the card says which. `rows` reads the files of several splits
    once for all of them.
    """
    with without_collecting(), archives_kept_open():
        return _loaded(dataset, split, tasks, tell, rows or SplitRows())


def _loaded(
    dataset: Dataset, split: str, tasks: Sequence[str], tell: Tell | None, rows: SplitRows
) -> Sentences:
    listens = tell is not None and tell is not strict
    if tell is None:  # findings that are empty so far are false, too
        tell = strict if dataset.card.faults == "stop" else _leave_out
    path = dataset.file(split)  # for a hub dataset only a name in messages
    first = place_of(dataset, dataset.addresses(split)[0])
    specs = {task: spec_of(dataset, task) for task in tasks}
    texts: list[list[list[str]]] = []  # of each row, the words of each column that is read
    gold: dict[str, list[Gold]] = {task: [] for task in tasks}
    marks: list[int] = []
    spans = [task for task, spec in specs.items() if _has_prefixes(spec) and listens]
    beginnings = {task: Beginnings(task, specs[task].names) for task in spans}
    words_of = _Words(_input_columns(specs, dataset), dataset)
    for row in rows.of(dataset, split, tell):
        try:
            words = words_of(row)
        except _Wrong as err:
            tell(Finding("text", "error", err.what, err.cure, rows.place(row, first)))
            continue
        texts.append(words)
        marks.append(mark_of(row.columns[column] for column in words_of.columns))
        for task, spec in specs.items():
            try:
                gold[task].append(gold_of(row, task, spec, words[0]))
            except WrongAnswer as err:
                place = rows.place(row, first)
                tell(Finding(f"answer of {task}", "error", err.what, err.cure, place))
                gold[task].append(None)
        for task, found in beginnings.items():
            found.note(row.line, row.columns.get(specs[task].target))
    for found in beginnings.values():
        found.tell(tell, first)
    _check_labelled(gold, path)
    words = [row_texts[0] for row_texts in texts]
    seconds = [row_texts[1] for row_texts in texts] if len(words_of.columns) > 1 else None
    return Sentences(words, gold, seconds, marks)


def _has_prefixes(spec: TaskSpec) -> bool:
    return spec.kind == "spans" and spec.scheme == "prefixes"


def _leave_out(finding: Finding) -> None:
    """What the card allows to leave out is told by `mtl data check` and on the Data page."""


def spec_of(dataset: Dataset, task: str) -> TaskSpec:
    """The card's entry of a task. Raises DataError where there is none."""
    if task not in dataset.card.tasks:
        names = ", ".join(dataset.card.tasks)
        raise DataError(f"{dataset.path}: the card has no task '{task}'; it has {names}")
    spec = dataset.card.tasks[task]
    allowed = [metric for metric in METRICS[spec.kind] if metric not in LOWER_IS_BETTER]
    if spec.metric is not None and spec.metric not in allowed:
        raise DataError(
            f"{dataset.path}: task '{task}' asks for metric '{spec.metric}'; "
            f"a {spec.kind} task may have {', '.join(allowed)}"
        )
    return spec


def agreed(name: str, specs: Sequence[TaskSpec]) -> TaskSpec:
    """The entry of a task that stands in several cards. Raises DataError where they differ."""
    for what in ("kind", "pair", "range"):
        found = list(dict.fromkeys(getattr(spec, what) for spec in specs))
        if len(found) > 1:
            raise DataError(
                f"task '{name}' differs between its datasets: {what} is "
                f"{' and '.join(str(value) for value in found)}; "
                "make the cards agree, or give the tasks different names"
            )
    return specs[0]


def task_of(name: str, spec: TaskSpec, training: Sequence[Sentences]) -> Task:
    """The task with the labels of all its training sentences, most frequent first for reading.

    Raises DataError where they teach nothing: no label, or one value only.
    """
    counts: Counter[str] = Counter()
    for sentences in training:
        counts += sentences.label_counts(name, spec.kind)
    labels = tuple(sorted(counts, key=lambda label: (-counts[label], label)))
    metric = spec.metric or METRICS[spec.kind][0]
    if spec.kind == "regression":
        low, high = spec.range or _range(name, training)
        return Task(name, spec.kind, (), metric, low, high, spec.pair)
    if not labels and spec.kind != "spans":
        raise DataError(f"task '{name}' has no label in its training data; correct its target")
    return Task(name, spec.kind, labels, metric, pair=spec.pair)


def _range(name: str, training: Sequence[Sentences]) -> tuple[float, float]:
    """The least and the greatest value of the training data."""
    values = [value for sentences in training for value in sentences.values(name)]
    if not values:
        raise DataError(f"task '{name}' has no value in its training data; correct its target")
    if min(values) == max(values):
        raise DataError(
            f"task '{name}' has the value {values[0]:g} in all its training data, so there is "
            "nothing to learn; correct its target, or state its range in the card"
        )
    return min(values), max(values)


def _input_columns(specs: dict[str, TaskSpec], dataset: Dataset) -> tuple[str, ...]:
    """Sentence tasks read the same words as the word tasks beside them, if there are any."""
    every = {spec.columns for spec in specs.values()}
    per_word = {spec.columns for spec in specs.values() if spec.kind in PER_WORD}
    pairs = {columns for columns in every if len(columns) > 1}
    found = every if pairs else per_word or every
    if len(found) > 1:
        names = ", ".join(sorted(" with ".join(columns) for columns in found))
        raise DataError(
            f"{dataset.path}: the chosen tasks read different columns ({names}); "
            "choose tasks that read the same, or make a card for each reading"
        )
    return found.pop()


class _Words:
    """Reads the words of a row, column by column. Each word is kept once, however often it stands
    in the rows."""

    def __init__(self, columns: tuple[str, ...], dataset: Dataset) -> None:
        self.columns = columns
        self._segmentation = dataset.card.segmentation
        # A table's cell with tags beside it: the tags say that blanks part the words.
        specs = dataset.card.tasks.values()
        self._tagged = {c for s in specs if s.kind in PER_WORD for c in s.columns}
        self._kept: dict[str, str] = {}

    def __call__(self, row: Row) -> list[list[str]]:
        """The words of each column. Raises _Wrong."""
        found = [self._of(row, column) for column in self.columns]
        return [list(map(self._kept.setdefault, words, words)) for words in found]

    def _of(self, row: Row, column: str) -> list[str]:
        value = row.columns.get(column)
        if isinstance(value, str):
            if column in self._tagged:
                return readable(value).split()
            return cut(value, self._segmentation)
        if isinstance(value, list):
            return [readable(str(word)) for word in value]
        if column not in row.columns:
            names = ", ".join(map(str, row.columns))
            raise _Wrong(f"there is no column '{column}' (it has {names})", "correct the card")
        raise _Wrong(f"column '{column}' holds {shown(value)}", "write a text or a list of words")


def _check_labelled(gold: dict[str, list[Gold]], path: Path) -> None:
    for task, answers in gold.items():
        if all(answer is None for answer in answers):
            raise DataError(
                f"{path}: no row has a label of task '{task}'; correct its target in the card"
            )
