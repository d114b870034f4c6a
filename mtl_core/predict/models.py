"""The loaded models of the prediction process."""

from collections import OrderedDict
from pathlib import Path
from typing import Any

import torch

from mtl_core.errors import MtlError
from mtl_core.runs.store import Run
from mtl_core.training.checkpoint import MODEL

from .answering import Answerer


class Models:
    """Keeps the models asked for last; one whose file has changed is loaded anew."""

    def __init__(self, kept: int) -> None:
        # With more threads than free cores, an answer waits on the training beside it.
        torch.set_num_threads(1)
        self.kept = kept
        self._loaded: OrderedDict[tuple[str, float], Answerer] = OrderedDict()

    def reply(self, request: dict[str, Any]) -> dict[str, Any]:
        """The reply to one request: {"answers": {run: answers}} or {"error": sentence}."""
        try:
            found = {}
            for name in request["folders"]:
                folder = Path(name)
                answers = self._get(folder).answer(request["text"], request.get("second"))
                found[folder.name] = answers.to_tree()
            return {"answers": found}
        except MtlError as err:
            return {"error": str(err)}
        except Exception as err:
            return {
                "error": f"this run cannot answer ({type(err).__name__}: {err}); train it again"
            }

    def _get(self, folder: Path) -> Answerer:
        run = Run(folder)
        changed = (folder / MODEL).stat().st_mtime if run.has_model else 0.0
        key = (str(folder), changed)
        if key not in self._loaded:
            for old in [loaded for loaded in self._loaded if loaded[0] == str(folder)]:
                del self._loaded[old]  # an earlier checkpoint of the same run
            self._loaded[key] = Answerer(run)
        self._loaded.move_to_end(key)
        while len(self._loaded) > self.kept:
            self._loaded.popitem(last=False)
        return self._loaded[key]
