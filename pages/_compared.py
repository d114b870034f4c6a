"""Which runs are compared: groups and single runs, chosen in a list or named by a link."""

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from mtl_core.analysis.results import Result, result_of
from pages._ui import COMPARED_RUNS, RUN_PARAM, ListedRun, ago, empty_state, run_list

GROUP_PARAM = "group"
TOGETHER, RUN = "group", "run"

Choice = tuple[str, str]
"""("group", its word) or ("run", its id)."""


@dataclass(frozen=True)
class Chosen:
    """The runs to compare, with what was read of them once."""

    runs: list[ListedRun]
    results: list[Result]


def choose_runs() -> Chosen | None:
    """Groups and single runs to compare; None where there is nothing to show."""
    found, _ = run_list()
    if not found:
        empty_state(
            "Nothing to compare yet",
            "Train several tasks together, with their single-task twins switched on.",
            page="experiment",
            button="Set up an experiment",
            icon=":material/balance:",
        )
        return None
    options = _options(found)
    _preselect(options, found)
    picked = st.multiselect(
        "Groups and runs",
        list(options),
        key=COMPARED_RUNS,
        format_func=lambda choice: options.get(choice, choice[1]),
        placeholder="Choose one group, or two or more runs",
        help="A group holds a multi-task run and its single-task twins, perhaps of several seeds.",
    )
    runs = [r for r in found[::-1] if (TOGETHER, r.group) in picked or (RUN, r.id) in picked]
    if not runs:
        st.info("Choose one group, or two or more runs, to compare them.", icon=":material/info:")
        return None
    return Chosen(runs, [result_of(r.run) for r in runs])


def _options(found: Sequence[ListedRun]) -> dict[Choice, str]:
    """Groups first, then every run."""
    groups: dict[str, list[ListedRun]] = {}
    for listed in found:
        groups.setdefault(listed.group, []).append(listed)
    options: dict[Choice, str] = {}
    for group, members in groups.items():
        if len(members) > 1:
            seeds = len({r.experiment.training.seed for r in members})
            count = f"{len(members)} runs" + (f", {seeds} seeds" if seeds > 1 else "")
            first = members[-1]
            options[TOGETHER, group] = (
                f"{first.experiment.name} ({count}, {ago(first.status.created)})"
            )
    for r in found:
        seed = r.experiment.training.seed
        options[RUN, r.id] = f"{r.experiment.name} (seed {seed}, {ago(r.status.created)})"
    return options


def _preselect(options: dict[Choice, str], found: Sequence[ListedRun]) -> None:
    """What a link names, or the newest group; what has been deleted is dropped."""
    asked: list[Choice] = [(TOGETHER, g) for g in st.query_params.get_all(GROUP_PARAM)]
    asked += [(RUN, r) for r in st.query_params.get_all(RUN_PARAM)]
    known = [choice for choice in asked if choice in options]
    # A group of one run is offered as that run.
    alone = {r.group: r.id for r in found}
    known += [
        (RUN, alone[g])
        for kind, g in asked
        if kind == TOGETHER and (kind, g) not in options and g in alone
    ]
    if known:
        st.session_state[COMPARED_RUNS] = list(dict.fromkeys(known))
        st.query_params.clear()
    elif COMPARED_RUNS not in st.session_state:
        st.session_state[COMPARED_RUNS] = [next(iter(options))]
    else:
        kept = [choice for choice in st.session_state[COMPARED_RUNS] if choice in options]
        if kept != st.session_state[COMPARED_RUNS]:
            st.session_state[COMPARED_RUNS] = kept
