"""A process of its own that answers typed text and computes what lessons show, so that the web
server never loads torch.

Requests and answers are single lines of JSON over the process's standard input and output; it ends
when its input closes, which also happens when the web server dies.
"""

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from typing import IO, Any, NamedTuple

from mtl_core.errors import RunError
from mtl_core.training.plane import Setting, Walk

from .answers import Answers, Asked

KEPT_MODELS = 12
"""Models that stay loaded; the one asked least recently leaves first."""
_TEXTS, _LESSONS = "texts", "lessons"

Replier = Callable[[dict[str, Any]], dict[str, Any]]
"""From a request to the reply, which holds "error" where something is amiss."""


class Checked(NamedTuple):
    """What the check of a method found: `passes` is None where there are no values, or a package
    lacks; `short` says it in a cell of a table, `words` in full."""

    passes: bool | None
    short: str
    words: str


class Predictor:
    """The client: one request at a time, restarted where its process has died."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process = _start()

    def answers(self, models: Sequence[Asked], text: str, second: str = "") -> dict[str, Answers]:
        """The answers of each model, by the name of its folder, to one text or to a pair.

        Raises RunError in one sentence.
        """
        named = [(str(folder), step) for folder, step in models]
        reply = self._reply(_TEXTS, {"models": named, "text": text, "second": second})
        return {name: Answers.from_tree(tree) for name, tree in reply["answers"].items()}

    def walk(self, setting: Setting) -> Walk:
        """A path over the playground's plane. Raises RunError in one sentence."""
        return Walk(**self._reply(_LESSONS, {"walk": setting.model_dump(mode="json")})["walk"])

    def golden(self) -> dict[str, Checked]:
        """For each balancing method whether its hand-worked values come out."""
        found = self._reply(_LESSONS, {"golden": True})["golden"]
        return {kind: Checked(**one) for kind, one in found.items()}

    def _reply(self, about: str, request: dict[str, Any]) -> dict[str, Any]:
        request = {**request, "about": about}
        with self._lock:
            try:
                reply = self._ask(request)
            except (OSError, ValueError):  # it died, or died while it answered
                self.close()
                self._process = _start()
                reply = self._ask_again(request)
        if "error" in reply:
            raise RunError(reply["error"])
        return reply

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.wait()

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        source, sink = self._process.stdout, self._process.stdin
        assert source is not None and sink is not None
        sink.write(json.dumps(request) + "\n")
        sink.flush()
        reply: dict[str, Any] = json.loads(source.readline())
        return reply

    def _ask_again(self, request: dict[str, Any]) -> dict[str, Any]:
        try:
            return self._ask(request)
        except (OSError, ValueError) as err:
            raise RunError("the prediction process ended twice; see the server's output") from err


def _start() -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "mtl_core.predict.service"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    )


def serve(source: IO[str], sink: IO[str]) -> None:
    """Answer requests until the input ends."""
    repliers: dict[str, Replier] = {}
    for line in source:
        request = json.loads(line)
        about = request.pop("about")
        if about not in repliers:
            repliers[about] = _replier(about)
        sink.write(json.dumps(repliers[about](request)) + "\n")
        sink.flush()


def _replier(about: str) -> Replier:
    """Imported when it is first asked: each loads much."""
    if about == _TEXTS:
        from mtl_core.predict.models import Models

        return Models(KEPT_MODELS).reply
    from mtl_core.predict.lessons import reply

    return reply


if __name__ == "__main__":
    serve(sys.stdin, sys.stdout)
