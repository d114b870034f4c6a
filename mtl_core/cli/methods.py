"""`mtl methods`: every choice of an experiment, with what it is for, takes and cannot."""

from dataclasses import asdict
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import typer
from pydantic.fields import FieldInfo

from mtl_core.config import METHODS, HeadOptions, Part, SharingPart, unit_of
from mtl_core.config.balancing import BalancingPart
from mtl_core.config.head import FITTING

from .output import Json, emit

PRICED = ((2, 2), (4, 2))
"""Tasks and blocks for which the cost of a sharing strategy is told."""
BOUNDS = {"ge": ">=", "gt": ">", "le": "<=", "lt": "<", "multiple_of": "multiple of"}


Golden = Annotated[
    bool,
    typer.Option("--golden", help="Check each balancing method against its hand-worked values."),
]


def methods(as_json: Json = False, golden: Golden = False) -> None:
    """List encoders, sharing, balancing, mixing and heads: help, costs, limits and options."""
    document = {family: [_choice(c) for c in choices] for family, choices in METHODS.items()}
    document["head"] = [{**_choice(HeadOptions), "options_of_kinds": FITTING}]
    if golden:
        _check(document["balancing"])

    def tell() -> None:
        for family, choices in document.items():
            typer.echo(f"{family}:")
            for choice in choices:
                _tell(choice)

    emit(document, as_json, tell)


def _choice(choice: type[Part]) -> dict[str, Any]:
    found: dict[str, Any] = {
        "name": choice.kind_name(),
        "label": choice.label,
        "help": choice.help_lines(),
        "use_when": choice.help_about("Use when"),
        "costs": choice.help_about("Costs"),
        "limits": choice.help_about("Limits"),
        "options": {
            name: _option(field) for name, field in choice.model_fields.items() if name != "kind"
        },
    }
    if issubclass(choice, SharingPart):
        found["cost"] = [_cost(choice(), tasks, blocks) for tasks, blocks in PRICED]
    if issubclass(choice, BalancingPart):
        found |= _books(choice)
    return found


def _books(method: type[BalancingPart]) -> dict[str, Any]:
    """What stands in the books about a balancing method, and what it needs."""
    return {
        "formula": method.formula,
        "paper": method.paper,
        "backward_passes": method.backward_passes,
        "published_weights": method.published_weights,
        "ignores_scale": method.ignores_scale,
        "packages": list(method.packages),
        "missing": list(method.missing()),
        "how_to_install": method.how_to_install(),
    }


def _check(methods: list[dict[str, Any]]) -> None:
    """Add whether the hand-worked values come out: null where there are none, or a package lacks."""
    from mtl_core.balancing.golden import verdict  # here, since it loads torch

    for method in methods:
        found = verdict(method["name"])
        method |= {"golden": found.passes, "golden_words": found.words}


def _cost(sharing: SharingPart, tasks: int, blocks: int) -> dict[str, float]:
    """With the default options: embeddings and blocks that are built, blocks that run a batch."""
    cost = asdict(sharing.cost(tasks, blocks))
    built = {"embeddings": cost["embeddings"], "blocks_built": cost["blocks"]}
    return {"tasks": tasks, "blocks": blocks, **built, "passes": cost["passes"]}


def _option(field: FieldInfo) -> dict[str, Any]:
    return {
        "default": field.get_default(call_default_factory=True),
        "help": field.description,
        "allowed": _allowed(field.annotation),
        "bounds": _bounds(field),
        "unit": unit_of(field),
    }


def _allowed(kind: Any) -> list[Any] | None:
    """The values of a choice among few; None where any value of the type will do."""
    if get_origin(kind) is Literal:
        return list(get_args(kind))
    if kind is bool:
        return [False, True]
    if get_origin(kind) in (Union, UnionType, Annotated):
        for member in get_args(kind):
            found = _allowed(member)
            if found is not None:
                return [*found, None] if type(None) in get_args(kind) else found
    return None


def _bounds(field: FieldInfo) -> dict[str, float]:
    """For example {"ge": 1, "le": 8}; for a number a task, what holds for each one."""
    marks = list(field.metadata)
    for member in get_args(field.annotation):
        if get_origin(member) is Annotated:
            inside = [part for part in get_args(member)[1:] if isinstance(part, FieldInfo)]
            marks += [mark for part in inside for mark in part.metadata]
    return {
        name: getattr(mark, name)
        for mark in marks
        for name in BOUNDS
        if getattr(mark, name, None) is not None
    }


def _tell(choice: dict[str, Any]) -> None:
    typer.echo(f"  {choice['name']}: {choice['help'][0]}")
    for line in choice["help"][1:]:
        typer.echo(f"      {line}")
    for cost in choice.get("cost", []):
        typer.echo(
            f"      {cost['tasks']} tasks, {cost['blocks']} blocks: "
            f"{cost['embeddings']:g} embedding{'s' * (cost['embeddings'] != 1)} and "
            f"{cost['blocks_built']:g} blocks are built, {cost['passes']:g} run a batch"
        )
    if "paper" in choice:
        _tell_books(choice)
    for name, option in choice["options"].items():
        limits = [
            kind for kind, names in choice.get("options_of_kinds", {}).items() if name in names
        ]
        limits += [f"{BOUNDS[bound]} {value:g}" for bound, value in option["bounds"].items()]
        if option["allowed"]:
            limits.append(" | ".join(map(str, option["allowed"])))
        about = ", ".join(filter(None, [option["unit"], *limits]))
        told = f" ({about})" if about else ""
        typer.echo(f"      {name} = {option['default']}{told}: {option['help']}")


def _tell_books(method: dict[str, Any]) -> None:
    typer.echo(f"      Formula: {method['formula']}")
    typer.echo(f"      Paper: {method['paper']}")
    typer.echo(
        f"      Backward passes a step: {method['backward_passes']}; "
        f"weights in the paper: {method['published_weights']}"
    )
    if method["missing"]:
        typer.echo(f"      Cannot be used yet: {method['how_to_install']}")
    if "golden" in method:
        said = {True: "yes", False: "NO", None: "-"}[method["golden"]]
        typer.echo(f"      Hand-worked values: {said}; {method['golden_words']}")
