"""Files and archives to bytes: opened, unpacked and bounded, so that no file can fill the memory.

What a file is packed with is seen from its first bytes, not from its name. Nothing that is unpacked
is written to the disk.
"""

import bz2
import gzip
import io
import lzma
import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing
from pathlib import Path
from typing import IO, Protocol

import zstandard

from mtl_core.data.address import Address
from mtl_core.data.findings import Finding, Tell, strict
from mtl_core.errors import DataError

from .contract import Source
from .kept_archives import kept_or_opened

MB = 1 << 20
BLOCK = MB // 4
"""Bytes that are read at once: few enough that they take the memory of those before."""
MOST_UNPACKED = 2048 * MB
"""Bytes that one packed file may become."""
MOST_GROWTH = 200
"""How many times its size a packed file may become once it is longer than GROWTH_FROM."""
GROWTH_FROM = 64 * MB
"""Bytes from which on MOST_GROWTH holds."""
MOST_AT_ONCE = 256 * MB
"""Bytes of a file that has to be held whole."""
MOST_MEMBERS = 200_000
"""Files in one archive."""

UNREADABLE = (
    OSError, EOFError, ValueError, RuntimeError, NotImplementedError, MemoryError,
    zlib.error, lzma.LZMAError, zstandard.ZstdError, zipfile.BadZipFile,
)  # fmt: skip
"""What the unpackers raise at damaged, cut or encrypted files."""
_MAGIC = (
    ("gzip", re.compile(rb"\x1f\x8b\x08")),
    ("bzip2", re.compile(rb"BZh[1-9](1AY&SY|\x17rE8P\x90)")),
    ("xz", re.compile(rb"\xfd7zXZ\0")),
    ("zstd", re.compile(rb"\x28\xb5\x2f\xfd|[\x50-\x5f]\x2a\x4d\x18")),
    ("zip", re.compile(rb"PK(\x03\x04|\x05\x06)")),
)


class _Unpacking(Protocol):
    def read1(self, size: int, /) -> bytes: ...
    def close(self) -> None: ...


def packing_of(start: bytes) -> str:
    """What the bytes are packed with, from the first ones; empty: not packed."""
    return next((name for name, magic in _MAGIC if magic.match(start)), "")


def members_of(path: Path, tell: Tell = strict) -> list[str]:
    """The data files of a zip archive, sorted. Raises DataError where it is none that can be read.

    Folders, hidden files and what macOS adds are passed over; names that lead out of the archive
    are refused, which is told.
    """
    with opened_archive(path) as archive:
        return _members(archive, path, tell)


def opened_archive(path: Path) -> AbstractContextManager[zipfile.ZipFile]:
    """A zip archive. Raises DataError."""
    return kept_or_opened(path, _opened)


def _opened(path: Path) -> zipfile.ZipFile:
    _check_is_file(path)
    try:
        return zipfile.ZipFile(path)
    except UNREADABLE as err:
        raise DataError(f"{path}: not a readable zip archive ({err}); pack it once more") from err


def is_archive(path: Path) -> bool:
    """Whether the file is a zip archive. Raises DataError where there is no such file."""
    return packing_of(_start(path)) == "zip"


def key_of(source: Source) -> str:
    """What the address names inside the file itself, as a key of a JSON document.

    It is the part, but in an archive (FILE#MEMBER#KEY) only what follows the member's name.
    """
    part = source.address.part
    if not part or not is_archive(source.address.path):
        return part
    with opened_archive(source.address.path) as archive:
        return "" if part in archive.NameToInfo else part.partition("#")[2]


def bytes_of(source: Source, archive: zipfile.ZipFile | None = None) -> Iterator[bytes]:
    """The unpacked bytes in blocks. Raises DataError where nothing can be read, or at a limit.

    A packed file that ends early or is damaged gives what can be unpacked; that is told as an
    error. `archive` is the opened archive that the address lies in, where many of its files are
    read.
    """
    path = source.address.path
    packing = "zip" if archive else packing_of(_start(path))
    if not packing:
        yield from _plain(path)
        return
    if packing == "zip" and archive is None:
        with opened_archive(path) as own:
            yield from bytes_of(source, own)
        return
    size = path.stat().st_size
    with closing(_unpacking(source, packing, archive)) as stream:
        yield from _bounded(source, stream, size)


def binary_of(source: Source) -> IO[bytes]:
    """The file for formats that are read from anywhere in it; to be closed by the caller.

    A packed one is unpacked into memory. Raises DataError.
    """
    path = source.address.path
    if not packing_of(_start(path)):
        return path.open("rb")
    return io.BytesIO(whole(source))


def whole(source: Source, archive: zipfile.ZipFile | None = None) -> bytes:
    """All bytes. Raises DataError where there are more than MOST_AT_ONCE."""
    blocks, size = [], 0
    for block in bytes_of(source, archive):
        blocks.append(block)
        size += len(block)
        if size > MOST_AT_ONCE:
            raise DataError(
                f"{source.address}: more than {MOST_AT_ONCE // MB} MB, which this format would need "
                "in memory at once; split the file, or write it as JSON lines"
            )
    return b"".join(blocks)


def _check_is_file(path: Path) -> None:
    try:
        if path.is_file():
            return
        there = path.exists()
    except (OSError, ValueError) as err:
        raise DataError(f"{str(path)!r} can be no path ({err}); correct the card's splits") from err
    if not there:
        raise DataError(f"{path}: there is no such file; correct the card's splits or folder")
    what = "a folder" if path.is_dir() else "no ordinary file"
    raise DataError(
        f"{path} is {what} where a file is expected; correct the card's splits, or layout.kind"
    )


def _start(path: Path) -> bytes:
    """The first bytes of a file."""
    _check_is_file(path)
    try:
        with path.open("rb") as file:
            return file.read(16)
    except OSError as err:
        raise DataError(f"{path}: cannot be read ({err}); check the file") from err


def _plain(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb", buffering=0) as file:
            while block := file.read(BLOCK):
                yield block
    except OSError as err:
        raise DataError(f"{path}: cannot be read ({err}); check the file") from err


def _unpacking(source: Source, packing: str, archive: zipfile.ZipFile | None) -> _Unpacking:
    path = source.address.path
    try:
        if packing == "gzip":
            return gzip.GzipFile(path)
        if packing == "bzip2":
            return bz2.BZ2File(path)
        if packing == "xz":
            return lzma.LZMAFile(path)
        if packing == "zstd":
            return _Zstd(path)
        assert archive is not None
        info = archive.getinfo(_member(source, archive))
        return _Member(archive.open(info), info)
    except UNREADABLE as err:
        raise DataError(
            f"{source.address}: cannot be unpacked ({err}); unpack it yourself"
        ) from err


def _bounded(source: Source, stream: _Unpacking, size: int) -> Iterator[bytes]:
    """What a stream unpacks, up to the limits; damage is told."""
    total = 0
    while True:
        try:
            block = stream.read1(BLOCK)
        except UNREADABLE as err:
            why = " ".join(str(err).split()) or type(err).__name__
            source.say(
                "packed",
                "error",
                f"the packed file is cut short or damaged ({why}); the rows before that are read",
                "fetch or pack the file once more",
            )
            return
        if not block:
            return
        total += len(block)
        check_growth(source.address, total, size)
        yield block


def check_growth(address: Address, total: int, size: int) -> None:
    """Raise DataError where a packed file of a size has become too long."""
    if total > MOST_UNPACKED or total > max(GROWTH_FROM, MOST_GROWTH * size):
        raise DataError(
            f"{address}: unpacks to more than {total // MB} MB out of {size} bytes; at most "
            f"{MOST_UNPACKED // MB} MB and {MOST_GROWTH} times its size are unpacked; unpack the "
            "file yourself if you trust it"
        )


class _Zstd:
    """Reads zstd frames one after another; a file that ends inside a frame is an error."""

    STEP = 4096  # packed bytes at once: even a bomb then unpacks to some 100 MB at a time

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")
        self._frame = zstandard.ZstdDecompressor().decompressobj()
        self._begun = False
        self._packed = b""

    def read1(self, _size: int, /) -> bytes:
        while True:
            if not self._packed and not (packed := self._file.read(self.STEP)):
                if self._begun:
                    raise EOFError("the last frame is not complete")
                return b""
            self._packed = self._packed or packed
            out = self._frame.decompress(self._packed)
            self._packed, self._begun = b"", True
            if self._frame.eof:
                self._packed, self._begun = self._frame.unused_data, False
                self._frame = zstandard.ZstdDecompressor().decompressobj()
            if out:
                return out

    def close(self) -> None:
        self._file.close()


class _Member:
    """A file of an archive, read in steps that cannot unpack to much at once."""

    def __init__(self, stream: IO[bytes], info: zipfile.ZipInfo) -> None:
        self._stream = stream
        bounded = info.compress_type in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
        self._step = BLOCK if bounded else 4096

    def read1(self, _size: int, /) -> bytes:
        return self._stream.read1(self._step)  # type: ignore[attr-defined]

    def close(self) -> None:
        self._stream.close()


def _member(source: Source, archive: zipfile.ZipFile) -> str:
    """The file of the archive that the address means."""
    if _is_data(source.address.part) and source.address.part in archive.NameToInfo:
        return source.address.part  # a name may hold a #
    name = source.address.part.partition("#")[0]
    members = _members(archive, source.address.path, source.tell)
    if name in members:
        return name
    shown = ", ".join(members[:10]) + (" ..." if len(members) > 10 else "")
    if name:
        raise DataError(
            f"{source.address.path}: the archive holds no data file '{name}'; it holds {shown or 'none'}"
        )
    if len(members) != 1:
        raise DataError(
            f"{source.address.path}: the archive holds {len(members)} data files"
            f"{f' ({shown})' if shown else ''}; name one as {source.address.path.name}#NAME"
        )
    return members[0]


def _members(archive: zipfile.ZipFile, path: Path, tell: Tell) -> list[str]:
    infos = archive.infolist()
    if len(infos) > MOST_MEMBERS:
        raise DataError(
            f"{path}: the archive holds {len(infos)} files, more than {MOST_MEMBERS}; unpack it"
        )
    found = set()
    for info in infos:
        name = info.filename
        if _leads_out(name):
            what = f"the archive names a file outside itself ({name!r}), which is not read"
            tell(Finding("archive path", "warning", what, "pack it again", str(path), 1, (name,)))
        elif not info.is_dir() and _is_data(name):
            found.add(name)
    return sorted(found)


def _leads_out(name: str) -> bool:
    """Whether it would be a path outside the folder that the archive is unpacked to."""
    return ".." in name.replace("\\", "/").split("/") or bool(re.match(r"[/\\]|[A-Za-z]:", name))


def _is_data(name: str) -> bool:
    """Hidden files and what macOS adds are no data."""
    hidden = any(part.startswith((".", "__MACOSX")) for part in name.split("/") if part != ".")
    return bool(name) and not hidden and not name.endswith("/") and not _leads_out(name)
