"""From a template to tagged pieces of text: the choices, the agreement and the held-out words.

A list entry has a home. Train draws from the shared entries only; validation and test draw from the
shared ones too, but also from entries that train never sees.
"""

import zlib
from dataclasses import dataclass, field, replace
from random import Random

from .reading import Entry, Grammar, Symbol, Template
from .syntax import Agreement, Choice, Node, Sequence, Slot, Word

SHARED = "shared"
UNSEEN = "unseen"  # open-class words kept from train, for validation and test alike
NAME_HOMES = (SHARED, "validation", SHARED, "test")
WORD_HOMES = (SHARED, SHARED, UNSEEN, SHARED, SHARED, SHARED)
UNSEEN_NAME_SHARE = 0.22
UNSEEN_WORD_SHARE = 0.06
WORD_FLATTENING, NAME_FLATTENING = 2, 15
OPPOSITE = {"+": "-", "-": "+"}
PERSONAL = {
    "he": {"they": "he", "them": "him", "their": "his", "themselves": "himself"},
    "she": {"they": "she", "them": "her", "their": "her", "themselves": "herself"},
}


@dataclass(frozen=True)
class Piece:
    """A word as written in the grammar; `first` is true where an entity span begins."""

    text: str
    tag: str
    entity: str | None = None
    first: bool = False


@dataclass
class Scene:
    """What is settled before a sentence is written; `nouns` holds the bound entries of <a>, <b>."""

    topic: str
    polarity: str
    split: str
    aspects: dict[str, str] = field(default_factory=dict)
    nouns: dict[str, Entry] = field(default_factory=dict)
    pronouns: dict[str, str] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)


def homes(symbol: Symbol) -> dict[str, str]:
    """Where each plain entry lives, by the rank of its checksum; composed ones are shared."""
    cycle = NAME_HOMES if symbol.is_name else WORD_HOMES
    plain = [e.source for e in symbol.entries if "<" not in e.source]
    if len(plain) < len(cycle):
        return {}
    ranked = sorted(plain, key=lambda source: zlib.crc32(source.encode()))
    return {source: cycle[rank % len(cycle)] for rank, source in enumerate(ranked)}


def _agree(node: Agreement, pronoun: str) -> Sequence:
    """{it|they}, {its|their} and their kin become he, she, his, ... where a person is meant."""
    if pronoun == "they":
        return node.plural
    head, *rest = node.singular or (None,)
    like = node.plural[0].text if node.plural and isinstance(node.plural[0], Word) else ""
    personal = PERSONAL.get(pronoun, {}).get(like.lower())
    if personal is None or not isinstance(head, Word) or not head.text.lower().startswith("it"):
        return node.singular
    return (Word(personal.capitalize() if like.istitle() else personal, head.tag), *rest)


class Expander:
    """Writes sentences of one language; every random decision comes from `rng`."""

    def __init__(self, grammar: Grammar, rng: Random) -> None:
        self.grammar = grammar
        self.rng = rng
        self.homes = {name: homes(symbol) for name, symbol in grammar.symbols.items()}

    def write(self, template: Template, topic: str, label: str, split: str) -> list[Piece]:
        scene = Scene(topic, label, split)
        for letter, kind in zip("abc", template.aspects, strict=False):
            scene.aspects[letter] = self._aspect(scene, kind)
            noun = self._pick(f"{topic}.{scene.aspects[letter]}.noun", scene)
            is_person = self.grammar.aspects[topic][scene.aspects[letter]] == "person"
            guess = self.rng.choice(("he", "she")) if is_person else "it"
            scene.nouns[letter], scene.pronouns[letter] = noun, noun.pronoun or guess
        return self._sequence(template.nodes, scene, "a", None)

    def _aspect(self, scene: Scene, kind: str) -> str:
        """`any` is every kind; a thing may also be a place or an event; otherwise kind or name."""
        known = self.grammar.aspects[scene.topic]
        wanted = {"any": set(known.values()), "thing": {"thing", "place", "event"}}.get(
            kind, {kind}
        )
        free = [
            name
            for name, its_kind in known.items()
            if (its_kind in wanted or name == kind) and name not in scene.aspects.values()
        ]
        if not free:
            raise LookupError(f"topic '{scene.topic}' has no free aspect of kind '{kind}'")
        return self.rng.choice(free)

    def _sequence(
        self, nodes: Sequence, scene: Scene, owner: str, symbol: Symbol | None
    ) -> list[Piece]:
        return [piece for node in nodes for piece in self._node(node, scene, owner, symbol)]

    def _node(self, node: Node, scene: Scene, owner: str, symbol: Symbol | None) -> list[Piece]:
        if isinstance(node, Word):
            return [self._word(node, symbol)]
        if isinstance(node, Choice):
            return self._sequence(self.rng.choice(node.options), scene, owner, symbol)
        if isinstance(node, Agreement):
            form = _agree(node, scene.pronouns.get(node.noun or owner, "it"))
            return self._sequence(form, scene, owner, None)
        return self._slot(node, scene, owner)

    def _word(self, word: Word, symbol: Symbol | None) -> Piece:
        return Piece(word.text, self.grammar.tag(word, symbol))

    def _slot(self, slot: Slot, scene: Scene, owner: str) -> list[Piece]:
        letter, colon, rest = slot.name.rpartition(":")
        if slot.name in scene.nouns:
            owner, name = slot.name, f"{scene.topic}.{scene.aspects[slot.name]}.noun"
            entry = scene.nouns[slot.name]
        else:
            owner = letter if colon else owner
            name = self._resolve(scene, owner, rest)
            entry = self._pick(name, scene)
        symbol = self.grammar.symbols[name]
        pieces = self._sequence(entry.nodes, scene, owner, symbol)
        if slot.ending:
            pieces[-1] = replace(pieces[-1], text=pieces[-1].text + slot.ending)
        if symbol.entity:
            pieces = [
                Piece(p.text, p.tag, symbol.entity, first=i == 0) for i, p in enumerate(pieces)
            ]
        return pieces

    def _resolve(self, scene: Scene, owner: str, name: str) -> str:
        """The nearest list of that name: the aspect's, the topic's, the kind's, the language's."""
        if name[-1] in "=!" and scene.polarity in OPPOSITE:
            polarity = scene.polarity if name[-1] == "=" else OPPOSITE[scene.polarity]
            name = name[:-1] + polarity
        aspect = scene.aspects.get(owner, "")
        kind = self.grammar.aspects[scene.topic].get(aspect, "")
        for scope in (f"{scene.topic}.{aspect}.", f"{scene.topic}.", f"{kind}.", ""):
            if scope + name in self.grammar.symbols:
                return scope + name
        raise LookupError(f"no list '{name}' for topic '{scene.topic}', aspects {scene.aspects}")

    def _pick(self, name: str, scene: Scene) -> Entry:
        symbol, home = self.grammar.symbols[name], self.homes[name]
        fresh = [e for e in symbol.entries if e.source not in scene.used] or symbol.entries
        shared = [e for e in fresh if home.get(e.source, SHARED) == SHARED]
        unseen = [e for e in fresh if home.get(e.source) in (scene.split, UNSEEN)]
        share = UNSEEN_NAME_SHARE if symbol.is_name else UNSEEN_WORD_SHARE
        if scene.split == "train" or not unseen or self.rng.random() > share:
            unseen = shared
        flattening = NAME_FLATTENING if symbol.is_name else WORD_FLATTENING
        entry = self._by_rank(unseen or shared, flattening)
        if "<" not in entry.source:
            scene.used.add(entry.source)
        return entry

    def _by_rank(self, entries: list[Entry], flattening: int) -> Entry:
        """Earlier entries come more often, as common words do (Zipf, flattened)."""
        weights = [1 / (rank + flattening) for rank in range(len(entries))]
        return self.rng.choices(entries, weights)[0]
