"""What a saved model must keep besides its weights, to answer typed text on any machine.

Torch-free: pages read it for the tasks' kinds and main scores.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mtl_core.data.catalog import Dataset
from mtl_core.data.files import write_atomically
from mtl_core.data.tasks import Task
from mtl_core.data.text import Segmentation
from mtl_core.errors import RunError

FILE = "model.json"
TOKENIZER = "tokenizer.json"


@dataclass(frozen=True)
class Reading:
    """How a dataset of the training cut its texts, and which tasks were learnt from it.

    A `pair` dataset gives two texts at a time.
    """

    dataset: str
    segmentation: Segmentation
    tasks: tuple[str, ...]
    pair: bool = False

    @classmethod
    def of(cls, dataset: Dataset, tasks: tuple[str, ...]) -> "Reading":
        pair = any(dataset.card.tasks[task].pair for task in tasks)
        return cls(dataset.name, dataset.card.segmentation, tasks, pair)


@dataclass(frozen=True)
class Manifest:
    """Tasks with their labels, the encoder's architecture, and how texts were read."""

    tasks: tuple[Task, ...]
    readings: tuple[Reading, ...]
    architecture: str = ""

    def save(self, folder: Path) -> None:
        """Write it into a run folder."""
        text = json.dumps(asdict(self), ensure_ascii=False, indent=1)
        write_atomically(folder / FILE, text)

    @classmethod
    def load(cls, folder: Path) -> "Manifest":
        """Read it from a run folder. Raises RunError where it is missing or damaged."""
        try:
            tree: dict[str, Any] = json.loads((folder / FILE).read_text(encoding="utf-8"))
            tasks = [Task(**{**task, "labels": tuple(task["labels"])}) for task in tree["tasks"]]
            readings = [Reading(**{**r, "tasks": tuple(r["tasks"])}) for r in tree["readings"]]
            return cls(tuple(tasks), tuple(readings), tree["architecture"])
        except (OSError, ValueError, KeyError, TypeError) as err:
            raise RunError(f"{folder / FILE} is missing or damaged; train the run again") from err
