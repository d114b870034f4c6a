"""Sweeps that were queued: a file for the design beside the runs, and how far the runs are.

    sweeps/<group>.yaml    the design; its runs have this group

The file and the runs are matched by what the runs train, so runs may be missing, deleted or there
twice: the sweep then says what is left to do.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from statistics import fmean

from mtl_core.config import Experiment
from mtl_core.config.sweep import Sweep, key_of
from mtl_core.data.catalog import Catalog
from mtl_core.data.choosing import settle
from mtl_core.data.files import home, write_atomically
from mtl_core.errors import MtlError, RunError

from .store import Run, Runs, State, Status

_GROUP = re.compile(r"[\w-]{1,120}")


@dataclass(frozen=True)
class Stored:
    """A sweep with the group of its runs."""

    group: str
    sweep: Sweep

    @cached_property
    def plan(self) -> dict[str, Experiment]:
        """Its runs in the order of the queue, by what they train; each with its group."""
        named = (e.model_copy(update={"group": self.group}) for e in self.sweep.experiments())
        return {key_of(experiment): experiment for experiment in named}


class Sweeps:
    """All sweeps of a folder (by default those of this user)."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or home() / "sweeps"

    def create(self, sweep: Sweep) -> Stored:
        """Write the design down under a new group; no run exists yet."""
        stored = Stored(Runs.new_group(), sweep)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            write_atomically(self.path(stored.group), sweep.to_yaml())
        except OSError as err:
            raise RunError(
                f"{self.folder}: sweeps cannot be written here ({err.strerror}); "
                "set MTL_HOME to a folder of yours"
            ) from err
        return stored

    def get(self, group: str) -> Stored:
        """The sweep of this group. Raises RunError where there is none, ConfigError if damaged."""
        if not self.has(group):
            raise RunError(f"no sweep '{group}' in {self.folder}; the Sweeps page lists them")
        return Stored(group, Sweep.load(self.path(group)))

    def has(self, group: str) -> bool:
        """Whether the runs of this group belong to a sweep."""
        return bool(_GROUP.fullmatch(group)) and self.path(group).is_file()

    def path(self, group: str) -> Path:
        """Where the design lies."""
        return self.folder / f"{group}.yaml"

    def delete(self, group: str) -> None:
        """Forget the design; the runs stay."""
        self.path(group).unlink(missing_ok=True)

    def __iter__(self) -> Iterator[str]:
        """The groups, newest first."""
        yield from sorted((file.stem for file in self.folder.glob("[!.]*.yaml")), reverse=True)


def settled(sweep: Sweep, catalog: Catalog, beside: Path | None = None) -> Sweep:
    """The sweep with every card found, so that it means the same wherever it is read.

    Raises DataError or ConfigError where a card, a task or a file of any of its runs is missing.
    """
    base = sweep.model_copy(update={"experiment": settle(sweep.experiment, catalog, beside)})
    choices = {}
    for name, changes in sweep.design.choices.items():
        asked = base.experiment.replace(changes)
        found = settle(asked, catalog, beside)
        if found.data != asked.data:
            rest = {key: v for key, v in changes.items() if key.split(".")[0] != "data"}
            changes = {**rest, "data": found.model_dump(mode="json")["data"]}
        choices[name] = changes
    design = base.design.model_copy(update={"choices": choices})
    return base.model_copy(update={"design": design})


@dataclass(frozen=True)
class Member:
    """A run of a sweep with its status, read once."""

    run: Run
    status: Status


@dataclass(frozen=True)
class Standing:
    """How far a sweep is: each planned run with the run that trains it, None where there is none."""

    pairs: tuple[tuple[Experiment, Member | None], ...]

    @property
    def members(self) -> list[Member]:
        """The runs that are there, in the order of the queue."""
        return [member for _, member in self.pairs if member]

    @property
    def missing(self) -> list[Experiment]:
        """What is planned and has no run."""
        return [planned for planned, member in self.pairs if member is None]

    def in_state(self, *states: State) -> list[Member]:
        """The runs in one of these states."""
        return [member for member in self.members if member.status.state in states]

    @property
    def live(self) -> list[Member]:
        """Runs that are trained, or will be."""
        return [member for member in self.members if member.status.state.is_live]

    @property
    def running(self) -> list[Member]:
        """Runs that a process is busy with."""
        return self.in_state(State.RUNNING, State.PAUSED)

    @property
    def resumable(self) -> list[Member]:
        """Runs that ended early."""
        return [member for member in self.members if member.status.state.can_resume]

    @property
    def done(self) -> int:
        """How many have finished."""
        return len(self.in_state(State.FINISHED))

    @property
    def is_complete(self) -> bool:
        """Whether all have finished."""
        return self.done == len(self.pairs)

    @property
    def share(self) -> float:
        """How much of the whole is done, 0 .. 1, each run counted alike."""
        done = self.done + sum(member.status.progress for member in self.live)
        return done / len(self.pairs) if self.pairs else 1.0

    @property
    def seconds_left(self) -> float | None:
        """Estimated training time of what is live or missing, one run after the other; None if unknown.

        A run takes as long as the mean of the finished ones of its kind, all tasks or one alone.
        """
        known: dict[bool, list[float]] = {True: [], False: []}
        for done in self.in_state(State.FINISHED):
            known[_is_twin(done.run.experiment)].append(done.status.seconds)
        every = [*known[True], *known[False]]
        left = 0.0
        for planned, member in self.pairs:
            if member and not member.status.state.is_live:
                continue
            own = member.status.seconds_left if member else None
            usual = known[_is_twin(planned)] or every
            if own is None and not usual:
                return None
            left += fmean(usual) if own is None else own
        return left


def _is_twin(experiment: Experiment) -> bool:
    return experiment.only is not None


def standing(stored: Stored, members: Sequence[Member]) -> Standing:
    """Match the runs of the group with the plan; of several that train the same the best off counts."""
    found: dict[str, Member] = {}
    for member in members:
        key = key_of(member.run.experiment)
        if key not in found or _worth(member) > _worth(found[key]):
            found[key] = member
    return Standing(tuple((e, found.get(key)) for key, e in stored.plan.items()))


def _worth(member: Member) -> tuple[bool, bool, str]:
    state = member.status.state
    return state is State.FINISHED, state.is_live, member.run.id


def members_of(group: str, runs: Runs) -> list[Member]:
    """The runs of a group; damaged folders are passed over, so they count as missing."""
    found = []
    for run in runs:
        try:
            if run.group == group:
                found.append(Member(run, run.status()))
        except (MtlError, OSError):
            continue
    return found
