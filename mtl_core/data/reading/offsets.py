"""Spans that are given by the places of their characters: read from a cell, laid over words."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

_START = (
    "start", "start_char", "start_offset", "startOffset", "char_start", "begin", "begin_offset",
    "beginOffset", "from", "offset",
)  # fmt: skip
_END = (
    "end", "end_char", "end_offset", "endOffset", "char_end", "stop", "finish", "to",
)  # fmt: skip
_LABEL = (
    "label", "labels", "type", "tag", "entity", "entity_type", "entity_group", "category", "slot",
    "class", "name",
)  # fmt: skip
_SURFACE = ("text", "surface", "word", "mention")
_LISTS = ("entities", "spans", "annotations", "labels")


class BadSpan(ValueError):
    """A span that cannot be read, in a sentence without its place."""


class Span(NamedTuple):
    """Characters of a text under a label. `counted` says that its length was given, not its end;
    `surface` is what its maker says stands there."""

    start: int
    end: int
    label: str
    counted: bool = False
    surface: str | None = None


class Doubt(NamedTuple):
    """A span that could not be laid over the words as it is: `inside` a word at one of its edges,
    `overlap`, or `empty` where no word is."""

    code: str
    span: Span


def spans_in(cell: Any) -> list[Span]:
    """The spans of a cell, in any of the usual forms. Raises BadSpan."""
    if isinstance(cell, dict):
        cell = _list_in(cell)
    if not isinstance(cell, list):
        raise BadSpan(f"found {str(cell)[:60]!r} where a list of spans is expected")
    return [_span(one) for one in _of_one_person(cell)]


def _of_one_person(cell: list[Any]) -> list[Any]:
    """The spans of the first who marked the text, where a tool lists what each of them did."""
    if not all(isinstance(one, dict) and isinstance(one.get("result"), list) for one in cell):
        return cell
    whole = [one["result"] for one in cell if not one.get("was_cancelled")]
    return whole[0] if whole else []


def ends_are_inclusive(texts: Iterable[tuple[str, Sequence[Span]]]) -> bool:
    """Whether most ends name the last character of their span, not the one after it."""
    inclusive = exclusive = 0
    for text, spans in texts:
        for span in spans:
            if span.counted or not 0 <= span.start <= span.end <= len(text):
                continue
            if _stands(text, span, span.end):
                exclusive += 1
            elif _stands(text, span, span.end + 1):
                inclusive += 1
    return inclusive > exclusive


def words_at(text: str, words: Sequence[str]) -> list[tuple[int, int]]:
    """Where the words that a text was cut into begin and end."""
    places = []
    at = 0
    for word in words:
        start = text.index(word, at)
        at = start + len(word)
        places.append((start, at))
    return places


def spans_to_tags(
    words: Sequence[tuple[int, int]], spans: Sequence[Span]
) -> tuple[list[str], list[Doubt]]:
    """A BIO tag for each word, and the spans that did not fit.

    A span whose edge falls inside a word takes the whole word. Of overlapping spans the longest
    stays, of equally long ones the first.
    """
    tags = ["O"] * len(words)
    starts, ends = [start for start, _ in words], [end for _, end in words]
    doubts: list[Doubt] = []
    laid: set[tuple[int, int, str]] = set()
    for span in sorted(spans, key=lambda span: span.start - span.end):
        first, after = bisect_right(ends, span.start), bisect_left(starts, span.end)
        if first >= after:
            doubts.append(Doubt("empty", span))
        elif any(tag != "O" for tag in tags[first:after]):
            if (span.start, span.end, span.label) not in laid:
                doubts.append(Doubt("overlap", span))
        else:
            tags[first:after] = [f"B-{span.label}"] + [f"I-{span.label}"] * (after - first - 1)
            laid.add((span.start, span.end, span.label))
            if starts[first] < span.start or ends[after - 1] > span.end:
                doubts.append(Doubt("inside", span))
    return tags, doubts


def _list_in(cell: dict[str, Any]) -> Any:
    """The list that an object holds, or that its lists of starts, ends and labels stand for."""
    for key in _LISTS:
        found = cell.get(key)
        if isinstance(found, list) and len(cell) == 1:
            return found
    columns = list(cell.values())
    if cell and all(isinstance(column, list) for column in columns):
        if len({len(column) for column in columns}) > 1:
            raise BadSpan("the lists of the spans' parts are not equally long")
        return [dict(zip(cell, values, strict=True)) for values in zip(*columns, strict=True)]
    raise BadSpan(f"found an object with {', '.join(map(str, cell))[:60] or 'nothing'}, no spans")


def _span(one: Any) -> Span:
    if isinstance(one, dict):
        return _span_of_object(one)
    if not isinstance(one, list) or len(one) < 3:
        raise BadSpan(f"found {str(one)[:60]!r} where a span [start, end, label] is expected")
    start, end, label = one[:3]
    if isinstance(start, str) and not isinstance(label, str):  # the label may stand first
        start, end, label = one[1], one[2], start
    return Span(_place(start), _place(end), _label(label))


def _span_of_object(one: dict[str, Any]) -> Span:
    if isinstance(one.get("value"), dict):  # beside what an annotation tool notes for itself
        one = one["value"]
    start, label = _first(one, _START), _first(one, _LABEL)
    end, length = _first(one, _END), one.get("length")
    if start is None or label is None or (end is None and length is None):
        missing = "start" if start is None else "label" if label is None else "end"
        raise BadSpan(f"a span has no {missing}, only {', '.join(map(str, one))[:80]}")
    surface = _first(one, _SURFACE)
    surface = surface if isinstance(surface, str) and surface != label else None
    if end is None:
        return Span(_place(start), _place(start) + _place(length), _label(label), True, surface)
    return Span(_place(start), _place(end), _label(label), False, surface)


def _first(one: dict[str, Any], keys: Sequence[str]) -> Any:
    return next((one[key] for key in keys if one.get(key) is not None), None)


def _place(value: Any) -> int:
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 12:
        return int(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise BadSpan(f"found {str(value)[:60]!r} where the place of a character is expected")
    return value


def _label(value: Any) -> str:
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, bool) or not isinstance(value, str | int) or not str(value).strip():
        raise BadSpan(f"found {str(value)[:60]!r} where the label of a span is expected")
    return str(value)


def _stands(text: str, span: Span, end: int) -> bool:
    """Whether a span that ends there is what its maker says, or stops where a word does."""
    if not span.start < end <= len(text):
        return False
    if span.surface is not None:
        return text[span.start : end] == span.surface
    if text[end - 1].isspace():
        return False
    return end == len(text) or not (text[end - 1].isalnum() and text[end].isalnum())
