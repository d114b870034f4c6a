"""Forms drawn from the config models: a new option or a new choice appears here by itself.

    choice_form("encoder", key)      which class of a family, and its options  -> plain dict
    part_form(Training, key)         the options of one class                  -> plain dict

The class docstring and the fields' descriptions are the help text; bounds, units, and what is
folded away come from the fields. What is returned is validated by `Experiment.parse`, not here.
"""

import re
from collections.abc import Iterable, Sequence
from textwrap import shorten
from typing import Any

import streamlit as st
from pydantic.fields import FieldInfo

from mtl_core.config import METHODS, Part, is_advanced
from mtl_core.config.balancing import BalancingPart

from ._field import FEW, field_widget, is_wide, one_of, per_task_type, task_widgets
from ._methods import formula_and_paper
from ._ui import small_print

Values = dict[str, Any]
_LIST_LETTERS = 92  # as many as a list shows of a choice


def choice_form(family: str, key: str, *, tasks: Sequence[str] = (), first: str = "") -> Values:
    """Which class of a family, what it is good for, and its options; `first` is chosen at first."""
    part = family_choice(family, key, first)
    return {**part_form(part, f"{key}/{part.kind_name()}", tasks=tasks), "kind": part.kind_name()}


def family_choice(family: str, key: str, first: str = "") -> type[Part]:
    """One class of `METHODS[family]`, chosen by its label; what it is stands beneath.

    `first` is the kind chosen at first; "" for the one that an experiment has.
    """
    parts = {part.kind_name(): part for part in METHODS[family]}
    kind = next(iter(parts))
    if len(parts) > 1:
        kind = one_of(
            family.capitalize(),
            list(parts),
            default=first or _default_kind(family),
            key=f"{key}/kind",
            help=f"The {family} of the model; what each one is good for stands beneath.",
            show=lambda name: _shown(parts[name], in_list=len(parts) > FEW),
        )
    part = parts[kind]
    st.html(small_print(part.help_lines()))
    if issubclass(part, BalancingPart):
        formula_and_paper(part)
    return part


def _shown(part: type[Part], *, in_list: bool) -> str:
    """A choice by its label; in a list there is room for what it is."""
    label = part.label or part.__name__
    if not in_list:
        return label
    summary = re.sub(r"\s*\([^()]*\)", "", part.help_lines()[0])  # without its sources
    return shorten(f"{label}: {summary.rstrip('.')}", _LIST_LETTERS, placeholder=" …")


def _default_kind(family: str) -> str:
    """The kind that an experiment has when it does not say: so the form and YAML agree."""
    from mtl_core.config import Experiment

    default = Experiment.model_fields[family].default
    return str(default.kind_name())


def part_form(
    part: type[Part],
    key: str,
    *,
    tasks: Sequence[str] = (),
    leave_out: Iterable[str] = (),
) -> Values:
    """The options of one class; those for experts are folded away."""
    left_out = {"kind", *leave_out}
    fields = {name: f for name, f in part.model_fields.items() if name not in left_out}
    per_task = {name: f for name, f in fields.items() if per_task_type(f)}
    plain_ones = {n: f for n, f in fields.items() if n not in per_task and not is_advanced(f)}
    folded = {n: f for n, f in fields.items() if n not in per_task and is_advanced(f)}
    values = _draw(plain_ones, key)
    for name, field in per_task.items():
        values[name] = task_widgets(name, field, tasks, f"{key}/{name}")
    if folded:
        with st.expander("More options", icon=":material/tune:"):
            values |= _draw(folded, key)
    return values


def _draw(fields: dict[str, FieldInfo], key: str) -> Values:
    """Three in a row, or two where that leaves no field alone in the last one; long ones alone."""
    values: Values = {}
    for name in [name for name, field in fields.items() if is_wide(field)]:
        values[name] = field_widget(name, fields[name], f"{key}/{name}")
    names = [name for name in fields if name not in values]
    columns = 2 if len(names) in (2, 4) else 3
    for start in range(0, len(names), columns):
        for name, place in zip(names[start:], st.columns(columns), strict=False):
            with place:
                values[name] = field_widget(name, fields[name], f"{key}/{name}")
    return values
