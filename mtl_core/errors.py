"""Errors that a user can mend: one sentence saying what, where, the value found and the cure.

The command line prints them on one line and exits with 2; the app shows them in a box.
Everything else may crash loudly.
"""

LONGEST = 400
"""Signs of a sentence about data."""
_SHOWN = 80  # signs of a value that is quoted
_CURE = 120  # signs of its end, which says what to do


def one_line(text: str, most: int = LONGEST) -> str:
    """A sentence in one line; of one that is too long the middle is left out.

    >>> one_line("two\\nlines")
    'two lines'
    """
    if len(text) <= most and text.isprintable():
        return text
    if len(text) > 4 * most:  # so long only where a value was quoted: not all of it need be seen
        text = f"{text[: 2 * most]} … {text[-most:]}"
    if len(text.splitlines()) > 1:
        text = " ".join(text.split())
    if len(text) <= most:
        return text
    end = min(_CURE, most // 3)
    return f"{text[: most - end - 3]} … {text[-end:]}"


def shown(value: object) -> str:
    """A value as a sentence quotes it."""
    text = repr(value[:_SHOWN] if isinstance(value, str | list) else value)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


class MtlError(Exception):
    """The parent of every error that a user can mend."""


class ConfigError(MtlError):
    """An experiment, or a value in it, is not usable."""


class DataError(MtlError):
    """A dataset card, a file or a row is not usable. Whatever stands in the files, it says so in
    one line of bounded length."""

    def __init__(self, sentence: str) -> None:
        super().__init__(one_line(sentence))


class ModelError(MtlError):
    """A model cannot be loaded or built as asked."""


class RunError(MtlError):
    """A run is missing, damaged or in the wrong state for what was asked."""
