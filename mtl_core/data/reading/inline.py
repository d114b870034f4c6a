"""Texts with `[label : words]` inside them."""

import re

from .offsets import BadSpan, Span

_BRACKETED = re.compile(r"\[([^\[\]]*)\]")


def parse_inline(text: str) -> tuple[str, list[Span], list[str]]:
    """A text without its `[label : words]`, the spans in it, and brackets that hold no label.

    Raises BadSpan where brackets are nested, not closed or not opened, or hold nothing.
    """
    plain: list[str] = []
    spans: list[Span] = []
    without: list[str] = []
    length = at = 0
    for found in _BRACKETED.finditer(text):
        outside = _outside(text[at : found.start()])
        at = found.end()
        label, colon, words = (part.strip() for part in found[1].partition(":"))
        if not colon or words.startswith("//"):
            without.append(found[0])
            words = found[0]
        elif not label or not words:
            raise BadSpan(f"'{found[0][:60]}' lacks its label or its words")
        start = length + len(outside)
        length = start + len(words)
        plain += [outside, words]
        if words != found[0]:
            spans.append(Span(start, length, label))
    return "".join(plain) + _outside(text[at:]), spans, without


def _outside(text: str) -> str:
    for sign, what in (("[", "is not closed, or holds another"), ("]", "is not opened")):
        if sign in text:
            place = text.index(sign)
            raise BadSpan(f"a bracket {what}: '{text[place : place + 40]}'")
    return text
