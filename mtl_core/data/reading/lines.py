"""Blocks of whole lines, as bytes that are UTF-8 as far as they are."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from mtl_core.errors import DataError

from .contract import Source
from .memory import Memory, given_back, taken

Signs = NDArray[np.uint8]
Found = TypeVar("Found")
_NEWLINE = ord("\n")
_NEAR = 1 << 12  # bytes in which most lines end


@dataclass(frozen=True)
class Lines:
    """Some whole lines: their bytes, in UTF-8 as far as they are, the number of the first one, and
    how many of them end with a newline: all but, perhaps, the last one of a file."""

    signs: Signs
    number: int
    newlines: int
    decode: Callable[[bytes, int], str]
    memory: Memory | None = None
    """What the bytes lie in, where it can be used again."""

    def text(self) -> str:
        """The lines as text; what had to be mended in them is told."""
        return self.decode(self.signs.tobytes(), self.number)

    def count(self) -> int:
        """How many lines these are."""
        return self.newlines + (self.signs[-1] != _NEWLINE)

    def and_on(self, following: "Lines") -> "Lines":
        """These lines and the ones behind them, whose memory is let go."""
        gathered = _Gathered()
        gathered.add(self.signs)
        gathered.add(following.signs)
        self.let_go()
        following.let_go()
        return gathered.lines(self.number, self.newlines + following.newlines, self.decode)

    def cut(self, end: int) -> tuple["Lines", "Lines"]:
        """The lines up to so many bytes, and the ones behind them, in memory of their own."""
        behind = self.signs[end:].copy()
        after = count_of(_NEWLINE, behind)
        before = self.newlines - after
        return (
            replace(self, signs=self.signs[:end], newlines=before),
            Lines(behind, self.number + before, after, self.decode),
        )

    def let_go(self) -> None:
        """Let others have the memory: the bytes must not be looked at any more."""
        if self.memory is not None:
            given_back(self.memory)


class _Gathered:
    """Bytes that are gathered in one piece of memory."""

    def __init__(self) -> None:
        self._memory = taken(0)
        self.size = 0

    def add(self, raw: bytes | memoryview | Signs) -> None:
        end = self.size + len(raw)
        if end > len(self._memory):
            larger = taken(2 * end)
            larger[: self.size] = self._memory[: self.size]
            given_back(self._memory)
            self._memory = larger
        self._memory[self.size : end] = np.frombuffer(raw, np.uint8)
        self.size = end

    def lines(
        self, number: int, newlines: int | None, decode: Callable[[bytes, int], str]
    ) -> Lines:
        signs = self._memory[: self.size]
        newlines = count_of(_NEWLINE, signs) if newlines is None else newlines
        return Lines(signs, number, newlines, decode, self._memory)


def uncut(
    source: Source,
    raw: Iterator[bytes],
    decode: Callable[[bytes, int], str],
    longest: int,
    at_least: int,
) -> Iterator[Lines]:
    """Blocks that end where lines end; to be let go.

    They have so many bytes `at_least`, but for the last, and the first one, with which work can
    begin: it may have a quarter of them.
    """
    gathered = _Gathered()
    wanted, line = at_least // 4, 1
    begun = 0  # bytes of the line that has not ended yet
    for block in raw:
        end = block.rfind(b"\n") + 1
        if end and gathered.size + end >= wanted:
            gathered.add(memoryview(block)[:end])
            lines = gathered.lines(line, None, decode)
            yield lines
            line, wanted = line + lines.newlines, at_least
            gathered = _Gathered()
            gathered.add(memoryview(block)[end:])
        else:
            gathered.add(block)
        begun = len(block) - end if end else begun + len(block)
        if begun > longest:
            line += gathered.lines(line, None, decode).newlines
            raise DataError(
                f"{source.address} line {line}: longer than {longest >> 20} MB; parted otherwise, or "
                "not this format? Correct layout.kind, or the file"
            )
    if gathered.size:
        yield gathered.lines(line, None, decode)


def count_of(sign: int, signs: Signs) -> int:
    """How often a sign occurs, in a third of the time of bytes.count."""
    return int(_where(sign, signs, np.count_nonzero))


def places_of(sign: int, signs: Signs) -> NDArray[np.intp]:
    """Where a sign occurs."""
    return _where(sign, signs, np.flatnonzero)


def _where(sign: int, signs: Signs, ask: Callable[[NDArray[np.bool_]], Found]) -> Found:
    """What is asked of the places where a sign occurs, or does not."""
    memory = taken(len(signs))
    found = np.equal(signs, sign, out=memory[: len(signs)].view(np.bool_))
    answer = ask(found)
    given_back(memory)
    return answer


def end_of_line(signs: Signs, start: int = 0) -> int:
    """Behind the first newline from there on; 0: there is none."""
    for begin in range(start, len(signs), _NEAR):
        place = signs[begin : begin + _NEAR].tobytes().find(b"\n")
        if place >= 0:
            return begin + place + 1
    return 0


def start_of_line(signs: Signs, end: int) -> int:
    """Behind the last newline before that end; 0: there is none."""
    for stop in range(end, 0, -_NEAR):
        begin = max(stop - _NEAR, 0)
        place = signs[begin:stop].tobytes().rfind(b"\n")
        if place >= 0:
            return begin + place + 1
    return 0
