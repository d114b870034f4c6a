"""What the commands print: one JSON document, or words for people."""

import json
from collections.abc import Callable
from typing import Annotated, Any

import typer

from mtl_core.data.catalog import Catalog, card_folders
from mtl_core.data.files import home
from mtl_core.runs.store import Run, Status

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")]


def emit(document: Any, as_json: bool, tell: Callable[[], None]) -> None:
    """The document as JSON, or what `tell` says to a person."""
    if as_json:
        typer.echo(json.dumps(document, ensure_ascii=False, indent=1))
    else:
        tell()


def catalog() -> Catalog:
    """The datasets that this user can choose by name."""
    return Catalog.read(card_folders(home()))


def result(run: Run, status: Status) -> dict[str, Any]:
    """A run as scripts read it."""
    tree: dict[str, Any] = {
        "run": run.id,
        "folder": str(run.folder),
        "status": status.state.value,
        "metrics": status.metrics,
        "seconds": round(status.seconds, 3),
    }
    return {**tree, "reason": status.reason} if status.reason else tree
