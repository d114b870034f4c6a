"""Answer texts with the saved model of a run."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from mtl_core.data.batching import Batch, Table
from mtl_core.data.spans import spans_of, to_bio
from mtl_core.data.tasks import Task
from mtl_core.data.text import cut
from mtl_core.models.model import MultiTaskModel
from mtl_core.runs.store import Run
from mtl_core.training.manifest import Reading
from mtl_core.training.restore import restore

from .answers import Answer, Answers


class Answerer:
    """The model of one run, on the CPU, ready to answer."""

    def __init__(self, run: Run) -> None:
        restored = restore(run.folder)
        self.manifest, self.pieces = restored.manifest, restored.pieces
        self.model: MultiTaskModel = restored.model

    @property
    def readings(self) -> Sequence[Reading]:
        """How texts are cut into words: one way for each way of the training data."""
        return self.manifest.readings

    def answer(self, text: str) -> Answers:
        """The answer of every task to one text, cut into words as the first dataset's texts were."""
        return self.answer_words(cut(text, self.readings[0].segmentation))

    def answer_words(self, words: list[str]) -> Answers:
        """The answer of every task to a sentence of words."""
        if not words:
            return Answers([], {}, 0)
        encoded = self.pieces.encode([words])
        table = Table("", encoded, {}, frozenset(), self.pieces.pad_id)
        batch = table.batch(np.zeros(1, dtype=np.int64))
        names = tuple(task.name for task in self.manifest.tasks)
        with torch.inference_mode():
            logits = self.model(batch, names)
        answers = {
            task.name: _answer(task, logits[task.name][0].float().softmax(-1), batch)
            for task in self.manifest.tasks
        }
        seen = int(batch.words.sum())
        return Answers(words, answers, len(words) - seen)


def _answer(task: Task, shares: Tensor, batch: Batch) -> Answer:
    """From probabilities, (label,) or (word, label)."""
    if not task.is_per_word:
        values, order = shares.sort(descending=True)
        names = [task.outputs[i] for i in order.tolist()]
        ranked = dict(zip(names, values.tolist(), strict=True))
        return Answer(task.name, task.kind, label=names[0], probabilities=ranked)
    best, labels = shares.max(-1)
    seen = int(batch.words.sum())
    tags = [task.outputs[i] for i in labels.tolist()[:seen]]
    answer = Answer(task.name, task.kind, tags=tags, confidence=best.tolist()[:seen])
    if task.kind != "spans":
        return answer
    legal = to_bio(tags)
    return replace(answer, tags=legal, spans=spans_of(legal))
