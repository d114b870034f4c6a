"""Learn: what multi-task learning is, in one page, and a ready experiment with one click."""

import streamlit as st

from mtl_core.config import Experiment
from mtl_core.config.sharing import SHARING_CHOICES
from mtl_core.data.catalog import Dataset
from mtl_core.errors import MtlError
from pages import _lesson, _start, _ui
from pages._live import preload
from pages._methods import show_methods
from pages._picture import answer_words, show_model
from pages._playground import show_playground
from pages._relatedness import show_relatedness


def _start_here() -> None:
    """The ready experiment, and the way back to what is going on."""
    with st.container(border=True):
        left, right = st.columns([3, 2], vertical_alignment="center", gap="large")
        try:
            dataset = _ui.catalog().find(_lesson.DATASET)
            experiment = _lesson.ready_experiment(dataset)
        except MtlError as err:
            _ui.show_error(err)
            return
        with left:
            st.subheader("See it for yourself", anchor=False)
            st.markdown(_lesson.offer(experiment, len(experiment.tasks)))
            st.html(_ui.legend(experiment.tasks))
        with right:
            _buttons(experiment)
            preload()


def _buttons(experiment: Experiment) -> None:
    if st.button(
        "Start the experiment",
        type="primary",
        icon=":material/play_arrow:",
        width="stretch",
        key=_ui.LESSON,
        help="Trains all tasks together, then each one alone, and opens the live curves.",
    ):
        _start.train(_start.planned(experiment, with_twins=True, seeds=1))
    if st.button(
        "Make my own",
        icon=":material/science:",
        width="stretch",
        key=f"{_ui.LESSON}/own",
        help=_ui.PAGES["experiment"].help,
    ):
        st.switch_page(_ui.PAGES["experiment"].file)
    runs, _ = _ui.run_list()
    if runs:
        newest = next((run for run in runs if not run.is_twin), runs[0])
        if st.button(
            f"Back to the latest run, {_ui.ago(newest.status.created)}",
            icon=":material/monitoring:",
            width="stretch",
            key=f"{_ui.LESSON}/latest",
            help=_ui.plain(newest.experiment.name),
        ):
            _ui.go_to_run(newest.id, newest.group)


def _idea() -> None:
    st.header("The idea", anchor=False)
    st.markdown(_lesson.IDEA)


def _ways(dataset: Dataset | None) -> None:
    """Every sharing strategy with its picture, drawn by itself."""
    st.header("What the tasks share", anchor=False)
    st.markdown(_lesson.WAYS)
    tasks = tuple(dataset.card.tasks)[:3] if dataset else ("sentiment", "topic", "entities")
    notes = {t: answer_words(dataset.card.tasks[t]) for t in tasks} if dataset else {}
    for start in range(0, len(SHARING_CHOICES), 2):
        for strategy, place in zip(
            SHARING_CHOICES[start:], st.columns(2, gap="medium"), strict=False
        ):
            with place.container(border=True, height="stretch"):
                st.subheader(strategy.label, anchor=False)
                summary, *more = strategy.help_lines()
                st.markdown(_ui.plain(summary))
                show_model(strategy(), tasks, blocks=2, notes=notes)
                st.html(_ui.small_print(more))


@st.fragment
def _balancing() -> None:
    """How losses become one step: seen in a plane, and all methods. Drawn once somebody opens it."""
    st.header("How losses become one step", anchor=False)
    st.markdown(_lesson.BALANCING)
    for key, title, icon, show in (
        (
            "playground",
            "Playground: a method on two losses, step by step",
            "explore",
            show_playground,
        ),
        (
            "methods",
            "All methods: formula, paper, cost, and whether they are right",
            "function",
            show_methods,
        ),
    ):
        box = st.expander(
            title, key=f"{_ui.LESSON}/{key}", icon=f":material/{icon}:", on_change="rerun"
        )
        if box.open:
            with box:
                show()


def _relatedness() -> None:
    """Drawn once somebody opens it."""
    st.header("How related must tasks be?", anchor=False)
    st.markdown(_lesson.RELATEDNESS)
    box = st.expander(
        "Turn the dial: the same task with helpers from opposite to the same",
        key=f"{_ui.LESSON}/relatedness",
        icon=":material/tune:",
        on_change="rerun",
    )
    if box.open:
        with box:
            show_relatedness()


def _facts(title: str, facts: tuple[_lesson.Fact, ...]) -> None:
    """Short paragraphs in two columns."""
    st.header(title, anchor=False)
    for start in range(0, len(facts), 2):
        for fact, place in zip(facts[start:], st.columns(2, gap="medium"), strict=False):
            with place.container(border=True, height="stretch"):
                st.markdown(f"{fact.icon} **{fact.title}**")
                st.markdown(fact.text)


def _research() -> None:
    st.header("What research has found", anchor=False)
    for finding in _lesson.FINDINGS:
        st.markdown(f"- {finding.text} :gray[{finding.title}]")


def _dataset() -> Dataset | None:
    try:
        return _ui.catalog().find(_lesson.DATASET)
    except MtlError:
        return None


with st.container(horizontal_alignment="center"), st.container(width=1000):
    _ui.page_head("One model, several tasks", _lesson.WELCOME)
    _start_here()
    _idea()
    _ways(_dataset())
    _balancing()
    _relatedness()
    _facts("Why every task has a twin", _lesson.TWINS)
    _facts("What can go wrong", _lesson.TROUBLE)
    _facts("How to read the curves", _lesson.CURVES)
    _research()
