"""Which device a training uses, in which precision, and how its numbers are made repeatable."""

import os

import torch

from mtl_core.errors import ConfigError


def choose_device(asked: str) -> torch.device:
    """The device asked for, or the best there is. Raises ConfigError where it is missing."""
    here = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    name = next(name for name, found in here.items() if found) if asked == "auto" else asked
    if not here[name]:
        found = ", ".join(device for device, is_here in here.items() if is_here)
        raise ConfigError(
            f"training.device is {name}, which this machine lacks; take auto or {found}"
        )
    return torch.device(name)


def choose_precision(asked: str, device: torch.device) -> torch.dtype | None:
    """The type of mixed precision, None for full precision.

    bf16 needs no loss scaling, unlike fp16. On the CPU it is slower without special instructions,
    so auto leaves it off there.
    """
    if asked == "fp32":
        return None
    if asked == "bf16":
        return torch.bfloat16
    return torch.bfloat16 if device.type == "cuda" and torch.cuda.is_bf16_supported() else None


def use_threads(count: int | None) -> None:
    """How many CPU threads torch uses; None leaves it as the system says (all cores)."""
    if count is not None:
        torch.set_num_threads(count)


def seed_everything(seed: int, device: torch.device) -> None:
    """Same seed, same device: same numbers."""
    torch.manual_seed(seed)
    if device.type == "cuda":
        # cuBLAS and cuDNN may otherwise add up in a different order each time.
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        torch.backends.cudnn.deterministic = True
        torch.backends.cudnn.benchmark = False


def describe(device: torch.device) -> str:
    """The device in words."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    threads = torch.get_num_threads()
    cpu = f"CPU, {threads} thread{'s' if threads > 1 else ''}"
    return {"mps": "Apple GPU", "cpu": cpu}[device.type]
