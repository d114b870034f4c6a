"""A dataset of one's own: its name and its tasks, new ones or those of a dataset that is there."""

from typing import Any

import streamlit as st

from mtl_core.data.annotating import Annotations
from mtl_core.data.catalog import TaskKind
from mtl_core.data.own_tasks import OwnTask, define, tasks_of_dataset
from mtl_core.data.text import Segmentation
from mtl_core.errors import MtlError

from ._choose import choose
from ._ui import catalog, home, plain, show_error

KINDS: dict[TaskKind, str] = {
    "classification": "One label a sentence",
    "multilabel": "Any number of labels a sentence",
    "spans": "Names or phrases, each with a label",
    "tagging": "One tag a word",
    "regression": "One number a sentence",
}
NEW, LIKE = "A new task", "Tasks of another dataset"


def new_dataset(key: str) -> str:
    """Asks for what is needed; the name of the dataset once it was created, else ""."""
    name = st.text_input(
        "Name", key=f"{key}/new/name", placeholder="my_sentences", max_chars=64,
        help="Letters, digits, _ and -: the name of its folder among your data.",
    )  # fmt: skip
    how = choose(
        "Its tasks", [NEW, LIKE], str, f"{key}/new/how",
        "Tasks of the same name in two datasets train the same head, so your sentences add to theirs.",
    )  # fmt: skip
    like, asked = ("", []) if how == NEW else _of_dataset(key)
    task = _task_fields(f"{key}/new") if how == NEW else None
    pressed = st.button(
        "Create", key=f"{key}/new/create", type="primary", icon=":material/add:",
        help="Makes the dataset; sentences are added next.",
    )  # fmt: skip
    if not pressed:
        return ""
    try:
        tasks, cut = _defined(task) if task else _taken(like, asked)
        return Annotations.create(home(), (name or "").strip(), tasks, segmentation=cut).card.name
    except MtlError as err:
        show_error(err)
        return ""


def more_tasks(own: Annotations, key: str) -> None:
    """Another task, or more labels of one that is there."""
    st.markdown("A new task; or the name and kind of a task that is there, with labels to add.")
    task = _task_fields(f"{key}/more/{own.card.name}")
    if st.button(
        "Add", key=f"{key}/more/add", icon=":material/add:", help="Nothing is lost by it."
    ):
        try:
            own.extend(_defined(task)[0])
        except MtlError as err:
            show_error(err)
            return
        st.rerun()


def _of_dataset(key: str) -> tuple[str, list[str]]:
    """A dataset, and which of its tasks."""
    found = {dataset.name: dataset for dataset in catalog().datasets}
    name = st.selectbox(
        "Dataset", list(found), key=f"{key}/new/like", format_func=lambda n: found[n].label,
        help="Names, kinds and labels of its tasks are taken over.",
    )  # fmt: skip
    if name is None:
        return "", []
    tasks = list(found[name].card.tasks)
    asked = st.pills(
        "Tasks", tasks, selection_mode="multi", default=tasks, key=f"{key}/new/tasks/{name}",
        format_func=plain, help="Those that you want to label.",
    )  # fmt: skip
    return name, asked


def _task_fields(key: str) -> dict[str, Any]:
    """What defines a task, as the user has it."""
    left, right = st.columns(2)
    name = left.text_input(
        "Task", key=f"{key}/task", placeholder="mood", max_chars=60, help="What it is called."
    )
    kind: TaskKind = right.selectbox(
        "Kind",
        list(KINDS),
        key=f"{key}/kind",
        format_func=KINDS.__getitem__,
        help="What is answered.",
    )
    if kind != "regression":
        labels = st.text_input(
            "Labels",
            key=f"{key}/labels",
            placeholder="fine, poor",
            help="To choose from, with commas between.",
        )
        return {"name": name or "", "kind": kind, "labels": (labels or "").split(",")}
    low = left.number_input("Least value", value=None, key=f"{key}/low", help="Empty: no limit.")
    high = right.number_input(
        "Greatest value", value=None, key=f"{key}/high", help="Empty: no limit."
    )
    limits = {} if low is None or high is None else {"range": (low, high)}
    return {"name": name or "", "kind": kind, **limits}


def _defined(task: dict[str, Any]) -> tuple[dict[str, OwnTask], Segmentation]:
    name = task["name"].strip()
    return {name: define(**{**task, "name": name})}, "words"


def _taken(like: str, asked: list[str]) -> tuple[dict[str, OwnTask], Segmentation]:
    dataset = catalog().find(like)
    return tasks_of_dataset(dataset, asked), dataset.card.segmentation
