"""What the lessons ask of the prediction process: a walk over the plane, and the hand-worked values."""

from dataclasses import asdict
from typing import Any

import torch

from mtl_core.balancing.golden import verdict
from mtl_core.config import METHODS
from mtl_core.errors import MtlError
from mtl_core.training.plane import Setting
from mtl_core.training.playground import walk


def reply(request: dict[str, Any]) -> dict[str, Any]:
    """{"walk": path}, {"golden": {method: verdict}}, or {"error": sentence}."""
    torch.set_num_threads(1)  # two numbers
    try:
        if "walk" in request:
            return {"walk": walk(Setting.parse(request["walk"])).to_tree()}
        kinds = [choice.kind_name() for choice in METHODS["balancing"]]
        return {"golden": {kind: asdict(verdict(kind)) for kind in kinds}}
    except MtlError as err:
        return {"error": str(err)}
    except Exception as err:
        return {"error": f"this cannot be computed ({type(err).__name__}: {err}); change a setting"}
