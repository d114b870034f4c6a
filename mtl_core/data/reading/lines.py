"""Blocks of whole lines, as bytes that are UTF-8 as far as they are."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mtl_core.errors import DataError

from .contract import Source

_NEWLINE = ord("\n")
_PIECE = 1 << 18


@dataclass(frozen=True)
class Lines:
    """Some whole lines: their bytes, in UTF-8 as far as they are, the number of the first one, and
    how many of them end with a newline: all but, perhaps, the last one of a file."""

    raw: bytes
    number: int
    newlines: int
    decode: Callable[[bytes, int], str]

    def text(self) -> str:
        """The lines as text; what had to be mended in them is told."""
        return self.decode(self.raw, self.number)

    def and_on(self, following: "Lines") -> "Lines":
        """These lines and the ones behind them."""
        newlines = self.newlines + following.newlines
        return replace(self, raw=self.raw + following.raw, newlines=newlines)

    def cut(self, end: int) -> tuple["Lines", "Lines"]:
        """The lines up to so many bytes, and the ones behind them."""
        behind = self.raw[end:]
        after = _newlines(behind)
        before = self.newlines - after
        return (
            replace(self, raw=self.raw[:end], newlines=before),
            replace(self, raw=behind, number=self.number + before, newlines=after),
        )


def uncut(
    source: Source, raw: Iterator[bytes], longest: int, at_least: int
) -> Iterator[tuple[bytes, int, int]]:
    """Blocks that end where lines end, with the number of the first line, and of newlines.

    They have so many bytes `at_least`, but for the last, and the first one, with which work can
    begin: it may have a quarter of them.
    """
    held: list[bytes | memoryview] = []
    size, wanted, line = 0, at_least // 4, 1
    begun = 0  # bytes of the line that has not ended yet
    for block in raw:
        end = block.rfind(b"\n") + 1
        if end and size + end >= wanted:
            whole = b"".join((*held, memoryview(block)[:end]))
            newlines = _newlines(whole)
            yield whole, line, newlines
            line, wanted = line + newlines, at_least
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
    return count_of(_NEWLINE, np.frombuffer(raw, np.uint8))


def count_of(sign: int, signs: NDArray[np.uint8]) -> int:
    """How often a sign occurs, in a third of the time of bytes.count."""
    return sum(int(np.count_nonzero(piece == sign)) for _, piece in _pieces(signs))


def places_of(sign: int, signs: NDArray[np.uint8]) -> NDArray[np.intp]:
    """Where a sign occurs."""
    found = [np.flatnonzero(piece == sign) + start for start, piece in _pieces(signs)]
    return np.concatenate(found) if found else np.zeros(0, np.intp)


def _pieces(signs: NDArray[np.uint8]) -> Iterator[tuple[int, NDArray[np.uint8]]]:
    """Fresh memory for what is compared would take longer than comparing: pieces take the same
    memory again."""
    return ((start, signs[start : start + _PIECE]) for start in range(0, len(signs), _PIECE))
