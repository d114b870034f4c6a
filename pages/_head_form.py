"""The options of the tasks' heads on the Experiment page: for each task those of its kind."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from mtl_core.config import HeadOptions
from mtl_core.config.head import FITTING

from ._form import part_form
from ._ui import chip, draft_key, small_print


def head_options(kinds: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """What was chosen for each task, by the tasks' kinds; tasks left as they are do not occur."""
    tasks = {task: kind for task, kind in kinds.items() if FITTING[kind]}
    if not tasks:
        return {}
    with st.expander("Options of the heads", icon=":material/tune:"):
        st.html(small_print(HeadOptions.help_lines()))
        values = {task: _of_task(task, kind) for task, kind in tasks.items()}
    return {task: given for task, given in values.items() if given}


def _of_task(task: str, kind: str) -> dict[str, Any]:
    """The options that differ from their defaults."""
    st.html(chip(task))
    fields = HeadOptions.model_fields
    foreign = set(fields) - set(FITTING[kind])
    values = part_form(HeadOptions, draft_key("heads", task, kind), leave_out=foreign)
    return {name: value for name, value in values.items() if value != fields[name].default}
