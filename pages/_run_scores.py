"""The scores of a run's best checkpoint: of every task, then of one task class by class."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from mtl_core.analysis.details import Details, details_of
from mtl_core.analysis.figures_details import confusion_figure, values_figure
from mtl_core.analysis.results import main_metrics, split_in_words, splits_in
from mtl_core.config import EVERY_TASK
from mtl_core.data.tasks import LOWER_IS_BETTER
from mtl_core.runs.store import Run
from mtl_core.training.unseen import LEFT_OUT, UNSEEN
from pages._choose import choose
from pages._ui import ListedRun, colour, counted, plain, theme


def final_scores(listed: ListedRun) -> None:
    """Each task's scores, the main ones first, and what stands behind them."""
    rows = _rows(listed)
    if not rows:
        return
    st.subheader("Scores of the best checkpoint", anchor=False)
    number = st.column_config.NumberColumn(format="%.3f")
    splits = splits_in(listed.status.metrics)
    st.dataframe(
        rows,
        hide_index=True,
        column_config=dict.fromkeys(map(split_in_words, splits), number),
        alt="Scores of each task on validation and test data",
    )
    _left_out(listed)
    _details(listed)


def _rows(listed: ListedRun) -> list[dict[str, str | float]]:
    """A row a task and score, with a column a split."""
    metrics = listed.status.metrics
    main = main_metrics(listed.run, metrics)
    rows: dict[tuple[str, str], dict[str, str | float]] = {}
    for key, value in metrics.items():
        task, split, metric = key.split("/", 2)
        name = metric.replace("_", " ")
        name += " (lower is better)" if metric in LOWER_IS_BETTER else ""
        name += " (main)" if main.get(task) == metric else ""
        shown = {"task": "all tasks" if task == EVERY_TASK else task, "score": name}
        if metric not in ("loss", LEFT_OUT) and (
            task != EVERY_TASK or len(listed.experiment.tasks) > 1
        ):
            rows.setdefault((task, metric), dict(shown))[split_in_words(split)] = value
    return sorted(rows.values(), key=lambda row: "(main)" not in str(row["score"]))


def _left_out(listed: ListedRun) -> None:
    """What “unseen only” leaves out: rows whose text the run was trained on."""
    for split in ("validation", "test"):
        counts = {
            task: round(count)
            for task in listed.experiment.tasks
            if (count := listed.status.metrics.get(f"{task}/{split}{UNSEEN}/{LEFT_OUT}"))
        }
        if counts:
            same = len(set(counts.values())) == 1 and len(counts) == len(listed.experiment.tasks)
            said = (
                counted(next(iter(counts.values())), "row")
                if same
                else ", ".join(f"{counted(n, 'row')} of {plain(t)}" for t, n in counts.items())
            )
            st.caption(
                f"{split_in_words(split + UNSEEN).capitalize()}: without {said} of the {split} data "
                "whose text stands in training data."
            )


def _details(listed: ListedRun) -> None:
    """One task on one split: its table per class, and its confusion or its values."""
    events = listed.run.folder / "events.jsonl"
    found = _read(str(events), events.stat().st_mtime_ns if events.exists() else 0, listed.run)
    tasks = [task for task in listed.experiment.tasks if task in found]
    if not tasks:
        return
    st.subheader("Answers in detail", anchor=False)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        task = choose("Task", tasks, str, f"details/{listed.id}/task", _TASK_HELP)
        splits = [split for split in ("test", "validation") if split in found[task]]
        split = choose("Data", splits, str.capitalize, f"details/{listed.id}/split", _SPLIT_HELP)
    _draw(task, split, found[task][split], f"details/{listed.id}/{task}/{split}")


_TASK_HELP = "The task whose answers are shown below."
_SPLIT_HELP = "Test data was looked at once, by the best checkpoint; validation data chose it."


@st.cache_resource(show_spinner=False, max_entries=32)
def _read(file: str, stamp: int, _run: Run) -> dict[str, dict[str, Details]]:
    del file, stamp  # only the key
    return details_of(_run)


def _draw(task: str, split: str, found: Details, key: str) -> None:
    if found.classes:
        _table(found.classes, f"Precision, recall and F1 of each class of {task} on {split} data")
    if found.confusion:
        title = f"{task}: right and answered labels, {split} data"
        figure = confusion_figure(found.confusion, theme(), title=title)
        st.caption(f"Cells count {plain(found.confusion.unit)}; off the diagonal are mistakes.")
        _chart(figure, key, title)
    if found.points:
        title = f"{task}: right and answered values, {split} data"
        if len(found.points) < found.count:
            sample = f"A sample of {len(found.points)} of {counted(found.count, 'text')}."
            st.caption(sample)
        _chart(values_figure(found.points, colour(task), theme(), title=title), key, title)


def _table(rows: Sequence[dict[str, Any]], alt: str) -> None:
    share = st.column_config.ProgressColumn(min_value=0, max_value=1, format="percent")
    st.dataframe(
        rows,
        hide_index=True,
        height="auto" if len(rows) <= 10 else 390,
        column_config={
            **dict.fromkeys(("precision", "recall", "f1"), share),
            "support": st.column_config.NumberColumn(help="How often the label is right."),
            "answered": st.column_config.NumberColumn(help="How often the label was answered."),
        },
        alt=alt,
    )


def _chart(figure: Any, key: str, alt: str) -> None:
    st.plotly_chart(
        figure,
        key=f"{key}/figure",
        width="content" if figure.layout.width else "stretch",
        config={"displayModeBar": False},
        alt=alt,
    )
