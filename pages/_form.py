"""Forms drawn from the config models: a new option or a new choice appears here by itself.

    choice_form("encoder", key)      which class of a family, and its options  -> plain dict
    part_form(Training, key)         the options of one class                  -> plain dict

The class docstring and the fields' descriptions are the help text; bounds, units, and what is
folded away come from the fields. What is returned is validated by `Experiment.parse`, not here.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

import streamlit as st
import yaml
from pydantic.fields import FieldInfo

from mtl_core.config import METHODS, Part, is_advanced, unit_of

from ._ui import plain, small_print

Values = dict[str, Any]
_KEPT: Literal["session"] = "session"  # the draft survives a visit to another page
_FEW = 4  # so many options lie open; more are in a list


def choice_form(family: str, key: str, *, tasks: Sequence[str] = ()) -> Values:
    """Which class of a family, what it is good for, and its options."""
    part = family_choice(family, key)
    return {**part_form(part, f"{key}/{part.kind_name()}", tasks=tasks), "kind": part.kind_name()}


def family_choice(family: str, key: str) -> type[Part]:
    """One class of `METHODS[family]`, chosen by its label; what it is stands beneath."""
    parts = {part.kind_name(): part for part in METHODS[family]}
    kind = next(iter(parts))
    if len(parts) > 1:
        kind = _one_of(
            family.capitalize(),
            list(parts),
            default=_default_kind(family),
            key=f"{key}/kind",
            help=f"The {family} of the model; what each one is good for stands beneath.",
            show=lambda name: parts[name].label or parts[name].__name__,
        )
    st.html(small_print(parts[kind].help_lines()))
    return parts[kind]


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
    per_task = {name: f for name, f in fields.items() if _is_per_task(f)}
    plain_ones = {n: f for n, f in fields.items() if n not in per_task and not is_advanced(f)}
    folded = {n: f for n, f in fields.items() if n not in per_task and is_advanced(f)}
    values = _draw(plain_ones, key)
    for name, field in per_task.items():
        values[name] = task_sliders(name, field, tasks, f"{key}/{name}")
    if folded:
        with st.expander("More options", icon=":material/tune:"):
            values |= _draw(folded, key)
    return values


def _draw(fields: dict[str, FieldInfo], key: str) -> Values:
    """Three in a row, or two where that leaves no field alone in the last one."""
    values: Values = {}
    names = list(fields)
    columns = 2 if len(names) in (2, 4) else 3
    for start in range(0, len(names), columns):
        for name, place in zip(names[start:], st.columns(columns), strict=False):
            with place:
                values[name] = field_widget(name, fields[name], f"{key}/{name}")
    return values


def field_widget(name: str, field: FieldInfo, key: str) -> Any:
    """The widget of one field, and its present value."""
    kind, optional = _type_of(field)
    label, help_text = _label(name, field), plain(field.description or "")
    if get_origin(kind) is Literal:
        options = list(get_args(kind))
        default = options[0] if _default(field) is None else _default(field)
        return _one_of(label, options, default=default, key=key, help=help_text)
    if kind is bool:
        return st.toggle(label, bool(_default(field)), key=key, help=help_text, persist_state=_KEPT)
    if kind in (int, float):
        return _number(label, field, kind, key, optional)
    if kind is str:
        return _text(label, field, key, optional)
    return _anything(label, field, key)


def task_sliders(name: str, field: FieldInfo, tasks: Sequence[str], key: str) -> dict[str, float]:
    """A number for each task; tasks at 1 are left out, which means the same."""
    if len(tasks) < 2:
        return {}
    st.markdown(f"{_label(name, field)}", help=plain(field.description or ""))
    values: dict[str, float] = {}
    for start in range(0, len(tasks), 2):
        for task, place in zip(tasks[start:], st.columns(2), strict=False):
            with place:
                values[task] = st.slider(
                    plain(task),
                    0.0,
                    5.0,
                    1.0,
                    0.1,
                    format="%.1f",
                    key=f"{key}/{task}",
                    help="1 is the usual weight, 2 counts double, 0 trains the task not at all.",
                    persist_state=_KEPT,
                )
    return {task: round(value, 2) for task, value in values.items() if value != 1.0}


def _one_of(
    label: str,
    options: list[Any],
    *,
    default: Any,
    key: str,
    help: str,
    show: Callable[[Any], str] = str,
) -> Any:
    """One of several: side by side where they are few, else in a list."""
    _forget_unknown(key, options)
    if len(options) <= _FEW:
        return st.segmented_control(
            label,
            options,
            default=default,
            required=True,
            format_func=lambda option: plain(show(option)),
            key=key,
            help=help,
            persist_state=_KEPT,
        )
    return st.selectbox(
        label,
        options,
        options.index(default),
        format_func=show,
        key=key,
        help=help,
        persist_state=_KEPT,
    )


def _forget_unknown(key: str, options: list[Any]) -> None:
    """A choice that has gone since (a dataset that was deleted) must not break the form."""
    if key in st.session_state and st.session_state[key] not in options:
        del st.session_state[key]


def _number(label: str, field: FieldInfo, kind: type, key: str, optional: bool) -> Any:
    low, high, multiple = _bounds(field)
    default = _default(field)
    step = kind(multiple or (1 if kind is int else _fine_step(default, high)))
    return st.number_input(
        label,
        min_value=None if low is None else kind(low),
        max_value=None if high is None else kind(high),
        value=None if default is None else kind(default),
        step=step,
        format="%d" if kind is int else "%g",
        key=key,
        help=plain(field.description or ""),
        placeholder=_when_empty(field) if optional else None,
        persist_state=_KEPT,
    )


def _text(label: str, field: FieldInfo, key: str, optional: bool) -> str | None:
    text = st.text_input(
        label,
        _default(field) or "",
        key=key,
        help=plain(field.description or ""),
        placeholder=_when_empty(field),
        persist_state=_KEPT,
    )
    return None if optional and not text else text


def _anything(label: str, field: FieldInfo, key: str) -> Any:
    """A field of any other type: written as in YAML."""
    default = _default(field)
    shown = "" if default is None else yaml.safe_dump(default, default_flow_style=True).strip()
    text = st.text_input(
        label,
        shown,
        key=key,
        help=f"{plain(field.description or '')} Written as in YAML.",
        persist_state=_KEPT,
    )
    try:
        return yaml.safe_load(text) if text else default
    except yaml.YAMLError:
        return text  # the experiment's own check says what is wrong with it


def _type_of(field: FieldInfo) -> tuple[Any, bool]:
    """The type without None, and whether None is allowed."""
    kind = field.annotation
    if get_origin(kind) not in (Union, UnionType):
        return kind, False
    members = [member for member in get_args(kind) if member is not type(None)]
    optional = len(members) < len(get_args(kind))
    return (members[0] if len(members) == 1 else kind), optional


def _is_per_task(field: FieldInfo) -> bool:
    return field.annotation == dict[str, float]


def _default(field: FieldInfo) -> Any:
    return None if field.is_required() else field.get_default(call_default_factory=True)


def _label(name: str, field: FieldInfo) -> str:
    """For example "Batch size (sentences)"; a unit that only repeats the name is left out."""
    words = name.replace("_", " ").capitalize()
    unit = unit_of(field)
    return f"{words} ({unit})" if unit and unit.lower() != words.lower() else words


def _when_empty(field: FieldInfo) -> str:
    """What an empty field means, from the description: "...; empty: the epochs decide."."""
    _, found, meaning = (field.description or "").partition("empty: ")
    return meaning.rstrip(".") if found else ""


def _bounds(field: FieldInfo) -> tuple[float | None, float | None, float | None]:
    """The lowest value, the highest value and what values are a multiple of."""
    marks = {
        name: getattr(mark, name)
        for mark in field.metadata
        for name in ("ge", "gt", "le", "lt", "multiple_of")
        if getattr(mark, name, None) is not None
    }
    return (
        marks.get("ge", marks.get("gt")),
        marks.get("le", marks.get("lt")),
        marks.get("multiple_of"),
    )


def _fine_step(default: float | None, high: float | None) -> float:
    """A step that moves a value a little: half its order of magnitude."""
    if default:
        return float(10 ** math.floor(math.log10(abs(default)))) / 2
    return 0.001 if high is not None and high <= 1 else 0.1
