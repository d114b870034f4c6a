"""Small files that several processes share: written whole or not at all."""

import json
import os
import tempfile
from pathlib import Path
from typing import Any


def home() -> Path:
    """Where runs and datasets of this user live: $MTL_HOME, or `.mtl` in the current folder."""
    return Path(os.environ.get("MTL_HOME") or Path.cwd() / ".mtl").resolve()


def write_atomically(path: Path, text: str) -> None:
    """Replace a file in one step: a reader sees the old text or the new one, never a part."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def read_json(path: Path) -> dict[str, Any]:
    """The object in a JSON file; empty where there is no such file or it holds no object."""
    try:
        tree = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return tree if isinstance(tree, dict) else {}
