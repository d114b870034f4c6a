"""One annotated sentence as HTML: every task's answer drawn in its colour."""

from collections.abc import Callable

from mtl_core.data.catalog import Card
from mtl_core.data.spans import spans_of
from mtl_core.data.tasks import Gold, Sentences

from ._highlight import highlight, tagged
from ._looks import chip
from ._words import counted

MOST_WORDS = 120  # of one example: more does not fit on a screen


def example(card: Card, found: Sentences, row: int, colour: Callable[[str], str]) -> str:
    """The sentence with its labels; what a row does not say is left out."""
    words = found.words[row][:MOST_WORDS]
    whole: list[str] = []
    drawn: list[str] = []
    for task, spec in card.tasks.items():
        gold = found.gold[task][row]
        if isinstance(gold, str):
            whole.append(chip(task, f"{task}: {gold}"))
        elif gold is not None:
            drawn.append(_on_words(task, spec.kind, words, gold, colour(task), card))
    if not drawn:
        drawn.append(highlight(words, [], {}, joiner=_joiner(card)))
    left_out = len(found.words[row]) - len(words)
    if left_out:
        drawn.append(f'<div style="opacity:.7">and {counted(left_out, "more word")}</div>')
    labels = "".join(whole)
    row_of_labels = f'<div style="display:flex;flex-wrap:wrap;gap:.3rem 1.2rem;margin-bottom:.5rem">{labels}</div>'
    return (row_of_labels if whole else "") + "".join(drawn)


def _on_words(task: str, kind: str, words: list[str], gold: Gold, shade: str, card: Card) -> str:
    tags = list(gold or [])[: len(words)]
    head = f'<div style="font-size:.85rem;opacity:.85;margin-top:.35rem">{chip(task)}</div>'
    if kind == "spans":
        spans = spans_of(tags)
        colours = {label: shade for _, _, label in spans}
        return head + highlight(words, spans, colours, joiner=_joiner(card))
    return head + tagged(words, tags, shade)


def _joiner(card: Card) -> str:
    return "" if card.segmentation == "characters" else " "
