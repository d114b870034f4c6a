"""What one template or list entry may contain, and how it is parsed.

word  word/TAG      a word; without a tag the dictionary decides
<symbol>            an entry of that list; <symbol>'s, <symbol>berg put letters to its end
<a> <b>             the nouns this sentence speaks about (see `expand.py`)
<a:adj=> <adj!>     a list of a's aspect; = has the sentence's polarity, ! the opposite one
{was|were}          the first for a singular subject; {b:was|were} agrees with <b>
{is|are}/AUX        the tag of both forms
(x|y z|)            one of these
[x y]               these or nothing
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

PIECE = re.compile(r"<[^<>\s]+>[\w'-]*|\{[^{}]*\}(?:/[A-Z]+)?|[()\[\]|]|[^\s()\[\]|<>{}]+")


@dataclass(frozen=True)
class Word:
    text: str
    tag: str | None


@dataclass(frozen=True)
class Slot:
    name: str
    ending: str


@dataclass(frozen=True)
class Agreement:
    noun: str
    singular: "Sequence"
    plural: "Sequence"


@dataclass(frozen=True)
class Choice:
    options: tuple["Sequence", ...]


Node = Word | Slot | Agreement | Choice
Sequence = tuple[Node, ...]


def parse(source: str) -> Sequence:
    """Raises ValueError with the source when brackets do not match."""
    pieces = PIECE.findall(source)
    options, rest = _options(pieces, closing=None)
    if rest or len(options) != 1:
        raise ValueError(f"unbalanced brackets or stray '|' in: {source}")
    return options[0]


def words_of(nodes: Sequence) -> Iterator[tuple[Word, bool]]:
    """Every word that may be written, and whether it stands within an agreement."""
    for node in nodes:
        if isinstance(node, Word):
            yield node, False
        elif isinstance(node, Choice):
            for option in node.options:
                yield from words_of(option)
        elif isinstance(node, Agreement):
            yield from (
                (word, True) for form in (node.singular, node.plural) for word, _ in words_of(form)
            )


def _options(pieces: list[str], closing: str | None) -> tuple[list[Sequence], list[str]]:
    options: list[list[Node]] = [[]]
    while pieces:
        piece, *pieces = pieces
        if piece == closing:
            return [tuple(option) for option in options], pieces
        if piece in ")]":
            raise ValueError(f"'{piece}' closes nothing, before: {' '.join(pieces)}")
        if piece == "|":
            options.append([])
        elif piece in "([":
            inner, pieces = _options(pieces, closing=")" if piece == "(" else "]")
            options[-1].append(Choice(tuple(inner) if piece == "(" else (*inner, ())))
        else:
            options[-1].append(_leaf(piece))
    if closing:
        raise ValueError(f"'{closing}' is missing")
    return [tuple(option) for option in options], pieces


def _leaf(piece: str) -> Node:
    if piece.startswith("<"):
        name, _, ending = piece[1:].partition(">")
        return Slot(name, ending)
    if piece.startswith("{"):
        inner, _, tag = piece[1:].rpartition("}")
        noun, _, forms = inner.rpartition(":")
        singular, plural = (parse(form.strip() + tag) for form in forms.split("|"))
        return Agreement(noun, singular, plural)
    return _word(piece)


def _word(piece: str) -> Word:
    text, slash, tag = piece.rpartition("/")
    return Word(text, tag) if slash and text else Word(piece, None)
