"""`mtl data related`: generated tasks whose true relatedness is chosen."""

from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from pydantic import ValidationError

from mtl_core.config.faults import sentence_of
from mtl_core.data.related import Related, write_related
from mtl_core.errors import ConfigError

from .output import Json, emit

_FIELDS = Related.model_fields


def _help(name: str) -> Any:
    return typer.Option(help=_FIELDS[name].description)


def related(  # noqa: PLR0913 - one option for each thing that is generated
    out: Annotated[Path, typer.Option(help="A new folder for the dataset.", metavar="FOLDER")],
    relatedness: Annotated[float, _help("relatedness")] = 0.5,
    kind: Annotated[
        Literal["classification", "tagging", "regression"], _help("kind")
    ] = "classification",
    heads: Annotated[Literal["own", "one"], _help("heads")] = "own",
    tasks: Annotated[int, _help("tasks")] = 2,
    classes: Annotated[int, _help("classes")] = 2,
    train: Annotated[int, _help("train")] = 2000,
    validation: Annotated[int, _help("validation")] = 500,
    test: Annotated[int, _help("test")] = 1000,
    vocabulary: Annotated[int, _help("vocabulary")] = 200,
    noise: Annotated[float, _help("noise")] = 0.1,
    seed: Annotated[int, _help("seed")] = 0,
    as_json: Json = False,
) -> None:
    """Generate tasks of a known relatedness, to see when sharing helps, does nothing or hurts."""
    given = locals()
    asked = _asked({name: given[name] for name in _FIELDS})
    written = write_related(out.expanduser().resolve(), asked)
    document = {
        "parameters": asked.model_dump(),
        "datasets": [
            {"name": d.name, "path": str(d.path), "tasks": list(d.card.tasks)} for d in written
        ],
    }

    def tell() -> None:
        for dataset in written:
            typer.echo(f"{dataset.name}: {', '.join(dataset.card.tasks)} ({dataset.path})")

    emit(document, as_json, tell)


def _asked(given: dict[str, Any]) -> Related:
    try:
        return Related(**given)
    except ValidationError as err:
        raise ConfigError(f"--{sentence_of(err, Related)}") from err
