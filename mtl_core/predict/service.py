"""A process of its own that answers typed text, so that the web server never loads torch.

Requests and answers are single lines of JSON over the process's standard input and output; it ends
when its input closes, which also happens when the web server dies.
"""

import json
import subprocess
import sys
import threading
from collections.abc import Sequence
from typing import IO, Any

from mtl_core.errors import RunError

from .answers import Answers, Asked

KEPT_MODELS = 12
"""Models that stay loaded; the one asked least recently leaves first."""


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
        request = {"models": named, "text": text, "second": second}
        with self._lock:
            try:
                reply = self._ask(request)
            except (OSError, ValueError):  # it died, or died while it answered
                self.close()
                self._process = _start()
                reply = self._ask_again(request)
        if "error" in reply:
            raise RunError(reply["error"])
        return {name: Answers.from_tree(tree) for name, tree in reply["answers"].items()}

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
    from mtl_core.predict.models import Models

    models = Models(KEPT_MODELS)
    for line in source:
        reply = models.reply(json.loads(line))
        sink.write(json.dumps(reply) + "\n")
        sink.flush()


if __name__ == "__main__":
    serve(sys.stdin, sys.stdout)
