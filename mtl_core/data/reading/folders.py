"""Rows of folders: a subfolder a class with a text a file, or a file a class with a text a line."""

import os
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from mtl_core.data.address import Address
from mtl_core.data.catalog import CARD_FILE
from mtl_core.errors import DataError

from .contract import Row, Source
from .opened import LONGEST_LINE, is_archive, lines_of, members_of, text_of
from .packed import check_growth, opened_archive

MOST_FILES = 1_000_000
"""Files of one folder."""
_NO_CLASS = re.compile(r"(?i)un(sup(ervised)?|label+ed)")
_ABOUT = re.compile(r"(?i)(readme|licen[cs]e)([._-].*)?$|" + re.escape(CARD_FILE) + "$")


@dataclass(frozen=True)
class _Found:
    """A file with its path below the folder; inside an archive, which is then open."""

    name: PurePosixPath
    source: Source
    archive: zipfile.ZipFile | None = None


def read_folders(source: Source) -> Iterator[Row]:
    """The address is a folder, also one inside an archive. Columns: `label`, `text` and `file`.

    With subfolders each is a class, and every file below it is one text; without, each file is a
    class, and every line one text. Files come in the order of their names. An address that is a file
    (FILE#CLASS) holds the texts of one class, a line each. Raises DataError.
    """
    names = source.layout.columns or ("label", "text", "file")
    if len(names) not in (2, 3):
        raise DataError(
            f"{source.address}: folders have the columns label, text and file, not "
            f"{', '.join(names)}; correct layout.columns"
        )
    path = source.address.path
    if file := _class_file(source):
        yield from _lines(*file, names)
    elif path.is_file() and is_archive(path):
        with opened_archive(path) as archive:
            yield from _rows(source, _in_archive(source, archive), names)
    else:
        yield from _rows(source, _on_disk(source), names)


def _class_file(source: Source) -> tuple[_Found, str] | None:
    """The file that the address names, and its class."""
    path, part = source.address.path, source.address.part
    if not path.is_file():
        return None
    name, label = path.name, part
    if is_archive(path):
        name, _, label = part.partition("#")
        if name not in members_of(path):
            return None
    return (_Found(PurePosixPath(PurePosixPath(name).name), source), label) if label else None


def _rows(source: Source, found: list[_Found], names: tuple[str, ...]) -> Iterator[Row]:
    if not found:
        raise DataError(f"{source.address}: the folder holds no text; correct the card's splits")
    found = _below_one_folder(found)
    in_classes = [file for file in found if len(file.name.parts) > 1]
    if not in_classes:
        for file, label in zip(found, _class_names(found), strict=True):
            yield from _lines(file, label, names)
        return
    for beside in (file for file in found if len(file.name.parts) == 1):
        what = f"files beside the folders of the classes are left out ({beside.name})"
        source.say("beside", "note", what, example=str(beside.name))
    total = 0
    for number, file in enumerate(_labelled(source, in_classes), 1):
        for row in _text(number, file, names):
            total += len(row.columns[names[1]])
            yield row
        if file.archive:
            check_growth(source.address, total, source.address.path.stat().st_size)


def _labelled(source: Source, files: list[_Found]) -> list[_Found]:
    """The files without those of a folder that is no class among others."""
    without = {name for file in files if _NO_CLASS.fullmatch(name := file.name.parts[0])}
    if len({file.name.parts[0] for file in files} - without) < 2:
        return files
    for name in sorted(without):
        what = f"folder '{name}' holds texts without a label, left out"
        source.say("no label", "note", what, example=name)
    return [file for file in files if file.name.parts[0] not in without]


def _below_one_folder(found: list[_Found]) -> list[_Found]:
    """The files below the first folder that holds more than one thing; a lone class says nothing."""
    while max(len(f.name.parts) for f in found) > 2 and len({f.name.parts[0] for f in found}) == 1:
        inner = [_Found(PurePosixPath(*f.name.parts[1:]), f.source, f.archive) for f in found]
        found = [file for file in inner if _is_data(file.name)]
    return found


def _text(number: int, file: _Found, names: tuple[str, ...]) -> Iterator[Row]:
    """The row of a file that is one text."""
    try:
        text = text_of(file.source, file.archive)
    except DataError as err:
        file.source.say("text", "error", str(err), "take the file out of the folder")
        return
    if len(text) > LONGEST_LINE:
        what = f"a text of {len(text)} characters, more than {LONGEST_LINE}"
        file.source.say("text", "error", what, "take the file out of the folder, or cut it")
        return
    text = text.replace("\r\n", "\n").strip()
    if not text:
        file.source.say("no text", "warning", "an empty file", "take it out of the folder")
    cells = (file.name.parts[0], text, str(file.name))
    yield Row(number, dict(zip(names, cells, strict=False)))


def _class_names(found: list[_Found]) -> list[str]:
    """What files are called without their endings, or the endings where only these differ."""
    names = [PurePosixPath(re.sub(r"(?i)\.(gz|bz2|xz|zst)$", "", f.name.name)) for f in found]
    stems = [name.stem for name in names]
    if len(set(stems)) == 1 < len(names):
        return [name.suffix.removeprefix(".") for name in names]
    return stems


def _lines(file: _Found, label: str, names: tuple[str, ...]) -> Iterator[Row]:
    """The rows of a file that is a class."""
    for number, line in enumerate(lines_of(file.source, file.archive), 1):
        if line.strip():
            cells = (label, line.strip(" \t"), str(file.name))
            yield Row(number, dict(zip(names, cells, strict=False)))


def _is_data(name: PurePosixPath) -> bool:
    """Hidden files are not, nor those at the top that only say what the data is."""
    hidden = any(part.startswith((".", "__MACOSX")) for part in name.parts)
    return not hidden and not (len(name.parts) == 1 and _ABOUT.match(name.name))


def _on_disk(source: Source) -> list[_Found]:
    root = source.address.path
    if not root.is_dir():
        raise DataError(f"{root}: there is no such folder; correct the card's splits or folder")
    inside = root.resolve()
    names = []
    for folder, below, files in os.walk(root):
        below.sort()
        for name in [*(n for n in below if (Path(folder) / n).is_symlink()), *files]:
            path = Path(folder) / name
            if path.is_symlink() and (path.is_dir() or not path.resolve().is_relative_to(inside)):
                what = f"links to other folders are not followed ({path.relative_to(root)})"
                source.say("link", "warning", what, "copy the files", example=name)
            elif path.is_file():
                names.append(PurePosixPath(path.relative_to(root).as_posix()))
        _check_number(source, len(names))
    return [
        _Found(name, Source(Address(root / name), source.layout, source.tell))
        for name in sorted(names)
        if _is_data(name)
    ]


def _in_archive(source: Source, archive: zipfile.ZipFile) -> list[_Found]:
    path, part = source.address.path, source.address.part.rstrip("/")
    names = []
    for member in members_of(path, source.tell):
        if not part or member.startswith(f"{part}/"):
            names.append((PurePosixPath(member[len(part) + 1 :] if part else member), member))
    _check_number(source, len(names))
    return [
        _Found(name, Source(Address(path, member), source.layout, source.tell), archive)
        for name, member in sorted(names)
        if _is_data(name)
    ]


def _check_number(source: Source, number: int) -> None:
    if number > MOST_FILES:
        raise DataError(
            f"{source.address}: more than {MOST_FILES} files; name a folder that holds less"
        )
