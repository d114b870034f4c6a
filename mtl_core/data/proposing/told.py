"""What is told about the files and the columns behind a card, and where nothing can be proposed."""

from collections.abc import Mapping
from pathlib import Path

from mtl_core.data.catalog import Card, TaskSpec
from mtl_core.data.findings import Finding, Findings

from .columns import Column
from .contract import ColumnFacts, FileFacts
from .found import Found
from .naming import label_names
from .reading_of import Input


def tell_columns(
    columns: Mapping[str, Column],
    read: Input,
    tasks: Mapping[str, str],
    left_out: Mapping[str, str],
    findings: Findings,
) -> None:
    """What no task reads or answers, in notes."""
    for task, why in left_out.items():
        findings(Finding(f"task {task}", "note", f"task {task} is left out: {why}"))
    used = {read} if isinstance(read, str) else {*read}
    for column in columns.values():
        cut = any(columns[name].holds == "tokens" for name in used)  # the same before it was cut
        if column.holds == "text" and not cut and column.name not in {*used, *tasks}:
            what = f"column '{column.name}' holds free text and is left out: no kind of task writes text"
            findings(Finding(f"column {column.name}", "note", what))


def tell_unanswered(
    specs: Mapping[str, tuple[str, TaskSpec]], columns: Mapping[str, Column], findings: Findings
) -> None:
    """Which labels are taken for none, in notes."""
    for name, (task, spec) in specs.items():
        if spec.unanswered:
            labels = " and ".join(f"'{label}'" for label in spec.unanswered)
            what = f"task {task} has no answer where the label is {labels}"
            cure = "take it out of unanswered in the card if it is one"
            count = sum(columns[name].counts[label] for label in spec.unanswered)
            findings(Finding("unanswered", "note", what, cure, f"column '{name}'", count))


def column_facts(column: Column, tasks: Mapping[str, str]) -> ColumnFacts:
    """A column as people see it."""
    verdict = column.verdict
    task = tasks.get(column.name, "")
    return ColumnFacts(
        column.name, verdict.holds, verdict.why, column.distinct, column.examples, task
    )


def file_facts(
    found: Found, rows: Mapping[str, int], card: Card, columns: tuple[str, ...]
) -> tuple[FileFacts, ...]:
    """The files that are used, by split, then those that are not, and why."""
    facts = []
    for split, places in found.splits.items():
        cut_off = [name for name in rows if name not in card.splits] if split == "train" else []
        counted = sum(rows.get(name, 0) for name in (split, *cut_off)) if len(places) == 1 else 0
        for place in places:
            one = found.of(place)
            encoding, sniffed = (one.encoding, tuple(one.sniffed)) if one else ("", ())
            kind = found.layout.kind
            facts.append(FileFacts(place.file, split, kind, encoding, counted, columns, sniffed))
    for name, why in found.left_out.items():
        why = "it names the labels" if _names_labels(found, name, card) else why
        facts.append(FileFacts(name, "", "", "", 0, (), (), why))
    return tuple(facts)


def _names_labels(found: Found, name: str, card: Card) -> bool:
    """Whether a short list was used for the names of labels."""
    heads = [one.head for one in found.lists if one.place.name == name]
    used = {label for spec in card.tasks.values() for label in spec.names.values()}
    return bool(heads and used) and set(label_names("\n".join(heads[0])).values()) == used


def no_text(found: Found, columns: Mapping[str, Column]) -> str:
    """The sentence where nothing can be read."""
    return f"{found.places[0].name}: no column holds a text or words ({_said(columns)}); add one"


def no_task(path: Path, columns: Mapping[str, Column]) -> str:
    """The sentence where nothing can be answered."""
    texts = [column.name for column in columns.values() if column.holds == "text"]
    if len(texts) > 1:
        return (
            f"{path}: free text beside free text ({', '.join(texts)}); no kind of task writes text, "
            "add a column of labels, numbers or tags"
        )
    return f"{path}: no column holds labels, numbers or tags ({_said(columns)}); add one"


def _said(columns: Mapping[str, Column]) -> str:
    return ", ".join(f"{c.name}: {c.holds}, {c.verdict.why}" for c in list(columns.values())[:12])
