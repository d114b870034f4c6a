"""What each column of some rows seems to hold."""

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from mtl_core.data.reading import Row
from mtl_core.data.reading.json_text import JsonText, NotJson
from mtl_core.data.reading.literals import NotList, list_in, tree_in

from .cells import Verdict, judged, words_in
from .lists import aligned, are_offsets, judged_alone, judged_beside_each_other

EXAMPLES = 3
MOST_JUDGED = 500
"""Columns that are judged: those that most rows have."""
_LOOKED_AT = 400  # texts in which tags glued to words are looked for
_WORDS_LOOKED_AT = 200  # of each of them
_LONG = 20_000  # signs; of a longer text the beginning is judged
_WORDS = 4_000  # of a text, or values of a list, that are judged
_FIRST = 100  # rows in which columns that do not belong together show it
_INLINE = re.compile(r"\[\s*([^\s\[\]:](?:[^\[\]:]{0,38}[^\s\[\]:])?)\s*:[^\[\]]+\]")


@dataclass
class Column:
    """A column of the rows that were looked at, with what it seems to hold."""

    name: str
    values: list[Any]  # one for each row; None where it says nothing
    verdict: Verdict = field(default_factory=lambda: Verdict("unknown", "it is empty"))
    _counts: dict[bool, Counter[str]] = field(default_factory=dict, repr=False)

    @property
    def present(self) -> list[Any]:
        """The values that say something."""
        return [value for value in self.values if value is not None]

    @property
    def holds(self) -> str:
        return self.verdict.holds

    @property
    def distinct(self) -> int:
        """How many different values, those of lists and cells of words one by one."""
        return len(self.counts)

    @property
    def counts(self) -> Counter[str]:
        """How often each value stands there, those of lists and cells of words one by one."""
        in_cells = self.holds in ("tags", "tokens")
        if in_cells not in self._counts:
            found: Counter[str] = Counter()
            for value in self.present:
                parts = str(value).split() if in_cells else [str(value)]
                found.update(map(str, value) if isinstance(value, list) else parts)
            self._counts[in_cells] = found
        return self._counts[in_cells]

    @property
    def words(self) -> float:
        """Words in a value, on average."""
        counted = [len(v) if isinstance(v, list) else words_in(str(v)) for v in self.present]
        return sum(counted) / max(len(counted), 1)

    @property
    def examples(self) -> tuple[str, ...]:
        """The first different values, shortened."""
        shown = dict.fromkeys(
            " ".join(map(str, v)) if isinstance(v, list) else str(v) for v in self.present[:50]
        )
        return tuple(text if len(text) <= 80 else f"{text[:79]}…" for text in shown)[:EXAMPLES]


def columns_of(rows: Sequence[Row], without: Collection[str] = ()) -> dict[str, Column]:
    """The columns of some rows, each judged; `without` names those that were taken apart."""
    names = _fullest(rows)
    columns = {name: Column(name, [_said(row.columns.get(name)) for row in rows]) for name in names}
    lists = {n: c for n, c in columns.items() if _mostly(c, list) or _mostly(c, tuple)}
    _judge_lists({name: column for name, column in lists.items() if name not in without})
    for name, column in columns.items():
        if name not in lists:
            column.verdict = _of_scalars(column)
    scalars = [c for n, c in columns.items() if n not in lists and c.holds != "list"]
    _find_tags_in_cells(scalars)
    if not any(c.holds in ("text", "tokens", "inline", "pairs") for c in columns.values()):
        _promote(columns)
    return columns


def _fullest(rows: Sequence[Row]) -> list[str]:
    """The columns that most rows have, in their order."""
    counts = Counter(name for row in rows for name in row.columns)
    if len(counts) <= MOST_JUDGED:
        return list(counts)
    kept = {name for name, _ in counts.most_common(MOST_JUDGED)}
    return [name for name in counts if name in kept]


def _said(value: Any) -> Any:
    """A value as it is judged: none where it says nothing, and not all of a very long one."""
    if isinstance(value, list):
        return value if len(value) <= _WORDS else value[:_WORDS]
    if not isinstance(value, str):
        return value
    if len(value) > _LONG and value.lstrip()[:1] not in ("[", "{"):  # it may be JSON
        value = " ".join(value.split(None, _WORDS)[:_WORDS])[: 5 * _LONG]
    return value if value.strip() else None


def _mostly(column: Column, kind: type) -> bool:
    present = column.present
    return bool(present) and sum(isinstance(v, kind) for v in present) >= 0.9 * len(present)


def _judge_lists(columns: Mapping[str, Column]) -> None:
    rows = {
        name: [value if isinstance(value, list | tuple) else [] for value in column.values]
        for name, column in columns.items()
    }
    flat = {
        name: found
        for name, found in rows.items()
        if not any(isinstance(value, dict | list | tuple) for row in found for value in row)
    }
    group = aligned(flat)
    # A row may lack a column: lists are compared where each of the group has one.
    full = [i for i in range(len(next(iter(rows.values()), []))) if all(rows[n][i] for n in group)]
    beside = judged_beside_each_other({n: [rows[n][i] for i in full] for n in group}, group)
    for name, column in columns.items():
        column.verdict = beside.get(name) or judged_alone([row for row in rows[name] if row])


def _of_scalars(column: Column) -> Verdict:
    present = column.present
    if _mostly(column, dict):
        if are_offsets(present):
            return Verdict("offsets", "an object with a list of spans")
        return Verdict("json", "an object in every row")
    texts = [value for value in present if isinstance(value, str)]
    if texts and len(texts) == len(present):
        return _json_in(texts) or marked_up(texts) or judged(present)
    return judged(present)


def _json_in(texts: Sequence[str]) -> Verdict | None:
    """Whether cells hold JSON: an object, a list of spans, or a list of words."""
    if not all(text.strip()[0] in "[{" and text.strip()[-1] in "]}" for text in texts[:200]):
        return None
    if _are_lists(texts[:200]):
        return Verdict("list", "a list written inside the cell")
    try:
        trees = [tree_in(text, JsonText()) for text in texts[:200]]
    except NotJson:
        return None
    if are_offsets(trees):
        return Verdict("offsets", "a list of spans, written inside the cell")
    if all(isinstance(tree, dict) for tree in trees):
        return Verdict("json", "an object written inside the cell")
    return Verdict("unknown", "a list written inside the cell")


def _are_lists(texts: Sequence[str]) -> bool:
    """Whether cells hold lists of words or numbers; a word in brackets alone is none."""
    try:
        lists = [list_in(text) for text in texts]
    except NotList:
        return False
    return any(len(one) > 1 for one in lists) or any("'" in text or '"' in text for text in texts)


def marked_up(texts: Sequence[str]) -> Verdict | None:
    """Whether texts hold `[label : words]`, or words with their tags glued on."""
    found = [match[1] for text in texts for match in _INLINE.finditer(text)]
    labels = Counter(found)
    if len(found) >= 0.2 * len(texts) and len(labels) <= max(0.34 * len(found), 3):
        return Verdict("inline", f"[label : words] with {len(labels)} different labels")
    texts = texts[:: len(texts) // _LOOKED_AT + 1]
    of_texts = [text.split(None, _WORDS_LOOKED_AT)[:_WORDS_LOOKED_AT] for text in texts]
    for separator in ("=", "/", "|", "_", "\\", ":"):
        pairs = [word.rpartition(separator) for of_text in of_texts for word in of_text]
        if not pairs or len(pairs) < 2 * len(texts):
            continue
        whole = sum(bool(word and mark and tag) for word, mark, tag in pairs)
        tags = {tag for _, _, tag in pairs}
        words = {word for word, _, _ in pairs}
        if whole >= 0.99 * len(pairs) and len(tags) <= max(0.3 * len(words), 12) and len(tags) > 1:
            why = f"words with one of {len(tags)} tags glued on by '{separator}'"
            return Verdict("pairs", why, separator)
    return None


def _find_tags_in_cells(columns: Sequence[Column]) -> None:
    """A cell such as `O O B-x` has as many tags as the text beside it has words."""
    lengths = [[None if v is None else len(str(v).split()) for v in c.values] for c in columns]
    for column, own in zip(columns, lengths, strict=True):
        if sum(filter(None, own)) < 1.5 * sum(length is not None for length in own):
            continue
        for text, its in zip(columns, lengths, strict=True):
            if column is not text and _are_as_long(own, its) and _tags_of(column, text):
                column.verdict = Verdict(
                    "tags", f"as many values in a cell as '{text.name}' has words"
                )
                if text.holds != "tokens":
                    text.verdict = Verdict("tokens", "words with blanks between them")
                break


def _are_as_long(one: Sequence[int | None], two: Sequence[int | None]) -> bool:
    """Whether cells of two columns have as many words as each other, in most rows that have both."""
    for most in (_FIRST, len(one)):  # most columns differ early
        pairs = zip(one[:most], two[:most], strict=True)
        both = [a == b for a, b in pairs if a is not None and b is not None]
        if sum(both) < 0.8 * len(both):
            return False
    return True


def _tags_of(column: Column, text: Column) -> bool:
    rows = [
        (str(a).split(), str(b).split())
        for a, b in zip(column.values, text.values, strict=True)
        if a is not None and b is not None
    ]
    if not rows or sum(len(a) for a, _ in rows) < 1.5 * len(rows):
        return False
    if sum(len(a) == len(b) for a, b in rows) < 0.95 * len(rows):
        return False
    tags = {tag for row, _ in rows for tag in row}
    words = {word for _, row in rows for word in row}
    return 1 < len(tags) <= max(0.5 * len(words), 3) and len(tags) < len(words)


def _promote(columns: Mapping[str, Column]) -> None:
    """Something must be read: without a text it is the column with the most different values."""
    able = [c for c in columns.values() if c.holds in ("label", "labels", "id") and c.distinct > 2]
    able = [c for c in able if any(isinstance(value, str) for value in c.present)]
    able = [c for c in able if not all(re.fullmatch(r"[\d.\s-]*", str(v)) for v in c.present)]
    best = max(able, key=lambda column: (column.words > 1.5, column.distinct), default=None)
    if best is not None and len(columns) > 1:
        why = f"no other column is a text; {best.verdict.why}"
        best.verdict = replace(best.verdict, holds="text", why=why, separator="")
