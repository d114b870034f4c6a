"""YAML: read quickly, and written so that it gives back exactly what was put in."""

from pathlib import Path
from typing import Any

import yaml

from mtl_core.errors import ConfigError

NEXT_LINE = "\x85"

# The parser in C is ten times as quick; not every system's PyYAML was built with it.
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def parsed(text: str) -> Any:
    """The tree of a text. Raises yaml.YAMLError, ValueError or RecursionError."""
    return yaml.load(text, _Loader)  # safe: both loaders make plain data only


def tree_of(text: str, source: str) -> Any:
    """The tree of a text that a user wrote. Raises ConfigError with the line that is at fault."""
    try:
        return parsed(text)
    except (yaml.YAMLError, ValueError, RecursionError) as err:
        mark = getattr(err, "problem_mark", None)
        last = max(1, len(text.splitlines()))  # the parser may look for more beneath it
        where = f" line {min(mark.line + 1, last)}" if mark else ""
        problem = getattr(err, "problem", None) or "it cannot be read"
        raise ConfigError(f"{source}{where}: not valid YAML: {problem}; correct it") from err


def read_text(path: Path) -> str:
    """The text of a file that a user wrote. Raises ConfigError where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as err:
        raise ConfigError(f"{path}: cannot be read as UTF-8 text ({err}); check it") from err


class _Dumper(yaml.SafeDumper):
    """Escapes the line break that PyYAML writes as it is and reads back as a space."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = '"' if NEXT_LINE in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style)


_Dumper.add_representer(str, _text)


def written(tree: Any) -> str:
    """A tree as people read it: in its own order, every script as itself."""
    return yaml.dump(tree, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)
