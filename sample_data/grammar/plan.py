"""Which sentence is written how often: quotas by split, topic and label, and templates by split."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from random import Random

from .expand import Expander
from .reading import Grammar, Template
from .writing import Language, Sentence

SPLITS = ("train", "validation", "test")
TRAIN, VALIDATION, TEST = SPLITS
# Dealt out in turn within each group: six for train, two each for validation and test.
DEAL = (TRAIN, TRAIN, TEST, TRAIN, VALIDATION, TRAIN, TRAIN, TEST, TRAIN, VALIDATION)
SENTIMENTS = {"+": "positive", "-": "negative", "0": "neutral"}
GENERAL = "general"
OWN_RATE = 1.5  # a topic's own templates, against 1 for a general one of no group below
RATES = {
    "plain": 2.5,
    "exclamation": 1.5,
    "said": 0.8,
    "negation": 0.5,
    "contrast": 0.8,
    "change": 0.8,
    "oneway": 0.8,
}
ATTEMPTS = 200


@dataclass(frozen=True)
class Row:
    """One written sentence, with the template it came from (which is not saved)."""

    sentence: Sentence
    sentiment: str
    topic: str
    template: Template

    def as_json(self) -> str:
        fields = asdict(self.sentence)
        row = {
            "text": fields["text"],
            "tokens": fields["tokens"],
            "sentiment": self.sentiment,
            "topic": self.topic,
            "entities": fields["entities"],
            "pos": fields["pos"],
        }
        return json.dumps(row, ensure_ascii=False)


def split_templates(templates: list[Template], rng: Random) -> dict[str, list[Template]]:
    """Partitions every group, so that each split has patterns of every kind."""
    groups: dict[tuple[str, str], list[Template]] = {}
    for template in templates:
        groups.setdefault((template.topic, template.group), []).append(template)
    parts: dict[str, list[Template]] = {split: [] for split in SPLITS}
    for group in groups.values():
        rng.shuffle(group)
        for rank, template in enumerate(group):
            parts[DEAL[rank % len(DEAL)]].append(template)
    return parts


def _rate(template: Template) -> float:
    return OWN_RATE if template.topic != GENERAL else RATES.get(template.group, 1)


class Writer:
    """Writes the rows of a corpus; no sentence twice."""

    def __init__(self, grammar: Grammar, language: Language, seed: str) -> None:
        self.rng = Random(seed)
        self.expander = Expander(grammar, self.rng)
        self.language = language
        self.topics = sorted(grammar.aspects)
        self.templates = split_templates(grammar.templates, self.rng)
        self.seen: set[str] = set()

    def rows(self, split: str, quota: dict[str, int]) -> list[Row]:
        """`quota` says how many sentences of each label every topic gets."""
        rows = [
            row
            for topic in self.topics
            for label, number in quota.items()
            for row in self._cell(split, topic, label, number)
        ]
        self.rng.shuffle(rows)
        return rows

    def _cell(self, split: str, topic: str, label: str, number: int) -> Iterator[Row]:
        """Templates take turns, in proportion to their rates, from a start by chance."""
        usable = [
            template
            for template in self.templates[split]
            if template.topic in (topic, GENERAL) and self._fits(template, topic, label)
        ]
        turns = [(self.rng.random() / _rate(template), template) for template in usable]
        written = 0
        for _ in range(ATTEMPTS * number):
            if written == number:
                return
            index, (turn, template) = min(enumerate(turns), key=lambda item: item[1][0])
            turns[index] = (turn + 1 / _rate(template), template)
            sentence = self.language.sentence(self.expander.write(template, topic, label, split))
            if self._is_welcome(sentence):
                written += 1
                yield Row(sentence, SENTIMENTS[label], topic, template)
        raise RuntimeError(f"too few {split} sentences for topic '{topic}', label '{label}'")

    def _is_welcome(self, sentence: Sentence) -> bool:
        """New, and neither too short nor too long."""
        shortest, longest = self.language.lengths
        key = sentence.text.lower()
        if key in self.seen or not shortest <= len(sentence.tokens) <= longest:
            return False
        self.seen.add(key)
        return True

    def _fits(self, template: Template, topic: str, label: str) -> bool:
        """A general template needs aspects of the kinds it names, as many as it names."""
        if template.label not in ((label, "~") if label != "0" else ("0",)):
            return False
        known = Counter(self.expander.grammar.aspects[topic].values())
        return all(
            kind in ("any", "thing") or kind in self.expander.grammar.aspects[topic] or known[kind]
            for kind in template.aspects
        )
