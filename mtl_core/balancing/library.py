"""The only place that knows torchjd: its methods as functions from G or J to weights.

Imported when a method is built, since torchjd brings its solvers with it (a second or two). G comes
scaled by its trace and in double precision: the library's own guards against small gradients would
otherwise turn some methods into plain means.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torchjd import aggregation, scalarization
from torchjd.linalg import QuadprogProjector

REGULARISED = 1e-7
"""Added to G's diagonal (its trace is 1), so that the quadratic solver meets no singular matrix."""


# --- From losses to one loss ----------------------------------------------------------------------


def uncertainty(log_variances: Tensor, values: Tensor) -> Tensor:
    """Σ ½ e^(-s) L + ½ s, for the tasks of this step: (task,), (task,) -> ()."""
    found: Tensor = functional_call(
        scalarization.UW(len(values)), {"log_var": log_variances}, (values,)
    )
    return found


def impartial(log_scales: Tensor, values: Tensor) -> Tensor:
    """Σ e^s L - s, for the tasks of this step: (task,), (task,) -> ()."""
    found: Tensor = functional_call(
        scalarization.IMTLL(len(values)), {"log_scale": log_scales}, (values,)
    )
    return found


def random_weights() -> nn.Module:
    return scalarization.Random()


def geometric_mean() -> nn.Module:
    return scalarization.GeometricMean()


def smooth_maximum(mu: float) -> nn.Module:
    return scalarization.STCH(mu)


def famo(tasks: int, learning_rate: float, decay: float) -> scalarization.FAMO:
    return scalarization.FAMO(tasks, lr=learning_rate, weight_decay=decay)


def has_seen_losses(method: scalarization.FAMO) -> bool:
    """Whether there are earlier losses to compare with."""
    return method._prev_losses is not None


# --- From G to weights ----------------------------------------------------------------------------

Weighting = nn.Module
"""G (task, task), double, trace 1 -> w (task,); it may remember things from call to call."""


def pcgrad() -> Weighting:
    return aggregation.PCGradWeighting()


def gradvac(beta: float) -> Weighting:
    return aggregation.GradVacWeighting(beta=beta)


def mgda(iterations: int) -> Weighting:
    return aggregation.MGDAWeighting(epsilon=1e-6, max_iters=iterations)


def cagrad(c: float) -> Weighting:
    return aggregation.CAGradWeighting(c=c)


def fairgrad(alpha: float) -> Weighting:
    return aggregation.FairGradWeighting(alpha=alpha)


def imtl_g() -> Weighting:
    return aggregation.IMTLGWeighting()


def aligned(tasks: int) -> Weighting:
    """With the sum of the tasks as preference."""
    return aggregation.AlignedMTLWeighting(torch.ones(tasks, dtype=torch.float64))


def upgrad() -> Weighting:
    return aggregation.UPGradWeighting(projector=_projector())


def dualproj() -> Weighting:
    return aggregation.DualProjWeighting(projector=_projector())


def pcd(tau: float, beta: float) -> Weighting:
    """The main task is the first of G."""
    return aggregation.PCDWeighting(tau=tau, beta=beta)


def _projector() -> QuadprogProjector:
    return QuadprogProjector(norm_eps=0.0, reg_eps=REGULARISED)


class ConflictFree(nn.Module):
    """ConFIG, which wants J itself, but only up to a rotation: given R with R Rᵀ = G.

    Its direction v = Rᵀ w is a combination of the rows of R, so w follows from it.
    """

    def __init__(self) -> None:
        super().__init__()
        self.from_rows = aggregation.ConFIG()

    def forward(self, gramian: Tensor) -> Tensor:
        """(task, task) -> (task,)."""
        values, vectors = torch.linalg.eigh(gramian)
        root = vectors * values.clamp(min=0).sqrt()  # (task, task)
        direction = self.from_rows(root)
        found: Tensor = torch.linalg.lstsq(root.T, direction, driver="gelsd").solution
        return found


def conflict_free() -> Weighting:
    return ConflictFree()


def smoothed(weighting: Weighting, share: float) -> Weighting:
    """CR-MOGM around another one: so much of the previous weights is kept."""
    return aggregation.CRMOGMWeighting(weighting, alpha=share) if share else weighting  # type: ignore[arg-type]


# --- What a method remembers between calls --------------------------------------------------------

_FORGOTTEN = {"training"}
_PLAIN = (int, float, bool, str, tuple, type(None), torch.dtype, torch.device)


def memory_of(module: nn.Module) -> dict[str, Any]:
    """All that a method of the library remembers, as tensors, numbers and an optimiser's state."""
    found: dict[str, Any] = {}
    for place, part in module.named_modules():
        for name, value in _attributes(part).items():
            key = f"{place}/{name}"
            if isinstance(value, Tensor):
                found[key] = value.detach().clone()
            elif isinstance(value, torch.optim.Optimizer):
                found[key] = value.state_dict()
            elif isinstance(value, list):  # of rows of J
                found[key] = [
                    [None if one is None else one.clone() for one in row] for row in value
                ]
            elif isinstance(value, _PLAIN):
                found[key] = value
    return found


def recall(module: nn.Module, memory: dict[str, Any], device: torch.device) -> None:
    """Put back what `memory_of` gave, into a module of the same build on this device."""
    parts = dict(module.named_modules())
    for key, saved in memory.items():
        place, name = key.split("/")
        value = _moved(saved, device)
        part = parts[place]
        if name in part._parameters:
            part._parameters[name].data.copy_(value)
        elif name in part._buffers:
            part._buffers[name] = value
        elif isinstance(value, dict):  # its optimiser is made at the first step
            optimiser = torch.optim.Adam(part.parameters())
            optimiser.load_state_dict(value)
            setattr(part, name, optimiser)
        elif not isinstance(getattr(type(part), name, None), property):
            setattr(part, name, value)


def _moved(value: Any, device: torch.device) -> Any:
    """Tensors, and those of rows of J; an optimiser brings its own to its parameters."""
    if isinstance(value, list):
        return [_moved(one, device) for one in value]
    return value.to(device) if isinstance(value, Tensor) else value


def _attributes(part: nn.Module) -> dict[str, Any]:
    found = {**part._parameters, **part._buffers, **vars(part)}
    return {name: value for name, value in found.items() if name not in _FORGOTTEN}
