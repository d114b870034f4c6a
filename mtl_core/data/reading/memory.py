"""Memory for blocks of a file, used again by the next ones.

Memory that is fresh from the system costs more than what is read into it: each of its pages has to
be made first, which takes several times as long as filling it.
"""

from threading import Lock

import numpy as np
from numpy.typing import NDArray

Memory = NDArray[np.uint8]

USUAL = 5 << 20
"""Bytes of a piece of memory. The system gives only those of them that are filled once."""
MOST_KEPT = 6
"""Pieces that wait to be used again."""
_free: list[Memory] = []
_one_at_a_time = Lock()


def taken(size: int) -> Memory:
    """Memory for at least so many bytes, for nobody else until it is given back."""
    with _one_at_a_time:
        if _free and size <= USUAL:
            return _free.pop()
    return np.empty(max(size, USUAL), np.uint8)


def given_back(memory: Memory) -> None:
    """Take memory back, whose bytes nobody looks at any more."""
    with _one_at_a_time:
        assert not any(one is memory for one in _free), "given back twice"
        if len(memory) == USUAL and len(_free) < MOST_KEPT:
            _free.append(memory)
