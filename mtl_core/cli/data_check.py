"""`mtl data check`: read data in any form, say what it is and what is wrong, propose a card."""

from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from yaml import YAMLError

from mtl_core.config import Experiment
from mtl_core.config.yaml_text import parsed, written
from mtl_core.data.adopt import adopt
from mtl_core.data.catalog import CARD_FILE, Card, Dataset, load_card
from mtl_core.data.choosing import settle
from mtl_core.data.files import home, write_atomically
from mtl_core.data.findings import Finding, Tell
from mtl_core.data.proposing import Proposal, propose
from mtl_core.data.tasks import Sentences, load_sentences, spec_of
from mtl_core.data.truth import Report, report
from mtl_core.errors import ConfigError, DataError

from .data_words import tell_dataset, tell_findings, tell_proposal
from .output import Json, catalog, emit

_PARTS = 5  # of a histogram


@dataclass
class Checked:
    """A dataset that was looked at: by its own card, or by one that is proposed."""

    dataset: Dataset
    proposal: Proposal | None = None
    sentences: dict[str, Sentences] = field(default_factory=dict)


def data_check(
    paths: Annotated[
        list[Path],
        typer.Argument(
            metavar="PATH...",
            help="A card, a data file, an archive, a folder or an experiment; several are judged as "
            "what trains together.",
        ),
    ],
    save: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help=f"Write the proposed {CARD_FILE} into this folder."),
    ] = None,
    add: Annotated[
        bool, typer.Option("--add", help="Add the dataset to those that can be chosen by name.")
    ] = False,
    max_words: Annotated[
        int, typer.Option(min=1, help="Say what is lost if texts are cut at so many words.")
    ] = 256,
    as_json: Json = False,
) -> None:
    """Read data in any form: say what it is and what is wrong, and propose a card.

    Exit code 0: it can be trained on; 1: it was read, but training would stop at an error; 2: nothing
    can be made of it.
    """
    if (save or add) and len(paths) > 1:
        raise ConfigError("--save and --add take one PATH; call the command once for each")
    checked = [one for path in paths for one in _looked_at(path)]
    chosen = [(one.dataset, tuple(one.dataset.card.tasks)) for one in checked]
    found = report(chosen, max_words=max_words, load=_load(checked))
    for one in checked:
        if not one.sentences.get("train"):
            raise DataError(_first_error(found, one.dataset))
    findings = _findings(checked, found)
    usable = not any(_stops(finding, checked) for finding in findings)
    document = _document(checked, found, findings, usable)

    def tell() -> None:
        for one in checked:
            if one.proposal is not None:
                tell_proposal(one.proposal)
            tell_dataset(one.dataset, found)
        tell_findings(findings)
        for one in checked:
            if one.proposal is not None:
                typer.echo(f"\n# ---- {CARD_FILE}: ready to save in {one.proposal.folder}")
                typer.echo(_yaml(one.dataset.card), nl=False)
                typer.echo("# ---- end of the card")

    emit(document, as_json, tell)
    _keep(checked[0], save, add, quiet=as_json)
    if not usable:
        raise typer.Exit(1)


def _looked_at(path: Path) -> list[Checked]:
    """By the card that is there, by what an experiment chooses, otherwise by a proposed card."""
    is_yaml = path.is_file() and path.suffix in (".yaml", ".yml")
    if is_yaml and _is_experiment(path):
        return _chosen(path)
    if is_yaml or (path / CARD_FILE).is_file():
        return [Checked(load_card(path))]
    read: dict[str, Sentences] = {}
    proposal = propose(path, keep=read)
    return [Checked(proposal.dataset, proposal, sentences=read)]


def _is_experiment(file: Path) -> bool:
    try:
        tree = parsed(file.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, YAMLError, RecursionError):
        return False  # the card's own reader says what is wrong with it
    return isinstance(tree, dict) and "data" in tree and "splits" not in tree


def _chosen(file: Path) -> list[Checked]:
    """The datasets of an experiment, with the tasks that it learns from each."""
    known, beside = catalog(), file.resolve().parent
    found = []
    for choice in settle(Experiment.load(file), known, beside=beside).data:
        dataset = known.find(choice.card, beside)
        tasks = {task: spec_of(dataset, task) for task in choice.tasks}
        card = dataset.card.model_copy(update={"tasks": tasks})
        found.append(Checked(replace(dataset, card=card)))
    return found


def _load(checked: list[Checked]) -> Any:
    """Reads a split as the report asks for it, and keeps what was read. What a proposal has read is
    not read again: its faults are told with the proposal."""
    of = {id(one.dataset): one for one in checked}

    def load(dataset: Dataset, split: str, tasks: tuple[str, ...], tell: Tell) -> Sentences:
        read = of[id(dataset)].sentences
        if split not in read:
            read[split] = load_sentences(dataset, split, tasks, tell)
        return read[split]

    return load


def _first_error(found: Report, dataset: Dataset) -> str:
    errors = [finding.sentence for finding in found.findings if finding.level == "error"]
    return errors[0] if errors else f"{dataset.path}: nothing can be read; check the card"


def _findings(checked: list[Checked], found: Report) -> list[Finding]:
    """What was found on the way to the cards, then the report; each once."""
    proposed = [f for one in checked if one.proposal for f in one.proposal.findings]
    every = {(f.code, f.place, f.what): f for f in [*proposed, *found.findings]}
    return sorted(every.values(), key=lambda f: ("error", "warning", "note").index(f.level))


def _stops(finding: Finding, checked: list[Checked]) -> bool:
    """Whether training would stop there: cards may leave out what cannot be read."""
    return finding.level == "error" and any(c.dataset.card.faults == "stop" for c in checked)


def _document(
    checked: list[Checked], found: Report, findings: list[Finding], usable: bool
) -> dict[str, Any]:
    datasets = [_described(one) for one in checked]
    about = {
        "usable": usable,
        "findings": [{**asdict(finding), "sentence": finding.sentence} for finding in findings],
        "texts": [asdict(facts) for facts in found.texts],
        "labels": [asdict(facts) for facts in found.labels],
        "overlaps": [asdict(facts) for facts in found.overlaps],
    }
    return {**datasets[0], **about} if len(datasets) == 1 else {"datasets": datasets, **about}


def _described(one: Checked) -> dict[str, Any]:
    tree = {
        **described(one.dataset),
        "card": one.dataset.card.model_dump(mode="json", exclude_defaults=True),
        "proposed": one.proposal is not None,
        "splits": {
            split: {
                "rows": len(sentences),
                "words": sum(map(len, sentences.texts)),
                **_counted(one.dataset, sentences),
            }
            for split, sentences in one.sentences.items()
        },
    }
    if one.proposal is not None:
        tree["files"] = [asdict(facts) for facts in one.proposal.files]
        tree["columns"] = [asdict(facts) for facts in one.proposal.columns]
    return tree


def described(dataset: Dataset) -> dict[str, Any]:
    """A dataset as lists show it."""
    return {
        "name": dataset.name,
        "title": dataset.label,
        "path": str(dataset.path),
        "language": dataset.card.language,
        "tasks": {name: spec.kind for name, spec in dataset.card.tasks.items()},
    }


def _counted(dataset: Dataset, sentences: Sentences) -> dict[str, Any]:
    """How often each label of a task is right, and how the values of a regression lie."""
    kinds = {name: spec.kind for name, spec in dataset.card.tasks.items()}
    labels = {
        name: dict(sentences.label_counts(name, kind).most_common())
        for name, kind in kinds.items()
        if kind != "regression"
    }
    values = {
        name: _spread(sentences.values(name))
        for name, kind in kinds.items()
        if kind == "regression"
    }
    return {"labels": labels, "values": values}


def _spread(values: list[float]) -> dict[str, Any]:
    """Count, mean and ends of some values, and how many lie in each of five equal parts."""
    numbers, edges = np.histogram(values, bins=_PARTS)
    return {
        "count": len(values),
        "least": min(values),
        "mean": sum(values) / len(values),
        "greatest": max(values),
        "histogram": list(
            zip(edges[:-1].tolist(), edges[1:].tolist(), numbers.tolist(), strict=True)
        ),
    }


def _yaml(card: Card) -> str:
    return written(card.model_dump(mode="json", exclude_defaults=True))


def _keep(one: Checked, save: Path | None, add: bool, *, quiet: bool) -> None:
    """Save the card beside the files or elsewhere, and add the dataset to the catalogue."""
    if save is not None:
        here = one.dataset.path.parent / one.dataset.card.folder
        target = save / CARD_FILE
        if target.exists():
            raise ConfigError(f"{target} is there already; move it, or name another folder")
        folder = "" if save.resolve() == here.resolve() else str(here.resolve())
        card = one.dataset.card.model_copy(update={"folder": folder})
        try:
            save.mkdir(parents=True, exist_ok=True)
            write_atomically(target, _yaml(card))
        except OSError as err:
            raise ConfigError(f"{target}: cannot be written ({err.strerror}); check it") from err
    if add:
        target = adopt(one.dataset, home()).path
    if (save or add) and not quiet:
        typer.echo(f"saved: {target}")
