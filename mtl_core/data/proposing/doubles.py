"""Files that say the same once more: a smaller copy, the same rows without labels."""

from itertools import combinations

from mtl_core.errors import DataError

from .found import Found
from .places import Place
from .sampling import rows_of

_SAME = 0.9  # of the rows of the smaller file stand in the other
_MOST_ROWS = 50_000  # of each file
_MOST_FILES = 12  # of a split; more are shards


def without_doubles(found: Found) -> None:
    """Of two files of one split that hold the same rows, the one named like the other splits stays."""
    ends = {
        _end(place)
        for split, places in found.splits.items()
        if len(places) == 1
        for place in places
    }
    for split, places in found.splits.items():
        if not 1 < len(places) <= _MOST_FILES:
            continue
        kept = list(places)
        for one, two in combinations(places, 2):
            if one in kept and two in kept and _are_doubles(found, one, two):
                worse = min((one, two), key=lambda place: (_end(place) in ends, _size(place)))
                kept.remove(worse)
                better = two if worse is one else one
                found.left_out[worse.name] = f"its rows stand in {better.name} too"
        found.splits[split] = kept


def _are_doubles(found: Found, one: Place, two: Place) -> bool:
    try:
        first, second = _texts(found, one), _texts(found, two)
    except DataError:
        return False
    return len(first & second) >= _SAME * min(len(first), len(second)) > 0


def _texts(found: Found, place: Place) -> set[str]:
    """The longest value of each row, which is its text or its words."""
    rows = rows_of(place, found.layout, _MOST_ROWS)
    return {max(map(_said, row.columns.values()), key=len, default="") for row in rows}


def _said(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)


def _end(place: Place) -> str:
    return place.name.removesuffix(".gz").rpartition(".")[2]


def _size(place: Place) -> int:
    return place.address.path.stat().st_size
