"""What must hold of every corpus before it is saved; a broken promise raises ValueError."""

from collections import Counter

from .plan import SENTIMENTS, Row
from .reading import ENTITY_TYPES, Grammar
from .syntax import words_of
from .writing import Language

UPOS = {
    *("ADJ", "ADP", "ADV", "AUX", "CCONJ", "DET", "INTJ", "NOUN", "NUM"),
    *("PART", "PRON", "PROPN", "PUNCT", "SCONJ", "SYM", "VERB", "X"),
}
FEWEST_TAGS = 14
LARGEST_SHARE = 0.45


def check_words(grammar: Grammar) -> None:
    """Every word that could ever be written has a tag."""
    written = [
        (entry.nodes, symbol) for symbol in grammar.symbols.values() for entry in symbol.entries
    ]
    for nodes, symbol in [*written, *((template.nodes, None) for template in grammar.templates)]:
        for word, agrees in words_of(nodes):
            grammar.tag(word, None if agrees else symbol)


def check_corpus(splits: dict[str, list[Row]], language: Language) -> None:
    for rows in splits.values():
        for row in rows:
            _check_row(row, language)
        _check_balance(rows)
    everything = [row for rows in splits.values() for row in rows]
    twice = [
        t for t, n in Counter(row.sentence.text.lower() for row in everything).items() if n > 1
    ]
    _demand(not twice, f"sentences occur twice: {twice[:3]}")
    tags = {tag for row in everything for tag in row.sentence.pos}
    _demand(len(tags) >= FEWEST_TAGS, f"only {len(tags)} tags in use: {sorted(tags)}")
    _check_templates(splits)


def _check_row(row: Row, language: Language) -> None:
    sentence = row.sentence
    text = sentence.text
    _demand(language.token.findall(text) == sentence.tokens, f"the tokens are not those of: {text}")
    lengths = {len(sentence.tokens), len(sentence.pos), len(sentence.entities)}
    _demand(len(lengths) == 1, f"lists of unequal length: {text}")
    _demand(set(sentence.pos) <= UPOS, f"a tag outside UPOS: {text}")
    legal = {"O"} | {f"{prefix}-{kind}" for prefix in "BI" for kind in ENTITY_TYPES}
    before = "O"
    for tag in sentence.entities:
        _demand(tag in legal, f"unknown entity tag {tag}: {text}")
        inside_of = {f"B-{tag[2:]}", f"I-{tag[2:]}"}
        _demand(tag[0] != "I" or before in inside_of, f"{tag} follows {before}: {text}")
        before = tag


def _check_balance(rows: list[Row]) -> None:
    counts = Counter(row.sentiment for row in rows)
    _demand(set(counts) == set(SENTIMENTS.values()), f"a sentiment is missing: {counts}")
    share = max(counts.values()) / len(rows)
    _demand(share <= LARGEST_SHARE, f"one sentiment holds {share:.0%} of the sentences")


def _check_templates(splits: dict[str, list[Row]]) -> None:
    homes: dict[tuple[str, str], str] = {}
    for split, rows in splits.items():
        for row in rows:
            home = homes.setdefault((row.template.topic, row.template.source), split)
            _demand(home == split, f"template in {home} and {split}: {row.template.source}")


def _demand(holds: bool, message: str) -> None:
    if not holds:
        raise ValueError(message)
