"""Correct what a model answered: the label editor, prefilled, and a dataset of one's own to save into."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import streamlit as st

from mtl_core.data.annotating import Annotations
from mtl_core.data.catalog import TaskSpec
from mtl_core.data.gold import Gold
from mtl_core.data.own_tasks import OwnTask, task_of_model
from mtl_core.data.tasks import Task
from mtl_core.errors import MtlError
from mtl_core.predict.answers import Answer, Answers
from mtl_core.training.manifest import Manifest

from ._annotate import CHOSEN
from ._label_editor import FAULT, Sheet, label_editor
from ._ui import ListedRun, catalog, home, plain, show_error

KEY = "correct"  # how the keys of these widgets begin
OPEN, NUMBER = f"{KEY}/open", f"{KEY}/number"


@dataclass
class Draft:
    """What is being corrected: of whom, which words, and the answers so far."""

    run: str
    task: str
    words: list[str]
    second: list[str]
    gold: dict[str, Gold] = field(default_factory=dict)
    number: int = 0


def correct_button(listed: ListedRun, answers: Answers, task: str) -> None:
    """Below an answer: opens the editor, or closes it."""
    draft = _draft(listed, answers, task)

    def press() -> None:
        number = st.session_state[NUMBER] = st.session_state.get(NUMBER, 0) + 1
        gold = {name: gold_of(answer, len(answers.words)) for name, answer in answers.tasks.items()}
        new = Draft(listed.id, task, answers.words, answers.second, gold, number)
        st.session_state[OPEN] = None if draft else new

    st.button(
        "Close" if draft else "Correct this",
        key=f"{KEY}/{task}",
        type="tertiary",
        icon=":material/close:" if draft else ":material/edit:",
        on_click=press,
        help="Leave it as it is." if draft else "Save the right answer into a dataset of your own.",
    )


def correction(listed: ListedRun, answers: Answers, task: str) -> None:
    """The editor, where it was opened."""
    draft = _draft(listed, answers, task)
    if draft:
        with st.container(border=True):
            _panel(listed, draft)


def _draft(listed: ListedRun, answers: Answers, task: str) -> Draft | None:
    """What is being corrected, if it is this answer."""
    draft: Draft | None = st.session_state.get(OPEN)
    about = draft and (draft.run, draft.task, draft.words, draft.second)
    return draft if about == (listed.id, task, answers.words, answers.second) else None


def gold_of(answer: Answer, words: int) -> Gold:
    """The model's answer as one that can be corrected; words that it did not read have no tag."""
    if answer.kind == "classification":
        return answer.label
    if answer.kind == "multilabel":
        return sorted(answer.labels)
    if answer.kind == "regression":
        return min(max(round(answer.value, 2), answer.low), answer.high)
    rest = "O" if answer.kind == "spans" else ""
    return [*answer.tags, *[rest] * (words - len(answer.tags))]


def _panel(listed: ListedRun, draft: Draft) -> None:
    try:
        tasks = _tasks(listed)
    except MtlError as err:
        show_error(err)
        return
    chosen = st.pills(
        "Tasks to save",
        [name for name in tasks if name in draft.gold],
        selection_mode="multi",
        default=[draft.task],
        key=f"{KEY}/tasks/{draft.number}",
        format_func=plain,
        help="Only what you have looked at: the model's other answers are not saved.",
    )
    kept = {name: tasks[name] for name in chosen}
    label_editor(
        Sheet(
            key=f"{KEY}/sheet/{draft.number}",
            words=draft.words,
            second=draft.second,
            gold=draft.gold,
            tasks=kept,
            put=draft.gold.__setitem__,
        )
    )
    _save(listed, draft, kept)


def _save(listed: ListedRun, draft: Draft, tasks: dict[str, OwnTask]) -> None:
    usual = _usual(listed, draft.task)
    names = list(dict.fromkeys([usual, *Annotations.names(home())]))
    name = st.selectbox(
        "Save into",
        names,
        key=f"{KEY}/into/{usual}",
        accept_new_options=True,
        help="A dataset of yours; type a name for a new one. Tasks keep their names, so that the "
        "corrections train the same heads.",
    )

    def take() -> None:
        try:
            save(listed, str(name), draft, tasks)
        except MtlError as err:
            st.session_state[FAULT] = str(err)
            return
        st.session_state.update({OPEN: None, CHOSEN: name})
        st.toast(f"Saved into {plain(str(name))}.", icon=":material/check:")

    st.button(
        "Save the correction",
        key=f"{KEY}/save",
        type="primary",
        icon=":material/save:",
        disabled=not name or all(draft.gold[task] is None for task in tasks),
        on_click=take,
        help="Writes the sentence with these answers; label more of it on the Data page.",
    )


def save(listed: ListedRun, name: str, draft: Draft, tasks: dict[str, OwnTask]) -> None:
    """Into a dataset that is there, with what it lacks of the tasks and labels, or into a new one."""
    if name in Annotations.names(home()):
        own = Annotations.open(home(), name)
        own.extend(tasks)
    else:
        cut = Manifest.load(listed.run.folder).readings[0].segmentation
        own = Annotations.create(home(), name, tasks, segmentation=cut)
    own.save(draft.words, {task: draft.gold[task] for task in tasks}, draft.second)


def _usual(listed: ListedRun, task: str) -> str:
    """The dataset that the task was learnt from where that is one's own, else one of corrections."""
    card = next(choice.card for choice in listed.experiment.data if task in choice.tasks)
    return card if card in Annotations.names(home()) else usual_name(card)


def usual_name(card: str) -> str:
    """What the dataset of corrections is called at first: after a card's name, or its folder's."""
    parts = [part for part in re.split(r"[\\/]", card) if part and not part.endswith(".yaml")]
    return f"corrections-{re.sub(r'[^A-Za-z0-9_.-]', '_', parts[-1] if parts else 'mine')}"[:64]


def _tasks(listed: ListedRun) -> dict[str, OwnTask]:
    """What the model's tasks are, as their cards have them where those are still there."""
    specs = _specs(listed)
    found: Sequence[Task] = Manifest.load(listed.run.folder).tasks
    return {task.name: task_of_model(task, specs.get(task.name)) for task in found}


def _specs(listed: ListedRun) -> dict[str, TaskSpec]:
    found: dict[str, TaskSpec] = {}
    for choice in reversed(listed.experiment.data):
        try:
            tasks = catalog().find(choice.card).card.tasks
        except MtlError:  # the card has gone since
            continue
        found |= {name: tasks[name] for name in choice.tasks if name in tasks}
    return found
