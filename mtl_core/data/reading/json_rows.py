"""Rows of JSON: an object a line, or one document that holds lists of them."""

import json
from collections.abc import Iterator

from .contract import Row, Source
from .opened import lines_of


def read_json_lines(source: Source) -> Iterator[Row]:
    """An object a line; empty lines are passed over."""
    for number, line in enumerate(lines_of(source), 1):
        if not line.strip():
            continue
        try:
            tree = json.loads(line)
        except (ValueError, RecursionError) as err:
            why = getattr(err, "msg", str(err))
            source.say("json", "error", f"not valid JSON ({why})", "correct the line", number)
            continue
        if isinstance(tree, dict):
            yield Row(number, tree)
        else:
            source.say("json", "error", f"found a {type(tree).__name__}", "write an object", number)
