"""Turn a validation error into one sentence: which key, what is wrong, the value, the cure."""

import difflib
from typing import Any

from pydantic import BaseModel, ValidationError


def sentence_of(err: ValidationError, model: type[BaseModel]) -> str:
    """The first fault as a sentence; the number of further faults is told at its end."""
    # An unknown key is often a misspelt one, and then also the reason why another is missing.
    faults = sorted(err.errors(), key=lambda fault: fault["type"] != "extra_forbidden")
    path, parent = _walk(faults[0]["loc"], model)
    key = f"{'.'.join(path)}: " if path else ""
    more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
    return f"{key}{_fault(faults[0], parent)}{more}"


def _fault(fault: Any, parent: Any) -> str:
    kind, value, context = fault["type"], fault["input"], fault.get("ctx", {})
    if kind == "extra_forbidden":
        return f"unknown key; {_nearest(str(fault['loc'][-1]), parent)}"
    if kind == "missing":
        return "is missing; add it"
    if kind == "union_tag_invalid":
        return f"kind '{context['tag']}' is unknown; allowed: {context['expected_tags']}"
    if kind == "union_tag_not_found":
        return "has no 'kind'; add one, see `mtl methods`"
    if kind == "value_error":
        return str(context["error"])
    shown = repr(value) if len(repr(value)) < 60 else f"a {type(value).__name__}"
    return f"{shown} is not usable: {fault['msg'][0].lower()}{fault['msg'][1:]}"


def _nearest(name: str, parent: Any) -> str:
    names = list(parent.model_fields) if _is_model(parent) else []
    near = difflib.get_close_matches(name, names, n=1)
    return f"did you mean '{near[0]}'?" if near else f"allowed: {', '.join(names)}"


def _walk(location: tuple[int | str, ...], model: type[BaseModel]) -> tuple[list[str], Any]:
    """The keys as YAML has them, and the model that holds the last one.

    Pydantic puts a union's tag into the location (`encoder.bilstm.hidden`); it is dropped here.
    """
    path: list[str] = []
    parent: Any = model
    current: Any = model
    for part in location:
        member = _member(current, part)
        if member is not None:
            current = member
            continue
        path.append(str(part))
        parent = current
        if _is_model(current):
            field = current.model_fields.get(str(part))
            current = _inside(field.annotation) if field else None
        else:
            current = next((a for a in reversed(_arguments(current)) if a is not Ellipsis), None)
    return path, parent


def _arguments(annotation: Any) -> tuple[Any, ...]:
    """`X, Y` of `X | Y`, `dict[X, Y]` or `tuple[X, Y]`."""
    return tuple(getattr(annotation, "__args__", ()))


def _inside(annotation: Any) -> Any:
    """`X` of `X | None`, anything else as it is."""
    rest = [a for a in _arguments(annotation) if a is not type(None)]
    return rest[0] if len(rest) == 1 and type(None) in _arguments(annotation) else annotation


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _member(annotation: Any, tag: int | str) -> Any:
    """The model of a union whose `kind` is `tag`; None where there is none."""
    members = [m for m in _arguments(annotation) if _is_model(m)]
    for member in members:
        if "kind" in member.model_fields and member.kind_name() == tag:
            return member
    return None
