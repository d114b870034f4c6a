"""What a training leaves on the disk: the best model, and the state to go on from exactly.

No pickle is ever executed: weights are safetensors, the state is read with `weights_only=True`.
"""

import os
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from . import kept

MODEL = "model.safetensors"
STATE = Path("last") / "state.pt"


def save_model(model: nn.Module, folder: Path) -> None:
    """Write the weights as the run's model, in one step."""
    _save(model, folder / MODEL)


def load_model(model: nn.Module, folder: Path) -> None:
    """Put the run's saved weights into a model of the same build."""
    model.load_state_dict(load_file(folder / MODEL))


def save_kept(model: nn.Module, step: int, folder: Path) -> None:
    """Write the weights of this step beside the run's model."""
    (folder / kept.FOLDER).mkdir(exist_ok=True)
    _save(model, folder / kept.kept_file(step))


def load_kept(model: nn.Module, step: int, folder: Path) -> None:
    """Put the weights of a kept step into a model of the same build."""
    model.load_state_dict(load_file(folder / kept.kept_file(step)))


def _save(model: nn.Module, file: Path) -> None:
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    weights = {name: value.detach().cpu().contiguous() for name, value in _weights(model).items()}
    save_file(weights, draft)
    draft.replace(file)


def save_state(state: dict[str, Any], folder: Path) -> None:
    """Write everything needed to go on, in one step."""
    file = folder / STATE
    file.parent.mkdir(exist_ok=True)
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    torch.save(state, draft)
    draft.replace(file)


def load_state(folder: Path) -> dict[str, Any] | None:
    """What `save_state` wrote last, on the CPU; None where there is nothing."""
    file = folder / STATE
    if not file.exists():
        return None
    state: dict[str, Any] = torch.load(file, map_location="cpu", weights_only=True)
    return state


def _weights(model: nn.Module) -> dict[str, Tensor]:
    return dict(model.state_dict())


def random_state(device: torch.device) -> dict[str, Tensor]:
    """The generators that dropout draws from."""
    state = {"cpu": torch.get_rng_state()}
    if device.type == "cuda":
        state["cuda"] = torch.cuda.get_rng_state(device)
    return state


def restore_random_state(state: dict[str, Tensor], device: torch.device) -> None:
    """Set the generators to a saved state."""
    torch.set_rng_state(state["cpu"])
    if device.type == "cuda" and "cuda" in state:
        torch.cuda.set_rng_state(state["cuda"], device)
