"""Words: how a text is cut into them, the same way for training data and for typed sentences."""

import re
from typing import Literal

Segmentation = Literal["words", "characters"]

_CUTS: dict[Segmentation, re.Pattern[str]] = {
    # Runs of letters and digits, with hyphens and apostrophes inside; other signs one by one.
    "words": re.compile(r"\w+(?:[-'’]\w+)*|[^\w\s]"),
    # Every sign alone, but Latin words and numbers whole.
    "characters": re.compile(r"[A-Za-z0-9]+(?:[-'.][A-Za-z0-9]+)*|[^\s]"),
}


def cut(text: str, segmentation: Segmentation) -> list[str]:
    """The words of a text.

    >>> cut("Lena's hotel wasn't cheap!", "words")
    ["Lena's", 'hotel', "wasn't", 'cheap', '!']
    """
    return _CUTS[segmentation].findall(readable(text))


def readable(text: str) -> str:
    """The text without halves of signs (lone surrogates), which no tokenizer takes."""
    return text.encode("utf-8", "replace").decode("utf-8")
