"""The list of runs: groups, newest first, each run with its state, progress and time left."""

import streamlit as st

from mtl_core.analysis.results import main_metric
from mtl_core.runs.store import State
from pages._run_actions import ask_all, controls, delete, keep_or_delete
from pages._run_status import ahead_of, progress_words, queue_of, short_name
from pages._sweep_runs import sweep_name
from pages._ui import (
    PAGES,
    RUN_PARAM,
    SWEEP_PARAM,
    ListedRun,
    ago,
    chip,
    counted,
    empty_state,
    percent,
    plain,
    run_list,
    show_problems,
    state_badge,
    steered_badge,
)

GROUP_HELP = "Stop or delete the runs of this group."
FOLDED_FROM = 6  # a larger group folds its twins away
SHOWN = 12  # groups at first, and how many more at a time
EVERY_STATE = "all"
TICK_SECONDS = 1.0


def show_list() -> None:
    """All runs; refreshes itself while one is live."""
    found, problems = run_list()
    if not found:
        empty_state(
            "No runs yet",
            "A run is one training. Start one and its curves appear here within a second.",
            page="experiment",
            button="Set up an experiment",
            icon=":material/monitoring:",
        )
    else:
        text, state = _filters()
        live = any(r.status.state.is_live for r in found)
        st.fragment(run_every=TICK_SECONDS if live else None)(_list)(text, state, live)
    show_problems(problems, "runs")


def _filters() -> tuple[str, str]:
    left, right = st.columns([2, 3], vertical_alignment="bottom")
    text = left.text_input(
        "Find",
        type="search",
        key="runs/find",
        placeholder="Name, task or dataset",
        help="Shows only groups in which the name, a task or the dataset holds this text.",
        live=True,
    )
    state = right.segmented_control(
        "State",
        [EVERY_STATE, "live", State.FINISHED.value, "ended early"],
        key="runs/state",
        default=EVERY_STATE,
        required=True,
        format_func=str.capitalize,
        help="Live: queued, running or paused. Ended early: stopped, failed or interrupted.",
    )
    return (text or "").strip().lower(), state or EVERY_STATE


def _list(text: str, state: str, was_live: bool) -> None:
    """The groups that pass the filters. Starts the page anew once when nothing is live any more."""
    found, _ = run_list()
    if any(r.status.state.is_live for r in found) is not was_live:
        st.rerun()
    groups: dict[str, list[ListedRun]] = {}
    for listed in found:
        groups.setdefault(listed.group, []).append(listed)
    kept = {g: r for g, r in groups.items() if any(_passes(one, text, state) for one in r)}
    if not kept:
        st.info(
            "No run passes these filters. Clear them to see all runs.", icon=":material/search:"
        )
    queue = queue_of(found)
    limit = st.session_state.get("runs/shown", SHOWN)
    for group, members in list(kept.items())[:limit]:
        _group(group, members[::-1], queue)
    if len(kept) > limit:
        st.button(
            f"Show {min(SHOWN, len(kept) - limit)} more of {len(kept)} groups",
            key="runs/more",
            help="Older runs.",
            on_click=lambda: st.session_state.update({"runs/shown": limit + SHOWN}),
        )


def _passes(listed: ListedRun, text: str, state: str) -> bool:
    asked, now = listed.experiment, listed.status.state
    words = [asked.name, *asked.all_tasks, *(choice.card for choice in asked.data)]
    in_state = {
        EVERY_STATE: True,
        "live": now.is_live,
        State.FINISHED.value: now is State.FINISHED,
        "ended early": now.can_resume,
    }
    return in_state[state] and any(text in word.lower() for word in words)


def _group(group: str, members: list[ListedRun], queue: list[ListedRun]) -> None:
    """Runs that belong together; where they are many, some are folded away."""
    with st.container(border=True, key=f"group-{group}", gap="xsmall"):
        if len(members) == 1:
            _row(members[0], members[0].experiment.name, queue)
            return
        _group_head(group, members)
        seeds = len({r.experiment.training.seed for r in members})
        named = [(r, _name_in_group(r, seeds > 1)) for r in members]
        is_sweep = bool(sweep_name(group))
        folded = [pair for pair in named if _is_folded(pair[0], len(members), is_sweep)]
        for pair in named:
            if pair not in folded:
                _row(*pair, queue)
        if folded:
            others = "more runs" if len(folded) < len(named) else "runs"
            label = others if is_sweep else "single-task twins"
            with st.expander(f"{len(folded)} {label}", key=f"twins-{group}"):
                for pair in folded:
                    _row(*pair, queue)


def _is_folded(listed: ListedRun, members: int, is_sweep: bool) -> bool:
    """Twins of a large group; of a sweep, which has a page of its own, all that need no attention."""
    if is_sweep:
        return listed.status.state not in {State.RUNNING, State.PAUSED, State.FAILED}
    return listed.is_twin and members > FOLDED_FROM


def _name_in_group(listed: ListedRun, with_seed: bool) -> str:
    seed = f", seed {listed.experiment.training.seed}" if with_seed else ""
    return short_name(listed) + seed


def _group_head(group: str, members: list[ListedRun]) -> None:
    sweep = sweep_name(group)
    done = sum(r.status.state is State.FINISHED for r in members)
    seeds = len({r.experiment.training.seed for r in members})
    facts = [
        f"{len(members)} runs, {done} finished",
        f"{seeds} seeds" if seeds > 1 else "",
        ago(members[0].status.created),
    ]
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"**{plain(sweep or members[0].experiment.name)}**", width="content")
        st.caption(" · ".join(fact for fact in facts if fact), width="stretch")
        if sweep:
            st.page_link(
                PAGES["sweeps"].file,
                label="Sweep",
                icon=PAGES["sweeps"].icon,
                query_params={SWEEP_PARAM: group},
                help="What the sweep found so far, and how far it is.",
            )
        st.page_link(
            PAGES["compare"].file,
            label="Compare",
            icon=PAGES["compare"].icon,
            query_params={"group": group},
            help="What each task gained over its single-task twin.",
        )
        _group_menu(group, members)


def _group_menu(group: str, members: list[ListedRun]) -> None:
    """Stop all that is live, or delete all once nothing is."""
    live = [r.run for r in members if r.status.state.is_live]
    with st.popover(
        "More",
        icon=":material/more_horiz:",
        type="tertiary",
        key=f"do-group-{group}",
        help=GROUP_HELP,
    ):
        if live:
            st.write(f"{counted(len(live), 'run')} of this group queued, running or paused.")
            st.button(
                "Stop all",
                key=f"stop-{group}",
                icon=":material/stop:",
                help="Each can be resumed later.",
                on_click=ask_all,
                args=(live, "stop"),
            )
            return
        st.write(f"Delete all {len(members)} runs of this group? This cannot be undone.")
        st.button(
            "Delete for good",
            key=f"delete-now-{group}",
            type="primary",
            help="Remove the run folders.",
            on_click=delete,
            args=([r.run for r in members],),
        )


def _row(listed: ListedRun, label: str, queue: list[ListedRun]) -> None:
    status = listed.status
    words = plain(progress_words(listed, ahead_of(listed.run, queue)))
    row = st.container(horizontal=True, vertical_alignment="center", gap="small")
    name, state = row.container(width=230), row.container(width=96, gap="xxsmall")
    middle, more = row.container(width="stretch"), row.container(width=88)
    with name:
        st.page_link(
            PAGES["runs"].file,
            label=plain(label),
            icon=":material/linear_scale:" if listed.is_twin else ":material/account_tree:",
            query_params={RUN_PARAM: listed.id},
            help="Curves, scores and settings of this run.",
        )
    with state:
        st.html(state_badge(status.state) + (steered_badge() if status.steered else ""))
    with middle:
        if status.state is State.FINISHED:
            st.html(_score_chips(listed))
        else:
            st.progress(status.progress, text=words)
    with (
        more,
        st.popover(
            "More",
            icon=":material/more_horiz:",
            type="tertiary",
            key=f"do-{listed.id}",
            help="Pause, evaluate, resume, stop, download or delete.",
        ),
    ):
        _menu(listed, words)


def _score_chips(listed: ListedRun) -> str:
    """Each task's main score: on test data where there is some, on validation data otherwise."""
    scores = listed.status.metrics
    split = "test" if any(key.split("/")[1] == "test" for key in scores) else "validation"
    chips = []
    for task in listed.experiment.tasks:
        value = scores.get(f"{task}/{split}/{main_metric(task, scores)}")
        if value is not None:
            chips.append(chip(task, f"{task} {percent(value)}"))
    note = f'<span style="opacity:.7">{split}</span>' if chips else ""
    style = "display:flex;flex-wrap:wrap;gap:.2rem 1.1rem;font-size:.875rem"
    return f'<div style="{style}">{"".join(chips)}{note}</div>'


def _menu(listed: ListedRun, words: str) -> None:
    st.caption(f"{words} · created {ago(listed.status.created)} · {plain(listed.id)}")
    if listed.status.reason:
        st.write(plain(listed.status.reason))
    controls(listed.run, listed.status)
    if not listed.status.state.is_live:
        keep_or_delete(listed.run)
