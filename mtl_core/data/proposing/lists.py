"""What the lists of a column look like: words, tags beside them, labels, places of spans."""

import operator
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from mtl_core.data.reading.offsets import BadSpan, spans_in

from .cells import Verdict, as_number

Lists = Sequence[Sequence[Any]]
_OUTSIDE = frozenset({"", "_", "-", "O", "None", "*"})
_BIO = re.compile(r"[BIESLMU]-")
_MOST_TAGS = 1000
_FIRST = 200  # rows


def aligned(lists: Mapping[str, Lists]) -> list[str]:
    """The columns whose lists are as long as each other in nearly every row: words and their tags."""
    lengths = {name: list(map(len, rows)) for name, rows in lists.items()}
    best: list[str] = []
    seen: set[tuple[int, ...]] = set()
    for of_first in lengths.values():
        if tuple(of_first) in seen:
            continue
        seen.add(tuple(of_first))
        group = [name for name, of_one in lengths.items() if _are_as_long(of_first, of_one)]
        if len(group) > max(len(best), 1) and max(of_first, default=0) > 1:
            best = group
    return best


def _are_as_long(one: Sequence[int], two: Sequence[int]) -> bool:
    if len(one) != len(two):
        return False
    start = one[:_FIRST]  # most columns differ early
    if sum(map(operator.eq, start, two)) < 0.5 * len(start):
        return False
    return sum(map(operator.eq, one, two)) >= 0.95 * len(one)


def judged_beside_each_other(
    lists: Mapping[str, Lists], group: Sequence[str]
) -> dict[str, Verdict]:
    """Words, tags and what is neither, among columns with a value for every word."""
    variety = {name: len({str(v) for row in lists[name] for v in row}) for name in group}
    verdicts = {name: found for name in group if (found := _no_annotation(lists[name]))}
    others = [name for name in group if name not in verdicts]
    if not others:
        return verdicts
    most = max(variety[name] for name in others)
    words = next(name for name in others if variety[name] >= 0.5 * most)
    for name in others:
        if name == words:
            verdicts[name] = Verdict("tokens", f"a list of words, {variety[name]} different ones")
        else:
            verdicts[name] = _tags(lists[name], variety[name], variety[words])
    for name in others:
        marks = [other for other in others if other != name and verdicts[other].holds == "tags"]
        if verdicts[name].holds == "tags" and _says_who(lists[name], [lists[m] for m in marks]):
            why = "the same for a whole sentence, only where another column has a tag"
            verdicts[name] = Verdict("unknown", why)
    return verdicts


def _no_annotation(rows: Lists) -> Verdict | None:
    """Numbers of words, heads, and what is the same everywhere."""
    values = {str(value) for row in rows for value in row}
    if len(values) == 1:
        return Verdict("constant", "the same for every word")
    numbers = [[as_number(value) for value in row] for row in rows]
    if any(number is None for row in numbers for number in row):
        return None
    if all(row in (list(range(1, len(row) + 1)), list(range(len(row)))) for row in numbers):
        return Verdict("id", "it numbers the words")
    if len(values) > 5 and _are_heads(numbers):
        return Verdict("unknown", "it points to other words (heads), which no task kind reads")
    return None


def _are_heads(rows: Sequence[Sequence[float | None]]) -> bool:
    within = all(number is not None and 0 <= number <= len(row) for row in rows for number in row)
    rooted = sum(list(row).count(0) == 1 for row in rows)
    return within and rooted >= 0.8 * len(rows)


def _tags(rows: Lists, variety: int, words: int) -> Verdict:
    total = sum(map(len, rows))
    if variety > min(_MOST_TAGS, max(0.5 * words, 12)) or variety > 0.5 * total:
        why = f"{variety} different values beside {words} different words: too many to be tags"
        return Verdict("unknown", why)
    return Verdict("tags", f"{variety} different values, one for each word")


def _says_who(rows: Lists, others: Sequence[Lists]) -> bool:
    """Whether a column has one value a sentence, and only where another has a tag: an annotator."""
    marked = [{str(value) for value in row} - _OUTSIDE for row in rows]
    if all(_BIO.match(value) for found in marked for value in found):
        return False
    used = [found for found in marked if found]
    if not used or sum(len(found) == 1 for found in used) < 0.99 * len(used):
        return False
    return any(_same_places(rows, other) for other in others if other is not rows)


def _same_places(rows: Lists, others: Lists) -> bool:
    pairs = [
        (str(a) in _OUTSIDE, str(b) in _OUTSIDE)
        for row, other in zip(rows, others, strict=True)
        for a, b in zip(row, other, strict=False)
    ]
    inside = sum(not a for a, _ in pairs)
    odd = sum(a != b for a, b in pairs)
    return 0 < inside < len(pairs) and odd <= 0.02 * inside


def judged_alone(rows: Lists) -> Verdict:
    """A column of lists with nothing beside it that is as long."""
    values = [value for row in rows for value in row]
    if not values:
        return Verdict("unknown", "its lists are empty")
    if all(isinstance(value, dict | list | tuple) for value in values):
        if are_offsets(rows):
            return Verdict("offsets", "a list of spans given by the places of their signs")
        return Verdict("unknown", "a list of objects")
    if any(isinstance(value, dict | list | tuple) or value is None for value in values):
        return Verdict("unknown", "a list of different things")
    lengths = {len(row) for row in rows}
    numbers = all(as_number(value) is not None for value in values)
    if numbers and len(lengths) == 1 and max(lengths) > 1:
        return Verdict(
            "unknown", "as many numbers in every row: a vector, which no task kind reads"
        )
    counts = Counter(map(str, values))
    repeated = any(len(set(map(str, row))) < len(row) for row in rows)
    if not repeated and len(counts) <= max(0.3 * len(values), 12) and len(counts) <= len(rows):
        return Verdict("labels", f"lists of {len(counts)} different labels")
    if numbers:
        return Verdict("unknown", "lists of numbers")
    return Verdict("tokens", f"a list of words, {len(counts)} different ones")


def are_offsets(cells: Sequence[Any]) -> bool:
    """Whether cells hold lists that say where spans begin, where they end and what they are."""
    filled = [cell for cell in cells if cell][:500]
    try:
        return bool(filled) and all(spans_in(cell) for cell in filled)
    except BadSpan:
        return False
