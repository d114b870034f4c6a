"""`mtl sweep`: seeds times choices from one file, here, in the foreground, unattended."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from mtl_core.config import Experiment
from mtl_core.config.sweep import Sweep
from mtl_core.errors import ConfigError, RunError
from mtl_core.runs.processes import ProcessMark
from mtl_core.runs.store import Run, Runs, State
from mtl_core.runs.sweeps import Stored, Sweeps, members_of, settled, standing
from mtl_core.training.events import Event, Started, Step

from .output import Json, catalog, emit
from .training import changed

Told = Callable[[Run, Event], None]


def sweep(
    file: Annotated[
        Path | None, typer.Argument(help="An experiment with a block 'sweep', as YAML.")
    ] = None,
    changes: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="KEY=VALUE", help="Change a value, for example sweep.seeds=[0,1]."
        ),
    ] = None,
    group: Annotated[
        str | None,
        typer.Option("--resume", metavar="GROUP", help="Go on with what a sweep has not finished."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Train seeds × choices with all twins here, and say what helped; Ctrl-C stops and keeps."""
    from . import sweep_report  # before hours of training: what is imported then is today's code

    stored = _stored(file, changes or [], group)
    _train_all(stored)
    now = standing(stored, members_of(stored.group, Runs()))
    emit(sweep_report.document(stored, now), as_json, lambda: sweep_report.tell(stored, now))
    if not now.is_complete:
        raise typer.Exit(1)


def _stored(file: Path | None, changes: list[str], group: str | None) -> Stored:
    if group is not None:
        if file is not None or changes:
            raise ConfigError("--resume goes on with a sweep as it is; leave FILE and --set out")
        return Sweeps().get(group)
    if file is None:
        raise ConfigError("give the file of a sweep, or --resume GROUP")
    asked = Sweep.load(file)
    asked = asked.replace(changed(changes)) if changes else asked
    return Sweeps().create(settled(asked, catalog(), beside=file.resolve().parent))


def _train_all(stored: Stored) -> None:
    """One run after the other; one that fails does not end the sweep, Ctrl-C does."""
    runs = Runs()
    with _progress(stored) as (told, done):
        for place, (key, planned) in enumerate(stored.plan.items()):
            done(place)
            run = _next(stored, key, planned, runs)
            if run is not None and _train(run, told) is State.STOPPED:
                return
        done(len(stored.plan))


def _train(run: Run, told: Told) -> State | None:
    """How the run ended; what went wrong is a line on standard error."""
    from mtl_core.runs.execute import execute

    def stop(*_: object) -> None:
        """On Ctrl-C: end after this step; a second one ends at once."""
        signal.signal(signal.SIGINT, signal.default_int_handler)
        run.ask("stop")

    signal.signal(signal.SIGINT, stop)
    try:
        status = execute(run, lambda event: told(run, event))
    except RunError as err:  # another process was quicker to take it
        typer.echo(str(err), err=True)
        return None
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if status.state is not State.FINISHED:
        reason = f": {status.reason}" if status.reason else ""
        typer.echo(f"{run.experiment.name}: {status.state}{reason}", err=True)
    return status.state


def _next(stored: Stored, key: str, planned: Experiment, runs: Runs) -> Run | None:
    """The planned run: an unfinished one, or a new one; None where it is trained or being trained."""
    now = dict(
        zip(stored.plan, standing(stored, members_of(stored.group, runs)).pairs, strict=True)
    )
    member = now[key][1]
    if member is None:
        return runs.create(planned, process=ProcessMark.mine())
    if member.status.state.can_resume:
        return member.run
    return None


class _Left(TimeRemainingColumn):
    """The time left: of all runs as estimated from those that have finished, of one by its pace."""

    def render(self, task: Task) -> Text:
        """`left` is None for a run."""
        left = task.fields.get("left")
        return super().render(task) if left is None else Text(left, style="progress.remaining")


@contextmanager
def _progress(stored: Stored) -> Iterator[tuple[Told, Callable[[int], None]]]:
    """Two bars on standard error: all runs with the time left, and the present one with its losses."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        _Left(),
        TextColumn("{task.fields[losses]}"),
    )
    with Progress(*columns, console=Console(stderr=True)) as bar:
        name = f"{stored.sweep.name}, runs"
        whole = bar.add_task(name, total=len(stored.plan), losses="", left="-:--:--")
        line = bar.add_task("", total=None, losses="")

        def told(run: Run, event: Event) -> None:
            if isinstance(event, Started):
                name = f"{run.experiment.name}, seed {run.experiment.training.seed}"
                bar.update(line, description=name, total=event.steps, completed=event.step)
            elif isinstance(event, Step):
                losses = "  ".join(f"{task} {loss:.3f}" for task, loss in event.losses.items())
                bar.update(line, completed=event.step, losses=losses)

        def done(count: int) -> None:
            left = standing(stored, members_of(stored.group, Runs())).seconds_left
            words = "-:--:--" if left is None else str(timedelta(seconds=round(left)))
            bar.update(whole, completed=count, left=words)

        yield told, done
