"""What can be seen into a model: of a run, after each validation; of one sentence, word by word."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import streamlit as st

from mtl_core.analysis.axes import name_of
from mtl_core.analysis.colours import Theme
from mtl_core.analysis.curves import Curves
from mtl_core.analysis.figures_history import can_be_followed, history_figure
from mtl_core.analysis.figures_insight import insight_figure, sentence_figure
from mtl_core.analysis.insights import Axis, Insight, Record, by_word, chosen
from mtl_core.predict.answers import Answers
from pages._choose import choose, choose_step
from pages._ui import colour, plain, small_print, theme

KEY = "insight"  # how the keys of these widgets begin
T = TypeVar("T")
AT_ONCE, OVER_TIME = "After a step", "Over the training"


def show_insights(run_id: str, curves: Curves) -> None:
    """The section of a run's page, where its model lets itself be looked into."""
    records = curves.insights
    if not records:
        return
    st.subheader("Inside the model", anchor=False)
    titles = {name: record.face.title for name, record in records.items()}
    name = _what(titles, f"{KEY}/{run_id}/what")
    record = records[name]
    st.html(small_print([record.face.help]))
    view = AT_ONCE if record.face.axes else OVER_TIME
    if record.face.axes and can_be_followed(record):
        view = _one_of("View", [AT_ONCE, OVER_TIME], str, f"{KEY}/{run_id}/view")
    step = _step(record, f"{KEY}/{run_id}/step") if view == AT_ONCE else None
    drawn = _figure(run_id, name, record.changes, step, theme(), record)
    _draw(drawn, record.face, f"{run_id}/{name}/{view}")


@st.cache_resource(show_spinner=False, max_entries=64)
def _figure(
    run_id: str, name: str, changes: int, step: int | None, look: Theme, _record: Record
) -> Any:
    """One look, or with no step all of them: drawn once, since a live run's page ticks."""
    del run_id, name, changes
    if step is None:
        return history_figure(_record, colour, look)
    return insight_figure(_record.at(step), colour, look, _record.span)


def _step(record: Record, key: str) -> int:
    """The step to look at: the newest one, until the reader moves the slider back."""
    steps = record.steps
    if len(steps) < 2:
        st.caption(f"After step {steps[-1]:,}")
        return steps[-1]
    chosen = choose_step("After step", steps, key)
    return steps[-1] if chosen is None else chosen


def show_sentence_insights(answers: Answers) -> None:
    """What the model decided at each word of one text; folded away until somebody asks."""
    found = {insight.name: insight for insight in by_word(answers.insights)}
    if not found or not answers.words:
        return
    box = st.expander(
        "Inside the model, for this sentence",
        key=f"{KEY}/sentence",
        icon=":material/frame_inspect:",
        on_change="rerun",
    )
    if not box.open:
        return
    with box:
        titles = {name: insight.title for name, insight in found.items()}
        name = _what(titles, f"{KEY}/sentence/what")
        insight = found[name]
        st.html(small_print([insight.help]))
        leading = insight.axes[:-2]
        places = [_place(axis, f"{KEY}/sentence/{name}/{axis.name}") for axis in leading]
        look = chosen(insight, places)
        _draw(sentence_figure(look, theme()), look, f"sentence/{name}")


def _what(titles: dict[str, str], key: str) -> str:
    """The name of what to look at; a single one is only titled."""
    if len(titles) == 1:
        st.markdown(f"**{plain(*titles.values())}**")
    return str(_one_of("What to look at", list(titles), titles.__getitem__, key))


def _place(axis: Axis, key: str) -> int:
    """Which place on an axis that does not fit into one heat map."""
    places = list(range(len(axis.ticks)))
    return int(_one_of(axis.name.capitalize(), places, lambda at: name_of(axis, at), key))


def _one_of(label: str, options: Sequence[T], show: Callable[[T], str], key: str) -> T:
    return choose(label, options, show, key, _HELP, label_visibility="collapsed")


_HELP = "The figure below shows what is chosen here."


def _draw(figure: Any, insight: Insight, key: str) -> None:
    st.plotly_chart(
        figure,
        key=f"{KEY}/{key}/figure",
        width="content" if figure.layout.width else "stretch",
        config={"displayModeBar": False},
        alt=f"{insight.title}: {insight.help}",
    )
