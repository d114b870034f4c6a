"""The rows of a split: those of its files that belong to the dataset, and what they are told by."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from mtl_core.errors import DataError, shown

from .address import Address
from .catalog import Card, Dataset
from .dividing import divided, placed
from .findings import Findings, Tell
from .layout import AtRandom
from .reading import Row, kind_of, read_rows
from .reading.contract import unit_of


@dataclass
class SplitRows:
    """Reads the rows of splits. With `keep` it reads files once from which several splits are cut,
    as long as it lives; faults of their rows are then told once, too. With `told` they are not told
    to who asks for a split, but kept there by the split that the files are named for."""

    keep: bool = False
    told: dict[str, Findings] | None = None
    _places: dict[int, str] = field(default_factory=dict)  # by identity: file and line of a row
    _read: dict[object, list[Row]] = field(default_factory=dict)
    _divisions: dict[object, list[str]] = field(default_factory=dict)

    def of(self, dataset: Dataset, split: str, tell: Tell) -> list[Row]:
        """The rows of a split. Raises DataError where there are none."""
        card, path = dataset.card, dataset.file(split)
        named = split if split in card.splits else "train"
        rows = self._all(dataset, named, tell)
        for column, value in card.where.items():
            kept = [row for row in rows if _holds(row, column, value)]
            if not kept:
                raise DataError(
                    f"{path}: no row has {shown(value)} in '{column}'{_instead(rows, column)}"
                )
            rows = kept
        if card.divide is None or (split in card.splits and split != "train"):
            return rows
        places = self._placed(card, named, rows) if isinstance(card.divide, AtRandom) else ()
        return divided(rows, card.divide, split, path=path, places=places)

    def _placed(self, card: Card, named: str, rows: list[Row]) -> list[str]:
        """The split of each row, which all splits have in common."""
        assert isinstance(card.divide, AtRandom)
        texts = sorted({column for spec in card.tasks.values() for column in spec.columns})
        key = repr((named, card.divide, texts, sorted(card.splits), card.where))
        if key not in self._divisions:
            taken = frozenset(card.splits)
            self._divisions[key] = placed(rows, card.divide, texts=texts, taken=taken)
        return self._divisions[key]

    def place(self, row: Row, first: str) -> str:
        """Where a row stands, for messages; `first` is the place of the rows of the first file."""
        return f"{self._places.get(id(row), first)} {row.line}"

    def _all(self, dataset: Dataset, named: str, tell: Tell) -> list[Row]:
        """All rows of the files of a split."""
        card = dataset.card
        key = (named, repr(card.splits[named]), repr(card.layout), card.segmentation)
        if key in self._read:
            return self._read[key]
        if self.told is not None:
            tell = self.told.setdefault(named, Findings())
        rows: list[Row] = []
        if card.hub is not None:
            from .hub import read_hub

            for part in _several(card.splits[named]):
                rows += read_hub(card, part, dataset.path)
        else:
            for address in dataset.addresses(named):
                found = read_rows(address, card.layout, card.segmentation, tell)
                if rows:  # those of the first file are the rule
                    self._places |= dict.fromkeys(map(id, found), place_of(dataset, address))
                rows += found
        if self.keep:
            self._read[key] = rows
        return rows


def place_of(dataset: Dataset, address: Address) -> str:
    """What comes before the number of a row of this file in messages."""
    layout = dataset.card.layout
    if dataset.card.hub is not None:
        return f"{address} row"
    return f"{address} {unit_of(layout.kind if layout else kind_of(address))}"


def _several(names: str | tuple[str, ...]) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else names


def _holds(row: Row, column: str, value: object) -> bool:
    """Whether a row's column has a value; in a table every value is written as text."""
    found = row.columns.get(column)
    return found is not None and (found == value or str(found) == str(value))


def _instead(rows: Sequence[Row], column: str) -> str:
    """What stands in a column, for messages."""
    found = sorted({_short(row.columns[column]) for row in rows if column in row.columns})
    if not found:
        names = ", ".join(map(str, rows[0].columns))
        return f": there is no such column, only {names}; correct the card's where"
    more = f" and {len(found) - 10} more" if len(found) > 10 else ""
    return f", but {', '.join(found[:10])}{more}; correct the card's where"


def _short(value: Any) -> str:
    return str(value)[:40]
