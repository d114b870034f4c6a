"""Data: what each dataset holds, task by task, with examples; and how to add one."""

import random

import streamlit as st

from mtl_core.analysis.colours import PALETTE
from mtl_core.analysis.plots import label_distribution, length_histogram, value_histogram
from mtl_core.data.catalog import Dataset, TaskSpec
from mtl_core.data.own_ready import lacking, ready
from mtl_core.data.tasks import METRICS, Sentences
from mtl_core.errors import MtlError
from pages import _ui
from pages._add_data import ADD, add_data, go_to_labelling, greet_added, numbered, view
from pages._add_data import SHOWN as LAST
from pages._examples import example
from pages._remove import remove_button, show_refusal
from pages._truth import show_truth

SHOWN = 4
KINDS = {
    "classification": ("One label a sentence", "labelled sentences"),
    "multilabel": ("Any number of labels a sentence", "labels"),
    "regression": ("One number a sentence", "values"),
    "tagging": ("One tag a word", "tagged words"),
    "spans": ("Names or phrases, each with a label", "spans"),
}


def _choose() -> Dataset | None:
    """One of the datasets that can be read."""
    found = _ui.catalog()
    _ui.show_problems(found.problems, "dataset cards")
    if not found.datasets:
        st.info(f"There is no dataset yet. Choose “{ADD}”.", icon=":material/arrow_upward:")
        return None
    by_name = {dataset.name: dataset for dataset in found.datasets}
    key = numbered(f"{_ui.DATA_CHOICES}/dataset")
    if st.session_state.get(key) not in by_name:
        st.session_state.pop(key, None)
    last = st.session_state.get(LAST)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.selectbox(
            "Dataset",
            list(by_name),
            list(by_name).index(last) if last in by_name else 0,
            format_func=lambda name: by_name[name].label,
            key=key,
            help="The samples, your own datasets and those of the folders in MTL_DATA.",
            persist_state="session",
        )
        remove_button(by_name[name])
    st.session_state[LAST] = name
    show_refusal()
    return by_name[name]


def _card(dataset: Dataset, splits: dict[str, Sentences]) -> None:
    """What the card says, and how much there is."""
    card = dataset.card
    with st.container(border=True):
        st.subheader(_ui.plain(dataset.label), anchor=False)
        if card.description:
            st.markdown(_ui.plain(card.description))
        facts = {
            "Language": card.language,
            "Licence": card.licence,
            "Source": card.source,
            "Name in files": card.name,
        }
        known = (f"{word}: {fact}" for word, fact in facts.items() if fact)
        st.html(_ui.small_print([" · ".join(known)]))
        with st.container(horizontal=True):
            for split, found in splits.items():
                unit = "sentences" if found.seconds is None else "pairs"
                st.metric(f"{split.capitalize()} {unit}", _ui.number(len(found)))
            words = sum(len(words) for found in splits.values() for words in found.texts)
            st.metric("Words in all", _ui.number(words))
            st.metric("Tasks", len(card.tasks))


def _truth(dataset: Dataset) -> None:
    """What is doubtful about it, alone or together with others."""
    st.subheader("Is it fit to measure with?", anchor=False)
    every = [ready(one) for one in _ui.catalog().datasets if one.name != dataset.name]
    others = {one.name: one for one in every if one is not None}
    wide, narrow = st.columns([4, 1])
    beside = wide.multiselect(
        "Together with",
        list(others),
        format_func=lambda name: others[name].label,
        key=f"{_ui.DATA_CHOICES}/beside/{dataset.name}",
        placeholder="Choose datasets that are to be trained together with it",
        help="Texts of one that stand in another's training data, labels they share, their sizes.",
    )
    most = narrow.number_input(
        "Texts cut at (words)",
        1,
        10_000,
        256,
        key=f"{_ui.DATA_CHOICES}/most_words",
        help="What would be lost, and how many labels with it.",
    )
    together = [dataset, *(others[name] for name in beside)]
    try:
        show_truth(_ui.truth([(one, tuple(one.card.tasks)) for one in together], most))
    except MtlError as err:
        _ui.show_error(err)


def _task(dataset: Dataset, splits: dict[str, Sentences]) -> None:
    """One task: what it asks, and how its labels are distributed."""
    specs = dataset.card.tasks
    st.subheader("Tasks and their labels", anchor=False)
    task = st.segmented_control(
        "Task",
        list(specs),
        default=next(iter(specs)),
        required=True,
        format_func=_ui.plain,
        key="/".join((_ui.DATA_CHOICES, "task", dataset.name, *specs)),
        help="Whose labels are counted below.",
        persist_state="session",
    )
    spec = specs[task]
    score = (spec.metric or METRICS[spec.kind][0]).replace("_", " ")
    words = KINDS[spec.kind][0].replace(
        "a sentence", "a pair of texts" if spec.pair else "a sentence"
    )
    st.html(_ui.chip(task))
    place = st.empty()
    how_many = _values(task, splits) if spec.kind == "regression" else _labels(task, spec, splits)
    place.markdown(f"{words} · {how_many} · main score: {score}  \n{_ui.plain(spec.description)}")


def _labels(task: str, spec: TaskSpec, splits: dict[str, Sentences]) -> str:
    """Draws how often each label is right; says how many there are."""
    counts = {split: found.label_counts(task, spec.kind) for split, found in splits.items()}
    unit = KINDS[spec.kind][1]
    st.plotly_chart(
        label_distribution(counts, _ui.colour(task), title=f"Labels of {task}", unit=unit),
        key=f"{_ui.DATA_CHOICES}/labels",
        config={"displayModeBar": False},
        alt=f"Share of each label of {task}, by split.",
    )
    without = sum(gold == [] for found in splits.values() for gold in found.gold[task])
    said = _ui.counted(len(set().union(*counts.values())), "label")
    none = spec.kind == "multilabel" and without
    return f"{said}, {_ui.counted(without, 'row')} with none" if none else said


def _values(task: str, splits: dict[str, Sentences]) -> str:
    """Draws how the values of a regression lie; says between which ends."""
    values = {split: found.values(task) for split, found in splits.items()}
    st.plotly_chart(
        value_histogram(values, _ui.colour(task), title=f"Values of {task}"),
        key=f"{_ui.DATA_CHOICES}/values",
        config={"displayModeBar": False},
        alt=f"Distribution of the values of {task}, by split.",
    )
    every = [value for found in values.values() for value in found]
    return f"from {min(every):g} to {max(every):g}"


def _lengths(splits: dict[str, Sentences], dark: bool) -> None:
    shades = PALETTE["dark" if dark else "light"]
    lengths = {split: [len(words) for words in found.texts] for split, found in splits.items()}
    st.plotly_chart(
        length_histogram(lengths, shades[-1:] * 3, title="How long the sentences are"),
        key=f"{_ui.DATA_CHOICES}/lengths",
        config={"displayModeBar": False},
        alt="Distribution of the sentence length in words, by split.",
    )


def _examples(dataset: Dataset, splits: dict[str, Sentences]) -> None:
    """A few sentences with everything that is annotated on them."""
    st.subheader("Examples", anchor=False)
    key = "/".join((_ui.DATA_CHOICES, "split", *splits))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        split = st.segmented_control(
            "Split",
            list(splits),
            default="train",
            required=True,
            key=key,
            help="Where the examples come from.",
            label_visibility="collapsed",
            persist_state="session",
        )
        if st.button("Show others", icon=":material/shuffle:", help="Draw other sentences."):
            seed = st.session_state.get(_ui.DATA_EXAMPLES_SEED, 0)
            st.session_state[_ui.DATA_EXAMPLES_SEED] = seed + 1
    found = splits[split]
    rng = random.Random(st.session_state.get(_ui.DATA_EXAMPLES_SEED, 0))
    for row in sorted(rng.sample(range(len(found)), min(SHOWN, len(found)))):
        with st.container(border=True):
            st.html(example(dataset.card, found, row))


def _lacks(dataset: Dataset) -> None:
    """What still has to be labelled before it can be trained, and the way there."""
    lacks: dict[str, list[str]] = {}
    for task, what in lacking(dataset).items():
        lacks.setdefault(what, []).append(_ui.plain(task))
    if not lacks:
        return
    said = "; ".join(f"**{', '.join(tasks)}** needs {what}" for what, tasks in lacks.items())
    much = "Not all" if ready(dataset) else "Nothing"
    st.info(f"{much} of it can be trained yet: {said}.", icon=":material/edit_note:")
    st.button(
        "Label sentences",
        key=f"{_ui.DATA_CHOICES}/label",
        type="primary",
        icon=":material/new_label:",
        on_click=go_to_labelling,
        args=(dataset.name,),
        help="Opens this dataset where you write your own.",
    )


def _show(whole: Dataset) -> None:
    """Everything about a dataset, as far as it is labelled."""
    dataset = ready(whole)
    _lacks(whole)
    if dataset is None:
        return
    try:
        splits = {split: _ui.sentences(dataset, split) for split in dataset.card.split_names}
    except MtlError as err:
        _ui.show_error(err)
        return
    _card(dataset, splits)
    _truth(dataset)
    _task(dataset, splits)
    _examples(dataset, splits)
    _lengths(splits, _ui.theme() == "dark")


_ui.page_head("Data", "What the models learn from: tasks, labels and examples.")
greet_added()
if view() == ADD:
    add_data()
elif (_chosen := _choose()) is not None:
    _show(_chosen)
