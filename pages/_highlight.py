"""Words with their answers drawn on them, as HTML for `st.html`. Everything is escaped.

Words and labels come from users. They appear only as text: escaped, and with signs that would
turn the reading direction or cannot be seen replaced by a visible one. Colours come only from the
palette. What is meant is also written, never told by colour alone.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from html import escape

from mtl_core.analysis.colours import PALETTE
from mtl_core.data.text import stands_close

Span = tuple[int, int, str]

_COLOURS = frozenset(colour for shades in PALETTE.values() for colour in shades)
_NEUTRAL = "#808080"
# Control characters, and those that order the text after them to run the other way.
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_CLOSING = frozenset(
    ".,!?;:%)]}\u2026\u2019\u3002\uff0c\uff01\uff1f\uff1b\uff1a\u3001\u300d\uff09\u300b"
)
_OPENING = frozenset("([{\u300c\uff08\u300a")
_FLOW = "line-height:2.3;font-size:1.05rem;overflow-wrap:anywhere"
_DIFFERENT = (
    "text-decoration:underline wavy;text-underline-offset:0.3em;text-decoration-thickness:1px"
)


def safe(text: str) -> str:
    """User text as HTML that shows exactly this text and does nothing."""
    return escape(_UNSEEN.sub("\ufffd", text), quote=True)


def highlight(
    words: Sequence[str],
    spans: Sequence[Span],
    colours: Mapping[str, str],
    *,
    joiner: str = " ",
    different: Collection[int] = (),
) -> str:
    """The sentence with its spans marked, each with its label written behind it.

    Spans are (first word, word after the last, label); one that begins inside another is left
    out. Words in `different` are underlined. `joiner` is "" for text without blanks.
    """
    place = 0
    pieces: list[tuple[str, str]] = []  # (gap before it, HTML)
    for start, end, label in [*sorted(spans), (len(words), len(words), "")]:
        start, end = max(start, 0), min(end, len(words))
        if start < place or (start >= end and label):
            continue
        for i in range(place, start):
            pieces.append((_gap(words, i, joiner), _word(words[i], i in different)))
        if start < end:
            inside = "".join(
                (_gap(words, i, joiner) if i > start else "") + _word(words[i], i in different)
                for i in range(start, end)
            )
            marked = _mark(inside, label, palette_colour(colours.get(label, "")))
            pieces.append((_gap(words, start, joiner), marked))
        place = end
    body = "".join(gap + html for gap, html in pieces)
    return f'<div dir="auto" style="{_FLOW}">{body}</div>'


def tagged(
    words: Sequence[str],
    tags: Sequence[str],
    colour: str,
    *,
    different: Collection[int] = (),
) -> str:
    """Every word with its small tag underneath."""
    shade = palette_colour(colour)
    cells = [
        f'<span style="display:inline-flex;flex-direction:column;text-align:center;'
        f'margin:0 0.4em 0.5em 0;vertical-align:top;line-height:1.35">'
        f"<span>{_word(word, i in different)}</span>"
        f'<span style="font-size:0.68rem;font-weight:600;letter-spacing:0.03em;opacity:0.92;'
        f'border-top:2px solid {shade};padding-top:1px">{_LABEL_OPEN}{safe(tag)}{_LABEL_CLOSE}</span>'
        "</span>"
        for i, (word, tag) in enumerate(zip(words, tags, strict=False))
    ]
    return (
        f'<div dir="auto" style="font-size:1.05rem;overflow-wrap:anywhere">{"".join(cells)}</div>'
    )


def bars(shares: Sequence[tuple[str, float]], colour: str, *, different: bool = False) -> str:
    """Labels with their probabilities as bars; the first is the answer."""
    shade = palette_colour(colour)
    rows = []
    for place, (label, share) in enumerate(shares):
        percent = 100 * min(1.0, max(0.0, share if share == share else 0.0))
        weight = "600" if place == 0 else "400"
        rows.append(
            f'<div style="font-weight:{weight};overflow-wrap:anywhere">'
            f"{_word(label, different and place == 0)}</div>"
            f'<div style="background:{shade}22;border-radius:4px;height:0.7rem;align-self:center">'
            f'<div style="width:{percent:.1f}%;min-width:2px;height:100%;border-radius:4px;'
            f'background:{shade};opacity:{1 if place == 0 else 0.55}"></div></div>'
            f'<div style="text-align:right;font-variant-numeric:tabular-nums;font-weight:{weight}">'
            f"{percent:.0f} %</div>"
        )
    grid = (
        "display:grid;grid-template-columns:minmax(5rem,max-content) 1fr 3.2rem;gap:0.3rem 0.7rem"
    )
    return f'<div style="{grid};max-width:44rem">{"".join(rows)}</div>'


def palette_colour(colour: str) -> str:
    """The colour if it is one of the palette, a neutral grey otherwise."""
    return colour if colour in _COLOURS else _NEUTRAL


# Read aloud and copied as "Paris (LOC)", drawn without the brackets.
_HIDDEN = "position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)"
_LABEL_OPEN = f'<span style="{_HIDDEN}"> (</span>'
_LABEL_CLOSE = f'<span style="{_HIDDEN}">)</span>'


def _mark(inside: str, label: str, colour: str) -> str:
    return (
        f'<mark style="background:{colour}2b;color:inherit;border-bottom:2px solid {colour};'
        f"border-radius:5px 5px 2px 2px;padding:0.16em 0.34em;margin:0 0.08em;"
        f'-webkit-box-decoration-break:clone;box-decoration-break:clone">{inside}'
        f'<span style="font-size:0.68rem;font-weight:700;letter-spacing:0.04em;'
        f'margin-inline-start:0.5em;opacity:0.92">{_LABEL_OPEN}{safe(label)}{_LABEL_CLOSE}</span></mark>'
    )


def _word(word: str, is_different: bool) -> str:
    return f'<u style="{_DIFFERENT}">{safe(word)}</u>' if is_different else safe(word)


def _gap(words: Sequence[str], i: int, joiner: str) -> str:
    """What stands before a word: nothing before a comma, or between two words of Chinese or Thai."""
    if i == 0 or words[i] in _CLOSING or words[i - 1] in _OPENING:
        return ""
    before, after = words[i - 1][-1:], words[i][:1]
    close = stands_close(before), stands_close(after)
    if all(close):
        return ""
    # Two names of Latin letters in a text without blanks; but not letters that are cut one by one.
    named = before.isalnum() and after.isalnum() and not any(close)
    return " " if named and len(words[i - 1]) + len(words[i]) > 2 else joiner
