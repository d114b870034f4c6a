"""From a head's logits for one text to what the app shows of a task's answer."""

from collections.abc import Callable

from torch import Tensor

from mtl_core.data.batching import Batch
from mtl_core.data.spans import spans_of
from mtl_core.data.tasks import Task, TaskKind
from mtl_core.models.heads import Head
from mtl_core.models.heads.words import WordHead

from .answers import Answer


def answer_of(task: Task, head: Head, logits: Tensor, batch: Batch) -> Answer:
    """The answer to the first row of a batch, from its logits as the head gave them."""
    return _READERS[task.kind](task, head, logits, batch)


def _label(task: Task, head: Head, logits: Tensor, batch: Batch) -> Answer:
    shares = _likeliest_first(task, head, logits, batch)
    return Answer(task.name, task.kind, label=next(iter(shares)), probabilities=shares)


def _labels(task: Task, head: Head, logits: Tensor, batch: Batch) -> Answer:
    shares = _likeliest_first(task, head, logits, batch)
    chosen = head.decode(logits, batch)[0]
    assert isinstance(chosen, list)
    labels = [label for label in shares if label in chosen]
    return Answer(task.name, task.kind, labels=labels, probabilities=shares)


def _value(task: Task, head: Head, logits: Tensor, batch: Batch) -> Answer:
    value = head.decode(logits, batch)[0]
    assert isinstance(value, float)
    return Answer(task.name, task.kind, value=value, low=task.low, high=task.high)


def _tags(task: Task, head: Head, logits: Tensor, batch: Batch) -> Answer:
    """Only the words that were read."""
    assert isinstance(head, WordHead)
    tags = head.decode(logits, batch)[0]
    assert isinstance(tags, list)
    seen = int(batch.words[0].sum())
    shares = head.probabilities(logits, batch)[0]  # (word, label)
    chosen = head.best(logits, batch)[0].to(shares.device)  # (word,)
    sure = shares.gather(1, chosen[:, None])[:seen, 0].tolist()
    return Answer(
        task.name,
        task.kind,
        tags=tags[:seen],
        confidence=sure,
        spans=spans_of(tags[:seen]) if task.kind == "spans" else [],
    )


def _likeliest_first(task: Task, head: Head, logits: Tensor, batch: Batch) -> dict[str, float]:
    values, order = head.probabilities(logits, batch)[0].sort(descending=True)
    return {
        task.outputs[i]: share for i, share in zip(order.tolist(), values.tolist(), strict=True)
    }


_READERS: dict[TaskKind, Callable[[Task, Head, Tensor, Batch], Answer]] = {
    "classification": _label,
    "multilabel": _labels,
    "regression": _value,
    "tagging": _tags,
    "spans": _tags,
}
