"""Tasks made of columns: their names, their kinds, what their labels are called."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

from mtl_core.data.catalog import TaskKind, TaskSpec

from .cells import as_number
from .columns import Column
from .contract import Overrides
from .naming import fitting, name_of_tags, task_name
from .reading_of import Input

_KIND_OF: dict[str, TaskKind] = {
    "label": "classification", "labels": "multilabel", "number": "regression",
}  # fmt: skip
_SPAN = re.compile(r"[BIESLMUW]-.+", re.DOTALL)
_OUTSIDE = frozenset({"O", "", "_", "-"})
_ODD_SHARE = 0.01  # of the tags may be misspelt; more of them are another scheme
_NOBODY = re.compile(r"(?i)-+|\?+|n/a|un-?label+ed|no[_ -]?(label|answer|consensus|majority)")
_NOBODY_SHARE = 0.34  # of the rows, at most
_NOT_LEARNT = ("feats", "deprel", "lemma", "deps", "misc", "head")


def kind_of_tags(
    column: Column, called: Mapping[str, str] | None = None
) -> tuple[TaskKind, dict[str, Any]]:
    """Spans where the tags are BIO-like, or labels in runs between what is outside; the options that
    go with it. `called` are the names of tags that are written as numbers."""
    counts = Counter({(called or {}).get(tag, tag): n for tag, n in column.counts.items()})
    inside = {tag: n for tag, n in counts.items() if _SPAN.fullmatch(tag)}
    odd = {tag: n for tag, n in counts.items() if tag not in inside and tag not in _OUTSIDE}
    if not inside:
        return ("spans", {"scheme": "runs"}) if _in_runs(column) else ("tagging", {})
    if sum(odd.values()) <= _ODD_SHARE * counts.total():
        return "spans", {}
    # One word for what is outside, such as NoLabel, beside tags that are all BIO-like.
    if len(odd) == 1 and not any(tag in _OUTSIDE for tag in counts):
        return "spans", {"names": {next(iter(odd)): "O"}}
    return "tagging", {}


def _in_runs(column: Column) -> bool:
    """Whether labels without B or I stand between words that are outside, some over several words."""
    counts = column.counts
    if counts["O"] < 0.3 * counts.total() or len(counts) > 200:
        return False
    rows = [value if isinstance(value, list) else str(value).split() for value in column.present]
    return any(a == b != "O" for row in rows for a, b in pairwise(map(str, row)))


def specs_of(
    columns: Mapping[str, Column],
    read: Input,
    tags: Sequence[str],
    lists: Sequence[Mapping[str, str]],
    overrides: Overrides,
) -> dict[str, tuple[str, TaskSpec]]:
    """Column -> name and entry of the task that is made of it. `lists` name labels by number."""
    found: dict[str, tuple[str, TaskSpec]] = {}
    said_elsewhere = _renamings(columns)
    used = {read} if isinstance(read, str) else {*read}
    for column in columns.values():
        if column.name in used or column.name in said_elsewhere.values():
            continue
        names = _names(column, columns, said_elsewhere, lists)
        kind, more = _kind(column, tags, overrides, names)
        if kind is None or (kind in ("tagging", "spans") and not isinstance(read, str)):
            continue
        options: dict[str, Any] = {"kind": kind, "input": read, "target": column.name, **more}
        if names and "names" not in more:
            options["names"] = names
        if kind == "classification":
            options["unanswered"] = _unanswered(column)
        if kind == "multilabel" and column.verdict.separator not in ("", ","):
            options["separator"] = column.verdict.separator
        taken = [name for name, _ in found.values()]
        name = overrides.names.get(column.name) or task_name(_short(column, columns), taken)
        found[column.name] = (name, TaskSpec.model_validate(options))
    return found


def _short(column: Column, columns: Mapping[str, Column]) -> str:
    """What a task is called: a column made of another one goes by that one's name, where it tells."""
    base, _, part = column.name.rpartition("_")
    if part == "items" and base in columns:
        return base
    if part != "tags" or base not in columns:
        return column.name
    nameless = base in ("pairs", "text", "spans", "annotations") or columns[base].holds == "inline"
    return name_of_tags(column) if nameless else base


def _kind(
    column: Column, tags: Sequence[str], overrides: Overrides, called: Mapping[str, str]
) -> tuple[TaskKind | None, dict[str, Any]]:
    if column.name in overrides.kinds:
        kind = overrides.kinds[column.name]
        found, more = kind_of_tags(column, called)
        plain = not any(_SPAN.fullmatch(tag) for tag in column.counts)
        runs: dict[str, Any] = {"scheme": "runs"} if plain else {}
        return kind, (more if found == kind else runs) if kind == "spans" else {}
    if column.holds == "tags":
        chosen = column.name in overrides.holds or column.name not in _NOT_LEARNT
        return kind_of_tags(column, called) if column.name in tags and chosen else (None, {})
    return _KIND_OF.get(column.holds), {}


def _names(
    column: Column,
    columns: Mapping[str, Column],
    said_elsewhere: Mapping[str, str],
    lists: Sequence[Mapping[str, str]],
) -> dict[str, str]:
    if column.name in said_elsewhere:
        other = columns[said_elsewhere[column.name]]
        pairs = zip(column.values, other.values, strict=True)
        return {str(a): str(b) for a, b in pairs if a is not None and b is not None and a != b}
    if column.holds not in ("label", "labels", "tags"):
        return {}
    ids = list(_parts(column))
    return next((names for one in lists if (names := fitting(one, ids))), {})


def _unanswered(column: Column) -> tuple[str, ...]:
    """Labels that say that there is none: a sign among words, or -1 among numbers from 0 on.

    Where there are -1, 0 and 1 only, -1 is one of three.
    """
    counts = column.counts
    others = {label for label in counts if not _NOBODY.fullmatch(label) and label != "-1"}
    from_zero = len(others) > 2 and others == {str(i) for i in range(len(others))}
    found = [label for label in counts if label not in others and (label != "-1" or from_zero)]
    worded = from_zero or all(label[:1].isalpha() for label in others)
    few = sum(counts[label] for label in found) <= _NOBODY_SHARE * counts.total()
    return tuple(sorted(found)) if worded and few and len(others) > 1 else ()


def _parts(column: Column) -> Counter[str]:
    """The labels of a column one by one."""
    if column.holds != "labels" or not column.verdict.separator:
        return column.counts
    mark = column.verdict.separator
    return Counter(
        part.strip() for value in column.present for part in str(value).split(mark) if part.strip()
    )


def _renamings(columns: Mapping[str, Column]) -> dict[str, str]:
    """Label columns that another one only says in other words: column -> the one with the names."""
    labels = [column for column in columns.values() if column.holds == "label"]
    found: dict[str, str] = {}
    for one in labels:
        for two in labels:
            if one is two or one.name in found or one.name in found.values() or two.name in found:
                continue
            if _one_to_one(one, two) and _is_numbers(one) >= _is_numbers(two):
                found[one.name] = two.name
    return found


def _one_to_one(one: Column, two: Column) -> bool:
    if one.distinct != two.distinct:
        return False
    pairs = {(str(a), str(b)) for a, b in zip(one.values, two.values, strict=True)}
    return len(pairs) == one.distinct == two.distinct and len(one.present) == len(two.present)


def _is_numbers(column: Column) -> bool:
    return all(as_number(value) is not None for value in column.counts)


def judged_anew(columns: Mapping[str, Column], overrides: Overrides) -> None:
    """What a person said about columns goes before what was found out."""
    for name, holds in overrides.holds.items():
        if name in columns and columns[name].holds != holds:
            columns[name].verdict = replace(columns[name].verdict, holds=holds, why="as you said")
