"""Answer texts with the saved model of a run."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from safetensors import SafetensorError
from torch import Tensor

from mtl_core.data.batching import Batch, Table
from mtl_core.data.pieces import Pieces
from mtl_core.data.spans import spans_of, to_bio
from mtl_core.data.tasks import Task
from mtl_core.data.text import cut
from mtl_core.errors import RunError
from mtl_core.models.model import MultiTaskModel, build_model
from mtl_core.models.sources import ENCODERS
from mtl_core.runs.store import Run
from mtl_core.training.checkpoint import load_model
from mtl_core.training.manifest import TOKENIZER, Manifest, Reading

from .answers import Answer, Answers


class Answerer:
    """The model of one run, on the CPU, ready to answer."""

    def __init__(self, run: Run) -> None:
        if not run.has_model:
            raise RunError(f"run {run.id} has no saved model yet; wait for its first validation")
        experiment = run.experiment
        self.manifest = Manifest.load(run.folder)
        try:
            self.pieces = Pieces.load(run.folder / TOKENIZER, experiment.encoder.max_length)
        except Exception as err:  # the library knows no finer error
            raise RunError(f"{run.folder / TOKENIZER} is damaged; train the run again") from err
        source = ENCODERS[type(experiment.encoder)]
        self.model: MultiTaskModel = build_model(
            make_encoder=lambda: source.encoder(
                experiment.encoder, self.pieces.size, self.manifest.architecture, fresh=False
            ),
            sharing=experiment.sharing,
            tasks=self.manifest.tasks,
            datasets=[reading.dataset for reading in self.manifest.readings],
        )
        try:
            load_model(self.model, run.folder)
        except (OSError, RuntimeError, SafetensorError) as err:
            raise RunError(f"the model of run {run.id} is damaged; train the run again") from err
        self.model.eval()

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
