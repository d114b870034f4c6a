"""What is written inside cells, as columns of their own."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

from mtl_core.data.findings import Level
from mtl_core.data.layout import Markup, MarkupKind
from mtl_core.data.text import Segmentation, cut, readable

from .contract import Row, Source
from .inline import parse_inline
from .json_text import JsonText, NotJson
from .literals import NotList, list_in, tree_in
from .offsets import BadSpan, Span, ends_are_inclusive, spans_in, spans_to_tags, words_at

_LOOKED_AT = 500  # rows from which it is told whether ends are inclusive
_BLANKS = re.compile(r"[ \t]+")
_DOUBTS = {
    "inside": ("span inside word", "begins or ends inside a word, and takes the whole word"),
    "overlap": ("overlapping spans", "overlaps a longer one, and is left out"),
    "empty": ("span without word", "holds no word, and is left out"),
}
New = dict[str, object]


@dataclass(frozen=True)
class Cell:
    """What a row has in a column that is to be unfolded."""

    name: str
    how: Markup
    row: Row
    segmentation: Segmentation
    source: Source
    inclusive: bool  # whether the ends of spans name their last character

    @property
    def value(self) -> Any:
        """None where nobody said anything: also of a cell that holds blanks only."""
        value = self.row.columns.get(self.name)
        return None if isinstance(value, str) and not value.strip() else value

    def say(self, code: str, level: Level, what: str, cure: str, example: str = "") -> None:
        """Tell a finding about this cell."""
        what = f"column '{self.name}': {what}"
        self.source.say(code, level, what, cure, self.row.line, example[:80])


Unfold = Callable[[Cell], New | None]
"""The new columns that a row's cell gives, none where it is empty; None where it cannot be read,
which is told."""


def unfolded(rows: Iterable[Row], source: Source, segmentation: Segmentation) -> Iterator[Row]:
    """The rows with the columns that their markup gives; one that cannot be read is left out.

    A row that has nothing in such a column gets no new ones from it, but the words that offsets
    would count in.
    """
    markup = source.layout.markup
    if not markup:
        yield from rows
        return
    rows = iter(rows)
    head = list(islice(rows, _LOOKED_AT))
    offsets = [name for name, how in markup.items() if how.kind == "offsets"]
    inclusive = {name for name in offsets if _inclusive(head, name, markup[name], source)}
    met: set[str] = set()
    for row in chain(head, rows):
        columns = dict(row.columns)
        for name, how in markup.items():
            if name in columns:
                met.add(name)
            elif how.kind != "offsets":
                continue
            cell = Cell(name, how, Row(row.line, columns), segmentation, source, name in inclusive)
            new = UNFOLD[how.kind](cell)
            if new is None:
                break
            columns |= new
        else:
            yield Row(row.line, columns)
    for name in [name for name in markup if name not in met]:
        what = f"no row has a column '{name}', whose markup the card states"
        source.say("markup", "warning", what, "correct the name under layout.markup")


def _inclusive(head: Sequence[Row], name: str, how: Markup, source: Source) -> bool:
    texts: list[tuple[str, list[Span]]] = []
    for row in head:
        text, value = row.columns.get(how.text or "text"), row.columns.get(name)
        try:
            value = tree_in(value, JsonText()) if isinstance(value, str) else value
            if isinstance(text, str) and value:
                texts.append((text, spans_in(value)))
        except (NotJson, BadSpan):
            continue  # told when its row is read
    inclusive = ends_are_inclusive(texts)
    if inclusive:
        source.say(
            "inclusive ends",
            "note",
            f"column '{name}': the ends of most spans name their last character, and are read so",
        )
    return inclusive


def _inline(cell: Cell) -> New | None:
    if cell.value is None:
        return {}
    if not isinstance(cell.value, str):
        _no_text(cell)
        return None
    try:
        text, spans, without = parse_inline(cell.value)
    except BadSpan as err:
        cell.say("inline", "error", str(err), "write [label : words]", cell.value)
        return None
    if without:
        what = f"'{without[0][:60]}' holds no label, and is read as text"
        cell.say("brackets", "warning", what, "write [label : words]", without[0])
    return _tagged(cell, text, spans)


def _offsets(cell: Cell) -> New | None:
    source = cell.how.text or "text"
    text = cell.row.columns.get(source)
    if not isinstance(text, str):
        found = "nothing" if text is None else repr(text)[:60]
        what = f"places count in column '{source}', which holds {found}"
        cell.say("offsets", "error", what, "name the column with the text in layout.markup")
        return None
    try:
        value = _decoded(cell)
        if value is None:
            return {f"{cell.name}_words": cut(text, cell.segmentation)}
        spans = [_checked(text, span, cell.inclusive) for span in spans_in(value)]
    except (BadSpan, NotJson) as err:
        cure = "count characters from 0, and let the end name the character after the span"
        cell.say("offsets", "error", str(err), cure, str(cell.value))
        return None
    return _tagged(cell, text, spans)


def _checked(text: str, span: Span, inclusive: bool) -> Span:
    """A span with an exclusive end. Raises BadSpan where it does not lie in its text."""
    end = span.end + 1 if inclusive and not span.counted else span.end
    if not 0 <= span.start < end <= len(text):
        raise BadSpan(
            f"{span.label} from {span.start} to {span.end} in a text of {len(text)} characters"
        )
    found = text[span.start : end]
    if span.surface is not None and span.surface.strip() != found.strip():
        raise BadSpan(
            f"{span.label} from {span.start} to {span.end} is '{found[:40]}' in the text, where the "
            f"span says '{span.surface[:40]}'"
        )
    return span._replace(end=end)


def _tagged(cell: Cell, text: str, spans: list[Span]) -> New:
    text = readable(text)
    words = cut(text, cell.segmentation)
    tags, doubts = spans_to_tags(words_at(text, words), spans)
    for doubt in doubts:
        code, what = _DOUBTS[doubt.code]
        start, end, label, *_ = doubt.span
        near = (
            f"{text[max(start - 12, 0) : start]}[{label} : {text[start:end]}]{text[end : end + 12]}"
        )
        what = f"{label} from {start} to {end} {what}"
        cell.say(code, "warning", what, "correct the places of the span", near)
    return {f"{cell.name}_words": words, f"{cell.name}_tags": tags}


def _pairs(cell: Cell) -> New | None:
    """Parted at the last separator: a word may be the separator itself."""
    separator = cell.how.separator or "="
    if cell.value is None:
        return {}
    items = _items(cell)
    if items is None:
        return None
    parts = [item.rpartition(separator) for item in items]
    for item, (_, mark, tag) in zip(items, parts, strict=True):
        if not mark or not tag:
            what = f"'{item[:60]}' is no word and tag with '{separator}' between them"
            cell.say("pairs", "error", what, "correct it, or the separator in the card", item)
            return None
    return {
        f"{cell.name}_words": [word for word, _, _ in parts],
        f"{cell.name}_tags": [tag for _, _, tag in parts],
    }


def _glued(cell: Cell) -> New | None:
    if cell.value is None:
        return {}
    words = _items(cell)
    if words is None:
        return None
    for word in words:
        if not (word[-1:].isascii() and word[-1:].isdecimal()):
            what = f"'{word[:60]}' does not end in a digit"
            cell.say("glued", "error", what, "correct it, or take the markup out of the card", word)
            return None
    return {
        f"{cell.name}_words": [word[:-1] for word in words],
        f"{cell.name}_digits": [word[-1] for word in words],
    }


def _prefix(cell: Cell) -> New:
    separator = cell.how.separator or ":"
    if cell.value is None:
        return {}
    if isinstance(cell.value, list):
        return {f"{cell.name}_prefix": [str(one).partition(separator)[0] for one in cell.value]}
    return {f"{cell.name}_prefix": str(cell.value).partition(separator)[0]}


def _json(cell: Cell) -> New | None:
    try:
        value = _decoded(cell)
    except NotJson as err:
        cell.say("json", "error", str(err), "correct the cell", cell.value)
        return None
    if value is None:
        return {}
    if isinstance(value, dict):
        return {f"{cell.name}.{key}": one for key, one in value.items()}
    what = f"found {str(value)[:60]!r} where an object is expected"
    cell.say("json", "error", what, 'write {"key": value}, or take the markup out')
    return None


def _list(cell: Cell) -> New | None:
    value = cell.value
    if value is None:
        return {}
    try:
        items = list_in(value) if isinstance(value, str) else value
    except NotList as err:
        cell.say("list", "error", f"no list of words: {err}", 'write ["a", "b"]', str(cell.value))
        return None
    if not isinstance(items, list):
        _no_text(cell)
        return None
    return {f"{cell.name}_items": items}


def _features(cell: Cell) -> New | None:
    """`Case=Nom|Number=Sing` for each word; a word without a feature has `_`, as in CoNLL-U."""
    if cell.value is None:
        return {}
    if not isinstance(cell.value, list):
        _no_text(cell)
        return None
    words = [dict(_feature(one) for one in str(word).split("|")) for word in cell.value]
    keys = cell.how.keys or tuple(dict.fromkeys(key for word in words for key in word if key))
    return {f"{cell.name}.{key}": [word.get(key, "_") for word in words] for key in keys}


def _feature(text: str) -> tuple[str, str]:
    key, mark, value = text.partition("=")
    return (key, value) if mark else ("", "")


def _decoded(cell: Cell) -> Any:
    """What a cell holds, also where it is written as JSON in a text. Raises NotJson."""
    value = cell.value
    if not isinstance(value, str):
        return value
    text = JsonText()
    try:
        value = tree_in(value, text)
    except NotJson as err:
        raise NotJson(f"not valid JSON ({err})") from err
    text.tell_odd(cell.source, cell.row.line)
    return value


def _items(cell: Cell) -> list[str] | None:
    if isinstance(cell.value, str):
        return [item for item in _BLANKS.split(cell.value) if item]
    if isinstance(cell.value, list):
        return [str(item) for item in cell.value]
    _no_text(cell)
    return None


def _no_text(cell: Cell) -> None:
    what = f"found {str(cell.value)[:60]!r}"
    kind = cell.how.kind
    cell.say("markup", "error", what, f"write a text with markup ({kind}), or leave it empty")


UNFOLD: dict[MarkupKind, Unfold] = {
    "inline": _inline,
    "offsets": _offsets,
    "pairs": _pairs,
    "prefix": _prefix,
    "glued": _glued,
    "json": _json,
    "list": _list,
    "features": _features,
}
