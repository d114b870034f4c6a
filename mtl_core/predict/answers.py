"""What the tasks answer to a text: plain, frozen, torch-free."""

from dataclasses import asdict, dataclass, field
from typing import Any

from mtl_core.data.tasks import TaskKind


@dataclass(frozen=True)
class Answer:
    """One task's answer. Probabilities and confidences lie in 0 .. 1.

    For a sentence: `label` and the `probabilities` of all labels, likeliest first. For words: a tag
    a word with its `confidence`; for spans also (first word, word after the last, label).
    """

    task: str
    kind: TaskKind
    label: str = ""
    probabilities: dict[str, float] = field(default_factory=dict)
    tags: list[str] = field(default_factory=list)
    confidence: list[float] = field(default_factory=list)
    spans: list[tuple[int, int, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Answers:
    """The answers of a run's tasks. The last `cut` words were beyond what the model reads."""

    words: list[str]
    tasks: dict[str, Answer]
    cut: int = 0

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
        return cls(tree["words"], tasks, tree["cut"])
