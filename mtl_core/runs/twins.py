"""The finished single-task twins of a run, among the runs beside it."""

from contextlib import suppress

from mtl_core.errors import MtlError
from mtl_core.training.manifest import Manifest

from .store import Run, Runs, State


def twin_scores(run: Run) -> dict[str, float]:
    """Each task's main validation score in its newest finished twin of the same group, of those
    that nobody has steered."""
    experiment = run.experiment
    wanted = {task: twin.unnamed for task, twin in experiment.twins().items()}
    found: dict[str, float] = {}
    for other in Runs(run.folder.parent):  # newest first
        with suppress(MtlError):  # a damaged folder is nobody's twin
            task = other.experiment.only if other.group == run.group else None
            if task is None or task in found or other.experiment.unnamed != wanted.get(task):
                continue
            status = other.status()
            if status.state is State.FINISHED and not status.steered:
                (trained,) = Manifest.load(other.folder).tasks
                found[task] = status.metrics[f"{task}/validation/{trained.metric}"]
    return found
