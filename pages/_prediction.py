"""The parts of the Predict page: which model, the sentence, and the answers side by side."""

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from mtl_core.errors import MtlError
from mtl_core.predict.answers import Answer, Answers
from mtl_core.runs.store import State
from pages._highlight import bars, highlight, tagged
from pages._ui import (
    PREDICT_RUNS,
    RUN_PARAM,
    SENTENCE,
    ListedRun,
    ago,
    catalog,
    chip,
    colour,
    counted,
    empty_state,
    plain,
    predictor,
    run_list,
    sentences,
    show_error,
)

TYPING_PAUSE = "80ms"
LONGEST = 200_000  # characters that are looked at; what the model cannot read of them is said
TOP = 5
EXAMPLES = 4


@dataclass(frozen=True)
class Asked:
    """The run that answers, and the single-task twins that answer beside it, by task."""

    run: ListedRun
    twins: dict[str, ListedRun]


def choose_model() -> Asked | None:
    """A run with a model, and whether its twins answer too; None where no run has a model."""
    found, _ = run_list()
    able = [r for r in found if r.run.has_model]
    if not able:
        empty_state(
            "No trained model yet",
            "Train an experiment first; its model answers here as soon as it has learnt something.",
            page="experiment",
            button="Set up an experiment",
            icon=":material/edit_note:",
        )
        return None
    # Multi-task runs first: each answers for its whole group.
    able.sort(key=lambda r: r.is_twin)
    predictor()  # its process starts while the user still thinks
    by_id = {r.id: r for r in able}
    _preselect(by_id)
    left, right = st.columns([3, 1.4], vertical_alignment="bottom")
    picked = left.selectbox(
        "Model",
        list(by_id),
        key=PREDICT_RUNS,
        format_func=lambda run_id: _label(by_id[run_id]),
        help="Multi-task runs first, newest on top; then single-task twins.",
    )
    run = by_id[picked]
    twins = _twins(run, able)
    beside = right.toggle(
        "Single-task twins beside it",
        value=True,
        disabled=not twins,
        key=f"{PREDICT_RUNS}/beside/{bool(twins)}",
        help="Shows what each task's twin, trained on this task alone, answers to the same words.",
    )
    return Asked(run, twins if beside else {})


def _preselect(able: dict[str, ListedRun]) -> None:
    """What a link names, or the newest finished run; a run that was deleted is dropped."""
    linked = st.query_params.get(RUN_PARAM, "")
    if linked in able:
        st.session_state[PREDICT_RUNS] = linked
        st.query_params.clear()
    elif st.session_state.get(PREDICT_RUNS) not in able:
        finished = [r.id for r in able.values() if r.status.state is State.FINISHED]
        st.session_state[PREDICT_RUNS] = (finished or list(able))[0]


def _label(listed: ListedRun) -> str:
    state = "" if listed.status.state is State.FINISHED else f", {listed.status.state}"
    seed = listed.experiment.training.seed
    return f"{listed.experiment.name} (seed {seed}, {ago(listed.status.created)}{state})"


def _twins(run: ListedRun, able: Sequence[ListedRun]) -> dict[str, ListedRun]:
    """The twins of a run by task: same group, same seed; the newest where there are several."""
    if run.is_twin:
        return {}
    seed = run.experiment.training.seed
    return {
        other.experiment.only: other
        for other in reversed(able)
        if other.experiment.only
        and other.group == run.group
        and other.experiment.training.seed == seed
    }


# --- The sentence ---------------------------------------------------------------------------------


@st.fragment
def ask_and_answer(asked: Asked) -> None:
    """Typing runs only this part of the page."""
    text = st.text_input(
        "Your sentence",
        key=SENTENCE,
        live=TYPING_PAUSE,
        placeholder="Type here, for example: The noodles at the station were cold, but Mia smiled.",
        help="Answers follow while you type; nothing is stored.",
        autocomplete="off",
    )
    _examples(asked.run)
    if not (text or "").strip():
        st.info("Type a sentence, or choose an example.", icon=":material/keyboard:")
        return
    text = text[:LONGEST]
    folders = [r.run.folder for r in (asked.run, *asked.twins.values())]
    try:
        with st.spinner("Loading the models"):  # shown only where it takes long
            answers = predictor().answers(folders, text)
    except MtlError as err:
        show_error(err)
        return
    _show(asked, answers)


def _examples(listed: ListedRun) -> None:
    """Sentences to click, from the data that the run never trained on."""
    texts = _example_texts(listed)
    if not texts:
        return
    key = f"{SENTENCE}/examples/{listed.id}"
    st.pills(
        "Examples",
        texts,
        key=key,
        format_func=lambda text: plain(text if len(text) <= 70 else f"{text[:67].rstrip()}..."),
        help="Sentences of the validation data: the model was not trained on them.",
        label_visibility="collapsed",
        on_change=_take,
        args=(key,),
    )


def _take(key: str) -> None:
    """Put the example into the text field, and leave the choice open for the next click."""
    text = st.session_state[key]
    if text:
        st.session_state[SENTENCE] = text
        st.session_state[key] = None


def _example_texts(listed: ListedRun) -> list[str]:
    """A few validation sentences, spread over the file; none where the data is not here."""
    try:
        dataset = catalog().find(listed.experiment.data[0].card)
        rows = sentences(dataset, "validation").words
    except MtlError:
        return []
    fitting = [words for words in rows if 5 <= len(words) <= 24 and '"' not in words] or rows
    step = max(1, len(fitting) // EXAMPLES)
    return [_joined(words) for words in fitting[step // 2 :: step][:EXAMPLES]]


def _joined(words: Sequence[str]) -> str:
    """Words as a text that is cut into the same words again."""
    one_by_one = sum(len(word) == 1 for word in words) > len(words) * 0.6
    if one_by_one:
        return "".join(words)
    text = " ".join(words)
    for sign in ".,!?;:":
        text = text.replace(f" {sign}", sign)
    return text


# --- The answers ----------------------------------------------------------------------------------


def _show(asked: Asked, answers: dict[str, Answers]) -> None:
    own = answers[asked.run.id]
    if own.cut:
        read = len(own.words) - own.cut
        st.warning(
            f"The model reads {counted(read, 'word')} at most here; "
            f"the last {counted(own.cut, 'word')} are left out.",
            icon=":material/content_cut:",
        )
    if asked.twins:
        left, right = st.columns(2, gap="medium")
        left.markdown("**Multi-task** · one model, all tasks")
        right.markdown("**Single-task twins** · one model per task")
    for task, answer in own.tasks.items():
        twin = asked.twins.get(task)
        other = answers[twin.id] if twin else None
        _task_row(task, own, answer, other, bool(asked.twins))
    if asked.twins and any(_differs(a, _of(answers, asked, t)) for t, a in own.tasks.items()):
        st.caption("Underlined: where the multi-task model and the twin disagree.")


def _of(answers: dict[str, Answers], asked: Asked, task: str) -> Answer | None:
    twin = asked.twins.get(task)
    return answers[twin.id].tasks.get(task) if twin else None


def _task_row(task: str, own: Answers, answer: Answer, other: Answers | None, beside: bool) -> None:
    """One task: this model's answer, and its twin's at the same height."""
    twin = other.tasks.get(task) if other else None
    places = st.columns(2, gap="medium") if beside else [st.container()]
    with places[0].container(border=True, height="stretch"):
        st.html(_head(task, answer) + _drawn(own.words, answer, twin))
    if beside:
        with places[1].container(border=True, height="stretch"):
            if twin and other:
                st.html(_head(task, twin) + _drawn(other.words, twin, answer))
            else:
                st.caption(f"{plain(task)}: no single-task twin with a model.")


def _head(task: str, answer: Answer) -> str:
    """The task's name, and how sure the model is of its words on average."""
    sure = ""
    if answer.confidence:
        mean = sum(answer.confidence) / len(answer.confidence)
        found = counted(len(answer.spans), "span") + " · " if answer.kind == "spans" else ""
        sure = f"{found}{100 * mean:.0f} % sure on average"
    return (
        '<div style="display:flex;justify-content:space-between;gap:1rem;margin-bottom:.6rem">'
        f'<strong>{chip(task)}</strong><span style="opacity:.75;font-size:.85rem">{sure}</span></div>'
    )


def _drawn(words: Sequence[str], answer: Answer, other: Answer | None) -> str:
    """The answer as HTML; what the other model answers differently is underlined."""
    shade = colour(answer.task)
    if not answer.tags:
        first = list(answer.probabilities.items())[:TOP]
        return bars(first, shade, different=_differs(answer, other))
    read = words[: len(answer.tags)]
    different = _different_words(answer, other)
    if answer.kind == "spans":
        shades = {label: shade for _, _, label in answer.spans}
        return highlight(read, answer.spans, shades, different=different)
    return tagged(read, answer.tags, shade, different=different)


def _differs(answer: Answer, other: Answer | None) -> bool:
    if other is None:
        return False
    return answer.label != other.label or bool(_different_words(answer, other))


def _different_words(answer: Answer, other: Answer | None) -> set[int]:
    if other is None:
        return set()
    pairs = zip(answer.tags, other.tags, strict=False)
    return {i for i, (one, two) in enumerate(pairs) if one != two}
