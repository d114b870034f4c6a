"""The web app's router: what is in the menu, and nothing else.

Start it with `mtl app`, or with `streamlit run app.py`.
"""

import streamlit as st

from pages import _ui

st.set_page_config(page_title="Multi-task lab", page_icon=_ui.ICON, layout="wide")
st.logo(_ui.LOGO, size="large")
_ui.start_worker()
st.navigation(_ui.menu(), position="top").run()
