"""Run folders: what is written, what a half-written file does, and what states mean."""

import json
import subprocess
import sys

import psutil
import pytest

from mtl_core.errors import RunError
from mtl_core.runs.execute import execute
from mtl_core.runs.processes import ProcessMark
from mtl_core.runs.store import EventTail, Runs, State
from mtl_core.training.events import Asked, Failed, Finished, Started, Step, to_line

from .conftest import tiny_experiment


def set_status(run, **changes):
    tree = json.loads((run.folder / "status.json").read_text())
    (run.folder / "status.json").write_text(json.dumps({**tree, **changes}))


def test_a_new_run_is_queued_complete_and_found_again(tiny):
    experiment = tiny_experiment(tiny)
    run = Runs().create(experiment)
    assert run.status().state is State.QUEUED
    assert Runs().get(run.id).experiment == experiment
    assert Runs().get(str(run.folder)).id == run.id
    assert [r.id for r in Runs()] == [run.id]
    with pytest.raises(RunError, match="no run 'other'"):
        Runs().get("other")


def test_runs_come_newest_first_and_a_group_keeps_its_order(tiny):
    experiment = tiny_experiment(tiny)
    group = Runs().create_group([experiment, *experiment.twins().values()])
    assert len({run.group for run in group}) == 1
    assert [run.id for run in Runs()] == [run.id for run in reversed(group)]
    assert [run.experiment.only for run in group] == [None, "mood", "places", "tags"]


def test_a_reader_waits_for_the_end_of_a_half_written_line(tiny):
    run = Runs().create(tiny_experiment(tiny))
    tail = EventTail(run)
    assert tail.read() == []
    line = to_line(Step(1, {"mood": 0.5}, {"mood": 1.0}, 0.1, 0.2)).encode()
    path = run.folder / "events.jsonl"
    path.write_bytes(line + line[:10])
    assert len(tail.read()) == 1 and tail.read() == []
    with path.open("ab") as file:
        file.write(line[10:])
    assert len(tail.read()) == 1
    assert len(EventTail(run).read()) == 2


def test_a_run_whose_process_is_gone_is_interrupted_until_it_is_resumed(tiny):
    run = Runs().create(tiny_experiment(tiny))
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    created = psutil.Process(process.pid).create_time()
    mark = {**vars(ProcessMark.mine()), "pid": process.pid, "created": created}
    set_status(run, state="running", process=mark)
    assert run.status().state is State.RUNNING
    process.kill()
    process.wait()
    status = run.status()
    assert status.state is State.INTERRUPTED and "resume it" in status.reason
    run.ask("resume")
    assert run.status().state is State.QUEUED


def test_another_process_with_the_same_pid_or_on_another_machine_is_not_the_runs(tiny):
    run = Runs().create(tiny_experiment(tiny))
    mine = vars(ProcessMark.mine())
    for change in ({"created": mine["created"] - 60}, {"host": "elsewhere"}):
        set_status(run, state="running", process={**mine, **change})
        assert run.status().state is State.INTERRUPTED


def test_a_live_run_cannot_be_deleted(tiny):
    run = Runs().create(tiny_experiment(tiny))
    with pytest.raises(RunError, match="is queued; stop it before"):
        run.delete()
    set_status(run, state="stopped")
    run.delete()
    assert not run.folder.exists()


def test_executing_a_run_writes_everything_a_reader_wants(tiny):
    run = Runs().create(tiny_experiment(tiny))
    status = execute(run)
    assert status.state is State.FINISHED == run.status().state
    events = run.events()
    assert isinstance(events[0], Started) and isinstance(events[-1], Finished)
    assert run.status().metrics == events[-1].metrics
    assert run.status().progress == 1.0 and run.status().steps == 6
    names = {path.name for path in run.folder.iterdir()}
    assert {"experiment.yaml", "status.json", "events.jsonl", "model.safetensors", "model.json",
            "tokenizer.json", "last"} <= names  # fmt: skip


def test_a_run_that_cannot_begin_fails_with_its_sentence(tiny):
    run = Runs().create(tiny_experiment(tiny))
    tiny.file("train").write_text("\n")
    status = execute(run)
    assert status.state is State.FAILED and "the file holds no rows" in status.reason
    assert isinstance(run.events()[-1], Failed)


def test_an_unforeseen_error_fails_the_run_and_keeps_the_report(tiny, monkeypatch):
    def broken(*_args, **_options):
        raise ZeroDivisionError("by zero")

    monkeypatch.setattr("mtl_core.runs.execute.prepare", broken)
    run = Runs().create(tiny_experiment(tiny))
    status = execute(run)
    assert status.state is State.FAILED and "ZeroDivisionError" in status.reason
    assert "Traceback" in run.events()[-1].details


def test_a_stop_ends_the_run_and_a_resume_ends_as_if_there_had_been_none(tiny):
    experiment = tiny_experiment(tiny)
    whole, run = Runs().create(experiment), Runs().create(experiment)
    execute(whole)

    def stop_at_4(event):
        if isinstance(event, Step) and event.step == 4:
            run.ask("stop")

    status = execute(run, stop_at_4)
    assert status.state is State.STOPPED and status.step == 4
    assert run.status().state.can_resume and run.has_model
    run.ask("resume")
    assert execute(run).state is State.FINISHED
    assert run.status().metrics == whole.status().metrics
    asked = [e.ask for e in run.events() if isinstance(e, Asked)]
    assert asked == ["stop"]
    assert [e.step for e in run.events() if isinstance(e, Step)] == [1, 2, 3, 4, 5, 6]


def test_a_resume_after_the_data_changed_is_refused_and_the_run_still_answers(tiny):
    from mtl_core.predict.answering import Answerer

    run = Runs().create(tiny_experiment(tiny))
    execute(run, lambda event: run.ask("stop") if isinstance(event, Step) else None)
    before = Answerer(run).answer("the tram is great")
    text = tiny.file("train").read_text()
    tiny.file("train").write_text(text + text.replace("fine", "splendid").replace("the", "our"))
    run.ask("resume")
    status = execute(run)
    assert (
        status.state is State.FAILED and "the data has changed since the run began" in status.reason
    )
    assert Answerer(run).answer("the tram is great") == before


def test_an_event_line_that_a_crash_left_half_is_dropped_on_resume(tiny):
    run = Runs().create(tiny_experiment(tiny))
    (run.folder / "events.jsonl").write_text('{"kind": "step", "st')
    execute(run)
    assert isinstance(run.events()[0], Started)


def test_two_processes_never_train_one_run(tiny):
    from filelock import FileLock

    run = Runs().create(tiny_experiment(tiny))
    with FileLock(run.folder / ".lock"), pytest.raises(RunError, match="by another process"):
        execute(run)


def test_a_run_folder_answers_wherever_it_is_moved(tiny, tmp_path):
    from mtl_core.predict.answering import Answerer

    run = Runs().create(tiny_experiment(tiny))
    execute(run)
    before = Answerer(run).answer("the tram in New Port is great")
    moved = tmp_path / "elsewhere"
    run.folder.rename(moved)
    tiny.path.unlink()
    assert Answerer(Runs().get(str(moved))).answer("the tram in New Port is great") == before
