"""Balancing methods as readers meet them: a table of all, and each with its formula and its paper."""

import pandas as pd
import streamlit as st

from mtl_core.config import METHODS
from mtl_core.config.balancing import BalancingPart
from mtl_core.errors import MtlError
from mtl_core.predict.service import Checked
from pages._ui import plain, predictor, show_error, small_print

KEY = "methods"  # how the keys of these widgets begin
SCALE = (
    "Where tasks agree and are alike, every method gives each of them the weight 1, so that the "
    "learning rate means the same whichever is chosen"
)
Golden = dict[str, Checked]


def formula_and_paper(part: type[BalancingPart]) -> None:
    """What stands in the books about a method, folded away: for where it is chosen."""
    with st.expander("Formula and paper", icon=":material/function:"):
        _facts(part)


def show_methods() -> None:
    """All methods in a table, and the one whose row is chosen."""
    parts = [part for part in METHODS["balancing"] if issubclass(part, BalancingPart)]
    golden = _golden_or_nothing()
    picked = st.dataframe(
        _table(parts, golden),
        hide_index=True,
        height=388,
        key=f"{KEY}/table",
        on_select="rerun",
        selection_mode="single-row-required",
        alt="Every balancing method with its backward passes, the weights of its paper, and whether "
        "its hand-worked values come out.",
    )
    rows = picked.selection.rows
    part = parts[rows[0] if rows else 0]
    with st.container(border=True):
        st.subheader(plain(part.label), anchor=False)
        st.html(small_print(part.help_lines()))
        _facts(part)
        _defaults(part)
        if part.kind_name() in golden:
            found = golden[part.kind_name()]
            st.markdown(f"{_mark(found.passes)} **Checked** · {plain(_sentence(found.words))}")


def _facts(part: type[BalancingPart]) -> None:
    """The formula; where it comes from; what it costs; what its weights are scaled to."""
    st.latex(part.formula)
    st.markdown(f"**Paper** · {plain(part.paper)}")
    passes = part.backward_passes
    st.markdown(f"**Backward passes a step** · {plain(passes)}{' (T tasks)' * ('T' in passes)}")
    st.markdown(f"**Weights** · {SCALE}. In the paper: {plain(part.published_weights)}.")
    if part.ignores_scale:
        st.markdown("**Units** · A loss that is multiplied by a constant changes only the length.")
    if part.missing():
        st.warning(plain(f"{part.label} {part.how_to_install()}"), icon=":material/download:")


def _defaults(part: type[BalancingPart]) -> None:
    options = {name: field for name, field in part.model_fields.items() if name != "kind"}
    if not options:
        return
    lines = [
        f"- {plain(name.replace('_', ' '))} = {plain(_shown(field.get_default(call_default_factory=True)))}"
        f": {plain(field.description or '')}"
        for name, field in options.items()
    ]
    st.markdown("**Defaults**\n" + "\n".join(lines))


def _shown(value: object) -> str:
    return "empty" if value in (None, {}, "") else str(value)


def _table(parts: list[type[BalancingPart]], golden: Golden) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "Method": [part.label for part in parts],
            "Backward passes": [part.backward_passes for part in parts],
            "Weights in the paper": [part.published_weights for part in parts],
            "Ignores a loss's units": ["yes" if part.ignores_scale else "" for part in parts],
            "Hand-worked values": [_cell(part, golden) for part in parts],
            "Paper": [part.paper for part in parts],
        }
    )


def _cell(part: type[BalancingPart], golden: Golden) -> str:
    if part.kind_name() not in golden:
        return ""
    found = golden[part.kind_name()]
    return f"{'✗' if found.passes is False else '✓'} {found.short}"


def _mark(passes: bool | None) -> str:
    return ":red[:material/close:]" if passes is False else ":green[:material/check:]"


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}."


def _golden_or_nothing() -> Golden:
    try:
        return _golden()
    except MtlError as err:
        show_error(err)
        return {}


@st.cache_data(show_spinner="Checking every method against its hand-worked values")
def _golden() -> Golden:
    """Asked once of the process that has torch; the code does not change while the app runs."""
    found: Golden = predictor().golden()
    return found
