"""A run is a folder; this is the only place that knows what lies in it.

    experiment.yaml    what was asked           status.json     where it stands (replaced atomically)
    events.jsonl       what happened            control.json    what the user asks of it
    steering.json      how the user steers it   checkpoints/    the best of each task, and others
    model.safetensors  the best checkpoint      tokenizer.json  labels.json   model.json
    last/              everything needed to go on exactly       log.txt       the process's output

Torch-free: pages read runs with it. A status is written by one process at a time: by whoever
creates the run, then by the process that trains it. The user's wishes go to control.json.
"""

import json
import re
import secrets
import shutil
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Any

from mtl_core.config import Experiment
from mtl_core.data.files import home, read_json, write_atomically
from mtl_core.errors import RunError
from mtl_core.training.events import Event, from_line
from mtl_core.training.kept import Kept

from .processes import ProcessMark


class State(StrEnum):
    """What a run is doing, in words that a person understands."""

    QUEUED = "queued"
    RUNNING = "running"
    PAUSED = "paused"
    FINISHED = "finished"
    STOPPED = "stopped"
    FAILED = "failed"
    INTERRUPTED = "interrupted"

    @property
    def is_live(self) -> bool:
        """A process is busy with the run, or will be."""
        return self in {State.QUEUED, State.RUNNING, State.PAUSED}

    @property
    def can_resume(self) -> bool:
        """The user may ask for the run to go on."""
        return self in {State.STOPPED, State.FAILED, State.INTERRUPTED}


@dataclass(frozen=True)
class Status:
    """Where a run stands. Times are seconds since the epoch; `seconds` is pure training time."""

    state: State
    created: float
    updated: float
    phase: str = ""
    step: int = 0
    steps: int = 0
    seconds: float = 0.0
    reason: str = ""
    device: str = ""
    best_step: int = 0
    metrics: dict[str, float] = field(default_factory=dict)
    process: dict[str, Any] | None = None
    steered: bool = False
    """Whether the user has changed weights or learning rate while it trained."""

    @property
    def progress(self) -> float:
        """Share of the steps that are done, 0 .. 1."""
        if self.state is State.FINISHED:
            return 1.0
        return min(1.0, self.step / self.steps) if self.steps else 0.0

    @property
    def seconds_left(self) -> float | None:
        """Estimated training time left, from the pace so far; None before the first steps."""
        if not self.step or not self.state.is_live:
            return None
        return self.seconds / self.step * max(0, self.steps - self.step)


class Run:
    """One run folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __repr__(self) -> str:
        return f"Run({self.id!r})"

    @property
    def id(self) -> str:
        return self.folder.name

    @cached_property
    def experiment(self) -> Experiment:
        """What was asked; it never changes after creation."""
        return Experiment.load(self.folder / "experiment.yaml")

    @property
    def group(self) -> str:
        """The runs with this word belong together; a run without a group is its own."""
        return self.experiment.group or self.id

    @property
    def has_model(self) -> bool:
        """Whether there is a checkpoint that can answer."""
        return (self.folder / "model.safetensors").exists()

    @property
    def checkpoints(self) -> Kept:
        """The checkpoints that can answer. Raises RunError where their index is damaged."""
        return Kept.load(self.folder) or Kept(joint=self.status().best_step)

    def status(self) -> Status:
        """Where the run stands, judged by whether its process lives and what the user asked."""
        tree = read_json(self.folder / "status.json")
        try:
            status = Status(**{**tree, "state": State(tree["state"])})
            mark = ProcessMark.of(status.process)
        except (KeyError, TypeError, ValueError) as err:
            raise RunError(
                f"{self.folder / 'status.json'} is damaged; delete the folder or restore the file"
            ) from err
        if status.state in {State.RUNNING, State.PAUSED} and not (mark and mark.is_alive()):
            reason = "its training process is gone; resume it to go on from the last checkpoint"
            status = replace(status, state=State.INTERRUPTED, reason=reason)
        if status.state.can_resume and self.asked() == "resume":
            status = replace(status, state=State.QUEUED, reason="")
        return status

    def write_status(self, status: Status) -> None:
        """Replace the status. Only for the process that owns the run."""
        tree = asdict(replace(status, updated=time.time()))
        write_atomically(self.folder / "status.json", json.dumps(tree, indent=1))

    def steer(self, factors: dict[str, float], rate: float) -> None:
        """From the next step on: multiply losses of tasks by factors, and the learning rate."""
        tree = {"factors": factors, "rate": rate, "time": time.time()}
        write_atomically(self.folder / "steering.json", json.dumps(tree))

    def steering(self) -> dict[str, Any]:
        """What `steer` was told last; empty where it never was."""
        return read_json(self.folder / "steering.json")

    def ask(self, what: str) -> None:
        """Ask something of the run: "pause", "resume", "stop" or "evaluate"."""
        tree = {"ask": what, "time": time.time()}
        write_atomically(self.folder / "control.json", json.dumps(tree))

    def asked(self) -> str:
        """What the user asked last and nobody has answered yet, "" where nothing."""
        return str(read_json(self.folder / "control.json").get("ask", ""))

    def answered(self, what: str) -> None:
        """Forget what was asked: it has been done. Something else asked meanwhile stays."""
        if self.asked() == what:
            (self.folder / "control.json").unlink(missing_ok=True)

    def events(self) -> list[Event]:
        """All events so far."""
        return EventTail(self).read()

    def delete(self) -> None:
        """Remove the folder. Raises RunError while the run is live."""
        state = self.status().state
        if state.is_live:
            raise RunError(f"run {self.id} is {state}; stop it before deleting it")
        shutil.rmtree(self.folder)


class EventTail:
    """Reads on in events.jsonl from where it stopped; a half-written last line waits."""

    def __init__(self, run: Run) -> None:
        self.path = run.folder / "events.jsonl"
        self.offset = 0

    def read(self) -> list[Event]:
        """The events since the last call."""
        try:
            with self.path.open("rb") as file:
                file.seek(self.offset)
                data = file.read()
        except FileNotFoundError:
            return []
        whole = data[: data.rfind(b"\n") + 1]
        self.offset += len(whole)
        return [from_line(line) for line in whole.decode("utf-8").split("\n") if line]


class Runs:
    """All runs of a folder (by default those of this user)."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or home() / "runs"

    def create(self, experiment: Experiment, process: ProcessMark | None = None) -> Run:
        """A new run, queued for the worker, or in the hands of `process` from the start.

        The folder appears under its name only when it is complete.
        """
        stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S-%f")
        slug = re.sub(r"[^a-z0-9]+", "-", experiment.name.lower()).strip("-")[:32].strip("-")
        name = "-".join(part for part in (stamp, slug, secrets.token_hex(2)) if part)
        draft = self.folder / f".{name}"
        try:
            draft.mkdir(parents=True)
        except OSError as err:
            raise RunError(
                f"{self.folder}: runs cannot be written here ({err.strerror}); "
                "set MTL_HOME to a folder of yours"
            ) from err
        run = Run(draft)
        (draft / "experiment.yaml").write_text(experiment.to_yaml(), encoding="utf-8")
        now = time.time()
        state = State.RUNNING if process else State.QUEUED
        mark = vars(process) if process else None
        run.write_status(Status(state=state, created=now, updated=now, process=mark))
        draft.rename(self.folder / name)
        return Run(self.folder / name)

    def create_group(self, experiments: list[Experiment]) -> list[Run]:
        """New runs that are shown together, in this order in the queue."""
        return [self.create(experiment) for experiment in self.grouped(experiments)]

    @staticmethod
    def grouped(experiments: list[Experiment]) -> list[Experiment]:
        """The experiments with a common group of their own; a single one keeps what it has."""
        if len(experiments) < 2:
            return experiments
        group = Runs.new_group()
        return [e.model_copy(update={"group": group}) for e in experiments]

    @staticmethod
    def new_group() -> str:
        """A word that no group has yet; later ones sort behind earlier ones."""
        return f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"

    def get(self, name: str) -> Run:
        """The run with this id, or at this path. Raises RunError where there is none."""
        for folder in (self.folder / name, Path(name)):
            if name and (folder / "experiment.yaml").is_file():
                return Run(folder.resolve())
        raise RunError(f"no run '{name}' in {self.folder}; `mtl runs` lists the runs")

    def __iter__(self) -> Iterator[Run]:
        """Newest first."""
        if not self.folder.is_dir():
            return
        for folder in sorted(self.folder.iterdir(), reverse=True):
            if not folder.name.startswith(".") and (folder / "status.json").is_file():
                yield Run(folder)
