"""One annotated sentence as HTML: every task's answer drawn in its colour."""

from collections.abc import Mapping

from mtl_core.analysis.colours import PALETTE
from mtl_core.data.catalog import PER_WORD, Card
from mtl_core.data.spans import spans_of
from mtl_core.data.tasks import Gold, Sentences

from ._highlight import highlight, safe, tagged
from ._looks import chip, colour, theme
from ._words import counted

MOST_WORDS = 120  # of one example: more does not fit on a screen


def example(card: Card, found: Sentences, row: int, places: Mapping[str, int] | None = None) -> str:
    """The sentence with its labels; what a row does not say is left out.

    `places` are those of the tasks in the palette, where they are not to be remembered.
    """
    places = places or {}
    words = found.words[row][:MOST_WORDS]
    whole: list[str] = []
    drawn: list[str] = []
    for task, spec in card.tasks.items():
        gold = found.gold[task][row]
        if spec.kind not in PER_WORD:
            whole += [] if gold is None else [_whole(task, gold, places.get(task))]
        elif isinstance(gold, list):
            drawn.append(_on_words(task, spec.kind, words, gold, card, places.get(task)))
    if not drawn:
        drawn.append(_text(found.words[row], card))
    elif len(words) < len(found.words[row]):
        drawn.append(_left_out(len(found.words[row]) - len(words)))
    if found.seconds is not None:
        drawn.append(f'<div style="margin-top:.45rem">{_text(found.seconds[row], card)}</div>')
    labels = "".join(whole)
    row_of_labels = f'<div style="display:flex;flex-wrap:wrap;gap:.3rem 1.2rem;margin-bottom:.5rem">{labels}</div>'
    return (row_of_labels if whole else "") + "".join(drawn)


def _whole(task: str, gold: Gold, place: int | None) -> str:
    """The answer to the whole text; a long list of labels goes on in the next line."""
    if isinstance(gold, list):
        return f"<span>{chip(task, f'{task}:', place)} {safe(in_words(gold))}</span>"
    return chip(task, f"{task}: {in_words(gold)}", place)


def in_words(gold: Gold) -> str:
    """The answer to a whole text: its label, its labels or its value."""
    if isinstance(gold, float):
        return f"{gold:g}"
    return (", ".join(gold) or "none") if isinstance(gold, list) else str(gold)


def _text(words: list[str], card: Card) -> str:
    """A text without marks; what does not fit is counted."""
    shown = highlight(words[:MOST_WORDS], [], {}, joiner=_joiner(card))
    return shown + (_left_out(len(words) - MOST_WORDS) if len(words) > MOST_WORDS else "")


def _left_out(words: int) -> str:
    return f'<div style="opacity:.7">and {counted(words, "more word")}</div>'


def _on_words(
    task: str, kind: str, words: list[str], gold: list[str], card: Card, place: int | None
) -> str:
    tags = gold[: len(words)]
    shade = colour(task) if place is None else PALETTE[theme()][place]
    head = f'<div style="font-size:.85rem;opacity:.85;margin-top:.35rem">{chip(task, place=place)}</div>'
    if kind == "spans":
        spans = spans_of(tags)
        colours = {label: shade for _, _, label in spans}
        return head + highlight(words, spans, colours, joiner=_joiner(card))
    return head + tagged(words, tags, shade)


def _joiner(card: Card) -> str:
    return " " if card.segmentation == "words" else ""
