"""Which checkpoints lie in a run folder, and how one of them is named.

Torch-free: pages and the command line choose among them.
"""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from mtl_core.data.files import read_json, write_atomically
from mtl_core.errors import RunError

FOLDER = "checkpoints"
INDEX = Path(FOLDER) / "index.json"
FILES = "step-*.safetensors"
BEST = ""
"""The word for the joint best, which is the run's model."""


def kept_file(step: int) -> Path:
    """Where the weights of a step lie in a run folder."""
    return Path(FOLDER) / f"step-{step:07}.safetensors"


@dataclass(frozen=True)
class Kept:
    """The steps of the checkpoints: the joint best, which is the run's model, each task's best, and
    all whose weights are kept in files of their own."""

    joint: int
    tasks: dict[str, int] = field(default_factory=dict)
    steps: tuple[int, ...] = ()

    @classmethod
    def load(cls, folder: Path) -> "Kept | None":
        """What lies in a run folder now; None where only the run's model is kept.

        Raises RunError where the index is damaged.
        """
        if not (folder / INDEX).exists():
            return None
        tree = read_json(folder / INDEX)
        try:
            steps = tuple(step for step in tree["steps"] if (folder / kept_file(step)).exists())
            tasks = {task: step for task, step in tree["tasks"].items() if step in steps}
            return cls(tree["joint"], tasks, steps)
        except (KeyError, TypeError, ValueError, AttributeError) as err:
            raise RunError(
                f"{folder / INDEX} is damaged; remove it to go without the checkpoints that it lists"
            ) from err

    def save(self, folder: Path) -> None:
        """Write it down, and remove the files of all other steps."""
        if not self.steps:
            return
        write_atomically(folder / INDEX, json.dumps(asdict(self), indent=1))
        names = {kept_file(step).name for step in self.steps}
        for file in (folder / FOLDER).glob(FILES):
            if file.name not in names:
                file.unlink()

    def choices(self) -> dict[str, str]:
        """What can be asked for, with what people call it: the joint best, each task's, the others.

        A choice is the word `BEST`, the name of a task, or a step.
        """
        best = f"best of all tasks (step {self.joint})" if self.joint else "the run's model"
        found = {BEST: best}
        found |= {task: f"best for {task} (step {step})" for task, step in self.tasks.items()}
        named = {self.joint, *self.tasks.values()}
        return found | {str(step): f"step {step}" for step in self.steps if step not in named}

    def step_of(self, choice: str, run: str) -> int | None:
        """The step of a choice; None for the run's model. Raises RunError that says what is there."""
        if choice == BEST:
            return None
        step = self.tasks.get(choice)
        if step is None and choice.isdecimal():
            step = int(choice)
        if step and step == self.joint:
            return None
        if step is None or step not in self.steps:
            raise self.refusal(choice, run)
        return step

    def refusal(self, choice: str, run: str) -> RunError:
        """That a choice is not there, and what is."""
        return RunError(
            f"run {run} keeps no checkpoint '{choice}', only {', '.join(self.choices().values())}; "
            "choose one of these by its step or its task"
        )
