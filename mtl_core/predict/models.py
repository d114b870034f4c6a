"""The loaded models of the prediction process."""

from collections import OrderedDict
from pathlib import Path
from typing import Any

import torch

from mtl_core.errors import MtlError
from mtl_core.runs.store import Run
from mtl_core.training.checkpoint import MODEL
from mtl_core.training.kept import kept_file

from .answering import Answerer
from .answers import Asked


class Models:
    """Keeps the models asked for last; one whose file has changed is loaded anew."""

    def __init__(self, kept: int) -> None:
        # With more threads than free cores, an answer waits on the training beside it.
        torch.set_num_threads(1)
        self.kept = kept
        self._loaded: OrderedDict[tuple[Asked, float], Answerer] = OrderedDict()

    def reply(self, request: dict[str, Any]) -> dict[str, Any]:
        """The reply to one request: {"answers": {run: answers}} or {"error": sentence}."""
        try:
            found = {}
            for name, step in request["models"]:
                folder = Path(name)
                answers = self._get((folder, step)).answer(request["text"], request.get("second"))
                found[folder.name] = answers.to_tree()
            return {"answers": found}
        except MtlError as err:
            return {"error": str(err)}
        except Exception as err:
            return {
                "error": f"this run cannot answer ({type(err).__name__}: {err}); train it again"
            }

    def _get(self, asked: Asked) -> Answerer:
        folder, step = asked
        key = (asked, _changed(folder / (MODEL if step is None else kept_file(step))))
        if key not in self._loaded:
            for old in [loaded for loaded in self._loaded if loaded[0] == asked]:
                del self._loaded[old]  # what the file held before
            self._loaded[key] = Answerer(Run(folder), step)
        self._loaded.move_to_end(key)
        while len(self._loaded) > self.kept:
            self._loaded.popitem(last=False)
        return self._loaded[key]


def _changed(file: Path) -> float:
    """When a file last changed; 0 where there is none."""
    try:
        return file.stat().st_mtime
    except OSError:
        return 0.0
