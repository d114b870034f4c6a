"""Archives that stay open while many of their files are read.

To open one with thousands of files takes time, and would be done for each of them.
"""

import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

_MOST = 16  # archives that stay open at once
_KEPT: ContextVar[dict[Path, zipfile.ZipFile] | None] = ContextVar("kept archives", default=None)


@contextmanager
def archives_kept_open() -> Iterator[None]:
    """Every archive that is opened meanwhile stays open until the end."""
    if _KEPT.get() is not None:
        yield
        return
    kept: dict[Path, zipfile.ZipFile] = {}
    token = _KEPT.set(kept)
    try:
        yield
    finally:
        _KEPT.reset(token)
        for archive in kept.values():
            archive.close()


@contextmanager
def kept_or_opened(
    path: Path, opened: Callable[[Path], zipfile.ZipFile]
) -> Iterator[zipfile.ZipFile]:
    """An archive that is open already, or is opened now."""
    kept = _KEPT.get()
    if kept is not None and path in kept:
        yield kept[path]
    elif kept is not None and len(kept) < _MOST:
        kept[path] = opened(path)
        yield kept[path]
    else:
        with opened(path) as archive:
            yield archive
