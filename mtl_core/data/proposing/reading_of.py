"""What the tasks read: tokens where words have tags, else a text or a pair of texts."""

import re
from collections.abc import Mapping, Sequence

from mtl_core.data.text import Segmentation, segmentation_of_texts, segmentation_of_tokens

from .cells import UNSPACED
from .columns import Column

Input = str | tuple[str, str]
_END = re.compile(r"[_\s.-]?(1|2|a|b|left|right|first|second|one|two)$", re.IGNORECASE)
_ASKED = ("question", "query", "premise", "claim", "context_question", "prompt")
_ANSWERED = (
    "answer", "sentence", "passage", "hypothesis", "context", "document", "evidence", "response",
    "text", "paragraph", "title",
)  # fmt: skip
_USUAL = re.compile(r"(?i)(^|[_.-])(text|sentence|content|review|body|tweet|utterance|comment)s?$")
_ALIKE = 2.0  # texts of a pair are at most so many times as long as each other
_SIGNS = 200_000  # from which the language is told
_SCRIPTS = {
    "ko": re.compile("[\uac00-\ud7a3]"),
    "th": re.compile("[\u0e00-\u0e7f]"),
    "ja": re.compile("[\u3040-\u30ff]"),
    "zh": re.compile("[\u4e00-\u9fff]"),
}


def words_and_tags(columns: Mapping[str, Column]) -> tuple[str, list[str]]:
    """The column of tokens that has the most columns of tags beside it, and these."""
    best: tuple[str, list[str]] = ("", [])
    tags = [column for column in columns.values() if column.holds == "tags"]
    for words in columns.values():
        if words.holds == "tokens":
            beside = [column.name for column in tags if _as_long(words, column)]
            if len(beside) > len(best[1]):
                best = (words.name, beside)
    return best


def _as_long(words: Column, tags: Column) -> bool:
    pairs = [
        (_length(a), _length(b))
        for a, b in zip(words.values, tags.values, strict=True)
        if a is not None and b is not None
    ]
    return bool(pairs) and sum(a == b for a, b in pairs) >= 0.9 * len(pairs)


def _length(value: object) -> int:
    return len(value) if isinstance(value, list | tuple) else len(str(value).split())


def texts_read(columns: Mapping[str, Column], answers: bool) -> Input | None:
    """The text, or the pair of texts, that is read where no word has a tag."""
    texts = [column for column in columns.values() if column.holds == "text"]
    if not texts:
        return next((c.name for c in columns.values() if c.holds == "tokens"), None)
    if answers and len(texts) > 1:
        pair = _named_pair(texts) or pair_by_length(texts)
        if pair:
            return pair
    longest = max(column.words for column in texts)
    usual = [c for c in texts if _USUAL.search(c.name) and c.words >= 0.3 * longest]
    return (usual[0] if usual else max(texts, key=lambda column: column.words)).name


def _named_pair(texts: Sequence[Column]) -> tuple[str, str] | None:
    names = [column.name for column in texts]
    for i, one in enumerate(names):
        for two in names[i + 1 :]:
            ends = _END.search(one), _END.search(two)
            if all(ends) and _END.sub("", one) == _END.sub("", two):
                return one, two
            for first, second in ((one, two), (two, one)):
                if _says(first, _ASKED) and _says(second, _ANSWERED):
                    return first, second
    return None


def _says(name: str, words: Sequence[str]) -> bool:
    parts = re.split(r"[^a-z]+", name.lower())
    return any(word in parts for word in words)


def pair_by_length(texts: Sequence[Column]) -> tuple[str, str] | None:
    """Two texts of like length and script."""
    if len(texts) != 2:
        return None
    short, long = sorted(column.words for column in texts)
    scripts = [bool(UNSPACED.search("".join(map(str, c.present[:20])))) for c in texts]
    if short < 2 or long > _ALIKE * short or scripts[0] != scripts[1]:
        return None
    return texts[0].name, texts[1].name


def segmentation_of(read: Input, columns: Mapping[str, Column]) -> Segmentation:
    """How typed text is cut like this data."""
    column = columns[read if isinstance(read, str) else read[0]]
    if column.holds == "tokens":
        rows = [v if isinstance(v, list) else str(v).split() for v in column.present]
        return segmentation_of_tokens([[str(word) for word in row] for row in rows])
    return segmentation_of_texts(map(str, column.present))


def language_of(read: Input, columns: Mapping[str, Column]) -> str:
    """The language, where its script alone tells it; empty otherwise."""
    column = columns[read if isinstance(read, str) else read[0]]
    text = "".join(
        "".join(map(str, v)) if isinstance(v, list) else str(v) for v in column.present[:500]
    )[:_SIGNS]
    letters = sum(sign.isalpha() for sign in text)
    counts = {language: len(script.findall(text)) for language, script in _SCRIPTS.items()}
    japanese = counts["ja"] > 0.1 * letters
    if japanese:
        counts["zh"], counts["ja"] = 0, counts["ja"] + counts["zh"]
    best = max(counts, key=lambda language: counts[language])
    return best if letters and counts[best] > 0.5 * letters else ""
