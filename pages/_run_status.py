"""Where a run stands, in words: its place in the queue, its progress, its name in its group."""

from collections.abc import Sequence

from mtl_core.config import Experiment
from mtl_core.runs.store import Run, State
from pages._ui import ListedRun, duration, time_left


def short_name(listed: ListedRun) -> str:
    """What a run is within its group."""
    return in_group(listed.experiment)


def in_group(experiment: Experiment) -> str:
    """A choice of a sweep, all tasks together, or one task alone."""
    only, choice = experiment.only, experiment.choice
    if only:
        return f"{only} alone ({choice})" if choice else f"{only} alone"
    return choice or "all tasks"


def queue_of(found: Sequence[ListedRun]) -> list[ListedRun]:
    """The live runs in the order in which they are trained."""
    live = [r for r in reversed(found) if r.status.state.is_live]
    return sorted(live, key=lambda r: r.status.state is State.QUEUED)


def ahead_of(run: Run, queue: Sequence[ListedRun]) -> list[ListedRun]:
    """The runs of the queue that come before this one."""
    ids = [r.id for r in queue]
    return list(queue[: ids.index(run.id)]) if run.id in ids else []


def progress_words(listed: ListedRun, ahead: Sequence[ListedRun]) -> str:
    """What the run is doing now, in one line; `ahead` are the runs that a queued one waits for."""
    status, asked = listed.status, ""
    if status.state is State.QUEUED:
        return _queue_words(ahead)
    if status.state is State.RUNNING:
        asked = listed.run.asked()
    words = [
        status.phase if status.phase != "training" else "",
        f"step {status.step:,} of {status.steps:,}" if status.steps else "",
        time_left(status),
        f"{duration(status.seconds)} of training" if status.seconds else "",
        f"best at step {status.best_step:,}" if status.best_step else "",
        status.device,
        f"{asked} asked" if asked else "",
    ]
    return " · ".join(word for word in words if word) or str(status.state)


def _queue_words(ahead: Sequence[ListedRun]) -> str:
    if not ahead:
        return "starting: the worker takes it next"
    more = f" and {len(ahead) - 1} more" if len(ahead) > 1 else ""
    return f"waits for {ahead[0].experiment.name}{more}"
