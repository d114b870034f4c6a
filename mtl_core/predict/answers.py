"""What the tasks answer to a text: plain, frozen, torch-free."""

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from mtl_core.data.tasks import TaskKind

Asked = tuple[Path, int | None]
"""Whom to ask: the folder of a run, and the step of a kept checkpoint; None for the run's model."""


@dataclass(frozen=True)
class Answer:
    """One task's answer. Probabilities and confidences lie in 0 .. 1.

    classification: `label`, and the `probabilities` of all labels, likeliest first. multilabel: the
    `labels` that were chosen, perhaps none, and the probability of every label, likeliest first.
    regression: `value`, on the task's scale from `low` to `high`. For words: a tag a word with its
    `confidence`; for spans also (first word, word after the last, label).
    """

    task: str
    kind: TaskKind
    label: str = ""
    labels: list[str] = field(default_factory=list)
    probabilities: dict[str, float] = field(default_factory=dict)
    value: float = 0.0
    low: float = 0.0
    high: float = 1.0
    tags: list[str] = field(default_factory=list)
    confidence: list[float] = field(default_factory=list)
    spans: list[tuple[int, int, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Answers:
    """The answers of a run's tasks to a text, or to a pair of texts.

    The last `cut` words, and the last `second_cut` of the second text, were beyond what the model
    reads. Tasks in `waiting` read pairs and got no second text. `insights` are what the model
    decided word by word, as `Insight.from_tree` reads them.
    """

    words: list[str]
    tasks: dict[str, Answer]
    cut: int = 0
    second: list[str] = field(default_factory=list)
    second_cut: int = 0
    waiting: tuple[str, ...] = ()
    insights: list[dict[str, Any]] = field(default_factory=list)

    def to_tree(self) -> dict[str, Any]:
        """As plain data for JSON."""
        return asdict(self)

    @classmethod
    def from_tree(cls, tree: dict[str, Any]) -> "Answers":
        """What `to_tree` gave."""
        tasks = {
            name: Answer(**{**answer, "spans": [tuple(span) for span in answer["spans"]]})
            for name, answer in tree["tasks"].items()
        }
        return cls(**{**tree, "tasks": tasks, "waiting": tuple(tree["waiting"])})
