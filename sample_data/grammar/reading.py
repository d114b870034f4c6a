"""Reads a language folder: words, symbols (named lists), aspects and templates.

    == words NOUN               these words are nouns unless a template says otherwise
    == closed ADP               the same, and no list's own tag overrides it
    == food.dish.adj+ ADJ       a list; untagged words are ADJ; ` ; ` or line end between entries
    == food.org ORG             a list of names; its words are PROPN and a span of type ORG
    == first name               words of names, without being a span themselves
    == food.dish aspect thing   food can be spoken of by its dish, which is a thing
    %% food                     templates follow: a label, perhaps @aspects, a pattern
    %% general:question         templates of every topic, divided over the splits as one group

Labels: `+`, `-`, `0`, and `~` for a pattern that serves both polarities. `# ...` is a comment. A
noun that begins with `+ ` is plural; with `f `, `m `, `n ` it is spoken of as she, he, it. Earlier
entries are drawn more often. An entry that leads to another list may be repeated, to weigh more.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

from .syntax import Sequence, Word, parse

ENTITY_TYPES = ("PER", "ORG", "LOC", "PRODUCT")
LABELS = "+-0~"
PRONOUNS = {"+": "they", "f": "she", "m": "he", "n": "it"}


@dataclass(frozen=True)
class Entry:
    source: str
    nodes: Sequence
    pronoun: str | None


@dataclass
class Symbol:
    tag: str | None = None
    entity: str | None = None
    is_name: bool = False
    entries: list[Entry] = field(default_factory=list)


@dataclass(frozen=True)
class Template:
    """`aspects` are the kinds (or names) of aspect that <a>, <b> stand for; empty when unused.

    The templates of a `group` are divided over the splits together.
    """

    topic: str
    group: str
    label: str
    aspects: tuple[str, ...]
    source: str
    nodes: Sequence


@dataclass
class Grammar:
    closed: dict[str, str] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=dict)
    symbols: dict[str, Symbol] = field(default_factory=dict)
    aspects: dict[str, dict[str, str]] = field(default_factory=dict)
    templates: list[Template] = field(default_factory=list)

    def tag(self, word: Word, symbol: Symbol | None) -> str:
        """Its own tag, else a closed class, else a number, else its list's tag, else the words."""
        tag = word.tag or _look_up(self.closed, word)
        if tag is None and word.text.isdigit():
            tag = "NUM"
        tag = tag or (symbol.tag if symbol else None) or _look_up(self.words, word)
        if tag is None:
            raise LookupError(f"no tag for '{word.text}'; add it to a '== words' section")
        return tag


def read_grammar(folder: Path) -> Grammar:
    grammar = Grammar()
    for path in sorted(folder.glob("*.txt")):
        for header, lines in _sections(path.read_text(encoding="utf-8")):
            try:
                _add_section(grammar, header, lines)
            except ValueError as err:
                raise ValueError(f"{path.name}, section '{header}': {err}") from err
    return grammar


def _look_up(tags: dict[str, str], word: Word) -> str | None:
    return tags.get(word.text) or tags.get(word.text.lower())


def _sections(text: str) -> list[tuple[str, list[str]]]:
    sections: list[tuple[str, list[str]]] = []
    for raw in text.splitlines():
        line = re.sub(r"(^|\s)#.*", "", raw).strip()
        if line.startswith(("== ", "%% ")):
            sections.append((line, []))
        elif line:
            sections[-1][1].append(line)
    return sections


def _add_section(grammar: Grammar, header: str, lines: list[str]) -> None:
    kind, name, *flags = header.split()
    if kind == "%%":
        grammar.templates += [_template(name, line) for line in lines]
    elif name in ("words", "closed"):
        _add_words(grammar, flags[0], " ".join(lines).split(), closed=name == "closed")
    elif flags[:1] == ["aspect"]:
        topic, aspect = name.split(".")
        grammar.aspects.setdefault(topic, {})[aspect] = flags[1]
    else:
        _add_symbol(grammar, name, flags, lines)


def _add_words(grammar: Grammar, tag: str, words: list[str], *, closed: bool) -> None:
    for word in words:
        known = grammar.closed.get(word) or grammar.words.get(word)
        if known not in (None, tag):
            raise ValueError(f"'{word}' is {known} already")
        (grammar.closed if closed else grammar.words)[word] = tag


def _add_symbol(grammar: Grammar, name: str, flags: list[str], lines: list[str]) -> None:
    if name in grammar.symbols:
        raise ValueError("the symbol is defined twice")
    symbol = grammar.symbols[name] = Symbol()
    for flag in flags:
        if flag in ENTITY_TYPES:
            symbol.entity, symbol.is_name, symbol.tag = flag, True, "PROPN"
        elif flag == "name":
            symbol.is_name, symbol.tag = True, "PROPN"
        else:
            symbol.tag = flag
    sources = [part.strip() for line in lines for part in line.split(" ; ")]
    symbol.entries = [_entry(source.removesuffix(" ;")) for source in sources]
    plain = [entry.source for entry in symbol.entries if "<" not in entry.source]
    if len(set(plain)) < len(plain):
        raise ValueError(f"'{name}' lists an entry twice")


def _entry(source: str) -> Entry:
    mark, _, rest = source.partition(" ")
    text = rest if mark in PRONOUNS else source
    return Entry(text, parse(text), PRONOUNS.get(mark))


def _template(section: str, line: str) -> Template:
    head, source = line.split(maxsplit=1)
    label, _, aspects = head.partition("@")
    if label not in LABELS or len(label) != 1:
        raise ValueError(f"a template starts with one of {LABELS}, found: {line}")
    topic, _, group = section.partition(":")
    names = tuple(aspects.split(",")) if aspects else ()
    return Template(topic, group or label, label, names, source, parse(source))
