"""What is doubtful about the texts of a dataset, whatever their labels."""

import re
from collections.abc import Iterator
from dataclasses import replace

from mtl_core.data.catalog import PER_WORD
from mtl_core.data.findings import Finding, Level
from mtl_core.data.spans import spans_of

from .corpus import Corpus
from .facts import lengths_of
from .words import counted, percent, spread

LONG = 512
"""Words; most pretrained encoders read no more pieces."""
MANY = 0.01
"""From this share of a split on, repeated texts are more than a note."""

# UTF-8 that was read as Latin-1 or Windows-1252: the first of two or three bytes, then the next.
_NEXT = "\u0080-\u00bf‚ƒ„…†‡ˆ‰Š‹Œ\u017d‘’“”•–—˜™š›œ\u017eŸ€"
_MISREAD = re.compile(f"[ÂÃÐÑ][{_NEXT}]|â€[{_NEXT}]|ðŸ[{_NEXT}]|ï¿½")
_LOST = re.compile("\ufffd")
_UNSEEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_MARKUP = re.compile(r"&(?:amp|lt|gt|quot|apos|nbsp|#\d{2,5});|</?(?:br|p|i|b|a|div|span)/?>")
_SIGNS: tuple[tuple[str, re.Pattern[str], Level, str, str], ...] = (
    (
        "lost signs",
        _LOST,
        "warning",
        "hold U+FFFD, which stands where a sign was lost",
        "read the original files anew in their right encoding",
    ),
    (
        "misread signs",
        _MISREAD,
        "warning",
        "look like UTF-8 that was read in another encoding, as Ã© for é",
        "name the encoding in the card's layout, or correct the files",
    ),
    ("control signs", _UNSEEN, "note", "hold control signs, which nobody sees", "take them out"),
    (
        "mark-up",
        _MARKUP,
        "note",
        "hold left-overs of HTML, as &amp; or <br>",
        "take them out, or models learn them as words",
    ),
)
Rows = dict[str, list[int]]
"""Rows by split."""


def text_findings(corpus: Corpus, max_words: int | None) -> Iterator[Finding]:
    """All of one dataset; `max_words` asks what a maximum length would cut."""
    lengths = {split: lengths_of(found) for split, found in corpus.splits.items()}
    if max_words:
        yield from _cut(corpus, lengths, max_words)
    yield from _duplicates(corpus)
    yield from _lengths(corpus, lengths)
    yield from _signs(corpus)


def about(corpus: Corpus, rows: Rows, finding: Finding) -> Iterator[Finding]:
    """The finding about these rows, if there are any; its `what` goes on after "3 of 9 texts"."""
    counts = {split: len(found) for split, found in rows.items() if found}
    if not counts:
        return
    many, total = sum(counts.values()), sum(len(corpus.splits[split]) for split in rows)
    what = f"{many:,} of {counted(total, 'text')} ({percent(many / total)}: {spread(counts)})"
    yield replace(
        finding,
        what=f"{what} {finding.what}",
        place=corpus.name,
        count=many,
        examples=corpus.excerpts(rows),
    )


def _duplicates(corpus: Corpus) -> Iterator[Finding]:
    repeated: Rows = {}
    for split in corpus.splits:
        first: dict[int, int] = {}
        marks = corpus.prints[split].exact
        repeated[split] = [r for r, mark in enumerate(marks) if first.setdefault(mark, r) != r]
    many = any(len(rows) >= MANY * len(corpus.splits[s]) for s, rows in repeated.items() if rows)
    yield from about(
        corpus,
        repeated,
        Finding(
            "duplicate",
            "warning" if many else "note",
            "repeat another one of the same split word for word",
            "they count several times; take them out if they are no accident of the language",
        ),
    )


def _lengths(corpus: Corpus, lengths: dict[str, list[int]]) -> Iterator[Finding]:
    """Texts without a word, with one, with very many."""
    most = max((length for found in lengths.values() for length in found), default=0)
    for low, high, finding in (
        (0, 0, Finding("empty text", "warning", "have no word at all", "take them out")),
        (1, 1, Finding("one word", "note", "have one word only")),
        (
            LONG + 1,
            most,
            Finding(
                "long text",
                "note",
                f"have more than {LONG} words, the longest {most:,}",
                "encoders read the first encoder.max_length pieces; the rest is cut off",
            ),
        ),
    ):
        rows = {
            split: [row for row, length in enumerate(found) if low <= length <= high]
            for split, found in lengths.items()
        }
        yield from about(corpus, rows, finding)


def _signs(corpus: Corpus) -> Iterator[Finding]:
    rows: dict[str, dict[str, set[int]]] = {
        code: {split: set() for split in corpus.splits} for code, *_ in _SIGNS
    }
    for split, found in corpus.splits.items():
        for place, words in enumerate(found.texts):
            text = "".join(words)
            for code, pattern, *_ in _SIGNS:
                if pattern.search(text):
                    rows[code][split].add(place % len(found))  # second texts follow the first
    for code, _, level, what, cure in _SIGNS:
        ordered = {split: sorted(found) for split, found in rows[code].items()}
        yield from about(corpus, ordered, Finding(code, level, what, cure))


def _cut(corpus: Corpus, lengths: dict[str, list[int]], max_words: int) -> Iterator[Finding]:
    """What a maximum length takes away: words, and what is labelled on them."""
    rows = {
        split: [row for row, length in enumerate(found) if length > max_words]
        for split, found in lengths.items()
    }
    words = sum(lengths[split][row] - max_words for split in rows for row in rows[split])
    share = words / max(1, sum(map(sum, lengths.values())))
    per_word = [task for task, spec in corpus.specs.items() if spec.kind in PER_WORD]
    lost = [said for task in per_word if (said := _labels_cut(corpus, task, max_words))]
    with_them = f"; with them go {' and '.join(lost)}" if lost else ""
    yield from about(
        corpus,
        rows,
        Finding(
            "truncation",
            "warning",
            f"are cut at {max_words} words and lose {counted(words, 'word')} ({percent(share)})"
            f"{with_them}",
            "raise encoder.max_length, or cut long texts into several",
        ),
    )


def _labels_cut(corpus: Corpus, task: str, max_words: int) -> str:
    """How many spans, or words with a tag, do not lie wholly within the length; "" for none."""
    answers = [
        gold
        for found in corpus.splits.values()
        for gold in found.gold[task]
        if isinstance(gold, list)
    ]
    if corpus.specs[task].kind == "tagging":
        tags = sum(max(0, len(gold) - max_words) for gold in answers)
        return f"{counted(tags, 'tag')} of {task}" if tags else ""
    every = [span for gold in answers for span in spans_of(gold)]
    spans = sum(end > max_words for _, end, _ in every)
    return f"{spans:,} of {counted(len(every), 'span')} of {task}" if spans else ""
