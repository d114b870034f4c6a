"""Spans of words as tags: any BIO-like scheme comes in, BIO (IOB2) goes on."""

import re
from collections.abc import Sequence
from typing import Literal

from mtl_core.errors import shown

Scheme = Literal["prefixes", "runs"]

_OPENS = frozenset("BSUW")
_CONTINUES = frozenset("IMEL")
_CLOSES = frozenset("ESLUW")
_PREFIXED = re.compile(r"[BIESLMUW]-")
_OUTSIDE = frozenset({"O", "", "_", "-"})


class NotSpans(ValueError):
    """A tag that belongs to no BIO-like scheme."""


def to_bio(tags: Sequence[str], scheme: Scheme = "prefixes") -> list[str]:
    """The same spans in BIO, from IOB1, IOB2, BIOES, BILOU or BMES; or from runs of one tag.

    A label may itself hold hyphens: `B-creative-work` is split at the first one. Of several tags in
    one cell (`B-corporation,B-group`) the first counts.
    """
    if scheme == "runs":
        return _runs_to_bio(tags)
    out: list[str] = []
    open_label: str | None = None
    for tag in tags:
        if tag in _OUTSIDE:
            out.append("O")
            open_label = None
            continue
        prefix, label = _parts(first_of(tag))
        goes_on = prefix in _CONTINUES and label == open_label
        out.append(f"{'I' if goes_on else 'B'}-{label}")
        open_label = None if prefix in _CLOSES else label
    return out


def first_of(tag: str) -> str:
    """The first tag of a cell; a label may hold a comma, but does not go on like a tag."""
    if "," not in tag:
        return tag
    first, *others = tag.split(",")
    several = all(one in _OUTSIDE or _PREFIXED.match(one.strip()) for one in others)
    return first if several else tag


def _runs_to_bio(tags: Sequence[str]) -> list[str]:
    """Every tag is a label, and equal ones beside each other are one span."""
    out: list[str] = []
    before = ""
    for tag in tags:
        out.append("O" if tag in _OUTSIDE else f"{'I' if tag == before else 'B'}-{tag}")
        before = tag
    return out


def _parts(tag: str) -> tuple[str, str]:
    prefix, _, label = tag.partition("-")
    if prefix not in _OPENS | _CONTINUES:
        raise NotSpans(
            f"tag {shown(tag)} begins with none of O, B-, I-, E-, S-, M-, L-, U-; use kind tagging"
        )
    return prefix, label or "SPAN"


def bio_tags(labels: Sequence[str]) -> tuple[str, ...]:
    """All BIO tags of some labels, `O` first."""
    return ("O", *(f"{prefix}-{label}" for label in labels for prefix in "BI"))


def spans_of(tags: Sequence[str]) -> list[tuple[int, int, str]]:
    """Spans as (first word, word after the last, label). `I-` after another label opens a span."""
    spans: list[tuple[int, int, str]] = []
    start, label = 0, ""
    for i, tag in enumerate([*tags, "O"]):
        prefix, _, now = tag.partition("-")
        if prefix == "I" and now == label:
            continue
        if label:
            spans.append((start, i, label))
        start, label = i, now if prefix in {"B", "I"} else ""
    return spans


def may_follow(before: str, tag: str) -> bool:
    """Whether BIO allows a tag after another one: `I-x` only goes on with `B-x` or `I-x`.

    The first tag of a sentence may be what may follow `O`.
    """
    return not tag.startswith("I-") or before in {f"B-{tag[2:]}", tag}
