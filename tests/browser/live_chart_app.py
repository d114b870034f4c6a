"""A page with one live chart that grows from the click on "train" on: for test_live_chart.py."""

import math
import time

import streamlit as st

from pages._live import Line, live_chart

PACE = 30  # steps in a second

state = st.session_state
state.setdefault("begun", math.inf)
if st.button("train"):
    state.begun = time.monotonic() - 1 / PACE
shown = st.checkbox("shown", value=True)
if st.button("evaluate"):
    state.evaluated = True
if st.button("lose a message"):
    state["_live_chart/curves"].number += 1


@st.fragment(run_every=0.3)
def curves() -> None:
    count = int(max(0, time.monotonic() - state.begun) * PACE)
    steps = list(range(1, count + 1))
    lines = [
        Line("ner/train/loss", "NER", "#0072b2", steps, [2 * math.exp(-s / 60) for s in steps]),
        Line(
            "tone/train/loss",
            "<img src=x onerror=\"document.title='run'\">tone",
            "#c75000",
            steps,
            [1.5 * math.exp(-s / 90) + 0.1 for s in steps],
            dash=(6, 3),
        ),
    ]
    if count >= 20 and state.get("evaluated"):
        sparse = steps[19::20]
        values = [1 / math.sqrt(s) for s in sparse]
        lines.append(
            Line("ner/validation/loss", "NER, held out", "#0072b2", sparse, values, markers=True)
        )
    live_chart(
        lines,
        key="curves",
        title="Loss of each task",
        x_label="step",
        y_label="cross-entropy",
        marks=[(10, "resumed")],
        alt="Loss of two tasks against step",
        smoothing=True,
    )
    st.text(f"server at {count}")


if shown:
    curves()
