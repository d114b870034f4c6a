"""What all screens share: session keys, cached readers, the theme, task colours, small pieces.

Reading        start_worker()  catalog()  sentences(dataset, split)  run_list()  open_run(id)
               predictor()
Looks          theme()  colour(task)  chip(task)  legend(tasks)  state_badge(state)
               steered_badge()  level_badge(level)  small_print(lines)
Words          percent(share)  duration(seconds)  time_left(status)  ago(time)  number(count)
               counted(3, "run")
Safe text      safe(text) for HTML (st.html), plain(text) for markdown (labels, st.caption, ...)
Pieces         page_head(title, sentence)  show_error(err)  show_problems(list)
               empty_state(title, sentence, page=..., button=...)  go_to_run(run_id)

User text (names of runs, tasks, labels, datasets; sentences) goes through `safe` or `plain`,
always. Nothing here imports torch, and nothing here draws a whole screen.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import streamlit as st
from streamlit.runtime.pages_manager import PagesManager

from mtl_core.data.files import home
from mtl_core.errors import MtlError

from ._highlight import safe
from ._looks import (
    ICON,
    LOGO,
    STYLE,
    chip,
    colour,
    legend,
    level_badge,
    small_print,
    state_badge,
    steered_badge,
    theme,
)
from ._readers import (
    ListedRun,
    catalog,
    open_run,
    predictor,
    run_list,
    sentences,
    start_worker,
    truth,
)
from ._words import ago, counted, duration, number, percent, plain, time_left

__all__ = [
    "ADDED_DATASET",
    "COMPARED_RUNS",
    "DATA_CHOICES",
    "DATA_EXAMPLES_SEED",
    "DATA_VIEW",
    "DRAFT",
    "DRAFT_NUMBER",
    "ICON",
    "LESSON",
    "LIVE",
    "LOGO",
    "NEW_DATASET",
    "PAGES",
    "PREDICT_RUNS",
    "RESET",
    "RUN_PARAM",
    "SELECTED_GROUP",
    "SELECTED_RUN",
    "SENTENCE",
    "SWEEP_PARAM",
    "TRAIN",
    "YAML_DOWNLOAD",
    "ListedRun",
    "Page",
    "ago",
    "catalog",
    "chip",
    "colour",
    "come_through_the_router",
    "counted",
    "draft_key",
    "duration",
    "empty_state",
    "go_to_run",
    "home",
    "legend",
    "level_badge",
    "new_draft",
    "number",
    "open_run",
    "page_head",
    "percent",
    "plain",
    "predictor",
    "run_list",
    "safe",
    "sentences",
    "show_error",
    "show_problems",
    "small_print",
    "start_worker",
    "state_badge",
    "steered_badge",
    "theme",
    "time_left",
    "truth",
]

# --- Session keys: the only place that names them -------------------------------------------------

SELECTED_RUN: Final = "selected_run"
"""Id of the run that Runs shows; a link carries it as ?run=<id>."""
SELECTED_GROUP: Final = "selected_group"
"""Group of the run that was started last."""
COMPARED_RUNS: Final = "compared_runs"
"""Ids of the runs that Compare shows."""
PREDICT_RUNS: Final = "predict_runs"
"""Ids of the runs that Predict asks."""
SENTENCE: Final = "sentence"
"""The sentence typed on Predict."""
LIVE: Final = "live"
"""Prefix of the live charts' keys."""
DRAFT: Final = "draft"
"""Prefix of the experiment form's widget keys; see `draft_key`."""
TRAIN: Final = "train"
"""The button that starts the experiment."""
RESET: Final = "reset"
"""The button that puts the experiment form back to its defaults."""
YAML_DOWNLOAD: Final = "yaml_download"
"""The button that saves the experiment as a file."""
LESSON: Final = "lesson"
"""The button that starts the ready experiment."""
DRAFT_NUMBER: Final = "draft_number"
"""How often the experiment form was put back to its defaults."""
NEW_DATASET: Final = "new_dataset"
"""Path typed on Data."""
ADDED_DATASET: Final = "added_dataset"
"""Name of the dataset that was added a moment ago on Data."""
DATA_CHOICES: Final = "data_choices"
"""Prefix of the choices on Data."""
DATA_VIEW: Final = "data_view"
"""Whether Data shows the datasets or ways to add one."""
DATA_EXAMPLES_SEED: Final = "data_examples_seed"
"""Which examples Data shows."""

RUN_PARAM: Final = "run"
"""Name of the query parameter that holds a run's id."""
SWEEP_PARAM: Final = "sweep"
"""Name of the query parameter that holds a sweep's group."""


def draft_key(*parts: str) -> str:
    """The key of one widget of the experiment form, for example draft/0/training/epochs."""
    return "/".join((DRAFT, str(st.session_state.get(DRAFT_NUMBER, 0)), *parts))


def new_draft() -> None:
    """Put the experiment form back to its defaults: its widgets are new ones from now on."""
    st.session_state[DRAFT_NUMBER] = st.session_state.get(DRAFT_NUMBER, 0) + 1


# --- Pages ----------------------------------------------------------------------------------------

ROOT: Final = Path(__file__).resolve().parents[1]
"""Where app.py lies; pages are named from here."""


@dataclass(frozen=True)
class Page:
    """One screen in the menu."""

    file: str
    title: str
    icon: str
    help: str


PAGES: Final[dict[str, Page]] = {
    "learn": Page(
        "pages/learn.py",
        "Learn",
        ":material/school:",
        "What multi-task learning is, and a ready experiment to start with one click.",
    ),
    "experiment": Page(
        "pages/experiment.py",
        "Experiment",
        ":material/science:",
        "Choose data, tasks, model and training, then train.",
    ),
    "runs": Page(
        "pages/runs.py",
        "Runs",
        ":material/monitoring:",
        "Watch training live: state, time left and each task's curves.",
    ),
    "sweeps": Page(
        "pages/sweeps.py",
        "Sweeps",
        ":material/grid_view:",
        "Seeds × choices: did sharing help, and can we tell?",
    ),
    "compare": Page(
        "pages/compare.py",
        "Compare",
        ":material/balance:",
        "What each task gained or lost against its single-task twin.",
    ),
    "predict": Page(
        "pages/predict.py",
        "Predict",
        ":material/edit_note:",
        "Type a sentence and see every task answer.",
    ),
    "data": Page(
        "pages/data.py",
        "Data",
        ":material/database:",
        "The datasets: tasks, labels and examples; add one of your own.",
    ),
}


def menu() -> list[Any]:
    """The menu's entries; the first is what opens without a page in the address."""
    return [
        st.Page(page.file, title=page.title, icon=page.icon, help=page.help, default=place == 0)
        for place, page in enumerate(PAGES.values())
        if (ROOT / page.file).exists()
    ]


# --- Pieces ---------------------------------------------------------------------------------------


def page_head(title: str, sentence: str) -> None:
    """A page's title and the sentence that says what it is for: what every page begins with."""
    come_through_the_router()
    st.html(STYLE)
    st.title(title)
    st.markdown(sentence)


def come_through_the_router() -> None:
    """Send a page that was opened past app.py through it.

    Streamlit serves files in a folder called `pages` by itself until `st.navigation` is called
    for the first time: so a link to a page, opened first on a fresh server, lacks the menu.
    """
    if PagesManager.uses_pages_directory:
        st.navigation(menu(), position="hidden")
        st.rerun()


def show_error(err: MtlError | str, title: str | None = None) -> None:
    """What went wrong, as a box; its text is shown exactly, user text included."""
    st.error(plain(str(err)), icon=":material/error:", title=title)


def show_problems(problems: Sequence[str], what: str) -> None:
    """What could not be read, folded away; `what` is for example "runs"."""
    if problems:
        with st.expander(f"{len(problems)} unreadable {what}", icon=":material/warning:"):
            for problem in problems:
                st.markdown(plain(problem))


def empty_state(
    title: str, sentence: str, *, page: str, button: str, icon: str = ":material/inbox:"
) -> None:
    """Nothing to show yet: says what to do next, with a button to the page that does it."""
    with st.container(border=True, horizontal_alignment="center", gap="small"):
        st.subheader(f"{icon} {title}", anchor=False, width="content")
        st.markdown(sentence, width="content")
        key = f"empty/{page}/{button}"
        if st.button(button, type="primary", key=key, help=PAGES[page].help):
            st.switch_page(PAGES[page].file)


def go_to_run(run_id: str, group: str = "") -> None:
    """Open Runs on one run; the address can be sent to somebody."""
    st.session_state[SELECTED_RUN] = run_id
    st.session_state[SELECTED_GROUP] = group
    st.switch_page(PAGES["runs"].file, query_params={RUN_PARAM: run_id})
