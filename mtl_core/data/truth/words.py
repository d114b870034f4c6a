"""Counts in sentences."""

from collections.abc import Mapping


def counted(count: int, noun: str, many: str = "") -> str:
    """A count with its noun.

    >>> counted(1, "text"), counted(1200, "text")
    ('1 text', '1,200 texts')
    """
    return f"{count:,} {noun if count == 1 else many or noun + 's'}"


def percent(share: float) -> str:
    """A share of 0 .. 1 as people read it.

    >>> percent(0.905)
    '90.5 %'
    """
    return f"{100 * share:.1f} %"


def spread(counts: Mapping[str, int]) -> str:
    """Counts by split.

    >>> spread({"train": 1200, "test": 3})
    'train 1,200, test 3'
    """
    return ", ".join(f"{split} {count:,}" for split, count in counts.items())
