"""Blocks of whole lines, as bytes that are UTF-8 as far as they are."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from mtl_core.errors import DataError

from .contract import Source

_NEWLINE, _RETURN = b"\n\r"


@dataclass(frozen=True)
class Lines:
    """Some whole lines: their bytes, in UTF-8 as far as they are, the number of the first one, and
    how many of them end with a newline: all but, perhaps, the last one of a file."""

    raw: bytes
    number: int
    newlines: int
    decode: Callable[[bytes, int], str]
    is_clean: bool
    """As UTF-8 it needs no mending, nothing is told of it, and returns only end lines."""

    def text(self) -> str:
        """The lines as text; what had to be mended in them is told."""
        return self.decode(self.raw, self.number)

    def and_on(self, following: "Lines") -> "Lines":
        """These lines and the ones behind them."""
        return replace(
            self,
            raw=self.raw + following.raw,
            newlines=self.newlines + following.newlines,
            is_clean=self.is_clean and following.is_clean,
        )

    def beyond(self, end: int) -> "Lines":
        """What follows so many bytes, with which a line ends."""
        raw = self.raw[end:]
        newlines = _newlines(raw)
        number = self.number + self.newlines - newlines
        return replace(self, raw=raw, number=number, newlines=newlines)


def uncut(
    source: Source, raw: Iterator[bytes], longest: int, at_least: int
) -> Iterator[tuple[bytes, int, int]]:
    """Blocks that end where lines end, with the number of the first line, and of newlines."""
    held: list[bytes | memoryview] = []
    size, line = 0, 1
    begun = 0  # bytes of the line that has not ended yet
    for block in raw:
        end = block.rfind(b"\n") + 1
        if end and size + end >= at_least:
            whole = b"".join((*held, memoryview(block)[:end]))
            newlines = _newlines(whole)
            yield whole, line, newlines
            line += newlines
            held, size = [memoryview(block)[end:]], len(block) - end
        else:
            held.append(block)
            size += len(block)
        begun = len(block) - end if end else begun + len(block)
        if begun > longest:
            line += sum(map(_newlines, held))
            raise DataError(
                f"{source.address} line {line}: longer than {longest >> 20} MB; parted otherwise, or "
                "not this format? Correct layout.kind, or the file"
            )
    if size:
        whole = b"".join(held)
        yield whole, line, _newlines(whole)


def _newlines(raw: bytes | memoryview) -> int:
    signs = np.frombuffer(raw, np.uint8)  # in a third of the time of bytes.count
    return int(np.count_nonzero(signs == _NEWLINE))


def is_clean(raw: bytes) -> bool:
    """Whether the decoding mends nothing in UTF-8 text and tells nothing of it, and returns only end
    lines."""
    if b"\0" in raw:
        return False
    signs = np.frombuffer(raw, np.uint8)
    if b"\r" in raw:
        returns = signs == _RETURN
        ends = returns[:-1] & (signs[1:] == _NEWLINE)
        if np.count_nonzero(ends) < np.count_nonzero(returns):
            return False
    if b"\xef" not in raw:
        return True
    begin = np.flatnonzero(signs[:-2] == 0xEF)  # byte order marks, and U+FFFD
    then, last = signs[begin + 1], signs[begin + 2]
    return not (((then == 0xBB) & (last == 0xBF)) | ((then == 0xBF) & (last == 0xBD))).any()
