"""Runs become tidy tables: one row per run, task, split and metric; and what differs between them.

    results = [result_of(run) for run in runs]
    scores(results)              the tidy table; test scores only from finished runs
    summary(scores(results))     mean and standard deviation over seeds
    differences({...})           the configuration keys that differ

Who is whose twin, and what may be concluded from it, is in gains.py.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from mtl_core.config import EVERY_TASK, NAMES, Experiment
from mtl_core.runs.store import State
from mtl_core.training.unseen import UNSEEN

from .results import MULTI, Result, result_of

__all__ = [
    "Result",
    "differences",
    "flatten",
    "result_of",
    "scores",
    "summary",
    "to_csv",
    "to_markdown",
]

_ABOUT_RUN = ("run", "name", "group", "role", "seed", "state", "steered")
_ABOUT_SCORE = ("task", "split", "metric", "main", "value")


def scores(results: Iterable[Result]) -> pd.DataFrame:
    """One row per run, task, split and metric. Test scores come only from finished runs."""
    rows = [row for result in results for row in _rows(result)]
    return pd.DataFrame(rows, columns=[*_ABOUT_RUN, *_ABOUT_SCORE])


def _rows(result: Result) -> list[dict[str, Any]]:
    about = {key: getattr(result, key) for key in _ABOUT_RUN} | {"state": str(result.state)}
    rows = []
    for key, value in result.metrics.items():
        task, split, metric = key.split("/", 2)
        untested = split.removesuffix(UNSEEN) == "test" and result.state is not State.FINISHED
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
    """One row per dotted key that differs, one column per experiment; names aside."""
    flat = {label: flatten(e.model_dump(mode="json")) for label, e in experiments.items()}
    keys = dict.fromkeys(key for tree in flat.values() for key in tree)
    rows = []
    for key in keys:
        values = [tree.get(key, "") for tree in flat.values()]
        if key not in NAMES and len(set(values)) > 1:
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
