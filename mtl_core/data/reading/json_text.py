"""JSON as people write it: decoded, with what is odd about it remembered instead of raised."""

import json
import re
from typing import Any

from mtl_core.data.text import readable

from .contract import Source

_HALF_SIGN = re.compile(r"\\u[dD][89a-fA-F]")


class NotJson(ValueError):
    """A text that is no JSON, with the line of the fault."""

    def __init__(self, why: str, line: int = 1) -> None:
        super().__init__(why)
        self.line = line


class JsonText:
    """Decodes text after text. What it met since the last `tell_odd` is told there.

    NaN and Infinity, which are no JSON, count as no value; of a key that stands twice the last
    value counts; lone halves of signs become question marks.
    """

    def __init__(self) -> None:
        self._odd: dict[str, tuple[str, str]] = {}
        self._decoder = json.JSONDecoder(
            object_pairs_hook=self._object, parse_constant=self._no_number
        )

    def decode(self, text: str) -> Any:
        """The value that a text holds. Raises NotJson."""
        try:
            tree = self._decoder.decode(text)
            return self._whole_signs(tree) if _HALF_SIGN.search(text) else tree
        except json.JSONDecodeError as err:
            raise NotJson(err.msg, err.lineno) from err
        except RecursionError as err:
            raise NotJson("it is nested too deeply") from err
        except ValueError as err:  # an integer of more than 4300 digits
            raise NotJson(str(err).partition(";")[0]) from err

    def tell_odd(self, source: Source, line: int = 0) -> None:
        """Tell a source what was odd."""
        if self._odd:
            for code, (what, cure) in self._odd.items():
                source.say(code, "warning", what, cure, line)
            self._odd.clear()

    def _object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            keys = [key for key, _ in pairs]
            twice = next(key for key in keys if keys.count(key) > 1)
            what = f"the key '{twice[:60]}' stands twice in an object, and the last value counts"
            self._odd["json keys"] = (what, "rename one of them")
        return found

    def _no_number(self, name: str) -> None:
        what = f"{name} is no JSON, and is read as no value"
        self._odd["json numbers"] = (what, "write null, or leave the key out")

    def _whole_signs(self, tree: Any) -> Any:
        if isinstance(tree, str):
            whole = readable(tree)
            if whole != tree:
                what = "a \\u escape is half of a sign, and is read as a question mark"
                self._odd["json signs"] = (what, "write both halves, or the sign itself")
            return whole
        if isinstance(tree, list):
            return [self._whole_signs(one) for one in tree]
        if isinstance(tree, dict):
            return {self._whole_signs(k): self._whole_signs(v) for k, v in tree.items()}
        return tree
