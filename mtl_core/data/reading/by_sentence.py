"""Tables with a word in each row: the rows of a sentence become one row with lists."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from mtl_core.data.layout import Gather
from mtl_core.errors import DataError

from .contract import Row, Source


def by_sentence(rows: Iterable[Row], source: Source) -> Iterator[Row]:
    """A row for each sentence, as `layout.gather` says; the rows as they are where it says nothing.

    It has the line of the sentence's first word. Raises DataError where a column is missing.
    """
    how = source.layout.gather
    if how is None:
        yield from rows
        return
    sentence: list[Row] = []
    begins = Beginnings()
    for row in rows:
        if not sentence:
            _check(row, how, source)
        if begins(row.columns.get(how.by)) and sentence:
            yield _together(sentence, how)
            sentence = []
        sentence.append(row)
    if sentence:
        yield _together(sentence, how)


class Beginnings:
    """Told what each row says of its sentence, one after the other: whether it begins one."""

    def __init__(self) -> None:
        self._said: object = None

    def __call__(self, told: object) -> bool:
        begins = says(told) and told != self._said
        self._said = told if begins else self._said
        return begins


def says(value: object) -> bool:
    """Whether a cell says which sentence it is: an empty one goes with the row before."""
    return value is not None and value == value and str(value).strip() != ""  # NaN is not itself


def _together(rows: Sequence[Row], how: Gather) -> Row:
    first = rows[0]
    lists: dict[str, Any] = {}
    for name in how.columns:
        values = (row.columns.get(name) for row in rows)
        lists[name] = ["" if value is None else value for value in values]
    return Row(first.line, {**first.columns, **lists})


def _check(row: Row, how: Gather, source: Source) -> None:
    for where, name in (("by", how.by), *(("columns", name) for name in how.columns)):
        if name not in row.columns:
            raise DataError(
                f"{source.address}: there is no column '{name}' (there are "
                f"{', '.join(row.columns)}); correct layout.gather.{where}"
            )
