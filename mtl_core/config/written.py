"""Trees as YAML that people read and that gives back exactly what was put in."""

from typing import Any

import yaml

NEXT_LINE = "\x85"


class _Dumper(yaml.SafeDumper):
    """Escapes the line break that PyYAML writes as it is and reads back as a space."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = '"' if NEXT_LINE in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style)


_Dumper.add_representer(str, _text)


def written(tree: Any) -> str:
    """In the tree's own order, every script as itself."""
    return yaml.dump(tree, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)
