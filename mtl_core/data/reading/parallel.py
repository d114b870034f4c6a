"""Rows of files that lie beside each other, line by line: words in one, tags or a label in others."""

from collections.abc import Iterator
from itertools import zip_longest

from mtl_core.data.address import Address, beside
from mtl_core.errors import DataError

from .contract import Row, Source
from .opened import is_archive, lines_of, members_of


def read_parallel(source: Source) -> Iterator[Row]:
    """A row for each line that the files have in common. Lines that are empty in all are left out.

    Raises DataError where a file is not there. Empty lines at the end of some of them do no harm.
    """
    names = source.layout.columns
    totals, lasts = [0] * len(names), [0] * len(names)  # all lines, and the last that is not empty
    for number, lines in enumerate(zip_longest(*map(lines_of, _parts(source))), 1):
        texts = []
        for place, line in enumerate(lines):
            text = (line or "").strip(" \t")
            texts.append(text)
            if line is not None:
                totals[place] = number
            if text:
                lasts[place] = number
        if any(texts) and None not in lines:
            yield Row(number, dict(zip(names, texts, strict=True)))
    if max(lasts) > min(totals):
        each = ", ".join(
            f"{n} in {end}" for n, end in zip(totals, source.layout.files, strict=True)
        )
        what = f"the files have different numbers of lines ({each}), so lines may stand beside wrong ones"
        source.say("parallel", "error", what, "correct the files; one line in each makes a row")


def _parts(source: Source) -> list[Source]:
    """The files as sources of their own."""
    address, ends = source.address, source.layout.files
    if address.path.is_file() and is_archive(address.path):
        addresses = [_member(address, end) for end in ends]
    else:
        addresses = [Address(beside(address.path, end)) for end in ends]
    return [Source(one, source.layout, source.tell) for one in addresses]


def _member(address: Address, end: str) -> Address:
    """One of several parallel files inside an archive: in a folder by its name, else by its ending."""
    members = members_of(address.path)
    part = address.part.rstrip("/")
    wanted = (f"{part}/{end}", part + end, end) if part else (end,)
    if "*" in end:
        above, _, name = part.rpartition("/")
        wanted = (f"{above}/{end.replace('*', name)}".lstrip("/"),)
    found = [name for name in wanted if name in members]
    if not found:
        raise DataError(
            f"{address}: the archive holds no {' or '.join(wanted)}; it holds "
            f"{', '.join(members[:10]) or 'nothing'}; correct layout.files or the card's splits"
        )
    return Address(address.path, found[0])
