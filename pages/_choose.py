"""What to look at on a page, one of several: kept by the page alone, not by the draft."""

from collections.abc import Callable, Sequence
from typing import Literal, TypeVar

import streamlit as st

from pages._ui import plain

T = TypeVar("T")
FEW = 4  # so many choices lie open side by side
NEWEST = -1  # the place of a slider that follows the training


def choose(
    label: str,
    options: Sequence[T],
    show: Callable[[T], str],
    key: str,
    help: str,
    *,
    label_visibility: Literal["visible", "collapsed"] = "visible",
) -> T:
    """Side by side where they are few, else in a list; not asked where there is one."""
    if len(options) == 1:
        return options[0]
    if key in st.session_state and st.session_state[key] not in options:
        del st.session_state[key]  # another run's
    if len(options) > FEW:
        return st.selectbox(label, options, format_func=show, key=key, help=help)
    return st.segmented_control(
        label,
        options,
        default=options[0],
        required=True,
        format_func=lambda option: plain(show(option)),
        key=key,
        help=help,
        label_visibility=label_visibility,
    )


def choose_step(label: str, steps: Sequence[int], key: str) -> int | None:
    """A step that the reader holds on to; None while the slider stands at its end.

    The page itself never moves the slider, which the reader's hand might be on.
    """
    if key in st.session_state and st.session_state[key] not in (*steps, NEWEST):
        del st.session_state[key]  # another look's
    chosen = st.select_slider(
        label,
        [*steps, NEWEST],
        NEWEST,
        key=key,
        format_func=lambda step: "newest" if step == NEWEST else f"{step:,}",
        help="Move it back to see how it was before. At its end it follows the training.",
    )
    return None if chosen == NEWEST else int(chosen)
