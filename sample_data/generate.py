"""Writes the sample corpora, byte for byte the same on every run.

    python sample_data/generate.py            writes every corpus
    python sample_data/generate.py city_en    only the one named

Needs nothing but Python. The sentences come from the word lists and patterns in grammar/en and
grammar/zh, which this project wrote; the cards beside the corpora are written by hand.
"""

import sys
from pathlib import Path

from grammar.checks import check_corpus, check_words
from grammar.plan import SPLITS, Row, Writer
from grammar.reading import read_grammar
from grammar.writing import CHINESE, ENGLISH, Language

HERE = Path(__file__).parent
SEED = "city life"
LANGUAGES = {"city_en": ENGLISH, "city_zh": CHINESE}
# How many sentences of each label every topic gets: positive, negative, neutral.
QUOTAS = {
    "city_en": {"train": (100, 100, 90), "validation": (12, 12, 10), "test": (16, 16, 14)},
    "city_zh": {"train": (80, 80, 70), "validation": (9, 9, 8), "test": (12, 12, 11)},
}


def corpus(name: str, language: Language) -> dict[str, list[Row]]:
    grammar = read_grammar(HERE / "grammar" / language.code)
    check_words(grammar)
    writer = Writer(grammar, language, SEED)
    splits = {
        split: writer.rows(split, dict(zip("+-0", QUOTAS[name][split], strict=True)))
        for split in SPLITS
    }
    check_corpus(splits, language)
    return splits


def save(folder: Path, splits: dict[str, list[Row]]) -> None:
    folder.mkdir(exist_ok=True)
    for split, rows in splits.items():
        lines = "".join(row.as_json() + "\n" for row in rows)
        (folder / f"{split}.jsonl").write_text(lines, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    for chosen in sys.argv[1:] or LANGUAGES:
        save(HERE / chosen, corpus(chosen, LANGUAGES[chosen]))
