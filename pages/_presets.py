"""Datasets of the Hugging Face hub: picked from a list by task and language, or named."""

import streamlit as st

from mtl_core.config.yaml_text import written
from mtl_core.data.adopt import adopt
from mtl_core.data.presets import CHECKED, PRESETS, Preset, add_preset
from mtl_core.data.proposing import Proposal
from mtl_core.errors import MtlError
from pages import _ui
from pages._truth import show_findings

KEY = "presets"  # how the keys of these widgets begin
ANY = "any"
PAIRS = "pairs"
ASKED = {
    ANY: "Any task",
    "classification": "One label a text",
    "multilabel": "Any number of labels",
    "regression": "A number",
    PAIRS: "Pairs of texts",
    "tagging": "A tag a word",
    "spans": "Names or phrases",
}
LANGUAGES = {
    "ar": "Arabic", "de": "German", "en": "English", "es": "Spanish", "fr": "French",
    "hi": "Hindi", "ja": "Japanese", "ko": "Korean", "ru": "Russian", "th": "Thai",
    "tr": "Turkish", "zh": "Chinese",
}  # fmt: skip
LOOKED_UP = (
    "Needs a network, once: the dataset is kept on this computer then. Its columns are looked up "
    "when it is loaded; where they are called otherwise, you are told which there are."
)


def presets_form() -> None:
    """Pick a dataset of the hub by task and language and add it, or name another one."""
    st.markdown(LOOKED_UP)
    with st.container(horizontal=True):
        asked = st.selectbox(
            "Task",
            list(ASKED),
            format_func=lambda kind: ASKED[kind],
            key=f"{KEY}/kind",
            help="What is to be answered.",
        )
        languages = sorted({one.language for one in PRESETS}, key=_language)
        language = st.selectbox(
            "Language",
            [ANY, *languages],
            format_func=lambda code: "Any language" if code == ANY else _language(code),
            key=f"{KEY}/language",
            help="Of the texts.",
        )
    fitting = [one for one in PRESETS if _fits(one, asked, language)]
    if fitting:
        _pick(fitting)
    else:
        st.info("No dataset of the list has this task in this language.", icon=":material/search:")
    with st.expander(
        "Another dataset of the hub, by its name",
        icon=":material/cloud_download:",
        key=f"{KEY}/another",  # it stays open when an error appears above it
    ):
        _named()


def _language(code: str) -> str:
    return LANGUAGES.get(code, code)


def _fits(one: Preset, asked: str, language: str) -> bool:
    if language not in (ANY, one.language):
        return False
    return asked == ANY or (one.pair if asked == PAIRS else asked in one.kinds)


def _titled(one: Preset) -> str:
    language = _language(one.language)
    return one.title if language in one.title else f"{one.title} ({language})"


def _pick(fitting: list[Preset]) -> None:
    by_name = {one.name: one for one in fitting}
    name = st.selectbox(
        "Dataset",
        list(by_name),
        format_func=lambda name: _titled(by_name[name]),
        key=f"{KEY}/name/{'/'.join(by_name)}",
        help="What is known of it stands below.",
    )
    one = by_name[name]
    _about(one)
    if st.button(
        f"Add {one.title}",
        type="primary",
        icon=":material/add:",
        key=f"{KEY}/add",
        help="Loads it from the hub, checks every row, and puts it on the list.",
    ):
        try:
            with st.spinner("Loading and checking every row", show_time=True):
                added = add_preset(one.name, _ui.home())
        except MtlError as err:
            _ui.show_error(err)
            return
        st.session_state[_ui.ADDED_DATASET] = added.name
        st.rerun()


def _about(one: Preset) -> None:
    """What it is, its licence, its size, and how much of this was looked up."""
    tasks = ", ".join(f"{name} ({spec.kind})" for name, spec in one.tasks.items())
    with st.container(border=True):
        st.markdown(" ".join(filter(None, (one.about, one.note))))
        facts = {
            "Tasks": tasks,
            "Training rows": one.rows,
            "Licence": one.licence,
            "From": one.source,
            "Checked": CHECKED[one.checked],
        }
        st.html(_ui.small_print([f"{word}: {fact}" for word, fact in facts.items()]))


def _named() -> None:
    """Any dataset of the hub: look at it first, then add it."""
    with st.form(f"{KEY}/hub", border=False):
        name = st.text_input(
            "Name on the hub",
            key=f"{KEY}/hub/name",
            placeholder="owner/name",
            help="Code that a dataset brings along is never run.",
        )
        with st.container(horizontal=True):
            config = st.text_input(
                "Configuration",
                key=f"{KEY}/hub/config",
                help="Where there are several; you are told their names.",
            )
            revision = st.text_input(
                "Revision",
                key=f"{KEY}/hub/revision",
                help="A commit, a tag or a branch; empty: as it is today, kept by its commit.",
            )
        looked = st.form_submit_button(
            "Look at it", icon=":material/search:", help="Loads it and proposes a card."
        )
    if looked:
        st.session_state.pop(f"{KEY}/proposal", None)
        try:
            with st.spinner("Loading", show_time=True):
                st.session_state[f"{KEY}/proposal"] = _proposed(name, config, revision)
        except MtlError as err:
            _ui.show_error(err)
    proposal = st.session_state.get(f"{KEY}/proposal")
    if proposal is not None:
        _offer(proposal)


def _proposed(name: str, config: str, revision: str) -> Proposal:
    from mtl_core.data.hub import propose_hub

    return propose_hub(name.strip(), config.strip() or None, revision.strip() or None)


def _offer(proposal: Proposal) -> None:
    show_findings(proposal.findings)
    st.code(written(proposal.card.model_dump(mode="json", exclude_defaults=True)), language="yaml")
    if st.button(
        f"Add {_ui.plain(proposal.card.name)}",
        type="primary",
        icon=":material/add:",
        key=f"{KEY}/hub/add",
        help="Puts it on the list of datasets.",
    ):
        try:
            added = adopt(proposal.dataset, _ui.home())
        except MtlError as err:
            _ui.show_error(err)
            return
        del st.session_state[f"{KEY}/proposal"]
        st.session_state[_ui.ADDED_DATASET] = added.name
        st.rerun()
