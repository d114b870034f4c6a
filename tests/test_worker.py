"""The background worker with real processes: what is killed costs nothing that had been shown."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from mtl_core.data.files import read_json
from mtl_core.errors import MtlError
from mtl_core.runs import worker
from mtl_core.runs.execute import execute
from mtl_core.runs.store import Run, Runs, State
from mtl_core.training.events import Step

from .conftest import kill_all_of, tiny_experiment

pytestmark = pytest.mark.slow


@pytest.fixture
def home(mtl_home) -> Iterator[Path]:
    """A home whose worker, and whatever it started, is gone after the test."""
    yield mtl_home
    kill_all_of(mtl_home)


@pytest.fixture(scope="module")
def served(tmp_path_factory) -> Iterator[Path]:
    """A home whose worker serves several tests, for it takes seconds to import what runs need."""
    home = tmp_path_factory.mktemp("served")
    yield home
    kill_all_of(home)


@pytest.fixture
def worker_home(served, monkeypatch) -> Iterator[Path]:
    """The home that tests share that do their worker no harm; no run outlives its test."""
    monkeypatch.setenv("MTL_HOME", str(served))
    yield served
    for run in Runs():
        with contextlib.suppress(MtlError):
            if run.status().state in {State.QUEUED, State.RUNNING, State.PAUSED}:
                run.ask("stop")


def until(condition: Callable[[], object], seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


def worker_pid(home: Path) -> int:
    until(lambda: worker.is_alive(home))
    return int(read_json(home / "worker.json")["process"]["pid"])


def long_run(tiny, **changes) -> Run:
    """A run that would take minutes."""
    return Runs().create(tiny_experiment(tiny, training__epochs=1000, **changes))


def shown(run: Run) -> dict[int, Step]:
    return {event.step: event for event in run.events() if isinstance(event, Step)}


def is_training(run: Run) -> bool:
    return run.status().state is State.RUNNING and len(shown(run)) > 5


def stop(run: Run) -> None:
    run.ask("stop")
    until(lambda: run.status().state is State.STOPPED)


def losses_of(run: Run) -> dict[int, dict[str, float]]:
    return {step: event.losses for step, event in shown(run).items()}


def test_the_queue_is_worked_off_oldest_first_and_equals_a_run_in_the_foreground(worker_home, tiny):
    group = Runs().create_group([tiny_experiment(tiny), tiny_experiment(tiny).twin("mood")])
    worker.ensure(worker_home)
    until(lambda: all(run.status().state is State.FINISHED for run in group))
    starts = [run.events()[0].time for run in group]
    assert starts == sorted(starts)
    here = Runs().create(tiny_experiment(tiny))
    execute(here)
    assert here.status().metrics == group[0].status().metrics


def test_pause_resume_and_stop_act_at_once_and_are_written_down(worker_home, tiny):
    run = long_run(tiny)
    worker.ensure(worker_home)
    until(lambda: is_training(run))
    run.ask("pause")
    until(lambda: run.status().state is State.PAUSED)
    step = max(shown(run))
    time.sleep(0.3)
    assert max(shown(run)) == step
    run.ask("resume")
    until(lambda: run.status().state is State.RUNNING and max(shown(run)) > step)
    stop(run)
    asked = [event.ask for event in run.events() if event.kind == "asked"]
    assert asked == ["pause", "resume", "stop"]


def test_a_queued_run_can_be_stopped_before_it_begins(worker_home, tiny):
    first, second = long_run(tiny), long_run(tiny)
    worker.ensure(worker_home)
    until(lambda: is_training(first))
    second.ask("stop")
    assert second.status().state is State.QUEUED
    stop(first)
    until(lambda: second.status().state is State.STOPPED)
    assert second.events() == []


def test_a_killed_child_leaves_its_run_interrupted_and_resumable(worker_home, tiny):
    run = long_run(tiny, training__evaluate_every=20)
    worker.ensure(worker_home)
    until(lambda: max(shown(run), default=0) > 50)
    os.kill(run.status().process["pid"], signal.SIGKILL)
    until(lambda: run.status().state is State.INTERRUPTED)
    before = losses_of(run)
    assert run.has_model
    run.ask("resume")
    until(lambda: max(shown(run)) > max(before) + 5)
    stop(run)
    after = losses_of(run)
    assert {step: after[step] for step in before} == before  # and what is done again is the same
    assert sorted(after) == list(range(1, max(after) + 1))


def test_a_killed_worker_is_replaced_and_the_next_one_adopts_its_run(home, tiny):
    run, waiting = long_run(tiny), Runs().create(tiny_experiment(tiny))
    worker.ensure(home)
    pid = worker_pid(home)
    until(lambda: is_training(run))
    child = run.status().process["pid"]
    os.kill(pid, signal.SIGKILL)
    until(lambda: not worker.is_alive(home))
    step = max(shown(run))
    until(lambda: max(shown(run)) > step)  # training did not notice
    worker.ensure(home)
    assert worker_pid(home) != pid
    time.sleep(0.5)
    assert run.status().process["pid"] == child
    assert waiting.status().state is State.QUEUED  # one at a time: the adopted run is one
    stop(run)
    until(lambda: waiting.status().state is State.FINISHED)


def test_a_killed_web_server_stops_neither_worker_nor_run(home, tiny):
    """The server's part is played by a process that ensures the worker and is then killed."""
    run = long_run(tiny)
    code = f"from pathlib import Path; from mtl_core.runs import worker; worker.ensure(Path({str(home)!r})); input()"
    server = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE)
    until(lambda: is_training(run))
    os.kill(server.pid, signal.SIGKILL)
    server.wait()
    step = max(shown(run))
    until(lambda: max(shown(run)) > step + 5)
    assert worker.is_alive(home)
    stop(run)


def test_looking_at_many_runs_takes_a_small_share_of_a_core():
    pace = worker.Pace()
    assert pace.is_due(10.0, changed=1.0)
    pace.looked(10.0, 10.1)
    assert not pace.is_due(10.2, changed=1.0)
    assert pace.is_due(10.3, changed=2.0)  # a run came
    pace.looked(10.3, 10.4)
    assert not pace.is_due(15.3, changed=2.0) and pace.is_due(15.5, changed=2.0)


def test_only_one_worker_serves_a_folder(home, tiny):
    for _ in range(3):
        worker.ensure(home)
    pid = worker_pid(home)
    time.sleep(1.0)
    worker.ensure(home)
    assert worker_pid(home) == pid


def test_a_worker_with_older_code_is_replaced_and_its_run_goes_on(home, tiny, monkeypatch):
    run = long_run(tiny)
    worker.ensure(home)
    pid = worker_pid(home)
    until(lambda: is_training(run))
    text = (home / "worker.json").read_text()
    os.kill(pid, signal.SIGSTOP)  # so that its next heartbeat does not write today's code again
    (home / "worker.json").write_text(text.replace('"code": ', '"code": 1'))
    os.kill(pid, signal.SIGCONT)
    child = run.status().process["pid"]
    worker.ensure(home)
    until(lambda: not psutil.pid_exists(pid) or psutil.Process(pid).status() == "zombie")
    assert worker_pid(home) != pid
    assert run.status().process["pid"] == child and run.status().state is State.RUNNING
    stop(run)


def test_a_damaged_run_folder_does_not_stop_the_queue(worker_home, tiny):
    broken = Runs().create(tiny_experiment(tiny))
    (broken.folder / "status.json").write_text('{"state": "quee')
    run = Runs().create(tiny_experiment(tiny))
    worker.ensure(worker_home)
    until(lambda: run.status().state is State.FINISHED)


def test_a_run_whose_process_dies_at_once_fails_instead_of_being_tried_for_ever(worker_home, tiny):
    broken, after = Runs().create(tiny_experiment(tiny)), Runs().create(tiny_experiment(tiny))
    (broken.folder / "events.jsonl").mkdir()
    worker.ensure(worker_home)
    until(lambda: after.status().state is State.FINISHED)
    assert broken.status().state is State.FAILED and "log.txt" in broken.status().reason
