"""Marks: a text as a number, so that equal texts are found without keeping them."""

from collections.abc import Iterable
from hashlib import blake2b
from typing import Any

_BETWEEN_WORDS, _BETWEEN_TEXTS = "\x1f", "\x1e"


def mark_of(texts: Iterable[Any]) -> int:
    """The mark of a row's texts, each a text or a list of words: equal only for equal ones.

    Blanks, signs and case count. A text and the list of its words have different marks.
    """
    written = _BETWEEN_TEXTS.join(
        text if isinstance(text, str) else _BETWEEN_WORDS.join(map(str, text)) + _BETWEEN_WORDS
        for text in texts
    )
    encoded = written.encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(encoded, digest_size=8).digest(), "big")
