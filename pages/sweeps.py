"""Sweeps: seeds × choices. The list of them, or one with its answers (?sweep=<group>)."""

import streamlit as st

from mtl_core.errors import MtlError
from pages._sweep_list import show_sweeps
from pages._sweep_runs import open_sweep
from pages._sweep_view import show_sweep
from pages._ui import SWEEP_PARAM, page_head, show_error

page_head("Sweeps", "Seeds × choices, with all twins: did sharing help, and can we tell?")
_group = st.query_params.get(SWEEP_PARAM, "")
if _group:
    try:
        show_sweep(open_sweep(_group))
    except MtlError as err:
        show_error(err)
        show_sweeps()
else:
    show_sweeps()
