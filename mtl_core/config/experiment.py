"""The experiment: everything that decides a run, validated, frozen, written as YAML."""

from pathlib import Path
from typing import Any, Self

from pydantic import Field, ValidationError, field_validator, model_validator

from mtl_core.errors import ConfigError

from . import balancing, encoder, mixing, sharing
from .balancing import BalancingChoice
from .data_choice import DataChoice
from .encoder import EncoderChoice
from .faults import sentence_of
from .head import HeadOptions
from .mixing import MixingChoice
from .parts import Part, option
from .sharing import SharingChoice, Surroundings
from .training import Training
from .yaml_text import read_text, tree_of, written

MAX_NAME = 120
NAMES = ("name", "group", "choice")
"""Fields that only say what people call a run and where they find it: they change no number."""


class Experiment(Part):
    """Everything that decides a run. Same experiment, same device: same numbers."""

    name: str = option("Untitled", "What people see in lists.", max_length=MAX_NAME)
    data: tuple[DataChoice, ...] = option(..., "Datasets and their tasks.", min_length=1)
    encoder: EncoderChoice = Field(default=encoder.USUAL, description="Turns words into vectors.")
    sharing: SharingChoice = Field(
        default=sharing.USUAL, description="What the tasks have in common."
    )
    balancing: BalancingChoice = Field(
        default=balancing.USUAL, description="How losses become one step."
    )
    mixing: MixingChoice = Field(
        default=mixing.USUAL, description="How datasets are mixed over steps."
    )
    heads: dict[str, HeadOptions] = option({}, "Options of the tasks' heads, by task.")
    training: Training = Field(default=Training(), description="How long, how fast, where.")
    only: str | None = option(
        None,
        "Train this one task alone, on the very batches that it has when all tasks train: "
        "set in single-task twins.",
    )
    pieces_of: str | None = option(
        None,
        "Use the subwords of this run instead of learning some: its id or folder. A strategy that "
        "starts from a run does so anyway, and its twins are given the same.",
    )
    group: str | None = option(None, "Runs with the same group are shown together.", max_length=120)
    choice: str | None = option(
        None, "Which choice of a sweep this run belongs to.", max_length=MAX_NAME
    )

    @field_validator("data")
    @classmethod
    def _no_card_twice(cls, data: tuple[DataChoice, ...]) -> tuple[DataChoice, ...]:
        cards = [choice.card for choice in data]
        twice = sorted({card for card in cards if cards.count(card) > 1})
        if twice:
            raise ValueError(f"'{twice[0]}' is listed twice; list all its tasks in one entry")
        return data

    @model_validator(mode="after")
    def _names_are_known_tasks(self) -> Self:
        named = {
            "balancing": self.balancing.named_tasks(),
            "sharing": self.sharing.named_tasks(),
            "heads": list(self.heads),
            "training.main_task": [self.training.main_task] if self.training.main_task else [],
            "only": [self.only] if self.only else [],
        }
        for place, tasks in named.items():
            unknown = [task for task in tasks if task not in self.all_tasks]
            if unknown:
                raise ValueError(
                    f"'{unknown[0]}' is not among the tasks of this experiment "
                    f"({', '.join(self.all_tasks)}); correct {place}"
                )
        return self

    @model_validator(mode="after")
    def _parts_go_together(self) -> Self:
        cards = tuple(choice.card for choice in self.data)
        why = (
            self.sharing.refusal(self.surroundings)
            or self.mixing.refusal(cards, self.training.batch_size)
            or self.balancing.refusal(self.tasks, self.sharing.gives_one_representation)
        )
        if why:
            raise ValueError(why)
        return self

    @property
    def surroundings(self) -> Surroundings:
        """What the limits of the sharing strategy depend on."""
        return Surroundings(
            tasks=self.tasks,
            datasets=tuple(choice.card for choice in self.data),
            blocks=self.encoder.depth,
            width=self.encoder.width,
            is_pretrained=self.encoder.is_pretrained,
        )

    @property
    def all_tasks(self) -> tuple[str, ...]:
        """The tasks of the data, each once, in order; a twin's data still names them all."""
        return tuple(dict.fromkeys(task for choice in self.data for task in choice.tasks))

    @property
    def tasks(self) -> tuple[str, ...]:
        """The tasks that are trained."""
        return (self.only,) if self.only else self.all_tasks

    @property
    def learning_rate(self) -> float:
        """The peak learning rate: the one given, or the encoder's usual one."""
        return self.training.learning_rate or self.encoder.usual_learning_rate

    @property
    def threads(self) -> int | None:
        """CPU threads: as many as given, or the encoder's usual number; None for all cores."""
        return self.training.threads or self.encoder.usual_threads

    def twin(self, task: str) -> "Experiment":
        """The matched single-task run: same seed, data, order and updates on that task."""
        ending = f": {task[:60]} alone"
        return self.model_copy(
            update={
                "name": f"{self.name[: MAX_NAME - len(ending)]}{ending}",
                "only": task,
                "sharing": sharing.ALONE,
                "balancing": balancing.USUAL,
                "training": self.training.alone(),
                "pieces_of": self.pieces_of or self.sharing.start,
            }
        )

    def twins(self) -> dict[str, "Experiment"]:
        """One twin per task; none where nothing is shared, and none for a twin."""
        return {task: self.twin(task) for task in self.tasks} if self.has_twins else {}

    def family(self) -> "list[Experiment]":
        """The run and its twins, in the order in which they are to be trained."""
        twins = list(self.twins().values())
        return [*twins, self] if self.training.best_by == "gain" else [self, *twins]

    @property
    def has_twins(self) -> bool:
        """Whether anything is shared that a single-task run lacks: with other tasks, or with a run."""
        return self.only is None and (len(self.tasks) > 1 or self.sharing.start is not None)

    @property
    def unnamed(self) -> "Experiment":
        """Without what people call it: equal for runs that train the same."""
        return self.model_copy(update={"name": "", "group": None, "choice": None})

    def replace(self, changes: dict[str, Any]) -> "Experiment":
        """A copy with dotted keys changed, for example {"training.seed": 3}."""
        tree = self.model_dump(mode="json")
        # Every task has a head, so `heads.mood.decoder` is there to be changed.
        tree["heads"] = {task: tree["heads"].get(task, {}) for task in self.all_tasks}
        for key, value in changes.items():
            _put(tree, key, value)
        if isinstance(tree["heads"], dict):
            tree["heads"] = {task: given for task, given in tree["heads"].items() if given}
        return Experiment.parse(tree, source="the changed experiment")

    @classmethod
    def parse(cls, tree: Any, *, source: str) -> "Experiment":
        """Validate plain data. Raises ConfigError in one sentence that begins with `source`."""
        if isinstance(tree, dict) and "sweep" in tree:
            raise ConfigError(
                f"{source}: the block 'sweep' makes several runs of it; train it with `mtl sweep`"
            )
        if not isinstance(tree, dict):
            raise ConfigError(
                f"{source}: an experiment is a mapping with 'data', found {type(tree).__name__}"
            )
        try:
            return cls.model_validate(tree)
        except ValidationError as err:
            raise ConfigError(f"{source}: {sentence_of(err, cls)}") from err

    @classmethod
    def from_yaml(cls, text: str, *, source: str = "experiment") -> "Experiment":
        """Read YAML text. Raises ConfigError naming `source`, the key, the value, the cure."""
        return cls.parse(tree_of(text, source), source=source)

    @classmethod
    def load(cls, path: Path) -> "Experiment":
        """Read an experiment file."""
        return cls.from_yaml(read_text(path), source=str(path))

    def to_yaml(self) -> str:
        """The whole experiment, defaults written out, so that it keeps its meaning."""
        tree = self.model_dump(mode="json")
        return written(tree)


def _put(tree: dict[str, Any], key: str, value: Any) -> None:
    *path, last = key.split(".")
    for part in path:
        below = tree.get(part)
        if not isinstance(below, dict):
            raise ConfigError(f"'{key}' names no option: '{part}' has no options of its own")
        tree = below
    if last == "kind" and tree.get(last) != value:
        tree.clear()  # the other kind's options mean nothing to this one
    tree[last] = value
