"""Runs: the list of all runs, or one run with its live curves (?run=<id>)."""

from pathlib import Path

import streamlit as st

from mtl_core.errors import MtlError
from pages._run_detail import show_missing, show_run
from pages._run_list import show_list
from pages._ui import RUN_PARAM, come_through_the_router, open_run, page_head

come_through_the_router()
chosen = st.query_params.get(RUN_PARAM, "")
if chosen:
    try:
        show_run(open_run(Path(chosen).name))  # an id, never a path: links are typed by anybody
    except MtlError as err:
        show_missing(str(err))
else:
    page_head("Runs", "Every training, newest first. Open one to watch its curves grow.")
    show_list()
