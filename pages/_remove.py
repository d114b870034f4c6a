"""Taking a dataset of one's own off the list, after a question."""

import streamlit as st

from mtl_core.data.adopt import in_folder
from mtl_core.data.catalog import Dataset
from mtl_core.errors import MtlError
from mtl_core.runs.removing import TRASH, can_remove, remove, runs_of

from ._ui import counted, home, plain, show_error

KEY = "remove"  # how the keys of these widgets begin
FAULT = f"{KEY}/fault"


def remove_button(dataset: Dataset) -> None:
    """Beside a dataset of one's own; nothing beside any other."""
    if not can_remove(dataset, home()):
        return
    with st.popover(
        "Remove",
        icon=":material/delete:",
        key=f"{KEY}/{dataset.name}",
        help="Take this dataset off the list.",
    ):
        st.markdown(f"{_what_happens(dataset)} {_who_used_it(dataset)}")
        st.button(
            f"Remove {plain(dataset.name)}",
            key=f"{KEY}/now/{dataset.name}",
            type="primary",
            icon=":material/delete:",
            on_click=_take,
            args=(dataset,),
            help="Nothing is deleted for good.",
        )


def show_refusal() -> None:
    """Why a dataset could not be removed a moment ago."""
    fault = st.session_state.pop(FAULT, None)
    if fault:
        show_error(fault)


def _what_happens(dataset: Dataset) -> str:
    if dataset.card.hub is not None:
        return "Takes it off the list; it can be added from the hub again."
    if in_folder(dataset):
        return f"Moves it and its files into `{home() / TRASH}`: nothing is lost."
    return "Takes it off the list; its files stay where they are."


def _who_used_it(dataset: Dataset) -> str:
    count = len(runs_of(dataset, home()))
    if not count:
        return "No run uses it."
    kept = "keep their scores and their models, but cannot be resumed"
    return f"{counted(count, 'run')} that used it {kept}."


def _take(dataset: Dataset) -> None:
    try:
        remove(dataset, home())
    except MtlError as err:
        st.session_state[FAULT] = str(err)
        return
    st.toast(f"{plain(dataset.name)} is off the list.", icon=":material/check:")
