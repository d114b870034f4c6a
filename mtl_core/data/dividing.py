"""Rows into splits, where the files do not do it: by a column, or at random and always the same."""

import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from mtl_core.errors import DataError

from .layout import AtRandom, ByColumn
from .reading import Row


def divided(
    rows: Sequence[Row],
    divide: ByColumn | AtRandom,
    split: str,
    *,
    path: Path,
    places: Sequence[str] = (),
) -> list[Row]:
    """The rows of a split, in the order of the file.

    `places` are what `placed` says of the rows, where they are divided at random. Raises DataError
    where nothing is left for the split.
    """
    if isinstance(divide, ByColumn):
        return _by_column(rows, divide, split, path)
    kept = [row for row, place in zip(rows, places, strict=True) if place == split]
    if not kept:
        raise DataError(
            f"{path}: {len(rows)} rows are too few to cut a {split} split off them; name a file for "
            f"{split}, or a larger share under divide"
        )
    return kept


def _by_column(rows: Sequence[Row], divide: ByColumn, split: str, path: Path) -> list[Row]:
    wanted = divide.values[split]  # type: ignore[index]
    kept = [row for row in rows if str(row.columns.get(divide.column, "")) == wanted]
    if not kept:
        raise DataError(
            f"{path}: no row has '{wanted}' in column '{divide.column}' for {split}; correct the "
            "card's divide"
        )
    return kept


def placed(
    rows: Sequence[Row], divide: AtRandom, *, texts: Sequence[str], taken: frozenset[str]
) -> list[str]:
    """The split of each row. Rows of one text go as a group, groups of one label are dealt out
    evenly.

    `texts` names the columns whose text makes two rows the same; `taken` are the splits that have a
    file of their own and take nothing.
    """
    shares = {name: getattr(divide, name) for name in ("validation", "test") if name not in taken}
    shares = {name: share for name, share in shares.items() if share > 0}
    of_label: dict[str, list[list[int]]] = defaultdict(list)
    for members in _groups(rows, texts):
        label = rows[members[0]].columns.get(divide.by) if divide.by else ""
        of_label[repr(label)].append(members)
    rng = random.Random(divide.seed)
    owed = dict.fromkeys(shares, 0.0)
    places = ["train"] * len(rows)
    for label in sorted(of_label):
        dealt = of_label[label]
        rng.shuffle(dealt)
        for turn, members in enumerate(dealt):
            # What a split is owed grows with every row; the one that is owed most takes the group.
            for name, share in shares.items():
                owed[name] += share * len(members)
            most = max(owed, key=owed.__getitem__, default="train")
            is_due = turn > 0 and most in owed and owed[most] >= len(members) - 0.5
            if is_due:  # otherwise it goes to train, which must know every label
                owed[most] -= len(members)
                for row in members:
                    places[row] = most
    return places


def _groups(rows: Sequence[Row], texts: Sequence[str]) -> Iterable[list[int]]:
    """The places of the rows, those with the same text together."""
    groups: dict[object, list[int]] = defaultdict(list)
    for place, row in enumerate(rows):
        found = tuple(map(row.columns.get, texts))
        plain = all(isinstance(text, str) for text in found)
        groups[found if plain else repr(found)].append(place)
    return groups.values()
