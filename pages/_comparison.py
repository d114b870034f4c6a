"""The sections of the Compare page: gains, curves, scores, settings, downloads."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from mtl_core.analysis.bands import band_of, bundles
from mtl_core.analysis.compare import (
    differences,
    scores,
    summary,
    to_csv,
    to_markdown,
)
from mtl_core.analysis.figures_compare import curves_figure, gains_figure
from mtl_core.analysis.gains import HELPED, HURT, Gain, gains, gains_table
from mtl_core.analysis.inks import DOWN, GREY, UP
from mtl_core.analysis.results import split_in_words, splits_in
from mtl_core.config import EVERY_TASK
from mtl_core.runs.store import State
from pages._compared import Chosen
from pages._run_curves import curves_of
from pages._run_status import in_group
from pages._ui import (
    ListedRun,
    chip,
    colour,
    plain,
    safe,
    theme,
)

WATCH_SECONDS = 2.0
NAMED = 3  # steered runs that are named

# --- Steered runs ---------------------------------------------------------------------------------


def show_steered(chosen: Chosen) -> None:
    """Which runs the user steered by hand: above everything that compares them with others."""
    steered = [r for r in chosen.runs if r.status.steered]
    if not steered:
        return
    names = ", ".join(_in_words(r) for r in steered[:NAMED])
    more = f" and {len(steered) - NAMED} more" if len(steered) > NAMED else ""
    st.warning(
        f"Steered by hand while training: {plain(names)}{more}. Their weights or learning rate were "
        "not those of their settings, so comparing them with other runs is not fair.",
        icon=":material/tune:",
    )


def _in_words(listed: ListedRun) -> str:
    asked = listed.experiment
    return f"{asked.name} ({in_group(asked)}, seed {asked.training.seed})"


# --- Gains ----------------------------------------------------------------------------------------


def show_gains(chosen: Chosen) -> None:
    """Bars with whiskers, and a sentence for each task."""
    st.subheader("Gain of each task over its twin", anchor=False)
    split = _choose_split(chosen)
    found = gains(chosen.results, split)
    if not found:
        st.info(
            "None of these runs trains several tasks together, so there is no gain to show. "
            "Add a multi-task run.",
            icon=":material/info:",
        )
        return
    _gain_bars(found)
    st.html(_verdicts(found))
    if any(g.difference and g.difference.count < 2 for g in found):
        st.caption("Pale bars: nothing may be concluded yet. The spread over seeds decides.")


def _choose_split(chosen: Chosen) -> str:
    finished = [r for r in chosen.results if r.state is State.FINISHED]
    splits = splits_in(key for r in finished for key in r.metrics) or ["validation"]
    picked = st.segmented_control(
        "Scores on",
        splits,
        default=splits[0],
        required=True,
        key="/".join(("compare/split", *splits)),
        format_func=lambda name: split_in_words(name).capitalize(),
        help="Test scores come from finished runs only; they were never used to choose anything. "
        "Unseen only: without the texts that stand in training data.",
        label_visibility="collapsed",
    )
    return picked or splits[0]


def _gain_bars(found: Sequence[Gain]) -> None:
    if not any(gain.difference and gain.has_twin for gain in found):
        return  # the sentences below say why
    st.plotly_chart(
        gains_figure(found, theme()),
        key="compare/gains",
        config={"displayModeBar": False},
        alt="Gain of each task over its single-task twin, in points",
    )


def _verdicts(found: Sequence[Gain]) -> str:
    """A line per task: its name, the verdict as a word, and the numbers."""
    several = len({gain.setting for gain in found}) > 1
    lines = []
    for gain in found:
        ink = {HELPED: UP, HURT: DOWN}.get(gain.verdict, GREY)
        shade = f"light-dark({ink['light']},{ink['dark']})"
        name = f"{gain.task} · {gain.setting}" if several else gain.task
        lines.append(
            f'<div style="border-left:3px solid {shade};padding:.1rem 0 .1rem .8rem">'
            f'<div style="font-weight:600">{chip(gain.task, name)}</div>'
            f"<div>{safe(gain.sentence[:1].upper() + gain.sentence[1:])}.</div></div>"
        )
    grid = "display:grid;grid-template-columns:repeat(auto-fill,minmax(17rem,1fr));gap:1rem 1.5rem"
    return f'<div style="{grid}">{"".join(lines)}</div>'


# --- Curves, scores, settings ---------------------------------------------------------------------


def show_curves(chosen: Chosen) -> None:
    """The main validation score of each task, multi-task and twin in one panel."""
    metrics = {task: name for r in chosen.results for task, name in r.main.items()}
    runs = {r.id: r.run for r in chosen.runs}
    lines = []
    for bundle in bundles(chosen.results):
        key = f"{bundle.task}/validation/{metrics.get(bundle.task, '')}"
        band = band_of([curves_of(runs[run]).series(key) for run in bundle.runs])
        if band.steps:
            lines.append((bundle, band))
    if not lines:
        return
    st.subheader("Validation score while training", anchor=False)
    if any(band.seeds > 1 for _, band in lines):
        st.caption("Lines: mean over the seeds. Bands: one standard deviation to each side.")
    st.plotly_chart(
        curves_figure(lines, metrics, colour, theme()),
        key="compare/curves",
        config={"displaylogo": False},
        alt="Validation score of each task against the step, multi-task and single-task",
    )


def show_scores(chosen: Chosen) -> None:
    """Scores of the best checkpoints, as a table."""
    table = scores(chosen.results)
    if table.empty:
        return
    st.subheader("Scores of the best checkpoints", anchor=False)
    every = st.toggle(
        "All metrics", key="compare/all_metrics", help="Also precision, recall, loss and the like."
    )
    kept = table if every else table[table["main"] | (table["task"] == EVERY_TASK)]
    st.dataframe(
        score_table(kept),
        hide_index=True,
        alt="Mean scores of multi-task runs and their twins on validation and test data",
    )


def score_table(table: pd.DataFrame) -> pd.DataFrame:
    """One row per task and metric; a column for each role and split, as mean or mean ± deviation."""
    rows = summary(table)
    shown = [
        f"{mean:.3f}" if count < 2 else f"{mean:.3f} ± {deviation:.3f}"
        for count, mean, deviation in rows[["runs", "mean", "deviation"]].to_numpy().tolist()
    ]
    rows = rows.assign(shown=shown, column=rows["role"] + ", " + rows["split"].map(split_in_words))
    wide = rows.pivot_table(
        index=["task", "metric"], columns="column", values="shown", aggfunc="first", sort=False
    )
    wide = wide.fillna("").reset_index().replace({"task": {EVERY_TASK: "all tasks"}})
    return wide.assign(metric=wide["metric"].str.replace("_", " "))


def show_differences(chosen: Chosen) -> None:
    """Only the options in which the runs differ; twins are left out where there are others."""
    own = [r for r in chosen.runs if not r.is_twin] or chosen.runs
    st.subheader("What differs in the settings", anchor=False)
    if len(own) < 2 and len(chosen.runs) > 1:
        own = chosen.runs
    labels = _labels(own)
    table = differences({labels[r.id]: r.experiment for r in own})
    if table.empty:
        st.caption(
            "These runs have the same settings." if len(own) > 1 else "There is only one run."
        )
        return
    st.dataframe(table, hide_index=True, alt="Options in which the runs differ")


def _labels(runs: Sequence[ListedRun]) -> dict[str, str]:
    """Column names; runs that are called alike get their seed, then the end of their id."""
    names = {r.id: r.experiment.name for r in runs}
    seeded = {r.id: f"{r.experiment.name}, seed {r.experiment.training.seed}" for r in runs}
    labels = {}
    for r in runs:
        if list(names.values()).count(names[r.id]) == 1:
            labels[r.id] = names[r.id]
        elif list(seeded.values()).count(seeded[r.id]) == 1:
            labels[r.id] = seeded[r.id]
        else:
            labels[r.id] = f"{seeded[r.id]} ({r.id[-4:]})"
    return labels


def show_downloads(chosen: Chosen) -> None:
    """The gains and the scores, run ids included."""
    split = "test" if any(r.state is State.FINISHED for r in chosen.results) else "validation"
    found = gains_table(gains(chosen.results, split))
    table = scores(chosen.results)
    with st.container(horizontal=True):
        for name, text, mime in (
            ("scores.csv", to_csv(table), "text/csv"),
            ("gains.csv", to_csv(found), "text/csv"),
            ("comparison.md", to_markdown(found) + "\n" + to_markdown(table), "text/markdown"),
        ):
            st.download_button(
                name,
                text,
                file_name=name,
                mime=mime,
                icon=":material/download:",
                on_click="ignore",
                help="Numbers in full, with the ids of the runs.",
            )


def watch(chosen: Chosen) -> None:
    """While a chosen run is live, look for changes and draw the page anew when there are any."""
    if any(r.status.state.is_live for r in chosen.runs):
        count = sum(r.status.state.is_live for r in chosen.runs)
        st.caption(f"{count} of these runs not finished yet; the page follows by itself.")
        st.fragment(run_every=WATCH_SECONDS)(_look)(chosen.runs)


def _look(seen: Sequence[ListedRun]) -> None:
    for listed in seen:
        now = listed.run.status()
        if (now.state, now.best_step) != (listed.status.state, listed.status.best_step):
            st.rerun()
