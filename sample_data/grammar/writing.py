"""From tagged pieces to a written sentence and its tokens: what differs between the languages."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from .expand import Piece

SYMBOLS = set("€$£¥%°+&=~")
NO_SPACE_BEFORE = set(".,!?;:)%…°”")
NO_SPACE_AFTER = set("(€$£“#")
AN = re.compile(r"(?!one|once|uni[^nm]|us[ei]|eu|u-)(hour|honest|heir|8|11$|18$|[aeiou])", re.I)


@dataclass(frozen=True)
class Sentence:
    text: str
    tokens: list[str]
    pos: list[str]
    entities: list[str]


@dataclass(frozen=True)
class Language:
    """`token` is the segmentation rule of the card; `compose` writes the text of the pieces."""

    code: str
    token: re.Pattern[str]
    compose: Callable[[list[Piece]], str]
    lengths: tuple[int, int]
    polish: Callable[[list[Piece]], list[Piece]]

    def sentence(self, pieces: list[Piece]) -> Sentence:
        pieces = self.polish(pieces)
        text = self.compose(pieces)
        pos: list[str] = []
        entities: list[str] = []
        for piece in pieces:
            for index, token in enumerate(self.token.findall(piece.text)):
                pos.append(_tag(token, piece.tag))
                begins = piece.first and index == 0
                entities.append(f"{'B' if begins else 'I'}-{piece.entity}" if piece.entity else "O")
        return Sentence(text, self.token.findall(text), pos, entities)


def _tag(token: str, tag: str) -> str:
    if token in SYMBOLS and tag != "CCONJ":
        return "SYM"
    return tag if any(c.isalnum() for c in token) else "PUNCT" if tag != "CCONJ" else tag


def _polish_english(pieces: list[Piece]) -> list[Piece]:
    """`a` becomes `an` before a vowel sound; sentences begin with a capital letter; quotes pair."""
    polished: list[Piece] = []
    opens, quotes = True, 0
    for index, piece in enumerate(pieces):
        text = piece.text
        following = pieces[index + 1].text if index + 1 < len(pieces) else ""
        if text in ("a", "A") and AN.match(following):
            text += "n"
        if text == '"':
            text, quotes = "“”"[quotes % 2], quotes + 1
        if opens and text[0].isalpha():
            text = text[0].upper() + text[1:]
        opens = text in (".", "!", "?") or (opens and text == "“")
        polished.append(replace(piece, text=text))
    return polished


def _compose_english(pieces: list[Piece]) -> str:
    text = ""
    for piece in pieces:
        glue = not text or text[-1] in NO_SPACE_AFTER or piece.text in NO_SPACE_BEFORE
        text += piece.text if glue else " " + piece.text
    return text.replace("“", '"').replace("”", '"')


def _compose_chinese(pieces: list[Piece]) -> str:
    """Only two neighbouring Latin words or numbers need a space."""
    text = ""
    for piece in pieces:
        apart = text and _is_ascii_word(text[-1]) and _is_ascii_word(piece.text[0])
        text += " " + piece.text if apart else piece.text
    return text


def _is_ascii_word(character: str) -> bool:
    return character.isascii() and character.isalnum()


def _keep(pieces: list[Piece]) -> list[Piece]:
    return pieces


ENGLISH = Language(
    code="en",
    token=re.compile(r"\w+(?:[-'’]\w+)*|[^\w\s]"),
    compose=_compose_english,
    lengths=(4, 30),
    polish=_polish_english,
)
CHINESE = Language(
    code="zh",
    token=re.compile(r"[A-Za-z0-9]+(?:[-'.][A-Za-z0-9]+)*|[^\s]"),
    compose=_compose_chinese,
    lengths=(5, 45),
    polish=_keep,
)
