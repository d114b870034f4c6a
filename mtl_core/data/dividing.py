"""Rows into splits, where the files do not do it: by a column, or at random and always the same."""

import random
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from mtl_core.errors import DataError

from .layout import AtRandom, ByColumn
from .reading import Row


def divided(
    rows: Sequence[Row],
    divide: ByColumn | AtRandom,
    split: str,
    *,
    texts: Sequence[str],
    taken: frozenset[str],
    path: Path,
) -> list[Row]:
    """The rows of a split, in the order of the file.

    `texts` names the columns whose text makes two rows the same; `taken` are the splits that have a
    file of their own and take nothing. Raises DataError where nothing is left for the split.
    """
    if isinstance(divide, ByColumn):
        return _by_column(rows, divide, split, path)
    shares = {name: getattr(divide, name) for name in ("validation", "test") if name not in taken}
    return _at_random(rows, divide, split, {n: s for n, s in shares.items() if s > 0}, texts, path)


def _by_column(rows: Sequence[Row], divide: ByColumn, split: str, path: Path) -> list[Row]:
    wanted = divide.values[split]  # type: ignore[index]
    kept = [row for row in rows if str(row.columns.get(divide.column, "")) == wanted]
    if not kept:
        raise DataError(
            f"{path}: no row has '{wanted}' in column '{divide.column}' for {split}; correct the "
            "card's divide"
        )
    return kept


def _at_random(
    rows: Sequence[Row],
    divide: AtRandom,
    split: str,
    shares: dict[str, float],
    texts: Sequence[str],
    path: Path,
) -> list[Row]:
    """Rows of one text go as a group, groups of one label are dealt out evenly."""
    groups: dict[str, list[int]] = defaultdict(list)
    for place, row in enumerate(rows):
        groups[repr([row.columns.get(column) for column in texts])].append(place)
    of_label: dict[str, list[list[int]]] = defaultdict(list)
    for members in groups.values():
        label = rows[members[0]].columns.get(divide.by) if divide.by else ""
        of_label[repr(label)].append(members)
    rng = random.Random(divide.seed)
    owed = dict.fromkeys(shares, 0.0)
    place_of: dict[int, str] = {}
    for label in sorted(of_label):
        dealt = of_label[label]
        rng.shuffle(dealt)
        for turn, members in enumerate(dealt):
            # What a split is owed grows with every row; the one that is owed most takes the group.
            for name, share in shares.items():
                owed[name] += share * len(members)
            most = max(owed, key=lambda name: owed[name], default="train")
            is_due = turn > 0 and most in owed and owed[most] >= len(members) - 0.5
            taker = most if is_due else "train"  # which must know every label
            if is_due:
                owed[taker] -= len(members)
            place_of |= dict.fromkeys(members, taker)
    kept = [row for place, row in enumerate(rows) if place_of[place] == split]
    if not kept:
        raise DataError(
            f"{path}: {len(rows)} rows are too few to cut a {split} split off them; name a file for "
            f"{split}, or a larger share under divide"
        )
    return kept
