"""Everything at a path that may be data: files, those inside archives, and their first lines."""

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path, PurePosixPath

from mtl_core.data.address import Address
from mtl_core.data.findings import Tell
from mtl_core.data.layout import Layout
from mtl_core.data.reading.contract import Source
from mtl_core.data.reading.opened import binary_of, is_archive, line_blocks, lines_of, members_of
from mtl_core.errors import DataError

MOST_FILES = 200_000
MOST_LOOKED_AT = 20_000
"""Files that are opened one by one; where a folder is a class, a few of each tell."""
HEAD_LINES = 2_000
HEAD_SIGNS = 2_000_000
_NO_DATA = re.compile(
    r"(?i)(^|/)(dataset_(info|dict|infos)\.json|state\.json)$|(^|/)(readme|licen[cs]e|copying|citation|changelog|notice|authors|makefile|dockerfile)[^/]*$"
    r"|\.(md|rst|py|pyc|sh|ya?ml|toml|cfg|ini|html?|pdf|png|jpe?g|gif|svg|ipynb|bib|tex|docx?|pptx?|"
    r"pkl|pickle|pt|pth|bin|npy|npz|h5|safetensors|lock|log|exe|dll|so|wav|mp3|mp4)$"
)

_OFFICE = re.compile(r"(?i)\.(xlsx?|xlsm|ods|odt|docx?|pptx?|numbers)$")


@dataclass(frozen=True)
class Place:
    """One file, in a folder or in an archive, or one list of a JSON document."""

    name: str  # as people see it: the path below the folder, without archives
    file: str  # as a card names it: FILE, FILE#MEMBER, FILE#KEY or FILE#MEMBER#KEY
    address: Address

    def part(self, key: str) -> "Place":
        """A list of this document by its key."""
        inner = f"{self.address.part}#{key}" if self.address.part else key
        return Place(f"{self.name}/{key}", f"{self.file}#{key}", Address(self.address.path, inner))

    @property
    def is_part(self) -> bool:
        return "#" in self.file


def places_at(path: Path, tell: Tell) -> list[Place]:
    """What lies at a path, sorted. Raises DataError where there is nothing that could be data."""
    if not path.exists():
        raise DataError(f"{path}: there is no such file or folder; check the path")
    if _OFFICE.search(path.name):
        raise DataError(f"{path}: an office document; save its table as CSV or its text as text")
    if path.is_file():
        found = list(_of_file(path, path.parent, tell))
    else:
        files = list(islice(_files_below(path), MOST_FILES + 1))
        if len(files) > MOST_FILES:
            raise DataError(
                f"{path}: more than {MOST_FILES} files; name a folder that holds one dataset"
            )
        found = [place for file in files for place in _of_file(file, path, tell)]
    if not found:
        raise DataError(f"{path}: no file that could hold data; name a file or a folder with files")
    return sorted(found, key=lambda place: place.name)


def _files_below(folder: Path) -> Iterator[Path]:
    for file in sorted(folder.rglob("*")):
        name = file.relative_to(folder).as_posix()
        if any(part.startswith((".", "__MACOSX")) for part in PurePosixPath(name).parts):
            continue
        if (
            not _NO_DATA.search(name)
            and not _OFFICE.search(name)
            and file.is_file()
            and file.stat().st_size
        ):
            yield file


def _of_file(file: Path, folder: Path, tell: Tell) -> Iterator[Place]:
    name = file.relative_to(folder).as_posix()
    if not is_archive(file):
        yield Place(name, name, Address(file.resolve()))
        return
    above, archive = posixpath.dirname(name), file.resolve()
    for member in members_of(file, tell):
        if not _NO_DATA.search(member):
            shown = posixpath.normpath(posixpath.join(above, member))
            yield Place(shown, f"{name}#{member}", Address(archive, member))


def magic_of(place: Place) -> bytes:
    """The first bytes, unpacked. Raises DataError."""
    with binary_of(_source(place, Layout(kind="parquet"), _ignore)) as file:
        return file.read(8)


def head_of(place: Place, tell: Tell, encoding: str = "") -> list[str]:
    """The first lines. Raises DataError where the file cannot be read as text."""
    source = _source(place, Layout(kind="labelled", encoding=encoding), tell)
    lines: list[str] = []
    signs = 0
    for line in islice(lines_of(source), HEAD_LINES):
        lines.append(line)
        signs += len(line)
        if signs > HEAD_SIGNS:
            break
    return lines


def line_count(place: Place) -> int:
    """How many lines a text has up to the last that is not empty. Raises DataError."""
    source = _source(place, Layout(kind="labelled"), _ignore)
    count = before = 0
    for block in line_blocks(source):
        filled = block.rstrip()
        if filled:
            count = before + filled.count("\n") + 1
        before += block.count("\n")
    return count


def _source(place: Place, layout: Layout, tell: Tell) -> Source:
    return Source(place.address, layout, tell)


def _ignore(finding: object) -> None:
    """What is found in a head is found again when the file is read."""
