"""One field of a config class as a widget: its type, bounds, unit and help decide which."""

import math
from collections.abc import Callable, Sequence
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import streamlit as st
import yaml
from pydantic.fields import FieldInfo

from mtl_core.config import unit_of, widget_of
from mtl_core.runs.store import State

from ._ui import PAGES, ListedRun, ago, plain, run_list

KEPT: Literal["session"] = "session"
"""The draft survives a visit to another page."""
FEW = 4  # so many options lie open; more are in a list
_NARROW = 18  # letters, a button's edges counted as four, of options that lie open in a column
_RUN = "run"  # the widget that offers finished runs
_TASKS = "tasks"  # the widget that offers tasks, any number of them


def field_widget(name: str, field: FieldInfo, key: str, *, tasks: Sequence[str] = ()) -> Any:
    """The widget of one field, and its present value."""
    kind, optional = _type_of(field)
    label, help_text = label_of(name, field), plain(field.description or "")
    if widget_of(field) == _RUN:
        return _run(label, key, help_text)
    if widget_of(field) == _TASKS:
        return _some_tasks(label, tasks, key, help_text)
    if get_origin(kind) is Literal:
        options = list(get_args(kind))
        default = options[0] if _default(field) is None else _default(field)
        return one_of(label, options, default=default, key=key, help=help_text)
    if kind is bool:
        return st.toggle(label, bool(_default(field)), key=key, help=help_text, persist_state=KEPT)
    if kind in (int, float):
        return _number(label, field, kind, key, optional)
    if kind is str:
        return _text(label, field, key, optional)
    return _anything(label, field, key)


def is_wide(field: FieldInfo) -> bool:
    """Whether the widget needs a row of its own."""
    kind, _ = _type_of(field)
    options = get_args(kind) if get_origin(kind) is Literal else ()
    letters = sum(len(str(option)) + 4 for option in options)
    return bool(widget_of(field)) or (len(options) <= FEW and letters > _NARROW)


def task_widgets(name: str, field: FieldInfo, tasks: Sequence[str], key: str) -> dict[str, Any]:
    """A number for each task; tasks left as they are do not occur."""
    is_weight = per_task_type(field) is float and not _bounds_per_task(field)
    if len(tasks) < (2 if is_weight else 1):
        return {}
    st.markdown(label_of(name, field), help=plain(field.description or ""))
    beside = 2 if is_weight or len(tasks) in (2, 4) else 3
    values: dict[str, Any] = {}
    for start in range(0, len(tasks), beside):
        for task, place in zip(tasks[start:], st.columns(beside), strict=False):
            with place:
                draw = _task_slider if is_weight else _task_number
                values[task] = draw(task, field, f"{key}/{task}")
    return {task: value for task, value in values.items() if value is not None}


def per_task_type(field: FieldInfo) -> type | None:
    """int or float where the field holds such a number for each task by name, else None."""
    members = get_args(field.annotation)
    if get_origin(field.annotation) is not dict or members[0] is not str:
        return None
    kind = _without_bounds(members[1])
    return kind if kind in (int, float) else None


def _task_slider(task: str, field: FieldInfo, key: str) -> float | None:
    """None at 1, which is what a task has that is not named."""
    del field  # all of these are weights
    value = st.slider(
        plain(task),
        0.0,
        5.0,
        1.0,
        0.1,
        format="%.1f",
        key=key,
        help="1 is the usual weight, 2 counts double, 0 trains the task not at all.",
        persist_state=KEPT,
    )
    return None if value == 1.0 else round(value, 2)


def _bounds_per_task(field: FieldInfo) -> list[FieldInfo]:
    """Of `dict[str, Annotated[int, Field(ge=..., le=...)]]`, what holds for each number."""
    return [p for p in get_args(get_args(field.annotation)[1])[1:] if isinstance(p, FieldInfo)]


def _task_number(task: str, field: FieldInfo, key: str) -> float | None:
    kind = per_task_type(field) or int
    bounds = _bounds_per_task(field)
    low, high, _ = _bounds(bounds[0]) if bounds else (0, None, None)
    value = st.number_input(
        plain(task),
        min_value=None if low is None else kind(low),
        max_value=None if high is None else kind(high),
        value=None,
        step=kind(1) if kind is int or high is None or high > 1 else 0.05,
        format="%d" if kind is int else "%g",
        key=key,
        placeholder=_when_empty(field) or "automatic",
        help=plain(field.description or ""),
        persist_state=KEPT,
    )
    return None if value is None else kind(value)


def _some_tasks(label: str, tasks: Sequence[str], key: str, help: str) -> list[str]:
    """Any number of the tasks, none at first."""
    picked = st.pills(
        label,
        list(tasks),
        selection_mode="multi",
        format_func=plain,
        key=f"{key}/{'/'.join(tasks)}",
        help=help,
        persist_state=KEPT,
    )
    return [task for task in tasks if task in picked]


def _run(label: str, key: str, help: str) -> str:
    """The id of a finished run, "" where none is chosen."""
    runs = {r.id: r for r in run_list()[0] if r.status.state is State.FINISHED and r.run.has_model}
    _forget_unknown(key, list(runs))
    chosen = st.selectbox(
        label,
        list(runs),
        None,
        format_func=lambda run_id: _run_name(runs[run_id]),
        key=key,
        help=help,
        placeholder="Choose a run" if runs else "No finished run yet",
        disabled=not runs,
        persist_state=KEPT,
    )
    if not runs and st.button(
        "Train a first run", key=f"{key}/first", help=PAGES["learn"].help, icon=PAGES["learn"].icon
    ):
        st.switch_page(PAGES["learn"].file)
    return chosen or ""


def _run_name(listed: ListedRun) -> str:
    seed = listed.experiment.training.seed
    return f"{listed.experiment.name} (seed {seed}, {ago(listed.status.created)})"


def one_of(
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
    if len(options) <= FEW:
        return st.segmented_control(
            label,
            options,
            default=default,
            required=True,
            format_func=lambda option: plain(show(option)),
            key=key,
            help=help,
            persist_state=KEPT,
        )
    return st.selectbox(
        label,
        options,
        options.index(default),
        format_func=show,
        key=key,
        help=help,
        persist_state=KEPT,
    )


def _forget_unknown(key: str, options: list[Any]) -> None:
    """A choice that has gone since (a dataset that was deleted) must not break the form."""
    if key in st.session_state and st.session_state[key] not in options:
        del st.session_state[key]


def _number(label: str, field: FieldInfo, kind: type, key: str, optional: bool) -> Any:
    low, high, multiple = _bounds(field)
    default = _default(field)
    step = kind(multiple or (1 if kind is int else _fine_step(default, high)))
    if optional and default is not None:
        # Streamlit lets a field be emptied only if it began empty.
        st.session_state.setdefault(key, kind(default))
        default = None
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
        persist_state=KEPT,
    )


def _text(label: str, field: FieldInfo, key: str, optional: bool) -> str | None:
    text = st.text_input(
        label,
        _default(field) or "",
        key=key,
        help=plain(field.description or ""),
        placeholder=_when_empty(field),
        persist_state=KEPT,
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
        persist_state=KEPT,
    )
    try:
        return yaml.safe_load(text) if text else default
    except yaml.YAMLError:
        return text  # the experiment's own check says what is wrong with it


def _type_of(field: FieldInfo) -> tuple[Any, bool]:
    """The type without None, and whether None is allowed."""
    kind = _without_bounds(field.annotation)
    if get_origin(kind) not in (Union, UnionType):
        return kind, False
    members = [member for member in get_args(kind) if member is not type(None)]
    optional = len(members) < len(get_args(kind))
    return (members[0] if len(members) == 1 else kind), optional


def _default(field: FieldInfo) -> Any:
    return None if field.is_required() else field.get_default(call_default_factory=True)


def label_of(name: str, field: FieldInfo) -> str:
    """For example "Batch size (sentences)"; a unit that only repeats the name is left out."""
    words = name.replace("_", " ").capitalize()
    unit = unit_of(field)
    return f"{words} ({unit})" if unit and unit.lower() not in words.lower().split() else words


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


def _without_bounds(kind: Any) -> Any:
    """`X` of `Annotated[X, ...]`."""
    return get_args(kind)[0] if get_origin(kind) is Annotated else kind
