"""Which columns need to be unfolded before their tasks can be seen, and how."""

import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import replace

from mtl_core.data.layout import Layout, Markup

from .columns import Column

_HIERARCHY = (":", "/", ".", ">", "__", "--")


def with_markup(layout: Layout, columns: Mapping[str, Column]) -> Layout:
    """The layout with the markup that its columns seem to hold, beside what it has already."""
    found: dict[str, Markup] = {}
    for column in columns.values():
        how = _markup(column, columns)
        if how is not None and column.name not in layout.markup:
            found[column.name] = how
    if len([1 for how in found.values() if how.kind == "offsets"]) > 1:
        found = _the_longest_lists(found, columns)
    return layout.model_copy(update={"markup": {**layout.markup, **found}})


def _markup(column: Column, columns: Mapping[str, Column]) -> Markup | None:
    kind = column.holds
    if kind == "json":
        return Markup(kind="json")
    if kind == "list":
        return Markup(kind="list")
    if kind == "inline":
        return Markup(kind="inline")
    if kind == "pairs":
        return Markup(kind="pairs", separator=column.verdict.separator or "=")
    if kind == "offsets":
        text = _text_of_offsets(columns)
        return Markup(kind="offsets", text=text) if text else None
    if kind == "tokens" and _digits_glued(column):
        return Markup(kind="glued")
    if kind == "label":
        separator = _hierarchy(column)
        if separator and not _said_elsewhere(column, separator, columns):
            return Markup(kind="prefix", separator=separator)
    return None


def _text_of_offsets(columns: Mapping[str, Column]) -> str:
    """The text that places count in: the longest one."""
    texts = [column for column in columns.values() if column.holds == "text"]
    return max(texts, key=lambda column: column.words).name if texts else ""


def _the_longest_lists(
    found: dict[str, Markup], columns: Mapping[str, Column]
) -> dict[str, Markup]:
    """Of several lists of places only the fullest; the others would cut the text otherwise."""
    places = {name for name, how in found.items() if how.kind == "offsets"}
    best = max(places, key=lambda name: sum(len(v) for v in columns[name].present))
    return {name: how for name, how in found.items() if name not in places or name == best}


def _digits_glued(column: Column) -> bool:
    """Whether every word ends in a digit that counts within a unit: 0, or one more than the last."""
    words = total = counted = 0
    for row in column.present:
        before = -1
        for word in row:
            total += 1
            match = re.fullmatch(r"(?s).+?(\d)", str(word))
            if match:
                words += 1
                digit = int(match[1])
                counted += digit in (0, before + 1)
                before = digit
    if not total or words < 0.98 * total or counted < 0.98 * words:
        return False
    return len({str(word)[-1] for row in column.present for word in row}) > 1


def _hierarchy(column: Column) -> str:
    """What parts a label from its group, where labels are written `GROUP:label`."""
    labels = [label for label in column.counts if label.strip()]
    for separator in _HIERARCHY:
        parts = [label.partition(separator) for label in labels]
        if sum(bool(head and mark and tail) for head, mark, tail in parts) < 0.9 * len(parts):
            continue
        groups: defaultdict[str, set[str]] = defaultdict(set)
        for head, _, tail in parts:
            groups[head].add(tail)
        if 1 < len(groups) < len(labels) and all(not head.isdigit() for head in groups):
            return separator
    return ""


def _said_elsewhere(column: Column, separator: str, columns: Mapping[str, Column]) -> bool:
    """Whether another column holds the groups already."""
    groups = [str(value).partition(separator)[0] for value in column.values]
    return any(
        list(map(str, other.values)) == groups for other in columns.values() if other is not column
    )


def settled(columns: Mapping[str, Column], layout: Layout) -> None:
    """After unfolding: a column that was taken apart is itself no task, but for hierarchical labels;
    nor is the one that rows of words were gathered by."""
    if layout.gather is not None and layout.gather.by in columns:
        by = columns[layout.gather.by]
        by.verdict = replace(by.verdict, holds="id", why="it tells which words are one sentence")
    for name, how in layout.markup.items():
        column = columns.get(name)
        if column is None or how.kind == "prefix":
            continue
        if how.kind == "glued":
            why = f"its words and digits are in {name}_words and {name}_digits"
            column.verdict = replace(column.verdict, holds="unknown", why=why)
        elif how.kind in ("inline", "pairs", "offsets", "json", "list"):
            column.verdict = replace(column.verdict, holds=how.kind)
        if how.kind in ("inline", "offsets", "pairs") and f"{name}_tags" in columns:
            _settle_tags(columns[f"{name}_words"], columns[f"{name}_tags"])


def _settle_tags(words: Column, tags: Column) -> None:
    """Few rows may hide what they are; by how they were made, these are words with their tags."""
    if Counter(tags.counts).total():
        words.verdict = replace(words.verdict, holds="tokens")
        tags.verdict = replace(
            tags.verdict, holds="tags", why=f"{tags.distinct} different tags, one for each word"
        )
