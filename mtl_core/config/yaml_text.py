"""YAML: read quickly, and written so that it gives back exactly what was put in."""

from typing import Any

import yaml

NEXT_LINE = "\x85"

# The parser in C is ten times as quick; not every system's PyYAML was built with it.
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def parsed(text: str) -> Any:
    """The tree of a text. Raises yaml.YAMLError, ValueError or RecursionError."""
    return yaml.load(text, _Loader)  # safe: both loaders make plain data only


class _Dumper(yaml.SafeDumper):
    """Escapes the line break that PyYAML writes as it is and reads back as a space."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = '"' if NEXT_LINE in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style)


_Dumper.add_representer(str, _text)


def written(tree: Any) -> str:
    """A tree as people read it: in its own order, every script as itself."""
    return yaml.dump(tree, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)
