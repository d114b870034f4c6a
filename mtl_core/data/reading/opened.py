"""Bytes to lines of text: opened, unpacked and decoded, the same way for every format.

Lines end at newlines only: `str.splitlines` also breaks at U+0085 inside a text.
"""

import gzip
import zlib
from collections.abc import Iterator

from mtl_core.errors import DataError

from .contract import Source


def lines_of(source: Source) -> Iterator[str]:
    """The lines without their ends, from the first."""
    for line in text_of(source).split("\n"):
        yield line.removesuffix("\r")


def text_of(source: Source) -> str:
    """The whole file as text. Raises DataError where it cannot be read at all."""
    path = source.address.path
    try:
        data = path.read_bytes()
        raw = gzip.decompress(data) if path.suffix == ".gz" else data
    except FileNotFoundError as err:
        raise DataError(
            f"{path}: there is no such file; correct the card's splits or folder"
        ) from err
    except (OSError, EOFError, zlib.error) as err:
        raise DataError(f"{path}: cannot be read ({err}); check the file") from err
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as err:
        line = raw[: err.start].count(b"\n") + 1
        raise DataError(
            f"{path} line {line}: not UTF-8 text (byte 0x{raw[err.start]:02x}); convert it"
        ) from err
