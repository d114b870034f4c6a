"""`mtl train`: an experiment from a file, here, in the foreground."""

import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from mtl_core.analysis.results import main_metrics
from mtl_core.config import Experiment
from mtl_core.data.choosing import settle
from mtl_core.errors import ConfigError, RunError
from mtl_core.runs.processes import ProcessMark
from mtl_core.runs.store import Run, Runs, State, Status
from mtl_core.training.events import Evaluated, Event, Failed, Started, Step

from .output import Json, catalog, emit, result


def train(
    file: Annotated[Path, typer.Argument(help="An experiment as YAML.")],
    changes: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="KEY=VALUE", help="Change a value, for example training.seed=3."
        ),
    ] = None,
    twins: Annotated[
        bool, typer.Option("--twins", help="Train the single-task twins too.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Train an experiment here, in the foreground; Ctrl-C stops it and keeps what was learnt."""
    experiment = Experiment.load(file).replace(changed(changes or []))
    experiment = settle(experiment, catalog(), beside=file.resolve().parent)
    chosen = experiment.family() if twins else [experiment]
    results: list[dict[str, Any]] = []
    for one in Runs.grouped(chosen):
        run = Runs().create(one, process=ProcessMark.mine())
        results.append(result(run, _train_here(run)))
        if results[-1]["status"] != State.FINISHED:
            break
    document = _document(experiment, chosen, results) if twins else results[0]
    emit(document, as_json, lambda: _tell(results))
    if results[-1]["status"] != State.FINISHED:
        raise typer.Exit(1)


def _document(
    experiment: Experiment, trained: Sequence[Experiment], results: list[dict[str, Any]]
) -> dict[str, Any]:
    """The run's own result with those of its twins; where a twin was stopped before the run began,
    what is known of the run is that it is stopped too."""
    own, twins = None, []
    for one, found in zip(trained, results, strict=False):
        if one == experiment:
            own = found
        else:
            twins.append(found)
    stopped: dict[str, Any] = {
        "run": None,
        "status": State.STOPPED.value,
        "metrics": {},
        "seconds": 0.0,
    }
    return {**(own or stopped), "twins": twins}


def changed(pairs: list[str]) -> dict[str, Any]:
    """What `--set` asks for, by dotted key."""
    changes: dict[str, Any] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals:
            raise ConfigError(f"--set {pair}: write KEY=VALUE, for example training.seed=3")
        try:
            changes[key.strip()] = yaml.safe_load(value)
        except (yaml.YAMLError, ValueError, RecursionError) as err:
            raise ConfigError(f"--set {pair}: the value is not valid YAML; quote it") from err
    return changes


def _train_here(run: Run) -> Status:
    """Train with a progress bar. A run that could not even begin leaves no folder behind."""
    from mtl_core.runs.execute import execute

    signal.signal(signal.SIGINT, lambda *_: _stop(run))
    with _progress(run) as told:
        status = execute(run, told)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if status.state is State.FAILED:
        last = run.events()[-1]
        if status.step == 0 and isinstance(last, Failed) and not last.details:
            run.delete()
        raise RunError(status.reason)
    return status


def _stop(run: Run) -> None:
    """On Ctrl-C: end after this step; a second one ends at once."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    run.ask("stop")


@contextmanager
def _progress(run: Run) -> Iterator[Callable[[Event], None]]:
    """A bar on standard error with the losses, and the main scores of each validation."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[losses]}"),
    )
    with Progress(*columns, console=Console(stderr=True)) as bar:
        line = bar.add_task(run.experiment.name, total=None, losses="")

        def told(event: Event) -> None:
            if isinstance(event, Started):
                bar.update(line, total=event.steps, completed=event.step)
            elif isinstance(event, Step):
                losses = "  ".join(f"{task} {loss:.3f}" for task, loss in event.losses.items())
                bar.update(line, completed=event.step, losses=losses)
            elif isinstance(event, Evaluated):
                main = main_metrics(run, event.metrics)
                keys = [f"{task}/{event.split}/{metric}" for task, metric in main.items()]
                shown = "  ".join(f"{key} {event.metrics[key]:.3f}" for key in keys)
                bar.console.print(f"step {event.step}: {shown}", highlight=False, soft_wrap=True)

        yield told


def _tell(results: list[dict[str, Any]]) -> None:
    for entry in results:
        typer.echo(f"{entry['run']}: {entry['status']} after {entry['seconds']:.0f} s")
        for key, value in entry["metrics"].items():
            typer.echo(f"  {key:<40} {value:.4f}")
