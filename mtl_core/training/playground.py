"""Two numbers in a plane, trained as a model is: the very `Descent` and balancing of a run."""

import math
import time
from typing import Any

import torch
from torch import Tensor, nn

from mtl_core.balancing import Balancer, make_balancer
from mtl_core.errors import RunError

from .plane import EPOCH, TASKS, Landscape, Setting, Walk
from .stepping import Descent, make_optimiser

PLACE = "the plane"
_OUTSIDE = 5.0
"""So many times the square's edge away from its middle, a path has left the plane."""
PATIENCE = 10.0
"""Seconds after which a walk ends: others wait for the same process."""


class Walker(nn.Module):
    """The two shared numbers, and the tasks' losses there."""

    def __init__(self, ground: Landscape, start: tuple[float, float]) -> None:
        super().__init__()
        self.ground = ground
        self.place = nn.Parameter(torch.tensor(start))

    def losses(self) -> dict[str, Tensor]:
        """A scalar for each task."""
        both = self.ground.losses(torch, self.place[0], self.place[1])
        return dict(zip(TASKS, both, strict=True))

    def gradients(self) -> list[list[float]]:
        """(task, 2), to be drawn; the method takes its own."""
        losses = self.losses().values()
        return [
            torch.autograd.grad(one, self.place, retain_graph=True)[0].tolist() for one in losses
        ]


def walk(setting: Setting) -> Walk:
    """The whole path. Raises ConfigError, with the cure, where a solver is missing."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(setting.seed)
        return _walk(setting)


def _walk(setting: Setting) -> Walk:
    walker = Walker(setting.ground, (setting.x, setting.y))
    balancer = make_balancer(setting.balancing, TASKS)
    descent = Descent(
        balancer, _optimiser(setting, walker, balancer), {PLACE: [walker.place]}, [], None
    )
    found: dict[str, Any] = {
        "points": [],
        "losses": [],
        "gradients": [],
        "directions": [],
        "weights": [],
    }
    ended, until = "", time.monotonic() + PATIENCE
    for step in range(setting.count):
        _look(walker, found)
        if time.monotonic() > until:
            ended = f"This method takes long for a step; the first {step} are shown."
            break
        if step and step % EPOCH == 0:
            balancer.next_epoch()
        ended = _step(walker, descent, found)
        if ended:
            break
    else:
        _look(walker, found)
    return Walk(**found, ended=ended)


def _step(walker: Walker, descent: Descent, found: dict[str, Any]) -> str:
    """One update, and what it was; why the walk ends here, "" where it goes on."""
    number = len(found["directions"]) + 1
    before = walker.place.detach().clone()
    try:
        weights, _ = descent.step(walker.losses())
    except RunError as err:
        return f"Step {number} could not be made: {err}."
    if descent.balancer.looks_again:
        with torch.no_grad():
            descent.balancer.look_again(walker.losses())
    away = walker.place.detach().abs().max().item()
    if not math.isfinite(away) or away > _OUTSIDE * walker.ground.edge:
        walker.place.data.copy_(before)
        return f"Step {number} leads far out of the plane; lower the learning rate."
    assert walker.place.grad is not None
    found["directions"].append(walker.place.grad.tolist())
    found["weights"].append(weights.tolist())
    return ""


def _look(walker: Walker, found: dict[str, Any]) -> None:
    found["points"].append(walker.place.tolist())
    found["losses"].append([loss.item() for loss in walker.losses().values()])
    found["gradients"].append(walker.gradients())


def _optimiser(setting: Setting, walker: Walker, balancer: Balancer) -> torch.optim.Optimizer:
    """The trainer's own, or plain steps; both also train what the balancing learns."""
    if setting.optimiser == "adamw":
        return make_optimiser(walker, balancer, setting.rate, weight_decay=0.0)
    return torch.optim.SGD([*walker.parameters(), *balancer.parameters()], lr=setting.rate)
