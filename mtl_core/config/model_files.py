"""What a pretrained model's files tell before any of it is loaded: torch-free, one small JSON.

A model that only the hub has tells nothing here, until it has been loaded once.
"""

import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from mtl_core.errors import ModelError

PACKAGE = "package:"
DEPTH_KEYS = {
    "bert": "num_hidden_layers",
    "roberta": "num_hidden_layers",
    "xlm-roberta": "num_hidden_layers",
    "camembert": "num_hidden_layers",
    "distilbert": "n_layers",
    "electra": "num_hidden_layers",
    "mpnet": "num_hidden_layers",
}
"""The families that are run block by block, and what their files call the number of blocks. Every
other family is run as one block."""


def locate(name: str) -> str:
    """A hub name or folder as `from_pretrained` wants it; `package:NAME/FOLDER` becomes a folder."""
    if not name.startswith(PACKAGE):
        return name
    package, _, inside = name.removeprefix(PACKAGE).partition("/")
    try:
        spec = find_spec(package)
    except (ImportError, ValueError):
        spec = None
    if spec is None or spec.origin is None:
        raise ModelError(
            f"encoder.model '{name}': the Python package '{package}' is not installed; "
            f"run pip install {package.replace('_', '-')}"
        )
    return str(Path(spec.origin).parent / inside)


def depth_of(name: str) -> int | None:
    """The number of blocks of a model on this disk; None where its files do not tell."""
    tree = _described(name)
    if tree is None or "model_type" not in tree:
        return None
    key = DEPTH_KEYS.get(tree["model_type"])
    return _number(tree.get(key)) if key else 1


def width_of(name: str) -> int | None:
    """The hidden axis of a model on this disk; None where its files do not tell."""
    tree = _described(name) or {}
    return next((n for key in ("hidden_size", "dim") if (n := _number(tree.get(key)))), None)


def _described(name: str) -> dict[str, Any] | None:
    """The model's config.json; None where there is none that can be read."""
    try:
        folder = Path(locate(name))
        file = folder / "config.json" if folder.exists() else _downloaded(name)
        tree = json.loads(file.read_text(encoding="utf-8")) if file else None
    except (ModelError, OSError, ValueError):
        return None
    return tree if isinstance(tree, dict) else None


def _downloaded(name: str) -> Path | None:
    """The config.json that an earlier run has brought from the hub."""
    from huggingface_hub import try_to_load_from_cache  # not before a hub name asks for it

    found = try_to_load_from_cache(name, "config.json")
    return Path(found) if isinstance(found, str) else None


def _number(value: Any) -> int | None:
    return value if isinstance(value, int) and value > 0 else None
