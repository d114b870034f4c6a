"""Bytes to text: opened, unpacked and decoded, the same way for every format.

Lines end at newlines only: `str.splitlines` also breaks at U+0085 inside a text.
"""

import re
import zipfile
from collections.abc import Iterator
from typing import IO

from mtl_core.errors import DataError

from . import packed
from .contract import Source
from .decoding import before_decoding, decoded
from .lines import Lines
from .packed import MB, MOST_AT_ONCE, is_archive, key_of, members_of

__all__ = [
    "binary_of",
    "is_archive",
    "key_of",
    "line_blocks",
    "lines_of",
    "members_of",
    "raw_lines",
    "split_lines",
    "text_of",
]

LONGEST_LINE = 16 * MB
"""Bytes of one line."""
LARGE = 4 * MB
"""Bytes of a block of lines before they are decoded."""
_START = 1 << 16  # bytes that are looked at before anything is decoded
_BINARY = (
    (re.compile(rb"PAR1"), "a Parquet file", "set layout.kind to parquet"),
    (re.compile(rb"ARROW1"), "an Arrow file", "set layout.kind to arrow"),
    (re.compile(rb"%PDF-"), "a PDF", "save its text as a text file"),
    (re.compile(rb"\xd0\xcf\x11\xe0"), "an old Office document", "save it as CSV"),
    (re.compile(rb"SQLite format 3\0"), "a SQLite database", "export its table as CSV"),
    (re.compile(rb"\x89PNG|\xff\xd8\xff|GIF8|\x7fELF"), "no text", "name a text file"),
    (re.compile(rb".{257}ustar", re.DOTALL), "a tar archive", "unpack it"),
)


def lines_of(source: Source, archive: zipfile.ZipFile | None = None) -> Iterator[str]:
    """The lines without their ends, from the first; never more of the file than a block at a time.

    What the decoding had to mend is told. Raises DataError where the file cannot be read at all.
    """
    for text in line_blocks(source, archive):
        yield from split_lines(text)


def split_lines(text: str) -> list[str]:
    """The lines of a block without their ends."""
    if "\r" in text:
        text = text.replace("\r\n", "\n")
        if "\r" in text:
            text = re.sub(r"\r+(?=\n|\Z)", "", text)
    lines = text.split("\n")
    if not lines[-1]:
        lines.pop()
    return lines


def line_blocks(source: Source, archive: zipfile.ZipFile | None = None) -> Iterator[str]:
    """The text in blocks of whole lines, with their ends as they are written."""
    return decoded(source, _checked(source, archive), LONGEST_LINE)


def raw_lines(source: Source) -> Iterator[Lines]:
    """The same before it is decoded, in larger blocks."""
    return before_decoding(source, _checked(source, None), LONGEST_LINE, LARGE)


def text_of(source: Source, archive: zipfile.ZipFile | None = None) -> str:
    """The whole file as text, for formats that cannot be read line by line.

    Raises DataError where it cannot be read at all, or is longer than MOST_AT_ONCE.
    """
    raw = packed.whole(source, archive)
    _check_is_text(source, raw)
    return "".join(decoded(source, iter((raw,) if raw else ()), MOST_AT_ONCE))


def binary_of(source: Source) -> IO[bytes]:
    """The file for formats that are read from anywhere in it; to be closed by the caller.

    A packed one is unpacked into memory. Raises DataError.
    """
    return packed.binary_of(source)


def _checked(source: Source, archive: zipfile.ZipFile | None) -> Iterator[bytes]:
    """The unpacked bytes, the first block long enough to tell what they are."""
    blocks = packed.bytes_of(source, archive)
    start: list[bytes] = []
    size = 0
    for block in blocks:
        start.append(block)
        size += len(block)
        if size >= _START:
            break
    first = b"".join(start)
    if first:
        _check_is_text(source, first)
        yield first
        yield from blocks


def _check_is_text(source: Source, start: bytes) -> None:
    if packed.packing_of(start):
        raise DataError(
            f"{source.address}: packed twice ({packed.packing_of(start)} inside); unpack it once"
        )
    for magic, what, cure in _BINARY:
        if magic.match(start):
            raise DataError(f"{source.address}: {what}, where text is expected; {cure}")
