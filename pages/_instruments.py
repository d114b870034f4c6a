"""Instruments on the Experiment page: less, noisy or shuffled training data, for each dataset."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from mtl_core.config import INSTRUMENTS, DataChoice
from mtl_core.data.catalog import Dataset

from ._field import field_widget, per_task_type, task_widgets
from ._ui import draft_key, plain, small_print


def instruments(
    chosen: Mapping[str, tuple[Dataset, tuple[str, ...]]],
) -> dict[str, dict[str, Any]]:
    """What was asked for each dataset; what is left as it is does not occur."""
    if not chosen:
        return {}
    with st.expander("Instruments: less, noisy or shuffled training data", icon=":material/labs:"):
        st.html(small_print(DataChoice.help_lines()[1:]))
        return {
            name: _of_dataset(dataset, tasks, with_name=len(chosen) > 1)
            for name, (dataset, tasks) in chosen.items()
        }


def _of_dataset(dataset: Dataset, tasks: tuple[str, ...], *, with_name: bool) -> dict[str, Any]:
    if with_name:
        st.markdown(f"**{plain(dataset.label)}**")
    values: dict[str, Any] = {}
    for name in INSTRUMENTS:
        field = DataChoice.model_fields[name]
        key = draft_key("instruments", dataset.name, name)
        if per_task_type(field):
            values[name] = task_widgets(name, field, tasks, key)
        else:
            values[name] = field_widget(name, field, key, tasks=tasks)
    return {name: value for name, value in values.items() if value}
