"""Answers of a model for a split, and the scores that they earn."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from mtl_core.config import EVERY_TASK
from mtl_core.data.batching import IGNORED, Batch, Rows, Table
from mtl_core.data.gold import Gold
from mtl_core.data.tasks import Sentences, Task
from mtl_core.models.heads import Head
from mtl_core.models.model import MultiTaskModel

from .metrics import Judged, Metrics, judge
from .unseen import LEFT_OUT, UNSEEN

BATCH = 128


@dataclass(frozen=True)
class Labelled:
    """One split of one dataset: the numbers for the model, and the right answers as written.

    `seen` are the rows whose text stands in training data, maybe none of this dataset; None where
    no dataset of the experiment has any.
    """

    table: Table
    sentences: Sentences
    seen: frozenset[int] | None = None

    def rows(self, *, unseen: bool) -> list[int]:
        """All rows, or those whose text does not stand in training data."""
        left_out = self.seen if unseen and self.seen else frozenset()
        return [row for row in range(len(self.sentences)) if row not in left_out]


@dataclass
class Answered:
    """What a model answered on the labelled rows of a split.

    `given` holds for each dataset of the split the answers of its tasks, row by row; `losses` the
    sum over labelled items, and their number.
    """

    split: str
    given: list[dict[str, list[Gold]]]
    judged: dict[str, Judged] = field(default_factory=dict)
    losses: dict[str, tuple[float, float]] = field(default_factory=dict)

    def details(self) -> dict[str, dict[str, Any]]:
        """By task, per class, as plain data for JSON."""
        return {task: judged.details() for task, judged in self.judged.items()}


@dataclass
class _Waiting:
    """Batches whose answers depend on something that is chosen when all have been seen."""

    logits: list[Tensor] = field(default_factory=list)
    targets: list[Tensor] = field(default_factory=list)
    places: list[tuple[list[Gold], Rows, Batch]] = field(default_factory=list)

    def settle(self, head: Head) -> None:
        """Choose it, and answer."""
        head.tune(torch.cat(self.logits), torch.cat(self.targets))
        for logits, (given, rows, batch) in zip(self.logits, self.places, strict=True):
            _put(given, rows, head.decode(logits, batch))


class Evaluator:
    """Scores a model on named splits. Keys of the scores are `task/split/metric`."""

    def __init__(
        self, tasks: Sequence[Task], splits: dict[str, list[Labelled]], device: torch.device
    ) -> None:
        self.tasks = tuple(tasks)
        self.splits = splits
        self.device = device

    def answer(self, model: MultiTaskModel, split: str, autocast: torch.dtype | None) -> Answered:
        """The answers of all tasks. What heads choose on validation data is chosen here."""
        parts = self.splits[split]
        found = Answered(
            split, [{t.name: [None] * len(p.table) for t in self._in(p)} for p in parts]
        )
        waiting: dict[str, _Waiting] = {}
        model.eval()
        with torch.inference_mode(), precision(self.device, autocast):
            for part, given in zip(parts, found.given, strict=True):
                for rows, batch, logits in self._logits(model, part):
                    self._add_losses(found, model, batch, logits)
                    for name, out in logits.items():
                        head = model.head(name)
                        if split == "validation" and head.is_tuned:
                            wait = waiting.setdefault(name, _Waiting())
                            wait.logits.append(out)
                            wait.targets.append(batch.targets[name])
                            wait.places.append((given[name], rows, batch))
                        else:
                            _put(given[name], rows, head.decode(out, batch))
            for name, wait in waiting.items():
                wait.settle(model.head(name))
        for task in self.tasks:
            gold, answered = self._labelled(task, found)
            if gold:
                found.judged[task.name] = judge(task.kind, gold, answered)
        return found

    def scores(self, found: Answered) -> Metrics:
        """All scores of a split: each task's, its mean loss, and the exact match of all tasks.

        Where rows stand in training data, also the scores without them; see unseen.py.
        """
        metrics: Metrics = {}
        for task, judged in found.judged.items():
            total, items = found.losses[task]
            named = {**judged.scores(), "loss": total / max(1.0, items)}
            metrics |= {f"{task}/{found.split}/{name}": value for name, value in named.items()}
        return metrics | self._exact_match(found) | self._unseen_scores(found)

    def _unseen_scores(self, found: Answered) -> Metrics:
        """Scores over the rows that do not stand in training data; none where no row does."""
        if all(part.seen is None for part in self.splits[found.split]):
            return {}
        metrics: Metrics = {}
        split = f"{found.split}{UNSEEN}"
        for task in [task for task in self.tasks if task.name in found.judged]:
            every, _ = self._labelled(task, found)
            gold, answered = self._labelled(task, found, unseen=True)
            metrics[f"{task.name}/{split}/{LEFT_OUT}"] = float(len(every) - len(gold))
            if gold:
                named = judge(task.kind, gold, answered).scores()
                metrics |= {f"{task.name}/{split}/{name}": value for name, value in named.items()}
        return metrics | self._exact_match(found, unseen=True)

    def score(self, model: MultiTaskModel, split: str, autocast: torch.dtype | None) -> Metrics:
        """All scores of a model on a split."""
        return self.scores(self.answer(model, split, autocast))

    def main_scores(self, metrics: Metrics, split: str) -> dict[str, float]:
        """The main score of each task."""
        return {t.name: metrics[f"{t.name}/{split}/{t.metric}"] for t in self.tasks}

    def _in(self, part: Labelled) -> list[Task]:
        return [task for task in self.tasks if task.name in part.table.targets]

    def _logits(
        self, model: MultiTaskModel, part: Labelled
    ) -> Iterator[tuple[Rows, Batch, dict[str, Tensor]]]:
        """Every row once: which rows, the batch on the device, and its tasks' logits."""
        names = tuple(task.name for task in self._in(part))
        for rows, batch in part.table.in_order(BATCH):
            moved = batch.to(self.device)
            yield rows, moved, model(moved, names)

    def _add_losses(
        self, found: Answered, model: MultiTaskModel, batch: Batch, logits: dict[str, Tensor]
    ) -> None:
        for name, out in logits.items():
            target = batch.targets[name]
            count = float((target != IGNORED).sum())
            total, items = found.losses.get(name, (0.0, 0.0))
            loss = float(model.head(name).loss(out, target, batch))
            found.losses[name] = (total + loss * count, items + count)

    def _labelled(
        self, task: Task, found: Answered, *, unseen: bool = False
    ) -> tuple[list[Gold], list[Gold]]:
        """What is right and what was answered, in the rows where somebody said what is right."""
        gold: list[Gold] = []
        answered: list[Gold] = []
        for part, given in zip(self.splits[found.split], found.given, strict=True):
            if task.name in given:
                right = part.sentences.gold[task.name]
                rows = [row for row in part.rows(unseen=unseen) if right[row] is not None]
                gold += [right[row] for row in rows]
                answered += [given[task.name][row] for row in rows]
        return gold, answered

    def _exact_match(self, found: Answered, *, unseen: bool = False) -> Metrics:
        """Share of the sentences of which every task is answered wholly right.

        Regressions take no part in it: their values are never met exactly.
        """
        exact = {task.name for task in self.tasks if task.kind != "regression"}
        whole = right = 0
        for part, given in zip(self.splits[found.split], found.given, strict=True):
            names = [name for name in given if name in exact]
            if len(names) < 2:
                continue
            for row in part.rows(unseen=unseen):
                gold = [part.sentences.gold[name][row] for name in names]
                if all(answer is not None for answer in gold):
                    whole += 1
                    right += gold == [given[name][row] for name in names]
        split = f"{found.split}{UNSEEN}" if unseen else found.split
        return {f"{EVERY_TASK}/{split}/exact_match": right / whole} if whole else {}


def _put(given: list[Gold], rows: Rows, answers: Sequence[Gold]) -> None:
    for row, answer in zip(rows, answers, strict=True):
        given[row] = answer


def precision(device: torch.device, dtype: torch.dtype | None) -> AbstractContextManager[object]:
    """Mixed precision of a device, or nothing where `dtype` is None."""
    return nullcontext() if dtype is None else torch.autocast(device.type, dtype=dtype)
