"""What the single values of a column look like: numbers, labels, texts, several labels in one."""

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mtl_core.data.text import cut

from .contract import Holds
from .split_names import is_split_word, split_of

SEPARATORS = (",", ";", "|", "/")
"""What may part several labels in one cell."""
_FEW = 30  # different whole numbers are labels, more of them measure something
_LABEL_WORDS = 6  # labels have no more words than this, and are few
_TEXT_WORDS = 4
_NO_BLANKS = r"\u0e00-\u0e7f\u0e80-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff"
UNSPACED = re.compile(f"[{_NO_BLANKS}\U00020000-\U0003ffff]")
"""Letters of scripts that put no blanks between words: Thai, Lao, Myanmar, Khmer, Kana, Han."""


@dataclass(frozen=True)
class Verdict:
    """What a column seems to hold, and why in words."""

    holds: Holds
    why: str
    separator: str = ""  # what parts several labels in one cell


def words_in(text: str) -> int:
    """How many words; a letter of a script without blanks counts as one."""
    return len(cut(text, "characters")) if UNSPACED.search(text) else len(text.split())


def as_number(value: Any) -> float | None:
    """The finite number that a value is, or that it writes."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    if isinstance(value, str) and not re.fullmatch(r"\s*[-+]?[\d.]+(?:[eE][-+]?\d+)?\s*", value):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def judged(values: Sequence[Any]) -> Verdict:
    """What single values seem to be; empty ones are not among them."""
    if not values:
        return Verdict("unknown", "it is empty")
    texts = [str(value).strip() for value in values]
    counts = Counter(texts)
    if len(counts) == 1 and len(texts) > 1:
        return Verdict("constant", "the same in every row")
    if all(is_split_word(text) for text in counts) and len({split_of(t) for t in counts}) > 1:
        return Verdict("split", f"it names splits: {', '.join(sorted(counts))}")
    if all(isinstance(value, bool) for value in values):
        return Verdict("label", "true or false")
    numbers = [as_number(value) for value in values]
    known = [number for number in numbers if number is not None]
    if len(known) >= 0.99 * len(numbers):
        return _of_numbers(known)
    return several_labels(texts) or _of_texts(texts, counts)


def _of_numbers(numbers: Sequence[float]) -> Verdict:
    distinct = len(set(numbers))
    if any(number != int(number) for number in numbers):
        return Verdict("number", f"{distinct} different numbers with decimals")
    low, high = int(min(numbers)), int(max(numbers))
    if distinct == len(numbers) > 5:
        return Verdict("id", "another whole number in every row")
    span = high - low + 1
    ids = low in (0, 1) and distinct >= 0.9 * span and distinct <= 0.05 * len(numbers)
    if distinct <= _FEW or ids:
        return Verdict("label", f"only {distinct} different whole numbers, {low} to {high}")
    return Verdict("number", f"{distinct} different whole numbers, {low} to {high}")


def _of_texts(texts: Sequence[str], counts: Counter[str]) -> Verdict:
    words = sum(words_in(text) * count for text, count in counts.items()) / len(texts)
    distinct, share = len(counts), len(counts) / len(texts)
    shown = f"{distinct} different values in {len(texts)} rows"
    if _are_ids(texts, share):
        return Verdict("id", f"another word in nearly every row ({shown})")
    few = distinct <= max(10, 0.05 * len(texts)) and share <= 0.5
    if few and not (words >= _TEXT_WORDS and distinct > 10):
        return Verdict("label", shown)
    if words <= _LABEL_WORDS and distinct <= max(_FEW, 0.2 * len(texts)) and share <= 0.5:
        return Verdict("label", shown)
    average = f"{words:.1f} words on average, {shown}"
    return Verdict("text", average)


def _are_ids(texts: Sequence[str], share: float) -> bool:
    """Nearly all different, each one word, and no script that writes without blanks."""
    if share < 0.95 or len(texts) < 5:
        return False
    single = sum(not re.search(r"\s", text) and not UNSPACED.search(text) for text in texts)
    if single < 0.95 * len(texts):
        return False
    digits = sum(any(sign.isdigit() for sign in text) for text in texts)
    return digits >= 0.5 * len(texts) or len({len(text) for text in texts}) <= 2


def several_labels(texts: Sequence[str]) -> Verdict | None:
    """Whether cells hold several labels with something between them."""
    for separator in SEPARATORS:
        split = [[part.strip() for part in text.split(separator)] for text in texts]
        if _are_label_sets(split):
            parts = {part for row in split for part in row}
            why = f"{len(parts)} different labels, several in a row with '{separator}' between them"
            return Verdict("labels", why, separator)
    return None


def _are_label_sets(rows: Sequence[Sequence[str]]) -> bool:
    counts = Counter(part for row in rows for part in row)
    several = [row for row in rows if len(row) > 1]
    if len(several) < max(2, 0.005 * len(rows)) or not counts or "" in counts:
        return False
    if any(len(set(row)) < len(row) for row in several):
        return False
    if any(len(part) > 40 or len(part.split()) > 4 for part in counts):
        return False
    wholes = {tuple(row) for row in rows}
    # Parts that never meet others are parts of one label's name; a label of its own stands in
    # many rows, as a part of a text does not.
    return len(wholes) > len(counts) * 0.8 and len(counts) <= min(
        0.25 * counts.total(), 1000, max(0.1 * len(rows), 12)
    )
