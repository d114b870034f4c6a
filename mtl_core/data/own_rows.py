"""The rows of a dataset of one's own in a file: changed under a lock, replaced whole, and taken back.

Beside the file of rows lies `undo.json`: how the rows were before each of the last changes.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from filelock import FileLock, Timeout

from mtl_core.errors import DataError

from .files import write_atomically

ROWS, UNDO = "rows.jsonl", "undo.json"
_UNDONE = 100  # changes that can be taken back
_WAIT = 10.0  # seconds for another writer

T = TypeVar("T")
Tree = dict[str, Any]


class OwnRows:
    """Rows as objects, each with an `id`; whoever changes them reads them as they are now."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / ROWS

    def read(self) -> list[Tree]:
        """All rows. Raises DataError where the file was damaged: it is then never written over."""
        return [json.loads(line) for line in self._lines()]

    def changed(self, change: Callable[[list[Tree]], T]) -> T:
        """Change the rows in place, and remember how those were that have changed."""
        with self.locked():
            rows = self.read()
            before = {row["id"]: (place, _line(row)) for place, row in enumerate(rows)}
            result = change(rows)
            after = {row["id"]: _line(row) for row in rows}
            entry = [
                [place, row_id, json.loads(line)]
                for row_id, (place, line) in before.items()
                if after.get(row_id) != line
            ]
            entry += [[0, row_id, None] for row_id in after if row_id not in before]
            if entry:
                # First how to go back: should the second write fail, going back changes nothing.
                self._write_log([*self._log(), entry][-_UNDONE:])
                self._write(after.values())
            return result

    def undo(self) -> bool:
        """Take back the last change of anybody; False where there is none to take back."""
        with self.locked():
            log = self._log()
            if not log:
                return False
            rows = self.read()
            for place, row_id, before in log[-1]:
                now = next((i for i, row in enumerate(rows) if row["id"] == row_id), len(rows))
                rows[now : now + 1] = []
                if before is not None:
                    rows.insert(place, before)
            self._write(map(_line, rows))
            self._write_log(log[:-1])
            return True

    @property
    def changes(self) -> int:
        """How many changes can be taken back."""
        return len(self._log())

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Alone with the files. Raises DataError where another writer does not end, or none can write."""
        try:
            with FileLock(self.folder / ".lock", timeout=_WAIT):
                yield
        except Timeout as err:
            raise DataError(
                f"{self.folder}: somebody else has been writing for {_WAIT:.0f} s; try again"
            ) from err
        except OSError as err:
            raise DataError(f"{self.folder}: cannot be written ({err.strerror}); check it") from err

    def _lines(self) -> list[str]:
        """The lines of the rows, each checked to be one."""
        try:
            lines = self.path.read_text(encoding="utf-8").split("\n")
        except (OSError, UnicodeDecodeError) as err:
            raise DataError(f"{self.path}: cannot be read ({err}); restore the file") from err
        for number, line in enumerate(lines, 1):
            if line.strip() and not _is_row(line):
                raise DataError(
                    f"{self.path} line {number}: no row of this dataset; correct or remove the line"
                )
        return [line for line in lines if line.strip()]

    def _log(self) -> list[Any]:
        try:
            tree = json.loads((self.folder / UNDO).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return []  # nothing to take back
        return tree if isinstance(tree, list) else []

    def _write(self, lines: Any) -> None:
        write_atomically(self.path, "".join(f"{line}\n" for line in lines))

    def _write_log(self, log: list[Any]) -> None:
        write_atomically(self.folder / UNDO, json.dumps(log, ensure_ascii=False))


def _line(row: Tree) -> str:
    return json.dumps(row, ensure_ascii=False)


def _is_row(line: str) -> bool:
    try:
        tree = json.loads(line)
    except (ValueError, RecursionError):
        return False
    return (
        isinstance(tree, dict)
        and isinstance(tree.get("id"), str)
        and isinstance(tree.get("tokens"), list)
    )
