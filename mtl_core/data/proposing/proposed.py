"""From a path to a card that works: look at the files, the columns, the tasks, and try the whole."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from mtl_core.config.faults import sentence_of
from mtl_core.data.catalog import Card, TaskSpec
from mtl_core.data.findings import Finding, Findings
from mtl_core.data.layout import AtRandom, ByColumn, Divide, Gather, Layout
from mtl_core.data.reading import Row
from mtl_core.data.reading.kept_archives import archives_kept_open
from mtl_core.data.tasks import Sentences
from mtl_core.errors import DataError

from .columns import MOST_JUDGED, Column, columns_of
from .contract import Overrides, Proposal
from .found import Found
from .gathering import gathered
from .marks import settled, with_markup
from .naming import dataset_name, label_names, telling_names
from .reading_of import Input, language_of, segmentation_of, texts_read, words_and_tags
from .sampling import rows_from, rows_of
from .split_names import split_of
from .tasks import judged_anew, specs_of
from .told import column_facts, file_facts, no_task, no_text, tell_columns, tell_unanswered
from .trial import Trial
from .word_rows import MOST, gather_of, may_be_words

_ROUNDS = 3  # what is unfolded may hold more that can be


def propose(
    path: Path,
    *,
    name: str = "",
    overrides: Overrides | None = None,
    keep: dict[str, Sentences] | None = None,
) -> Proposal:
    """Look at a file, an archive or a folder, and propose a card that trains as it stands.

    `keep` takes what was read of each split while the card was tried. Raises DataError where nothing
    can be made of the path: what was seen, and the cure.
    """
    with archives_kept_open():
        proposal, sentences = _proposed(path, name, overrides or Overrides())
    if keep is not None:
        keep |= sentences
    return proposal


def _proposed(path: Path, name: str, overrides: Overrides) -> tuple[Proposal, dict[str, Sentences]]:
    findings = Findings()
    found = gathered(path, overrides, findings)
    seen = _seen(found, overrides, findings)
    read = seen.read
    if len(seen.columns) >= MOST_JUDGED:
        what = f"no more than {MOST_JUDGED} columns are looked at, those that most rows have"
        findings(Finding("many columns", "note", what, "add tasks of others to the card yourself"))
    specs = specs_of(seen.columns, read, seen.tags, _lists(found), overrides)
    if not specs:
        raise DataError(no_task(path, seen.columns))
    tell_unanswered(specs, seen.columns, findings)
    card = _card(
        path,
        name=name or dataset_name(path),
        language=overrides.language or language_of(read, seen.columns),
        segmentation=overrides.segmentation or seen.segmentation,
        layout=_needed(seen.layout, {spec.target for _, spec in specs.values()}, read),
        splits={split: _named([p.file for p in places]) for split, places in found.splits.items()},
        divide=_divide(found, seen.columns, overrides, specs, findings),
        tasks=_by_task(specs),
    )
    trial = Trial(path if path.is_dir() else path.parent, card, findings)
    card = trial.run()
    tasks = {column: task for column, (task, _) in specs.items() if task in card.tasks}
    tell_columns(seen.columns, read, tasks, trial.left_out, findings)
    columns = tuple(column_facts(c, tasks) for c in seen.columns.values())
    sentences = trial.sentences()
    rows = {split: len(read) for split, read in sentences.items()}
    files = file_facts(found, rows, card, seen.written)
    return Proposal(card, path, files, columns, findings), sentences


def _card(path: Path, **parts: object) -> Card:
    """The card. What a person gave may not fit into it: that is a DataError in one sentence."""
    try:
        return Card.model_validate(parts)
    except ValidationError as err:
        raise DataError(f"{path}: {sentence_of(err, Card)}") from err


def _by_task(specs: Mapping[str, tuple[str, TaskSpec]]) -> dict[str, TaskSpec]:
    """The entries by task. Raises DataError where two columns would make the same one."""
    tasks: dict[str, TaskSpec] = {}
    for column, (name, spec) in specs.items():
        if name in tasks:
            other = tasks[name].target
            raise DataError(
                f"columns '{other}' and '{column}' would both be task '{name}'; rename one of them"
            )
        tasks[name] = spec
    return tasks


@dataclass
class _Seen:
    """The columns of the training rows, unfolded, and what is read of them."""

    layout: Layout
    columns: dict[str, Column]
    read: Input
    tags: list[str]
    segmentation: str
    written: tuple[str, ...]  # the columns of the files themselves


def _seen(found: Found, overrides: Overrides, findings: Findings) -> _Seen:
    places = found.splits.get("train") or next(iter(found.splits.values()))
    layout = found.layout
    segmentation = overrides.segmentation or "words"
    columns = _judged(rows_from(places, layout), overrides)
    gather = gather_of(list(rows_of(places[0], layout, MOST))) if may_be_words(columns) else None
    if gather is not None:
        layout = layout.model_copy(update={"gather": gather})
        columns = _judged(rows_from(places, layout), overrides, layout)
    if all(name.isdigit() for name in layout.columns or columns):
        layout = _with_names(layout, columns)
        columns = _judged(rows_from(places, layout), overrides, layout)
    if layout.gather is not None:
        findings(_of_words(layout.gather))
    written = tuple(columns)
    for _ in range(_ROUNDS):
        marked = with_markup(layout, columns)
        if marked == layout:
            break
        text = texts_read(columns, answers=True)
        if text and not overrides.segmentation:
            segmentation = segmentation_of(text, columns)
        layout = marked
        columns = _judged(rows_from(places, layout, segmentation), overrides, layout)  # type: ignore[arg-type]
    words, tags = words_and_tags(columns)
    answers = any(column.holds in ("label", "labels", "number") for column in columns.values())
    read = overrides.input or (words if tags else texts_read(columns, answers))
    if read is None:
        raise DataError(no_text(found, columns))
    missing = [name for name in ([read] if isinstance(read, str) else read) if name not in columns]
    if missing:
        raise DataError(f"there is no column '{missing[0]}'; there are {', '.join(columns)}")
    if not overrides.segmentation and not layout.markup:
        segmentation = segmentation_of(read, columns)
    return _Seen(layout, columns, read, tags, segmentation, written)


def _judged(
    rows: Sequence[Row], overrides: Overrides, layout: Layout | None = None
) -> dict[str, Column]:
    glued = [] if layout is None else [n for n, how in layout.markup.items() if how.kind == "glued"]
    columns = columns_of(rows, glued)
    if layout is not None:
        settled(columns, layout)
    judged_anew(columns, overrides)
    return columns


def _with_names(layout: Layout, columns: Mapping[str, Column]) -> Layout:
    """Names for columns that were only counted; a closing label is named already."""
    numbers = layout.columns or tuple(columns)
    counted = {name: columns[name] for name in numbers if name in columns}
    named = dict(zip(counted, telling_names(counted), strict=True))
    taken = set(columns) - set(counted)
    fresh = [named.get(name, f"column_{int(name) + 1}") for name in numbers]
    names = {
        old: f"{new}_" if new in taken else new for old, new in zip(numbers, fresh, strict=True)
    }
    gather = layout.gather and Gather(
        by=names[layout.gather.by], columns=tuple(names[name] for name in layout.gather.columns)
    )
    return layout.model_copy(update={"columns": tuple(names.values()), "gather": gather})


def _of_words(gather: Gather) -> Finding:
    what = f"each row is one word: column '{gather.by}' tells which of them are a sentence"
    return Finding("word rows", "note", what, "correct layout.gather in the card if it does not")


def _needed(layout: Layout, targets: set[str], read: Input) -> Layout:
    """The layout without markup that no task reads."""
    used = targets | ({read} if isinstance(read, str) else {*read})
    kept = {
        name: how
        for name, how in layout.markup.items()
        if how.kind == "json" or any(column.startswith(f"{name}_") for column in used)
    }
    return layout.model_copy(update={"markup": kept})


def _named(files: Sequence[str]) -> str | tuple[str, ...]:
    return files[0] if len(files) == 1 else tuple(files)


def _lists(found: Found) -> list[dict[str, str]]:
    """Names of labels by number, from the short lists that lie beside the data."""
    lists = (label_names("\n".join(one.head)) for one in found.lists)
    return [names for names in lists if names]


def _divide(
    found: Found,
    columns: Mapping[str, Column],
    overrides: Overrides,
    specs: Mapping[str, tuple[str, object]],
    findings: Findings,
) -> Divide | None:
    """A column that tells the split, or a cut at random where a split is missing."""
    if overrides.divide is not None:
        return overrides.divide
    by_column = next((c for c in columns.values() if c.holds == "split"), None)
    if by_column is not None and set(found.splits) == {"train"}:
        values = {split_of(value): value for value in sorted(by_column.counts, reverse=True)}
        if {"train", "validation"} <= set(values):
            return ByColumn(column=by_column.name, values=values)  # type: ignore[arg-type]
    if "validation" in found.splits:
        return None
    labels = [column for column in columns.values() if column.holds == "label"]
    by = next((c.name for c in labels if c.name in specs and 1 < c.distinct <= 200), "")
    cut = "validation rows are" if "test" in found.splits else "validation and test rows are"
    findings(Finding("divided", "note", f"{cut} cut off the training rows at random"))
    return AtRandom(by=by, test=0.0 if "test" in found.splits else 0.1)
