"""The parts of the Predict page: which model, the sentence, and the answers side by side."""

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from mtl_core.data.tasks import Sentences
from mtl_core.data.text import joined
from mtl_core.errors import MtlError
from mtl_core.predict.answers import Answer, Answers
from mtl_core.runs.store import State
from mtl_core.training.manifest import Manifest
from pages._answer import differs, drawn, head
from pages._correct import correct_button, correction
from pages._insight import show_sentence_insights
from pages._ui import (
    PREDICT_RUNS,
    RUN_PARAM,
    SENTENCE,
    ListedRun,
    ago,
    catalog,
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
EXAMPLES = 4
SECOND = f"{SENTENCE}/second"
Example = tuple[str, str]
"""A text and, where pairs are read, the second one; "" where not."""


@dataclass(frozen=True)
class Asked:
    """The run that answers, with the step of its checkpoint, None for the best; and the single-task
    twins that answer beside it, by task."""

    run: ListedRun
    twins: dict[str, ListedRun]
    step: int | None = None


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
    left, middle, right = st.columns([3, 1.6, 1.4], vertical_alignment="bottom")
    picked = left.selectbox(
        "Model",
        list(by_id),
        key=PREDICT_RUNS,
        format_func=lambda run_id: _label(by_id[run_id]),
        help="Multi-task runs first, newest on top; then single-task twins.",
    )
    run = by_id[picked]
    with middle:
        step = _checkpoint(run)
    twins = _twins(run, able)
    beside = right.toggle(
        "Single-task twins beside it",
        value=True,
        disabled=not twins,
        key=f"{PREDICT_RUNS}/beside/{bool(twins)}",
        help="Shows what each task's twin, trained on this task alone, answers to the same words.",
    )
    return Asked(run, twins if beside else {}, step)


def _checkpoint(listed: ListedRun) -> int | None:
    """The step whose weights answer; None for the run's best."""
    run = listed.run
    try:
        kept = run.checkpoints
    except MtlError as err:
        show_error(err)
        return None
    choices = kept.choices()
    key = f"{PREDICT_RUNS}/checkpoint/{run.id}"
    if st.session_state.get(key) not in choices:  # a run that trains lets go of some
        st.session_state.pop(key, None)
    picked = st.selectbox(
        "Checkpoint",
        list(choices),
        key=key,
        format_func=lambda choice: choices[choice],
        disabled=len(choices) == 1,
        help="The state of the model after so many steps. Which ones are kept is decided by "
        "training.keep of the experiment.",
    )
    return kept.step_of(picked, run.id)


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
    pairs = _reads_pairs(asked.run)
    text = _field(
        "Your sentence",
        SENTENCE,
        "Type here, for example: The noodles at the station were cold, but Mia smiled.",
    )
    second = _field("Second sentence", SECOND, "For tasks that compare two texts.") if pairs else ""
    _examples(asked.run, pairs)
    if not text.strip():
        st.info("Type a sentence, or choose an example.", icon=":material/keyboard:")
        return
    twins = [(twin.run.folder, None) for twin in asked.twins.values()]
    try:
        with st.spinner("Loading the models"):  # shown only where it takes long
            answers = predictor().answers(
                [(asked.run.run.folder, asked.step), *twins], text, second
            )
    except MtlError as err:
        show_error(err)
        return
    _show(asked, answers)


def _field(label: str, key: str, placeholder: str) -> str:
    text = st.text_input(
        label,
        key=key,
        live=TYPING_PAUSE,
        placeholder=placeholder,
        help="Answers follow while you type; nothing is stored.",
        autocomplete="off",
    )
    return (text or "")[:LONGEST]


def _reads_pairs(listed: ListedRun) -> bool:
    """Whether any task of the run reads two texts."""
    try:
        return any(task.pair for task in Manifest.load(listed.run.folder).tasks)
    except MtlError:  # told when it is asked to answer
        return False


def _examples(listed: ListedRun, pairs: bool) -> None:
    """Sentences to click, from the data that the run never trained on."""
    texts = _example_texts(listed, pairs)
    if not texts:
        return
    key = f"{SENTENCE}/examples/{listed.id}"
    st.pills(
        "Examples",
        texts,
        key=key,
        format_func=_shortened,
        help="Sentences of the validation data: the model was not trained on them.",
        label_visibility="collapsed",
        on_change=_take,
        args=(key,),
    )


def _shortened(example: Example) -> str:
    """As much of the texts as a button holds."""
    kept = [text for text in example if text]
    room = 70 // len(kept)
    cut = [text if len(text) <= room else f"{text[: room - 3].rstrip()}..." for text in kept]
    return plain(" | ".join(cut))


def _take(key: str) -> None:
    """Put the example into the text fields, and leave the choice open for the next click."""
    example = st.session_state[key]
    if example:
        st.session_state[SENTENCE], st.session_state[SECOND] = example
        st.session_state[key] = None


def _example_texts(listed: ListedRun, pairs: bool) -> list[Example]:
    """A few validation sentences, spread over the file; none where the data is not here."""
    for choice in listed.experiment.data:
        try:
            dataset = catalog().find(choice.card)
            if any(dataset.card.tasks[task].pair for task in choice.tasks) == pairs:
                return _spread(sentences(dataset, "validation"))
        except (MtlError, KeyError):  # the card or its tasks have gone since
            continue
    return []


def _spread(found: Sentences) -> list[Example]:
    """Examples of a length that fits on the screen, without quotes, from all over the file."""
    seconds = found.seconds or [[] for _ in found.words]
    rows = [(one, two) for one, two in zip(found.words, seconds, strict=True) if one]
    fitting = [row for row in rows if 5 <= len(row[0]) <= 24 and len(row[1]) <= 24]
    fitting = [row for row in fitting if '"' not in row[0] + row[1]] or rows
    step = max(1, len(fitting) // EXAMPLES)
    taken = [(_joined(one), _joined(two)) for one, two in fitting[step // 2 :: step][:EXAMPLES]]
    return list({_shortened(example): example for example in taken}.values())


def _joined(words: Sequence[str]) -> str:
    """Words as a text that is cut into the same words again."""
    text = joined(words)
    for sign in ".,!?;:":
        text = text.replace(f" {sign}", sign)
    return text


# --- The answers ----------------------------------------------------------------------------------


def _show(asked: Asked, answers: dict[str, Answers]) -> None:
    own = answers[asked.run.id]
    _warn_of_cuts(own)
    if own.waiting:
        names = ", ".join(plain(task) for task in own.waiting)
        st.info(f"Type a second sentence too, for {names}.", icon=":material/compare_arrows:")
    if asked.twins:
        left, right = st.columns(2, gap="medium")
        left.markdown("**Multi-task** · one model, all tasks")
        right.markdown("**Single-task twins** · one model per task")
    for task in own.tasks:
        twin = asked.twins.get(task)
        other = answers[twin.id] if twin else None
        _task_row(asked.run, task, own, other, bool(asked.twins))
    if asked.twins and any(differs(a, _of(answers, asked, t)) for t, a in own.tasks.items()):
        st.caption("Underlined: where the multi-task model and the twin disagree.")
    show_sentence_insights(own)


def _warn_of_cuts(own: Answers) -> None:
    """Say how much of each text the model could not read."""
    for words, cut, where in ((own.words, own.cut, ""), (own.second, own.second_cut, "second")):
        if cut:
            of = f" of the {where} sentence" if where else ""
            st.warning(
                f"The model reads {counted(len(words) - cut, 'word')} at most here; "
                f"the last {counted(cut, 'word')}{of} are left out.",
                icon=":material/content_cut:",
            )


def _of(answers: dict[str, Answers], asked: Asked, task: str) -> Answer | None:
    twin = asked.twins.get(task)
    return answers[twin.id].tasks.get(task) if twin else None


def _task_row(
    listed: ListedRun, task: str, own: Answers, other: Answers | None, beside: bool
) -> None:
    """One task: this model's answer, and its twin's at the same height."""
    answer, twin = own.tasks[task], other.tasks.get(task) if other else None
    places = st.columns(2, gap="medium") if beside else [st.container()]
    with places[0].container(border=True, height="stretch"):
        st.html(head(task, answer) + drawn(own.words, answer, twin))
        correct_button(listed, own, task)
    if beside:
        with places[1].container(border=True, height="stretch"):
            if twin and other:
                st.html(head(task, twin) + drawn(other.words, twin, answer))
            else:
                st.caption(f"{plain(task)}: no single-task twin with a model.")
    correction(listed, own, task)
