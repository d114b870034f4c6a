"""The background worker: a daemon that owns the queue and trains one run after the other.

    ensure(home)                          start it if none lives (pages call this)
    python -m mtl_core.runs.worker HOME   what `ensure` launches

It outlives the web server, talks to nobody but through run folders, and never runs a tensor
operation: it keeps a fork server that has only *imported* the heavy libraries, so that a run's
process takes its first step in a fraction of a second, and a crash costs that run alone.
"""

import contextlib
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from multiprocessing.context import BaseContext
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, cast

import psutil
from filelock import FileLock, Timeout

import mtl_core
from mtl_core.data.files import read_json, write_atomically
from mtl_core.errors import MtlError

from . import child
from .processes import ProcessMark
from .store import Run, Runs, State

POLL_SECONDS = 0.03
HEARTBEAT_SECONDS = 1.0
LOOKING_SHARE = 0.02
"""Of a core, for looking at the runs while none is trained: there may be hundreds."""
IDLE_SECONDS = 3600.0
"""A worker without work leaves after this long; the next `ensure` starts another."""
PRELOADED = [
    "torch",
    "torch._dynamo",  # the first optimiser imports it
    "mtl_core.runs.execute",
]
"""Imported once by the fork server. Importing must not run any tensor operation: a fork after
the first one hangs."""


def ensure(home: Path) -> None:
    """Start the worker of this folder unless one lives that has today's code."""
    if is_alive(home):
        return
    home.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "mtl_core.runs.worker", str(home)]
    with (home / "worker.log").open("ab") as log:
        subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # survives Ctrl-C and the end of the web server
            env={**os.environ, "MTL_HOME": str(home)},
        )


def is_alive(home: Path) -> bool:
    """Whether a worker with the present code serves this folder; one with older code is dismissed."""
    tree = read_json(home / "worker.json")
    mark = ProcessMark.of(tree.get("process"))
    if mark is None or not mark.is_alive():
        return False
    if tree.get("code") == _code() and tree.get("environment") == _environment():
        return True
    with contextlib.suppress(psutil.NoSuchProcess):
        psutil.Process(mark.pid).terminate()  # its runs go on; the next worker adopts them
    return False


def _environment() -> dict[str, str | None]:
    """What a run's process must have in common with whoever asked for it."""
    names = ("MTL_DATA", "HF_HOME", "HF_HUB_OFFLINE", "CUDA_VISIBLE_DEVICES")
    return {name: os.environ.get(name) for name in names}


def _code() -> float:
    """When the engine's code last changed: a worker keeps what it has imported."""
    folder = Path(mtl_core.__file__).parent
    return max(file.stat().st_mtime for file in folder.rglob("*.py"))


class Pace:
    """When to look at the runs again: at once where one came or went, else the later the longer
    a look takes."""

    def __init__(self) -> None:
        self._seen: float | None = None
        self._next = 0.0

    def is_due(self, now: float, changed: float) -> bool:
        """Whether to look at time `now`, in seconds; `changed`: when the folder of runs was."""
        due = changed != self._seen or now >= self._next
        self._seen = changed
        return due

    def looked(self, began: float, ended: float) -> None:
        """A look that found nothing to do took this time."""
        self._next = ended + (ended - began) / LOOKING_SHARE


class Worker:
    """Serves the runs of one folder, one at a time."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.runs = Runs(home / "runs")
        self.mark = ProcessMark.mine()
        self.code = _code()
        self.context = _fork_server()
        self.pace = Pace()
        self.current: tuple[Run, BaseProcess | subprocess.Popen[bytes], float] | None = None
        """The run that is trained, its process, and when its status was written before that."""
        self._beat = 0.0
        self._known: dict[str, tuple[tuple[float, float], State]] = {}

    def serve(self) -> None:
        """Until told to leave, or idle for long."""
        last_work = time.monotonic()
        while time.monotonic() - last_work < IDLE_SECONDS:
            self._heartbeat()
            began = time.monotonic()
            if self.pace.is_due(began, _changed(self.runs.folder)):
                if self._is_busy() or self._start_next():
                    last_work = time.monotonic()
                else:
                    self.pace.looked(began, time.monotonic())
            time.sleep(POLL_SECONDS)

    def _heartbeat(self) -> None:
        if time.monotonic() - self._beat > HEARTBEAT_SECONDS:
            self._beat = time.monotonic()
            tree = {
                "process": vars(self.mark),
                "code": self.code,
                "environment": _environment(),
                "time": time.time(),
            }
            write_atomically(self.home / "worker.json", json.dumps(tree))

    def _is_busy(self) -> bool:
        """Whether a run is being trained, by this worker's child or by one that it adopts."""
        if self.current is not None:
            run, process, stamp = self.current
            if _is_running(process):
                return True
            self.current = None
            if _changed(run.folder / "status.json") == stamp:
                _give_up(run)
        return any(state in {State.RUNNING, State.PAUSED} for _, state in self._states())

    def _states(self) -> list[tuple[Run, State]]:
        """All runs and what they are doing, newest first; damaged folders are passed over.

        An ended run is read again only when its files have changed: there may be hundreds.
        """
        found = []
        for run in self.runs:
            stamp = (_changed(run.folder / "status.json"), _changed(run.folder / "control.json"))
            before, state = self._known.get(run.id, (None, State.RUNNING))
            if before != stamp or state in {State.RUNNING, State.PAUSED}:
                try:
                    state = run.status().state
                except (MtlError, OSError):
                    continue
                self._known[run.id] = (stamp, state)
            found.append((run, state))
        return found

    def _start_next(self) -> bool:
        """Start the oldest queued run; one that the user stopped while it waited is put aside."""
        waiting = [run for run, state in self._states() if state is State.QUEUED]
        for run in reversed(waiting):
            if run.asked() == "stop":
                _put_aside(run)
                continue
            stamp = _changed(run.folder / "status.json")
            self.current = (run, self._launch(run), stamp)
            return True
        return False

    def _launch(self, run: Run) -> "BaseProcess | subprocess.Popen[bytes]":
        if self.context is None:
            return _launch_cold(run, self.home)
        process: Any = cast(Any, self.context).Process(
            target=child.main, args=(str(run.folder), str(self.home))
        )
        process.start()
        return process


def _changed(path: Path) -> float:
    """When a file was last replaced, 0 where there is none."""
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _is_running(process: "BaseProcess | subprocess.Popen[bytes]") -> bool:
    if isinstance(process, subprocess.Popen):
        return process.poll() is None
    return process.is_alive()


def _put_aside(run: Run) -> None:
    status = run.status()
    run.answered("stop")
    run.write_status(replace(status, state=State.STOPPED, reason="stopped before it began"))


def _give_up(run: Run) -> None:
    """The run's process ended before it could say anything: tried again, it would do the same."""
    reason = "its process ended before it began; its log.txt says why, a full disk for example"
    run.answered("resume")
    run.write_status(replace(run.status(), state=State.FAILED, reason=reason))


def _fork_server() -> BaseContext | None:
    """A fork server that has imported what every run needs; None where the system has no fork."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return None
    # Asking for CUDA in a process that forks later breaks its children; NVML asks without CUDA.
    os.environ.setdefault("PYTORCH_NVML_BASED_CUDA_CHECK", "1")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    from multiprocessing import forkserver

    forkserver.ensure_running()
    return context


def _launch_cold(run: Run, home: Path) -> "subprocess.Popen[bytes]":
    """A process from scratch: slower to its first step, but it works everywhere."""
    command = [sys.executable, "-m", "mtl_core.runs.child", str(run.folder), str(home)]
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)


def main(home: Path) -> None:
    """Serve, unless another worker of this folder does."""
    lock = FileLock(home / ".worker.lock")
    try:
        lock.acquire(timeout=10)  # a dismissed worker may need a moment to leave
    except Timeout:
        return
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))  # without waiting for the children
    Worker(home).serve()
    os._exit(0)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
