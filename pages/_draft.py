"""The experiment form: its sections, and the plain tree that they make together.

What is typed stays for the whole session, also on other pages. The tree is only data: whether it
makes sense is decided by `Experiment.parse`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st
from pydantic import ValidationError

from mtl_core.config import METHODS, Part, Training
from mtl_core.data.catalog import Catalog, Dataset

from ._form import Values, choice_form, part_form
from ._head_form import head_options
from ._instruments import instruments
from ._picture import answer_words
from ._ui import RESET, draft_key, new_draft, plain, small_print

MOST_SEEDS = 5
_MODEL = ("encoder", "sharing")


@dataclass(frozen=True)
class Draft:
    """What the form says: the experiment as plain data, and how it is to be queued."""

    tree: dict[str, Any]
    chosen: dict[str, tuple[Dataset, tuple[str, ...]]]
    with_twins: bool
    seeds: int

    @property
    def tasks(self) -> tuple[str, ...]:
        """Every task once, in order."""
        return tuple(dict.fromkeys(t for _, tasks in self.chosen.values() for t in tasks))

    def part(self, family: str) -> Part | None:
        """The choice of a family by itself; None where its own options make no sense."""
        values = dict(self.tree[family])
        choice = next(part for part in METHODS[family] if part.kind_name() == values["kind"])
        try:
            return choice.model_validate(values)
        except ValidationError:
            return None

    @property
    def notes(self) -> dict[str, str]:
        """What each task answers, in a few words."""
        return {
            task: answer_words(dataset.card.tasks[task])
            for dataset, tasks in self.chosen.values()
            for task in tasks
        }


def draw(catalog: Catalog) -> Draft:
    """All sections of the form, top to bottom."""
    top = st.container()  # the name, which is made of the choices below
    with _section(":material/database: Data and tasks"):
        chosen = _data(catalog)
        changed = instruments(chosen)
    tasks = tuple(dict.fromkeys(task for _, names in chosen.values() for task in names))
    with _section(":material/hub: Model"):
        parts = {f: choice_form(f, draft_key(f), tasks=tasks) for f in _MODEL}
        heads = head_options(_kinds(chosen))
    with _section(":material/balance: Balance between the tasks"):
        balance = _balance(tasks, list(chosen))
    with _section(":material/timer: Training"):
        training = part_form(Training, draft_key("training"))
        seeds, twins = _repeats(len(tasks))
    st.button(
        "Start over",
        icon=":material/restart_alt:",
        key=RESET,
        on_click=new_draft,
        help="Puts every choice of this form back to its default.",
    )
    data = [
        {"card": name, "tasks": list(names), **changed[name]} for name, (_, names) in chosen.items()
    ]
    with top:
        name = _name(chosen, parts)
    tree = {"name": name, "data": data, **parts, **balance, "heads": heads, "training": training}
    return Draft(tree, chosen, twins, seeds)


def _kinds(chosen: dict[str, tuple[Dataset, tuple[str, ...]]]) -> dict[str, str]:
    """The kind of each task."""
    return {t: dataset.card.tasks[t].kind for dataset, tasks in chosen.values() for t in tasks}


def _section(title: str) -> Any:
    box = st.container(border=True)
    box.subheader(title, anchor=False)
    return box


def _data(catalog: Catalog) -> dict[str, tuple[Dataset, tuple[str, ...]]]:
    """The datasets, and for each one its tasks; datasets without a task are left out."""
    by_name = {dataset.name: dataset for dataset in catalog.datasets}
    key = draft_key("datasets")
    if not set(st.session_state.get(key, ())) <= set(by_name):
        del st.session_state[key]  # a dataset has gone since
    names = st.multiselect(
        "Datasets",
        list(by_name),
        default=list(by_name)[:1],
        format_func=lambda name: by_name[name].label,
        key=key,
        help="One is enough. Tasks of the same name in two datasets share one head.",
        placeholder="Choose a dataset",
        persist_state="session",
    )
    chosen = {name: (by_name[name], _tasks(by_name[name], len(names) > 1)) for name in names}
    return {name: found for name, found in chosen.items() if found[1]}


def _tasks(dataset: Dataset, with_name: bool) -> tuple[str, ...]:
    """The tasks of one dataset that are to be trained, in the card's order."""
    specs = dataset.card.tasks
    label = f"Tasks of {plain(dataset.label)}" if with_name else "Tasks"
    picked = st.pills(
        label,
        list(specs),
        selection_mode="multi",
        default=list(specs),
        format_func=lambda task: f"{plain(task)} · {answer_words(specs[task])}",
        key=draft_key("tasks", dataset.name, *specs),
        help="Click to leave a task out or to take it in again.",
        persist_state="session",
    )
    return tuple(task for task in specs if task in picked)


def _balance(tasks: Sequence[str], datasets: Sequence[str]) -> Values:
    """How the losses, and with several datasets their batches, come together."""
    values: Values = {"balancing": choice_form("balancing", draft_key("balancing"), tasks=tasks)}
    if len(tasks) < 2:
        st.html(small_print(["With one task there is nothing to balance."]))
    if len(datasets) > 1:
        values["mixing"] = choice_form("mixing", draft_key("mixing"), tasks=datasets)
    return values


def _repeats(tasks: int) -> tuple[int, bool]:
    """How many seeds, and whether the twins are trained."""
    seeds = st.segmented_control(
        "Seeds in a row",
        list(range(1, MOST_SEEDS + 1)),
        default=1,
        required=True,
        key=draft_key("seeds"),
        help="Trains everything again with the next seeds. Without at least 3, nobody can tell "
        "a gain from luck.",
        persist_state="session",
    )
    twins = st.toggle(
        "Train the single-task twins too",
        True,
        key=draft_key("twins"),
        help="One run a task, with the same data, seed and updates, but nothing shared.",
        disabled=tasks < 2,
        persist_state="session",
    )
    why = "Only beside its twin can a task show whether learning together helped or hurt it."
    st.html(small_print([why]))
    return int(seeds or 1), bool(twins) and tasks > 1


def _name(chosen: dict[str, tuple[Dataset, tuple[str, ...]]], parts: dict[str, Values]) -> str:
    """The name that was typed, or one made of the choices."""
    labels = " + ".join(dataset.label for dataset, _ in chosen.values()) or "No data"
    made = f"{labels}, {', '.join(_label(family, parts[family]['kind']) for family in parts)}"
    typed = st.text_input(
        "Name",
        key=draft_key("name"),
        placeholder=made[:120],
        max_chars=120,
        help="What lists and charts call the run; empty: made from your choices.",
        persist_state="session",
    )
    return (typed or made)[:120]


def _label(family: str, kind: str) -> str:
    return next(part.label for part in METHODS[family] if part.kind_name() == kind)
