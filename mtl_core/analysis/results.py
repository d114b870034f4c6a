"""What a comparison needs to know of a run, read once. Light to import: the live page needs it too."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from mtl_core.config import NAMES, Experiment
from mtl_core.data.tasks import METRICS
from mtl_core.runs.store import Run, State
from mtl_core.training.manifest import FILE as MANIFEST
from mtl_core.training.manifest import Manifest
from mtl_core.training.unseen import UNSEEN

MULTI, TWIN, SINGLE = "multi-task", "twin", "single task"


@dataclass(frozen=True)
class Result:
    """What a comparison needs to know of a run, read once. `metrics` are keyed task/split/metric."""

    run: str
    group: str
    experiment: Experiment
    state: State
    metrics: Mapping[str, float]
    main: Mapping[str, str]
    """The main score of each task."""
    steered: bool = False
    """Whether the user changed weights or learning rate while it trained."""

    @property
    def name(self) -> str:
        return self.experiment.name

    @property
    def seed(self) -> int:
        return self.experiment.training.seed

    @property
    def role(self) -> str:
        """Whether the run trained several tasks, is somebody's twin, or neither."""
        if self.experiment.only:
            return TWIN
        return MULTI if len(self.experiment.tasks) > 1 else SINGLE

    @property
    def setting(self) -> str:
        """The same for runs that differ in nothing but their seed (and their names and device)."""
        tree = self.experiment.model_dump(mode="json", exclude=set(NAMES))
        for key in ("seed", "device"):
            tree["training"].pop(key)
        return json.dumps(tree, sort_keys=True)

    def score(self, task: str, split: str) -> float | None:
        """The task's main score; None where there is none, or where the run has not finished."""
        if self.state is not State.FINISHED or task not in self.main:
            return None
        return self.metrics.get(f"{task}/{split}/{self.main[task]}")


def result_of(run: Run) -> Result:
    """Read a run. Raises MtlError where its folder is damaged."""
    status = run.status()
    main = main_metrics(run, status.metrics)
    asked, steered = run.experiment, status.steered
    return Result(run.id, run.group, asked, status.state, status.metrics, main, steered)


def split_in_words(split: str) -> str:
    """A split's name in metric keys as people read it.

    >>> split_in_words("test"), split_in_words("test_unseen")
    ('test', 'test, unseen only')
    """
    whole = split.removesuffix(UNSEEN)
    return split if whole == split else f"{whole}, unseen only"


def splits_in(keys: Iterable[str]) -> list[str]:
    """The splits that scores come from, those of test data first."""
    found = {key.split("/")[1] for key in keys}
    order = ("test", f"test{UNSEEN}", "validation", f"validation{UNSEEN}")
    return [split for split in order if split in found]


def main_metrics(run: Run, keys: Iterable[str]) -> dict[str, str]:
    """The main score of each task: as its card says, or judged by the metric keys seen so far."""
    said: dict[str, str] = {}
    if (run.folder / MANIFEST).exists():
        said = {task.name: task.metric for task in Manifest.load(run.folder).tasks}
    seen = list(keys)
    found = {task: said.get(task) or main_metric(task, seen) for task in run.experiment.tasks}
    return {task: metric for task, metric in found.items() if metric}


def main_metric(task: str, keys: Iterable[str]) -> str:
    """The main score of a task, judged by the metric keys that it has; "" where it has none."""
    names = {key.split("/")[-1] for key in keys if key.split("/")[0] == task}
    # Kinds have scores in common: the kind is the one that has the most of those seen.
    kinds = [metrics for metrics in METRICS.values() if metrics[0] in names]
    return max(kinds, key=lambda metrics: len(names.intersection(metrics)), default=("",))[0]
