"""Runs become tidy tables: one row per run, task, split and metric; and what differs between them.

    results = [result_of(run) for run in runs]
    scores(results)              the tidy table; test scores only from finished runs
    summary(scores(results))     mean and standard deviation over seeds
    differences({...})           the configuration keys that differ

Who is whose twin, and what may be concluded from it, is in gains.py.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from mtl_core.config import EVERY_TASK, Experiment
from mtl_core.data.tasks import METRICS
from mtl_core.runs.store import Run, State
from mtl_core.training.manifest import FILE as MANIFEST
from mtl_core.training.manifest import Manifest

MULTI, TWIN, SINGLE = "multi-task", "twin", "single task"

_ABOUT_RUN = ("run", "name", "group", "role", "seed", "state")
_ABOUT_SCORE = ("task", "split", "metric", "main", "value")


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
        """The same for runs that differ in nothing but their seed (and name, group and device)."""
        tree = self.experiment.model_dump(mode="json", exclude={"name", "group"})
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
    return Result(run.id, run.group, run.experiment, status.state, status.metrics, main)


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
    # Accuracy belongs to several kinds; what only one kind has tells more, so fewer names win.
    for metrics in sorted(METRICS.values(), key=lambda m: m[0] == "accuracy"):
        if metrics[0] in names:
            return metrics[0]
    return ""


def scores(results: Iterable[Result]) -> pd.DataFrame:
    """One row per run, task, split and metric. Test scores come only from finished runs."""
    rows = [row for result in results for row in _rows(result)]
    return pd.DataFrame(rows, columns=[*_ABOUT_RUN, *_ABOUT_SCORE])


def _rows(result: Result) -> list[dict[str, Any]]:
    about = {key: getattr(result, key) for key in _ABOUT_RUN} | {"state": str(result.state)}
    rows = []
    for key, value in result.metrics.items():
        task, split, metric = key.split("/", 2)
        untested = split == "test" and result.state is not State.FINISHED
        if untested or (task == EVERY_TASK and result.role != MULTI):
            continue
        main = metric == result.main.get(task)
        found = zip(_ABOUT_SCORE, (task, split, metric, main, value), strict=True)
        rows.append(about | dict(found))
    return rows


def summary(table: pd.DataFrame) -> pd.DataFrame:
    """Over the seeds of each role: number of runs, mean and sample standard deviation."""
    keys = ["role", "task", "split", "metric", "main"]
    grouped = table.groupby(keys, sort=False)["value"]
    return grouped.agg(runs="count", mean="mean", deviation="std").reset_index()


def differences(experiments: Mapping[str, Experiment]) -> pd.DataFrame:
    """One row per dotted key that differs, one column per experiment; names and groups aside."""
    flat = {label: flatten(e.model_dump(mode="json")) for label, e in experiments.items()}
    keys = dict.fromkeys(key for tree in flat.values() for key in tree)
    rows = []
    for key in keys:
        values = [tree.get(key, "") for tree in flat.values()]
        if key not in {"name", "group"} and len(set(values)) > 1:
            rows.append([key, *values])
    return pd.DataFrame(rows, columns=["option", *flat])


def flatten(tree: Any, prefix: str = "") -> dict[str, str]:
    """Nested options as dotted keys with readable values; what is empty becomes ""."""
    if isinstance(tree, dict):
        parts = [
            flatten(value, f"{prefix}.{key}" if prefix else key) for key, value in tree.items()
        ]
        return {key: value for part in parts for key, value in part.items()}
    if isinstance(tree, list) and any(isinstance(item, dict) for item in tree):
        return flatten({str(i + 1): item for i, item in enumerate(tree)}, prefix)
    if isinstance(tree, list):
        return {prefix: ", ".join(map(str, tree))}
    return {prefix: "" if tree is None else str(tree)}


def to_csv(table: pd.DataFrame) -> str:
    """The table as CSV, numbers in full."""
    return table.to_csv(index=False)


def to_markdown(table: pd.DataFrame) -> str:
    """The table as Markdown, numbers with four decimals; cells cannot break the table."""
    lines = [list(table.columns), ["---"] * len(table.columns)]
    lines += [[_cell(value) for value in row] for row in table.itertuples(index=False)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _cell(value: Any) -> str:
    if value is None or value != value:  # the second is true of NaN alone
        return ""
    if isinstance(value, float):
        return f"{value:.4f}"
    return str(value).replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ")
