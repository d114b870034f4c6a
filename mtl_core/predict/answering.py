"""Answer texts with the saved model of a run."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mtl_core.data.batching import Table
from mtl_core.data.tasks import Task
from mtl_core.data.text import cut
from mtl_core.models.insight import PIECE, WORD, Insight, axis
from mtl_core.models.model import MultiTaskModel
from mtl_core.runs.store import Run
from mtl_core.training import lexicon
from mtl_core.training.manifest import Reading
from mtl_core.training.restore import restore

from .answers import Answer, Answers
from .reading_out import answer_of


class Answerer:
    """The model of one run, on the CPU, ready to answer: the best, or the checkpoint of a step."""

    def __init__(self, run: Run, step: int | None = None) -> None:
        restored = restore(run.folder, step)
        self.manifest, self.pieces = restored.manifest, restored.pieces
        self.model: MultiTaskModel = restored.model
        first = self.readings[0]
        cuts_known = first.segmentation == "known"
        self._known = lexicon.load(first.dataset, run.folder) if cuts_known else None

    @property
    def readings(self) -> Sequence[Reading]:
        """How texts are cut into words: one way for each way of the training data."""
        return self.manifest.readings

    def answer(self, text: str, second: str | None = None) -> Answers:
        """The answer of every task to one text, or to two where it reads pairs.

        Both are cut into words as the first dataset's texts were.
        """
        how = self.readings[0].segmentation
        words, others = (cut(one, how, self._known) for one in (text, second or ""))
        return self.answer_words(words, others)

    def answer_words(self, words: list[str], second: Sequence[str] = ()) -> Answers:
        """The answer of every task to words, or to the words of two texts where it reads pairs.

        Tasks that read pairs wait where there are no second words.
        """
        others = list(second)
        if not words:
            return Answers([], {}, second=others)
        tasks = self.manifest.tasks
        singles = [task for task in tasks if not task.pair]
        pairs = [task for task in tasks if task.pair]
        answered = [self._group(singles, words, None)] if singles else []
        if pairs and others:
            answered.append(self._group(pairs, words, others))
        found = {name: answer for group in answered for name, answer in group.answers.items()}
        # What the first dataset's tasks saw is shown; they may be the pairs.
        shown = answered[-1:] if self.readings[0].pair else answered[:1]
        return Answers(
            words,
            {task.name: found[task.name] for task in tasks if task.name in found},
            cut=answered[0].cut if answered else 0,
            second=others,
            second_cut=answered[-1].second_cut if answered else 0,
            waiting=() if others else tuple(task.name for task in pairs),
            insights=shown[0].insights if shown else [],
        )

    def _group(self, tasks: Sequence[Task], words: list[str], second: list[str] | None) -> "_Group":
        """One forward pass: the tasks that read the same."""
        encoded = self.pieces.encode([words], None if second is None else [second])
        table = Table("", encoded, {}, frozenset(), self.pieces.pad_id)
        batch = table.batch(np.zeros(1, dtype=np.int64))
        sharing = self.model.sharing
        sharing.watch.clear()
        with torch.inference_mode():
            logits = self.model(batch, tuple(task.name for task in tasks))
        seen = int(batch.words.sum())
        read = 0 if second is None else self.pieces.read_of_second(encoded, second)
        head = self.model.head
        return _Group(
            answers={t.name: answer_of(t, head(t.name), logits[t.name], batch) for t in tasks},
            cut=len(words) - seen,
            second_cut=len(second or ()) - read,
            insights=[
                insight.to_tree()
                for insight in by_word(sharing.insight_by_piece(), batch.first[0, :seen], words)
            ],
        )


@dataclass(frozen=True)
class _Group:
    """What one forward pass gives."""

    answers: dict[str, Answer]
    cut: int
    second_cut: int
    insights: list[dict[str, Any]]


def by_word(insights: Sequence[Insight], first: Tensor, words: Sequence[str]) -> list[Insight]:
    """Insights by piece as insights by word: the value of each word's first piece.

    `first` (word,) holds the places of the words that were read; the other words are left out.
    """
    places = first.tolist()
    ticks = axis(WORD, words[: len(places)])
    return [
        replace(insight, axes=(*insight.axes[:-1], ticks), values=_taken(insight.values, places))
        for insight in insights
        if insight.axes and insight.axes[-1].name == PIECE
    ]


def _taken(values: Any, places: Sequence[int]) -> Any:
    """The places of the last axis of nested lists."""
    if values and isinstance(values[0], list):
        return [_taken(inner, places) for inner in values]
    return [values[place] for place in places]
