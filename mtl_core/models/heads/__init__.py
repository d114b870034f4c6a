"""Heads: from a task's representation to its answers. One class for each kind of task.

head = make_head(task, output, options, counts)
head(hidden, batch)                                       logits
head.loss(logits, target, batch)                          a scalar
head.probabilities(logits, batch)                         how sure it is
head.decode(logits, batch)                                answers as people write them
"""

from mtl_core.config.head import FITTING, HeadOptions, misfit
from mtl_core.data.counting import Counts
from mtl_core.data.tasks import Task, TaskKind
from mtl_core.errors import ConfigError
from mtl_core.models.contracts import Output

from .contract import Head
from .pooling import POOLINGS
from .texts import LabelHead, MultilabelHead, RegressionHead
from .words import SpanHead, TaggingHead

__all__ = ["HEADS", "POOLINGS", "Head", "make_head"]

HEADS: dict[TaskKind, type[Head]] = {
    "classification": LabelHead,
    "multilabel": MultilabelHead,
    "regression": RegressionHead,
    "tagging": TaggingHead,
    "spans": SpanHead,
}


def make_head(
    task: Task, output: Output, options: HeadOptions | None = None, counts: Counts | None = None
) -> Head:
    """The head of a task. `counts` are those of the training data; a restored model needs none.

    Raises ConfigError where an option means nothing to the task's kind.
    """
    options = options or HeadOptions()
    why = misfit(task.name, task.kind, options)
    if why:
        raise ConfigError(why)
    arguments = {name: getattr(options, name) for name in FITTING[task.kind]}
    if "class_weights" in arguments:
        arguments["counts"] = counts
    return HEADS[task.kind](output, task, **arguments)
