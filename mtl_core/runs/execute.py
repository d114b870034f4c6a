"""Train a run folder, in this process: what the worker's child and `mtl train` both do.

Consumes the trainer's events: writes them down, keeps the status current and does what the user
asks meanwhile. Torch lives in this process from here on.
"""

import time
import traceback
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any, TextIO, cast

from filelock import FileLock, Timeout

from mtl_core.data.catalog import Catalog, card_folders
from mtl_core.data.files import home
from mtl_core.data.pieces import Pieces
from mtl_core.errors import MtlError, RunError
from mtl_core.training import lexicon, manifest
from mtl_core.training.checkpoint import STATE
from mtl_core.training.devices import describe
from mtl_core.training.events import (
    Asked,
    Checkpointed,
    Evaluated,
    Event,
    Failed,
    Finished,
    Started,
    Steered,
    Step,
    to_line,
)
from mtl_core.training.setup import Prepared, prepare
from mtl_core.training.steering import Wishes
from mtl_core.training.trainer import train

from .processes import ProcessMark
from .store import Run, Runs, State, Status
from .twins import twin_scores

STATUS_SECONDS = 0.25
"""The status is rewritten at most this often while nothing but the step changes."""
PAUSE_POLL_SECONDS = 0.05

Listener = Callable[[Event], None]


def execute(run: Run, listener: Listener = lambda event: None) -> Status:
    """Train the run to its end, or until the user stops it; returns where it stands then.

    Raises RunError where another process trains it already.
    """
    lock = FileLock(run.folder / ".lock")
    try:
        lock.acquire(timeout=2)
    except Timeout as err:
        raise RunError(
            f"run {run.id} is being trained by another process; wait or stop it"
        ) from err
    with lock, _event_file(run.folder) as file:
        return _Execution(run, file, listener).run()


def _event_file(folder: Path) -> TextIO:
    """Opened for appending, after dropping a last line that a crash left half-written."""
    path = folder / "events.jsonl"
    if path.exists():
        with path.open("rb+") as file:
            data = file.read()
            file.truncate(data.rfind(b"\n") + 1)
    return path.open("a", encoding="utf-8")


class _StoppedEarly(Exception):
    """The user stopped the run while its data and model were being prepared."""


class _Execution:
    def __init__(self, run: Run, file: TextIO, listener: Listener) -> None:
        self.run_folder, self.file, self.listener = run, file, listener
        before = run.status()
        self.status = replace(
            before, state=State.RUNNING, reason="", process=vars(ProcessMark.mine())
        )
        self._written = 0.0
        self._evaluate = False
        self._steered: tuple[int, dict[str, Any]] = (0, {})

    def run(self) -> Status:
        """Prepare, train, and put down how it ended."""
        self.run_folder.answered("resume")  # this is the answer; a stop or a pause waits its turn
        try:
            self._say(phase="starting")
            prepared = self._prepare()
            self._follow(prepared)
        except _StoppedEarly:
            self._note("stop")
            self.run_folder.answered("stop")
            self._say(state=State.STOPPED, phase="", reason="stopped before it began")
        except MtlError as err:
            self._fail(str(err))
        except Exception as err:  # whatever it is, the run must say that it failed
            self._fail(_reason(err), details=traceback.format_exc())
        return self.status

    def _prepare(self) -> Prepared:
        catalog = Catalog.read(card_folders(home()))
        experiment = self.run_folder.experiment
        prepared = prepare(
            experiment, catalog, home() / "cache", self._phase, _folder_of, self._twins()
        )
        _check_unchanged(self.run_folder.folder, prepared)
        self._say(device=describe(prepared.parts.device), steps=prepared.plan.steps)
        return prepared

    def _twins(self) -> dict[str, float]:
        """The main validation scores of the twins, where this run's best is told by them."""
        experiment = self.run_folder.experiment
        return twin_scores(self.run_folder) if experiment.training.best_by == "gain" else {}

    def _phase(self, phase: str) -> None:
        if self.run_folder.asked() == "stop":
            raise _StoppedEarly
        self._say(phase=phase)

    def _follow(self, prepared: Prepared) -> None:
        """Take down every event; between two of them, do what the user asks."""
        folder = self.run_folder.folder
        tasks = prepared.parts.model.tasks
        # Restores a state, if there is one.
        events = train(prepared.parts, prepared.plan, folder, lambda: self._wishes(tasks))
        prepared.manifest.save(folder)
        prepared.pieces.save(folder / manifest.TOKENIZER)
        lexicon.save(prepared.lexicons, folder)
        with closing(cast(Generator[Event, None, None], events)):
            for event in events:
                self._record(event)
                if self._asked_to_stop():
                    break
        if self.status.state is State.RUNNING:  # left by a stop, not by a finish
            self._say(state=State.STOPPED, phase="")

    def _wishes(self, tasks: tuple[str, ...]) -> Wishes:
        """How the user steers; asked before every step, so the file is read only when it is new."""
        try:
            changed = (self.run_folder.folder / "steering.json").stat().st_mtime_ns
        except FileNotFoundError:
            changed = 0
        if changed != self._steered[0]:
            self._steered = (changed, self.run_folder.steering())
        evaluate, self._evaluate = self._evaluate, False
        return Wishes.of(self._steered[1], tasks, evaluate=evaluate)

    def _record(self, event: Event) -> None:
        self.file.write(to_line(event))
        self.file.flush()
        self.listener(event)
        if isinstance(event, Started):
            self._say(phase="training", step=event.step, steps=event.steps)
        elif isinstance(event, Step):
            self.status = replace(self.status, step=event.step, seconds=event.seconds)
            if time.perf_counter() - self._written > STATUS_SECONDS:
                self._say()
        elif isinstance(event, Evaluated):
            best = event.metrics if event.best else self.status.metrics
            best_step = event.step if event.best else self.status.best_step
            self._say(metrics=best, best_step=best_step, seconds=event.seconds)
        elif isinstance(event, Finished):
            self._say(
                state=State.FINISHED,
                phase="",
                step=event.step,
                seconds=event.seconds,
                metrics=event.metrics,
                best_step=event.best_step,
            )
        elif isinstance(event, Steered):
            self._say(steered=True)
        elif isinstance(event, Checkpointed):
            self._say()

    def _asked_to_stop(self) -> bool:
        """Waits while the user has the run paused; True where it is to end now."""
        asked = self.run_folder.asked()
        if not asked or self.status.state is State.FINISHED:
            return False
        self._note(asked)
        self._evaluate |= asked == "evaluate"  # after the next step
        if asked == "pause":
            self._say(state=State.PAUSED)
            while asked not in {"resume", "stop"}:
                time.sleep(PAUSE_POLL_SECONDS)
                asked = self.run_folder.asked()
                self._evaluate |= asked == "evaluate"  # and kept until the run goes on
            self._note(asked)
            self._say(state=State.RUNNING)
        self.run_folder.answered(asked)
        return asked == "stop"

    def _note(self, asked: str) -> None:
        self._record(Asked(self.status.step, asked, time.time()))

    def _fail(self, reason: str, details: str = "") -> None:
        if details:
            with (self.run_folder.folder / "log.txt").open("a", encoding="utf-8") as file:
                file.write(details)
        self._record(Failed(self.status.step, reason, details))
        self._say(state=State.FAILED, reason=reason, phase="")

    def _say(self, **changes: object) -> None:
        self.status = replace(self.status, **changes)  # type: ignore[arg-type]
        self.run_folder.write_status(self.status)
        self._written = time.perf_counter()


def _folder_of(name: str) -> Path:
    return Runs().get(name).folder


def _check_unchanged(folder: Path, prepared: Prepared) -> None:
    """A run goes on only with the labels and the subwords that it began with."""
    if not (folder / STATE).exists() or not (folder / manifest.FILE).exists():
        return
    same = manifest.Manifest.load(folder) == prepared.manifest
    saved = Pieces.load(folder / manifest.TOKENIZER, prepared.pieces.max_length)
    if not same or saved.tokenizer.to_str() != prepared.pieces.tokenizer.to_str():
        raise RunError(
            "the saved state does not fit: the data has changed since the run began; start a new run"
        )


def _reason(err: Exception) -> str:
    """What a person can do about an error that nobody foresaw."""
    if "out of memory" in str(err).lower() or isinstance(err, MemoryError):
        return "the device ran out of memory; lower training.batch_size or encoder.max_length"
    text = str(err).strip().split("\n")[0][:200]
    return f"an unexpected {type(err).__name__} ({text}); the whole report is in the run's log.txt"
