"""A sweep: one experiment over seeds and choices, with every run that an honest verdict needs.

    sweep = Sweep.from_yaml(text)
    sweep.entries()       what is compared: the choices, and the baselines beside special methods
    sweep.experiments()   the runs in the order of the queue, seed by seed, each twin once

The file is an ordinary experiment with one more block, `sweep`. Torch-free.
"""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field, ValidationError, field_validator

from mtl_core.errors import ConfigError

from .balancing import baselines
from .experiment import MAX_NAME, Experiment
from .faults import sentence_of
from .parts import Part, option
from .yaml_text import read_text, tree_of, written

BLOCK = "sweep"
AS_IT_IS = "as it is"
LONGEST_NAME = 80
MOST_RUNS = 2000
_DECIDED = {
    "training.seed": "sweep.seeds decides it",
    "only": "the twins are added by themselves",
    "name": "the choice's own name is shown",
    "group": "all runs of a sweep are one group",
    "choice": "the choice's own name is shown",
}

Share = Annotated[float, Field(gt=0, le=1)]
Seed = Annotated[int, Field(ge=0, le=2**31 - 1)]
Baselines = Callable[[tuple[str, ...], int], dict[str, dict[str, Any]]]
"""From the tasks and the points of the grid to the changes that make each baseline."""


class Design(Part):
    """Seeds times choices: every choice is trained with every seed, each task's twin once.

    Use when you want to know whether a choice helps, and whether that can be told from luck.
    Costs seeds × (choices + tasks) runs; beside a special method also the baselines.
    Limits: 2,000 runs; intervals over the seeds say nothing about other datasets.
    """

    label = "Sweep"

    seeds: tuple[Seed, ...] = option(
        (0, 1, 2), "Everything is trained once with each of these seeds.", min_length=1
    )
    choices: dict[str, dict[str, Any]] = option(
        {AS_IT_IS: {}},
        "What is compared: a name, and the options that it changes, for example "
        "{sharing.kind: separate}.",
        min_length=1,
    )
    shares: tuple[Share, ...] = option(
        (),
        "Shares of the training data that every choice is trained on; empty: as the data says.",
    )
    weights: int = option(
        5,
        "Points of the grid of fixed loss weights that stands beside special methods "
        "where there are two tasks.",
        unit="points",
        ge=3,
        le=21,
    )

    @field_validator("choices", mode="before")
    @classmethod
    def _no_changes_may_be_left_empty(cls, choices: Any) -> Any:
        if not isinstance(choices, dict):
            return choices
        return {name: {} if changes is None else changes for name, changes in choices.items()}

    @field_validator("choices")
    @classmethod
    def _choices_are_usable(cls, choices: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
        for name, changes in choices.items():
            if not name.strip() or len(name) > LONGEST_NAME:
                raise ValueError(
                    f"'{name}' is no name for a choice; take 1 to {LONGEST_NAME} letters"
                )
            for key in changes:
                if key in _DECIDED:
                    raise ValueError(f"'{name}' changes '{key}'; leave it out, {_DECIDED[key]}")
        return choices

    @field_validator("seeds", "shares")
    @classmethod
    def _nothing_twice(cls, values: tuple[float, ...]) -> tuple[float, ...]:
        twice = sorted({value for value in values if values.count(value) > 1})
        if twice:
            raise ValueError(f"{twice[0]} is listed twice; name each once")
        return values


@dataclass(frozen=True)
class Entry:
    """One thing that is compared, perhaps on a share of the data that the sweep sets.

    `added`: a baseline that nobody asked for by name.
    """

    name: str
    experiment: Experiment
    share: float | None = None
    added: bool = False

    @property
    def weights(self) -> dict[str, float] | None:
        """The tasks' loss weights where they are known beforehand, else None."""
        return self.experiment.balancing.fixed_weights(self.experiment.tasks)

    @property
    def is_equal(self) -> bool:
        """Whether every task's loss has weight 1."""
        return self.weights is not None and set(self.weights.values()) == {1.0}

    @property
    def surroundings(self) -> str:
        """The same for entries that differ in nothing but how the losses are balanced."""
        tree = self.experiment.unnamed.model_dump(mode="json", exclude={"balancing"})
        return json.dumps(tree, sort_keys=True)

    @property
    def identity(self) -> str:
        """The same for entries that train the same, however that is written down."""
        own = self.weights or self.experiment.balancing.model_dump(mode="json")
        return json.dumps([self.surroundings, own], sort_keys=True)

    def experiments(self, seed: int) -> list[Experiment]:
        """The run with this seed and its twins, in the order in which they are to be trained."""
        training = self.experiment.training.model_copy(update={"seed": seed})
        base = self.experiment.model_copy(update={"training": training, "choice": self.name})
        ending = f": {self.name}"[:MAX_NAME]
        named = f"{base.name[: MAX_NAME - len(ending)]}{ending}"
        run = base.model_copy(update={"name": named})
        return [run if one is base else one for one in base.family()]


class Sweep(Part):
    """An experiment and the design that makes many runs of it."""

    experiment: Experiment
    design: Design = Design()

    @property
    def name(self) -> str:
        """What people see in lists."""
        return self.experiment.name

    def entries(self, baselines: Baselines = baselines) -> tuple[Entry, ...]:
        """The choices in their order, then the baselines that special methods need beside them.

        A baseline that is among the choices, however it is called, is not added again.
        """
        own = self._chosen()
        special = [entry for entry in own if entry.experiment.balancing.is_special]
        beside = {entry.surroundings: entry for entry in special}
        found = {entry.identity: entry for entry in own}
        names = {entry.name for entry in own}
        for entry in beside.values():
            tasks = entry.experiment.tasks
            made = baselines(tasks, self.design.weights) if len(tasks) > 1 else {}
            for name, changes in made.items():
                called = _called(name, entry, list(beside.values()))
                changed = entry.experiment.replace(changes)
                added = Entry(_free(called, names), changed, entry.share, added=True)
                if added.identity not in found:
                    names.add(added.name)
                    found[added.identity] = added
        return tuple(found.values())

    def _chosen(self) -> list[Entry]:
        """Every choice, or every choice with every share of the data."""
        found = []
        for name, changes in self.design.choices.items():
            experiment = self._changed(name, changes)
            for share in self.design.shares or (None,):
                if share is None:
                    found.append(Entry(name, experiment))
                else:
                    label = name if len(self.design.shares) == 1 else _on_share(name, share)
                    found.append(Entry(label, _with_share(experiment, share), share))
        first: dict[str, str] = {}
        for entry in found:
            before = first.setdefault(entry.identity, entry.name)
            if before != entry.name:
                raise ConfigError(
                    f"sweep.choices: '{before}' and '{entry.name}' train the same; "
                    "leave one of them out"
                )
        return found

    def _changed(self, name: str, changes: dict[str, Any]) -> Experiment:
        try:
            return self.experiment.replace(changes)
        except ConfigError as err:
            said = str(err).removeprefix("the changed experiment: ")
            raise ConfigError(f"sweep.choices '{name}': {said}") from err

    def experiments(self, baselines: Baselines = baselines) -> list[Experiment]:
        """All runs in the order of the queue: seed by seed, so that a first answer comes early.

        Twins that several entries have in common are there once: under the first one's name where
        a task has several, else under none.
        """
        runs: list[Experiment] = []
        entries = self.entries(baselines)
        for seed in self.design.seeds:
            found: dict[str, list[Experiment]] = {}
            for run in (run for entry in entries for run in entry.experiments(seed)):
                found.setdefault(key_of(run), []).append(run)
            twins = Counter(same[0].only for same in found.values())
            for first, *_ in found.values():
                serves_all = first.only and twins[first.only] == 1
                runs.append(first.model_copy(update={"choice": None}) if serves_all else first)
        return runs

    def replace(self, changes: dict[str, Any]) -> "Sweep":
        """A copy with dotted keys changed: of the block with `sweep.` in front, else of the rest."""
        own = {k: v for k, v in changes.items() if k.split(".")[0] == BLOCK}
        rest = {k: v for k, v in changes.items() if k not in own}
        block = self.design.model_dump(mode="json")
        for key, value in own.items():
            block[key.removeprefix(BLOCK).removeprefix(".")] = value
        tree = self.experiment.replace(rest).model_dump(mode="json")
        return Sweep.parse({**tree, BLOCK: block}, source="the changed sweep")

    @classmethod
    def parse(cls, tree: Any, *, source: str) -> Self:
        """Validate plain data. Raises ConfigError in one sentence that begins with `source`."""
        if not isinstance(tree, dict) or BLOCK not in tree:
            raise ConfigError(
                f"{source}: there is no block 'sweep', so it makes a single run; "
                "add 'sweep' with 'seeds' and 'choices', or use `mtl train`"
            )
        rest = {key: value for key, value in tree.items() if key != BLOCK}
        experiment = Experiment.parse(rest, source=source)
        try:
            design = Design.model_validate({} if tree[BLOCK] is None else tree[BLOCK])
        except ValidationError as err:
            raise ConfigError(f"{source}: {BLOCK}.{sentence_of(err, Design)}") from err
        sweep = cls(experiment=experiment, design=design)
        try:
            count = len(sweep.experiments())
        except ConfigError as err:
            raise ConfigError(f"{source}: {err}") from err
        if count > MOST_RUNS:
            raise ConfigError(
                f"{source}: the sweep makes {count} runs, more than {MOST_RUNS}; "
                "take fewer seeds, choices or shares"
            )
        return sweep

    @classmethod
    def from_yaml(cls, text: str, *, source: str = "sweep") -> Self:
        """Read YAML text. Raises ConfigError naming `source`, the key, the value, the cure."""
        return cls.parse(tree_of(text, source), source=source)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a sweep's file."""
        return cls.from_yaml(read_text(path), source=str(path))

    def to_yaml(self) -> str:
        """The whole sweep, defaults written out, so that it keeps its meaning."""
        tree = self.experiment.model_dump(mode="json")
        return written({**tree, BLOCK: self.design.model_dump(mode="json")})


def key_of(experiment: Experiment) -> str:
    """The same for runs that train the same."""
    return json.dumps(experiment.unnamed.model_dump(mode="json"), sort_keys=True)


def _with_share(experiment: Experiment, share: float) -> Experiment:
    """The experiment with so much of the training data for each of its tasks."""
    tree = experiment.model_dump(mode="json")["data"]
    for choice in tree:
        choice["share"] = dict.fromkeys(choice["tasks"], share) if share < 1 else {}
    return experiment.replace({"data": tree})


def _on_share(name: str, share: float) -> str:
    return f"{name}, {100 * share:g} % of the data"


def _called(baseline: str, entry: Entry, beside: list[Entry]) -> str:
    """A baseline's name, with what tells it from those that stand beside other entries."""
    if len(beside) == 1:
        return baseline
    if entry.share is not None and [e.share for e in beside].count(entry.share) == 1:
        return _on_share(baseline, entry.share)
    return f"{baseline} beside {entry.name}"[:MAX_NAME]


def _free(name: str, taken: set[str]) -> str:
    """The name, with a number where it is taken."""
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name[: MAX_NAME - 5]} ({number})"
    return free
