"""Answers of a model for a split, and the scores that they earn."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import torch
from torch import Tensor

from mtl_core.config import EVERY_TASK
from mtl_core.data.batching import IGNORED, Batch, Table
from mtl_core.data.spans import to_bio
from mtl_core.data.tasks import Gold, Sentences, Task
from mtl_core.models.model import MultiTaskModel

from .metrics import NO_ANSWER, Metrics, scores

BATCH = 128


@dataclass(frozen=True)
class Labelled:
    """One split of one dataset: the numbers for the model, and the right answers as written."""

    table: Table
    sentences: Sentences


class Evaluator:
    """Scores a model on named splits. Keys of the scores are `task/split/metric`."""

    def __init__(
        self, tasks: Sequence[Task], splits: dict[str, list[Labelled]], device: torch.device
    ) -> None:
        self.tasks = tuple(tasks)
        self.splits = splits
        self.device = device

    def score(self, model: MultiTaskModel, split: str, autocast: torch.dtype | None) -> Metrics:
        """All scores of a split: each task's, its mean loss, and the exact match of all tasks."""
        metrics: Metrics = {}
        answers = [self._answers(model, part, autocast) for part in self.splits[split]]
        for task in self.tasks:
            gold: list[Gold] = []
            answered: list[Gold] = []
            loss = items = 0.0
            for part, (given, losses) in zip(self.splits[split], answers, strict=True):
                if task.name in given:
                    rows = _labelled_rows(part, task)
                    gold += [part.sentences.gold[task.name][row] for row in rows]
                    answered += [given[task.name][row] for row in rows]
                    loss += losses[task.name][0]
                    items += losses[task.name][1]
            if gold:
                prefix = f"{task.name}/{split}"
                found = scores(task.kind, gold, answered)
                metrics |= {f"{prefix}/{name}": value for name, value in found.items()}
                metrics[f"{prefix}/loss"] = loss / max(1.0, items)
        return metrics | self._exact_match(split, [given for given, _ in answers])

    def main_scores(self, metrics: Metrics, split: str) -> list[float]:
        """The main score of each task."""
        return [metrics[f"{t.name}/{split}/{t.metric}"] for t in self.tasks]

    def _answers(
        self, model: MultiTaskModel, part: Labelled, autocast: torch.dtype | None
    ) -> tuple[dict[str, list[Gold]], dict[str, tuple[float, float]]]:
        """Per task: the answer of each row, and (sum of losses, labelled items)."""
        tasks = [task for task in self.tasks if task.name in part.table.targets]
        given: dict[str, list[Gold]] = {t.name: [None] * len(part.table) for t in tasks}
        sums = {task.name: (0.0, 0.0) for task in tasks}
        model.eval()
        with torch.inference_mode(), precision(self.device, autocast):
            for rows, batch in part.table.in_order(BATCH):
                moved = batch.to(self.device)
                logits = model(moved, tuple(task.name for task in tasks))
                for task in tasks:
                    out, target = logits[task.name], moved.targets[task.name]
                    count = float((target != IGNORED).sum())
                    total, items = sums[task.name]
                    loss = float(model.head(task.name).loss(out, target))
                    sums[task.name] = (total + loss * count, items + count)
                    for row, answer in zip(rows, decode(task, out, batch), strict=True):
                        given[task.name][row] = answer
        return given, sums

    def _exact_match(self, split: str, answers: Sequence[dict[str, list[Gold]]]) -> Metrics:
        """Share of the sentences of which every task is answered wholly right."""
        whole = right = 0
        for part, given in zip(self.splits[split], answers, strict=True):
            names = list(given)
            if len(names) < 2:
                continue
            for row in range(len(part.sentences)):
                gold = [part.sentences.gold[name][row] for name in names]
                if all(answer is not None for answer in gold):
                    whole += 1
                    right += gold == [given[name][row] for name in names]
        return {f"{EVERY_TASK}/{split}/exact_match": right / whole} if whole else {}


def decode(task: Task, logits: Tensor, batch: Batch) -> list[Gold]:
    """The likeliest answers as people write them; words that were cut off get none."""
    best = logits.argmax(-1).cpu()
    if not task.is_per_word:
        return [task.outputs[i] for i in best.tolist()]
    missing = "O" if task.kind == "spans" else NO_ANSWER
    counts = batch.word_counts.tolist()
    read = batch.words.tolist()
    answers: list[Gold] = []
    for row, (labels, count) in enumerate(zip(best.tolist(), counts, strict=True)):
        tags = [
            task.outputs[label] if seen else missing
            for label, seen in zip(labels[:count], read[row], strict=False)
        ]
        answers.append(to_bio(tags) if task.kind == "spans" else tags)
    return answers


def precision(device: torch.device, dtype: torch.dtype | None) -> AbstractContextManager[object]:
    """Mixed precision of a device, or nothing where `dtype` is None."""
    return nullcontext() if dtype is None else torch.autocast(device.type, dtype=dtype)


def _labelled_rows(part: Labelled, task: Task) -> list[int]:
    return [row for row, gold in enumerate(part.sentences.gold[task.name]) if gold is not None]
