"""Words: how a text is cut into them, the same way for training data and for typed sentences.

Not every language parts words by blanks. Whatever is cut, a sign as people see it stays whole: a
letter with its accents, a vowel sign or a tone mark with its consonant, an emoji with what joins it.
"""

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Literal

import regex

from .known_words import DIGIT, LATIN, KnownWords, run_of

Segmentation = Literal["words", "characters", "known"]

_SIGN = r"(?![\s\x1c-\x1f\u200b])\X"  # as people see it; what shows nothing but a gap is none
_CUTS: dict[Segmentation, regex.Pattern[str]] = {
    # Runs of letters and digits, with hyphens and apostrophes inside; other signs one by one.
    "words": regex.compile(rf"\w+(?:[-'’]\w+)*|{_SIGN}"),
    # Every sign alone, but Latin words and numbers whole.
    "characters": regex.compile(rf"{run_of(LATIN + DIGIT)}|{_SIGN}"),
}
_CUTS["known"] = _CUTS["characters"]
# Thai, Lao, Myanmar, Khmer, Chinese and Japanese: writing without blanks between words.
_SCRIPTS = r"\p{Thai}\p{Lao}\p{Myanmar}\p{Khmer}\p{Han}\p{Hiragana}\p{Katakana}"
_WITHOUT_BLANKS = regex.compile(f"[{_SCRIPTS}]")
_STANDS_CLOSE = regex.compile(rf"[{_SCRIPTS}\u3000-\u30ff\uff00-\uffef]")  # and their punctuation
_LETTER = regex.compile(r"\p{L}")
_ENOUGH = 2000  # texts that are looked at to tell how a language is written
_ALIKE = 0.99


def cut(text: str, segmentation: Segmentation, known: KnownWords | None = None) -> list[str]:
    """The words of a text; `known` are those of the training data, where they are to be looked for.

    >>> cut("Lena's hotel wasn't cheap!", "words")
    ["Lena's", 'hotel', "wasn't", 'cheap', '!']
    """
    if segmentation == "known" and known is not None:
        return known.cut(readable(text))
    return _CUTS[segmentation].findall(readable(text))


def readable(text: str) -> str:
    """The text without halves of signs (lone surrogates), which no tokenizer takes."""
    return text.encode("utf-8", "replace").decode("utf-8")


def stands_close(sign: str) -> bool:
    """Whether a sign is one of Chinese, Thai and the like, which write no blank beside it."""
    return _STANDS_CLOSE.match(sign) is not None


def joined(words: Sequence[str]) -> str:
    """Words as a text, with blanks where their script has them."""
    text = ""
    for word in words:
        gap = "" if stands_close(text[-1:]) and stands_close(word[:1]) else " "
        text += gap + word if text else word
    return text


def writes_no_blanks(texts: Iterable[str]) -> bool:
    """Whether many letters are of a script whose words no blanks part."""
    letters = unparted = 0
    for text in islice(texts, _ENOUGH):
        letters += len(_LETTER.findall(text))
        unparted += len(_WITHOUT_BLANKS.findall(text))
    return 4 * unparted > letters  # a Latin word has more letters


def segmentation_of_tokens(rows: Iterable[list[str]]) -> Segmentation:
    """How typed text is best cut where the data gives its tokens: by its words where the script has
    no blanks, unless the tokens are single characters."""
    looked_at = list(islice(rows, _ENOUGH))
    if not writes_no_blanks("".join(row) for row in looked_at):
        return "words"
    alike = sum(cut("".join(row), "characters") == row for row in looked_at)
    return "characters" if alike >= _ALIKE * len(looked_at) else "known"


def segmentation_of_texts(texts: Iterable[str]) -> Segmentation:
    """How texts are best cut: character by character where their script has no blanks."""
    return "characters" if writes_no_blanks(texts) else "words"
