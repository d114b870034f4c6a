"""A card for a dataset of the hub: its features mapped to tasks, its splits to ours."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mtl_core.data.catalog import SPLITS, Card, Hub, TaskSpec
from mtl_core.data.files import home
from mtl_core.data.findings import Finding, Findings
from mtl_core.data.layout import AtRandom
from mtl_core.data.proposing.cells import Verdict
from mtl_core.data.proposing.columns import Column
from mtl_core.data.proposing.contract import ColumnFacts, FileFacts, Proposal
from mtl_core.data.proposing.naming import dataset_name
from mtl_core.data.proposing.split_names import split_of
from mtl_core.data.reading import Row
from mtl_core.data.split_rows import SplitRows
from mtl_core.data.tasks import load_sentences, task_of
from mtl_core.data.text import Segmentation, segmentation_of_texts, segmentation_of_tokens
from mtl_core.errors import DataError

from .features import in_words, rows_of
from .opening import configurations, local_folder, look_up, may_be_folder, open_splits
from .tasks import can_learn, columns_with_features, hidden_in, input_of, tasks_of

LOOKED_AT = 2000
"""Rows that tell what a column holds, where its feature does not."""
Splits = dict[str, list[Row]]


def propose_hub(path: str, name: str | None = None, revision: str | None = None) -> Proposal:
    """A card that loads, for a dataset of the hub or a local folder in one of the hub's layouts.

    The revision is pinned to the commit that the hub names. Raises DataError in one sentence.
    """
    folder = local_folder(path)
    place = str(folder) if folder else path.strip()
    hub = _configured(Hub(path=place, name=name, revision=revision))
    known = look_up(hub)
    found = open_splits(hub)
    hub = hub.model_copy(update={"revision": known.commit or hub.revision})
    findings = Findings()
    features = dict(next(iter(found.values())).features)
    rows = {split: rows_of(one) for split, one in found.items()}
    chosen = _chosen(rows, findings)
    columns = columns_with_features(rows[chosen["train"]][:LOOKED_AT], features)
    tasks = _tasks(columns, features, rows[chosen["train"]], hub)
    chosen = _with_answers(chosen, rows, tasks, findings)
    card = Card(
        name=dataset_name(Path(f"{Path(place).name}_{hub.name}" if hub.name else Path(place).name)),
        **_stated(known.header),
        hub=hub,
        segmentation=_segmentation(columns, tasks),
        splits=dict(chosen),
        divide=_divide(chosen, tasks, findings),
        tasks=tasks,
    )
    where = folder if folder else home() / "data" / card.name
    files = tuple(_facts(split, found[split], chosen) for split in found)
    proposal = Proposal(card, where, files, _columns(columns, tasks), findings)
    _try(proposal)
    return proposal


def _configured(hub: Hub) -> Hub:
    """With the name of its configuration, where it has to be said. Raises DataError."""
    names = configurations(hub)
    if hub.name is not None:
        if names and hub.name not in names and not may_be_folder(hub, names):
            raise DataError(
                f"hub dataset '{hub.path}' has no configuration '{hub.name}', only "
                f"{_listed(names)}; name one of them"
            )
        return hub
    if len(names) <= 1 or "default" in names:
        return hub
    raise DataError(
        f"hub dataset '{hub.path}' has the configurations {_listed(names)}; name one of them"
    )


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - 20} more" if len(names) > 20 else ""
    return ", ".join(names[:20]) + more


def _chosen(rows: Splits, findings: Findings) -> dict[str, str]:
    """Which split of the hub is which of ours. Raises DataError where there is no row at all."""
    held = {split: len(found) for split, found in rows.items() if found}
    if not held:
        raise DataError("the dataset holds no rows; name another one")
    chosen: dict[str, str] = {}
    for ours in SPLITS:
        fitting = [split for split in held if split_of(split) == ours]
        if fitting:
            chosen[ours] = ours if ours in fitting else fitting[0]
    if "train" not in chosen:
        free = [split for split in held if split not in chosen.values()] or list(held)
        most = max(free, key=lambda split: held[split])
        chosen = {"train": most, **{o: s for o, s in chosen.items() if s != most}}
        _note(findings, "splits", f"no split is called train; '{most}' is taken for it")
    for split in rows:
        if split not in chosen.values():
            _note(findings, f"left out {split}", f"the split '{split}' is left out")
    return chosen


def _tasks(
    columns: Mapping[str, Column], features: Mapping[str, Any], training: Sequence[Row], hub: Hub
) -> dict[str, TaskSpec]:
    """The tasks that can learn from the training rows. Raises DataError where there is none."""
    reads = input_of(columns)
    tasks = tasks_of(columns, features, reads) if reads is not None else {}
    for name, spec in list(tasks.items()):
        if not can_learn([row.columns.get(spec.target) for row in training]):
            del tasks[name]
            column = columns[spec.target]
            column.verdict = Verdict("constant", "the same in every row, or hidden")
    if tasks:
        return tasks
    held = "; ".join(f"{n}: {in_words(f)}" for n, f in features.items())
    lacks = "text" if reads is None else "label that tasks can learn"
    raise DataError(
        f"hub dataset '{hub.path}' has no {lacks} among its columns ({held}); name another one, or "
        "write a card by hand"
    )


def _with_answers(
    chosen: dict[str, str], rows: Splits, tasks: Mapping[str, TaskSpec], findings: Findings
) -> dict[str, str]:
    """Without the splits that keep the answers of a task back."""
    kept = dict(chosen)
    for ours, split in chosen.items():
        lacking = [
            name
            for name, spec in tasks.items()
            if ours != "train"
            and hidden_in(
                [row.columns.get(spec.target) for row in rows[split]],
                spec.kind,
                [row.columns.get(spec.target) for row in rows[chosen["train"]]],
            )
        ]
        if lacking:
            kept.pop(ours)
            _note(
                findings,
                f"hidden {split}",
                f"the split '{split}' is left out: it keeps the labels of {', '.join(lacking)} back",
                "give the model's answers to the dataset's makers to have them scored",
            )
    return kept


def _divide(
    chosen: Mapping[str, str], tasks: Mapping[str, TaskSpec], findings: Findings
) -> AtRandom | None:
    """Validation data is cut off the training rows where there is none; test data never is."""
    if "validation" in chosen:
        return None
    _note(
        findings,
        "divided",
        "there is no validation split; a tenth of the training rows becomes one",
        "change the card's divide for another share",
    )
    by = next((spec.target for spec in tasks.values() if spec.kind == "classification"), "")
    return AtRandom(by=by)


def _segmentation(columns: Mapping[str, Column], tasks: Mapping[str, TaskSpec]) -> Segmentation:
    reads = next(iter(tasks.values())).columns[0]
    values = columns[reads].present
    if columns[reads].holds == "tokens" or isinstance(values[0], list):
        return segmentation_of_tokens([str(word) for word in row] for row in values)
    return segmentation_of_texts(map(str, values))


def _stated(header: Mapping[str, Any]) -> dict[str, Any]:
    """Language, licence and title as the dataset's page states them."""
    languages = header.get("language")
    if isinstance(languages, list):
        languages = languages[0] if len(languages) == 1 else ""
    licences = header.get("license")
    if isinstance(licences, list):
        licences = ", ".join(map(str, licences))
    found = {"language": languages, "licence": licences, "title": header.get("pretty_name")}
    return {key: value for key, value in found.items() if isinstance(value, str)}


def _facts(split: str, found: Any, chosen: Mapping[str, str]) -> FileFacts:
    ours = next((ours for ours, theirs in chosen.items() if theirs == split), "")
    declared = tuple(f"{name}: {in_words(feature)}" for name, feature in found.features.items())
    return FileFacts(
        address=split,
        split=ours,
        format="hub",
        encoding="",
        rows=len(found),
        columns=tuple(found.column_names),
        sniffed=declared,
        why="" if ours else "no split of the card",
    )


def _columns(
    columns: Mapping[str, Column], tasks: Mapping[str, TaskSpec]
) -> tuple[ColumnFacts, ...]:
    of = {spec.target: name for name, spec in tasks.items()}
    return tuple(
        ColumnFacts(
            name=c.name,
            holds=c.verdict.holds,
            why=c.verdict.why,
            distinct=c.distinct,
            examples=c.examples,
            task=of.get(c.name, ""),
        )
        for c in columns.values()
    )


def _try(proposal: Proposal) -> None:
    """Load what the card names, as training will. Raises DataError where a task cannot learn."""
    card, found, rows = proposal.card, {}, SplitRows(keep=True)
    for split in card.split_names:
        found[split] = load_sentences(
            proposal.dataset, split, tuple(card.tasks), proposal.findings, rows=rows
        )
    for name, spec in card.tasks.items():
        task_of(name, spec, [found["train"]])


def _note(findings: Findings, code: str, what: str, cure: str = "") -> None:
    findings(Finding(code, "note", what, cure))
