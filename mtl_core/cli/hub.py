"""Commands for datasets of the Hugging Face hub: by name, or from the list of presets."""

from pathlib import Path
from typing import Annotated, Any

import typer

from mtl_core.config.yaml_text import written
from mtl_core.data.adopt import adopt
from mtl_core.data.catalog import Dataset
from mtl_core.data.files import home
from mtl_core.data.presets import CHECKED, PRESETS, Preset, add_preset
from mtl_core.data.proposing import Proposal

from .output import Json, emit


def data_hub(
    name: Annotated[
        str, typer.Argument(help="Name on the hub, or a local folder in one of its layouts.")
    ],
    config: Annotated[
        str | None, typer.Option(help="Configuration, where there are several.")
    ] = None,
    revision: Annotated[
        str | None, typer.Option(help="Commit, tag or branch; the commit of today otherwise.")
    ] = None,
    save: Annotated[bool, typer.Option("--save", help="Add it to the list of datasets.")] = False,
    as_json: Json = False,
) -> None:
    """Look at a dataset of the Hugging Face hub and write its card.

    Code that a dataset brings along is never run.
    """
    from mtl_core.data.hub import propose_hub

    proposal = propose_hub(name, config, revision)
    saved = adopt(proposal.dataset, home()) if save else None
    document = _described(proposal, saved)

    def tell() -> None:
        for file in proposal.files:
            split = file.split or f"left out ({file.why})"
            typer.echo(f"  {file.address}: {file.rows} rows, {split}")
        for column in proposal.columns:
            task = f", task {column.task}" if column.task else ""
            typer.echo(f"  {column.name}: {column.holds}{task} ({column.why})")
        for finding in proposal.findings:
            typer.echo(f"{finding.level}: {finding.sentence}")
        typer.echo("")
        typer.echo(document["card"].rstrip())
        if saved is not None:
            typer.echo(f"\nadded as {saved.name} ({saved.path})")

    emit(document, as_json, tell)


def _described(proposal: Proposal, saved: Dataset | None) -> dict[str, Any]:
    card = proposal.card
    return {
        "name": card.name,
        "revision": card.hub.revision if card.hub else None,
        "splits": {
            file.address: {"split": file.split, "rows": file.rows} for file in proposal.files
        },
        "columns": {
            column.name: {"holds": column.holds, "task": column.task, "why": column.why}
            for column in proposal.columns
        },
        "tasks": {name: spec.kind for name, spec in card.tasks.items()},
        "findings": [
            {
                "code": finding.code,
                "level": finding.level,
                "sentence": finding.sentence,
                "count": finding.count,
            }
            for finding in proposal.findings
        ],
        "card": written(card.model_dump(mode="json", exclude_defaults=True)),
        "saved": str(saved.path) if saved else None,
    }


def data_presets(
    add: Annotated[
        str, typer.Option(metavar="NAME", help="Load this one, and add it to the list of datasets.")
    ] = "",
    folder: Annotated[
        Path | None, typer.Option(help="A copy of it on this disk, where there is no network.")
    ] = None,
    as_json: Json = False,
) -> None:
    """List datasets of the hub that are ready to be picked, or add one of them."""
    if add:
        dataset = add_preset(add, home(), str(folder) if folder else "")
        splits = list(dataset.card.split_names)
        document: Any = {"name": dataset.name, "path": str(dataset.path), "splits": splits}
        emit(document, as_json, lambda: typer.echo(f"added {dataset.name} ({dataset.path})"))
        return
    document = [_in_list(one) for one in PRESETS]

    def tell() -> None:
        for one in PRESETS:
            tasks = ", ".join(f"{name} ({spec.kind})" for name, spec in one.tasks.items())
            typer.echo(f"{one.name:<20} {one.language:<3} {one.rows:>8} rows  {one.title}: {tasks}")
        typer.echo("Columns are looked up when one is loaded: mtl data presets --add NAME")

    emit(document, as_json, tell)


def _in_list(one: Preset) -> dict[str, Any]:
    return {
        "name": one.name,
        "title": one.title,
        "about": one.about,
        "language": one.language,
        "licence": one.licence,
        "source": one.source,
        "rows": one.rows,
        "tasks": {name: spec.kind for name, spec in one.tasks.items()},
        "checked": CHECKED[one.checked],
        "note": one.note,
    }
