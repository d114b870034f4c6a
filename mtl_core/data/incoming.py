"""Files that somebody uploads: received under limits, and kept once their card is right.

Nothing is unpacked and nothing is written outside the folder that is given: names are taken apart,
and what would climb out of it is refused.
"""

import hashlib
import re
import shutil
import time
import unicodedata
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import IO

from mtl_core.config.yaml_text import written
from mtl_core.errors import DataError

from .catalog import CARD_FILE, Card, Dataset, load_card
from .files import write_atomically

MOST_BYTES = 200 * 1024 * 1024  # of one upload, all files together
MOST_FILES = 2_000
KEPT_HOURS = 24  # an upload that became no dataset
FILES = "files"
"""The folder beside the card that holds the files of a dataset that was uploaded."""
_BLOCK = 1 << 20
_RESERVED = re.compile(r"(?i)^(con|prn|aux|nul|com\d|lpt\d)(\.|$)")


def receive(files: Iterable[tuple[str, IO[bytes]]], home: Path) -> Path:
    """Write uploaded files, named with their folders, and give the folder that holds them.

    The same files give the same folder. Raises DataError where a limit or a name forbids it.
    """
    waiting = home / "uploads"
    waiting.mkdir(parents=True, exist_ok=True)
    _forget_old(waiting)
    fresh = waiting / f".{time.time_ns()}"
    fresh.mkdir()
    try:
        digest = _write(files, fresh)
        folder = waiting / digest
        if folder.exists():
            shutil.rmtree(fresh)
            folder.touch()
        else:
            fresh.rename(folder)
        return folder
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise


def keep(card: Card, received: Path, home: Path) -> Dataset:
    """Make a dataset of the user's own out of what was received. Raises DataError where its name is taken."""
    target = home / "data" / card.name
    if target.exists():
        raise DataError(
            f"a dataset '{card.name}' is there already; give this one another name, or "
            "remove that one first"
        )
    target.mkdir(parents=True)
    shutil.copytree(received, target / FILES)
    own = card.model_copy(update={"folder": FILES})
    tree = own.model_dump(mode="json", exclude_defaults=True)
    write_atomically(target / CARD_FILE, written(tree))
    return load_card(target)


def safe_name(name: str) -> PurePosixPath:
    """A relative path that stays where it is put. Raises DataError for any other."""
    tidy = unicodedata.normalize("NFC", name.replace("\\", "/"))
    path = PurePosixPath(tidy)
    parts = path.parts
    bad = not parts or path.is_absolute() or any(_is_bad(part) for part in parts)
    if bad or ":" in parts[0]:
        raise DataError(
            f"'{name[:80]}' cannot name an uploaded file; rename it and upload it again"
        )
    return path


def _is_bad(part: str) -> bool:
    odd = any(unicodedata.category(sign).startswith("C") for sign in part)
    return part in {".", ".."} or odd or bool(_RESERVED.match(part)) or len(part.encode()) > 200


def _write(files: Iterable[tuple[str, IO[bytes]]], folder: Path) -> str:
    """All files into a folder; a name for what they hold."""
    left, seen, digest = MOST_BYTES, 0, hashlib.sha256()
    for name, content in files:
        seen += 1
        if seen > MOST_FILES:
            raise DataError(f"more than {MOST_FILES:,} files; pack them into one archive")
        digest.update(f"{name}\0".encode("utf-8", "replace"))
        with _new_file(folder, name) as out:
            while block := content.read(_BLOCK):
                left -= len(block)
                if left < 0:
                    raise DataError(
                        f"the files are larger than {MOST_BYTES >> 20} MB together; put them into a "
                        "folder on the computer that runs this app and open that"
                    )
                digest.update(block)
                out.write(block)
    if not seen:
        raise DataError("no file was uploaded; choose one or several")
    return digest.hexdigest()[:16]


def _new_file(folder: Path, name: str) -> IO[bytes]:
    place = folder.joinpath(*safe_name(name).parts)
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        return place.open("xb")
    except OSError as err:  # twice the same name, or a file where a folder should be
        raise DataError(
            f"'{name[:80]}' cannot be kept beside the others ({err.strerror}); rename it"
        ) from err


def _forget_old(waiting: Path) -> None:
    """Uploads that nobody wanted."""
    oldest = time.time() - KEPT_HOURS * 3600
    for folder in waiting.iterdir():
        if folder.stat().st_mtime < oldest:
            shutil.rmtree(folder, ignore_errors=True)
