"""What `mtl data check` says to a person."""

from collections.abc import Sequence

import typer

from mtl_core.data.catalog import Dataset
from mtl_core.data.findings import LEVELS, Finding
from mtl_core.data.proposing import Proposal
from mtl_core.data.truth import LabelFacts, Report, TextFacts

_MOST_FILES = 12
_MOST_LABELS = 6


def tell_proposal(proposal: Proposal) -> None:
    """The files and columns of data that has no card."""
    typer.echo(f"{proposal.path}: no card; this was found")
    used = [file for file in proposal.files if file.split]
    for file in used[:_MOST_FILES]:
        rows = f"{file.rows} rows" if file.rows else ""
        said = [file.split, file.format, file.encoding, rows, *file.sniffed]
        typer.echo(f"  {file.address}: {', '.join(filter(None, said))}")
    if len(used) > _MOST_FILES:
        typer.echo(f"  and {len(used) - _MOST_FILES} more files")
    for file in [file for file in proposal.files if not file.split][:_MOST_FILES]:
        typer.echo(f"  {file.address}: left out, {file.why}")
    typer.echo("columns:")
    for column in proposal.columns:
        task = f" -> task {column.task}" if column.task else ""
        typer.echo(f"  {column.name}: {column.holds} ({column.why}){task}")
        if column.examples:
            typer.echo(f"      {' | '.join(one[:60] for one in column.examples)}")
    typer.echo("")


def tell_dataset(dataset: Dataset, found: Report) -> None:
    """The splits with their lengths, and the tasks with their labels."""
    place = dataset.path if dataset.path.exists() else "a card for it stands below"
    typer.echo(f"{dataset.name}: {dataset.label} ({place})")
    for text in found.texts:
        if text.dataset == dataset.name:
            typer.echo(f"  {text.split}: {_of_text(text)}")
            for labels in found.labels:
                if labels.dataset == dataset.name and labels.split == text.split:
                    typer.echo(f"    {_of_labels(labels)}")


def _of_text(facts: TextFacts) -> str:
    lengths = (
        f"{facts.mean:.1f} a row on average, median {facts.median:g}, 95 % up to {facts.percentile}, "
        f"longest {facts.longest}"
    )
    return f"{facts.rows} rows, {facts.words} words ({lengths})"


def _of_labels(facts: LabelFacts) -> str:
    about = f"{facts.kind} {facts.task}"
    if facts.kind == "regression":
        if facts.mean is None:
            return f"{about}: no values"
        spread = f"{facts.low:.3g} to {facts.high:.3g}, deviation {facts.deviation:.3g}"
        return f"{about}: {facts.items} values, mean {facts.mean:.3g}: {spread}"
    top = [f"{label} {count}" for label, count in list(facts.counts.items())[:_MOST_LABELS]]
    more = len(facts.counts) - len(top)
    if more > 0:
        top.append(f"and {more} more")
    return f"{about}: {len(facts.counts)} labels: {', '.join(top)}"


def tell_findings(findings: Sequence[Finding]) -> None:
    """The gravest first, with how often and an example."""
    for level in LEVELS:
        of_level = [finding for finding in findings if finding.level == level]
        if of_level:
            typer.echo(f"\n{level}s:" if len(of_level) > 1 else f"\n{level}:")
        for finding in of_level:
            times = f" ({finding.count} times)" if finding.count > 1 else ""
            typer.echo(f"  {finding.sentence}{times}")
            for example in finding.examples[:2]:
                typer.echo(f"      {example[:120]}")
    if not findings:
        typer.echo("\nnothing doubtful was found")
