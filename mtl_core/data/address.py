"""Where rows lie: a file, or a part of one."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Address:
    """A file, or a part of one: a file inside an archive, or a key of a JSON file. Of a file whose
    texts are all of one class the part names the class."""

    path: Path
    part: str = ""

    def __str__(self) -> str:
        return f"{self.path}#{self.part}" if self.part else str(self.path)


def beside(path: Path, ending: str) -> Path:
    """One of several parallel files: in a folder by its name, else by its ending; packed or not.

    A `*` in the ending stands for what the files of a split have in common.
    """
    if "*" in ending:
        plain = path.parent / ending.replace("*", path.name)
    else:
        plain = path / ending if path.is_dir() else path.with_name(path.name + ending)
    if plain.exists():
        return plain
    packed = (plain.with_name(plain.name + end) for end in (".gz", ".bz2", ".xz", ".zst"))
    return next((path for path in packed if path.exists()), plain)


def parted(folder: Path, name: str) -> tuple[str, str]:
    """File and part of FILE#PART; the name of a file may hold a # too."""
    pieces = name.split("#")
    for many in range(1, len(pieces) + 1):
        file = "#".join(pieces[:many])
        if file and exists(folder / file):
            return file, "#".join(pieces[many:])
    return pieces[0], "#".join(pieces[1:])


def exists(path: Path) -> bool:
    """Whether there is such a file or folder; what can be no path at all is not there."""
    try:
        return path.exists()
    except (OSError, ValueError):
        return False
