"""From the hub's columns to tasks: what the features declare decides, what rows look like helps."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from mtl_core.data.catalog import TaskKind, TaskSpec
from mtl_core.data.proposing.cells import Verdict
from mtl_core.data.proposing.columns import Column, columns_of
from mtl_core.data.proposing.naming import task_name
from mtl_core.data.reading import Row
from mtl_core.data.spans import NotSpans, to_bio

from .features import HIDDEN, in_words, is_list, label_names

_TEXTS = ("text", "sentence", "content", "document", "review", "tweet", "utterance", "question")
_FIRSTS = ("premise", "question", "query", "source", "sentence")
_ENDINGS = ("_tags", "_tag", "-tags", "_ids", "_id")
_KINDS: dict[str, TaskKind] = {
    "label": "classification",
    "labels": "multilabel",
    "number": "regression",
}


def columns_with_features(rows: Sequence[Row], features: Mapping[str, Any]) -> dict[str, Column]:
    """The columns, each judged by its feature where that says it, else by what its rows hold."""
    columns = columns_of(rows)
    tokens = [column for column in columns.values() if column.holds == "tokens"]
    for name, column in columns.items():
        feature = features.get(name)
        if feature is not None and column.present:
            column.verdict = _declared(column, feature, tokens) or column.verdict
    _drop_doubles(columns, features)
    return columns


def _declared(column: Column, feature: Any, tokens: Sequence[Column]) -> Verdict | None:
    words = in_words(feature)
    if label_names(feature):
        if not is_list(feature):
            return Verdict("label", words)
        beside = any(_as_long(column, other) for other in tokens)
        return Verdict("tags" if beside else "labels", words)
    if words == "bool":
        return Verdict("label", words)
    if words.startswith("float") and column.holds in ("number", "label", "id"):
        return Verdict("number", words)
    return None


def _as_long(column: Column, tokens: Column) -> bool:
    """Whether nearly every row has as many values here as words there."""
    pairs = [
        (one, two) for one, two in zip(column.values, tokens.values, strict=True) if one and two
    ]
    return bool(pairs) and sum(len(one) == len(two) for one, two in pairs) >= 0.95 * len(pairs)


def _drop_doubles(columns: Mapping[str, Column], features: Mapping[str, Any]) -> None:
    """Of two columns with the same labels, as numbers and as names, the one with names stays."""
    labels = [column for column in columns.values() if column.holds == "label"]
    for i, one in enumerate(labels):
        for two in labels[i + 1 :]:
            if "label" in (one.holds, two.holds) and one.holds == two.holds and _same(one, two):
                worse, better = (two, one) if _is_named(one, features) else (one, two)
                why = f"the same labels as '{better.name}'"
                worse.verdict = replace(worse.verdict, holds="unknown", why=why)


def _same(one: Column, two: Column) -> bool:
    pairs = {
        (str(a), str(b))
        for a, b in zip(one.values, two.values, strict=True)
        if a is not None and b is not None
    }
    return len(pairs) > 1 and len({a for a, _ in pairs}) == len({b for _, b in pairs}) == len(pairs)


def _is_named(column: Column, features: Mapping[str, Any]) -> bool:
    if label_names(features.get(column.name)):
        return True
    return not any(isinstance(value, int | float) for value in column.present)


def input_of(columns: Mapping[str, Column]) -> str | tuple[str, str] | None:
    """The column that tasks read, or the two of a pair; None where there is no text."""
    tokens = [column.name for column in columns.values() if column.holds == "tokens"]
    tagged = any(column.holds == "tags" for column in columns.values())
    if tokens and tagged:
        return tokens[0]
    texts = [column for column in columns.values() if column.holds == "text"]
    if len(texts) == 2:
        return _in_order(texts[0].name, texts[1].name)
    for name in _TEXTS:
        if any(column.name.lower() == name for column in texts):
            return next(column.name for column in texts if column.name.lower() == name)
    if texts:
        return max(texts, key=lambda column: column.words).name
    return tokens[0] if tokens else None


def _in_order(one: str, two: str) -> tuple[str, str]:
    """The two texts of a pair, the one that is read first before the other."""
    return (two, one) if two.lower() in _FIRSTS and one.lower() not in _FIRSTS else (one, two)


def tasks_of(
    columns: Mapping[str, Column], features: Mapping[str, Any], reads: str | tuple[str, str]
) -> dict[str, TaskSpec]:
    """The tasks that the columns make, by name."""
    tasks: dict[str, TaskSpec] = {}
    for column in columns.values():
        kind = _kind(column, features.get(column.name))
        if kind is None or (not isinstance(reads, str) and kind in ("tagging", "spans")):
            continue
        stem = column.name
        for ending in _ENDINGS:
            stem = stem.removesuffix(ending) or stem
        name = task_name(stem, tuple(tasks))
        tasks[name] = TaskSpec(kind=kind, input=reads, target=column.name)
    return tasks


def _kind(column: Column, feature: Any) -> TaskKind | None:
    if column.holds != "tags":
        return _KINDS.get(column.holds)
    tags = label_names(feature) or list(column.counts)
    return "spans" if _are_spans(tags) else "tagging"


def _are_spans(tags: Sequence[str]) -> bool:
    """Whether the tags are of a BIO-like scheme with labels."""
    try:
        to_bio(tags)
    except NotSpans:
        return False
    return any("-" in tag.strip("-") for tag in tags)


def can_learn(values: Sequence[Any]) -> bool:
    """Whether there is more than one answer, of the lists' elements where they are lists."""
    said = {
        str(one)
        for value in values
        if value is not None and value != ""
        for one in (value if isinstance(value, list) else [value])
    }
    return len(said) > 1


def hidden_in(values: Sequence[Any], kind: TaskKind, training: Sequence[Any]) -> bool:
    """Whether a split keeps its answers back: none given, or all of them -1 where training has none."""
    said = [value for value in values if value is not None and value != ""]
    if not said:
        return True
    if kind in ("tagging", "spans", "multilabel"):
        return False
    numbers = {str(value).removesuffix(".0") for value in said}
    return numbers == {str(HIDDEN)} and not any(
        str(value).removesuffix(".0") == str(HIDDEN) for value in training
    )
