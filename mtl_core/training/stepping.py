"""One update: batches → losses → balancing → optimiser, and a look at the gradients on the way."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from mtl_core.balancing import Balancer, Shared
from mtl_core.data.batching import Batch
from mtl_core.errors import ConfigError
from mtl_core.models.contracts import rate_of
from mtl_core.models.model import MultiTaskModel

from .evaluation import precision
from .watching import Sight, see


@dataclass
class Told:
    """What one update tells: detached scalars, still on the device."""

    losses: dict[str, Tensor] = field(default_factory=dict)
    penalties: dict[str, Tensor] = field(default_factory=dict)
    weights: Tensor | None = None
    """(task,), in the order of the losses."""
    sight: Sight | None = None


class Descent:
    """An optimiser with the balancing before it: from losses to new parameters.

    Works on any parameters, so that two of them in a plane are trained as a model is.
    """

    def __init__(
        self,
        balancer: Balancer,
        optimiser: torch.optim.Optimizer,
        places: dict[str, list[nn.Parameter]],
        own: list[nn.Parameter],
        clip: float | None,
    ) -> None:
        self.balancer, self.optimiser, self.clip = balancer, optimiser, clip
        self.places, self.own = places, own
        shared = [parameter for group in places.values() for parameter in group]
        self.parameters = [*shared, *own]  # walking the modules each step costs time

    def step(
        self,
        losses: Mapping[str, Tensor],
        penalty: Tensor | None = None,
        representation: Sequence[Tensor] = (),
        *,
        watch: bool = False,
    ) -> tuple[Tensor, Sight | None]:
        """Update the parameters. Returns the weights (task,), and what was seen where asked for."""
        self.optimiser.zero_grad(set_to_none=True)
        shared = Shared(self.places, self.own, list(representation))
        watch = watch and len(losses) > 1 and bool(shared.parameters)
        shared.keeps_rows = watch
        if watch and not self.balancer.takes_rows:
            shared.look(losses)
        weights = self.balancer.backward(losses, penalty, shared)
        sight = see(shared, losses, weights) if watch else None
        if self.clip is not None:
            nn.utils.clip_grad_norm_(self.parameters, self.clip)
        self.optimiser.step()
        return weights, sight


class Stepper:
    """The updates of a model."""

    def __init__(
        self,
        model: MultiTaskModel,
        descent: Descent,
        device: torch.device,
        autocast: torch.dtype | None,
    ) -> None:
        self.model, self.descent, self.device, self.autocast = model, descent, device, autocast

    def step(
        self,
        batches: Sequence[Batch],
        tasks: frozenset[str],
        factors: Mapping[str, float],
        *,
        watch: bool,
    ) -> Told:
        """One update with those of `tasks` that have a label in these batches.

        `factors` multiply the losses before they are balanced; what is told are the losses before.
        """
        moved = [batch.only(tasks).to(self.device) for batch in batches]
        moved = [batch for batch in moved if batch.targets]
        if not moved:
            return Told()  # no row has a label of a task that is trained
        losses, penalties, read = self._losses(moved)
        penalty = torch.stack([*penalties.values()]).sum() if penalties else None
        steered = _times(losses, factors)
        weights, sight = self.descent.step(steered, penalty, read, watch=watch)
        if self.descent.balancer.looks_again:
            with torch.no_grad():
                again, _, _ = self._losses(moved)
            self.descent.balancer.look_again(_times(again, factors))
        if factors:
            scale = [factors.get(task, 1.0) for task in losses]
            weights = weights * torch.tensor(scale, device=weights.device)
        return Told(_detached(losses), _detached(penalties), weights, sight)

    def _losses(
        self, batches: Sequence[Batch]
    ) -> tuple[dict[str, Tensor], dict[str, Tensor], list[Tensor]]:
        """Each task's loss and each penalty, averaged over the rows of the batches that carry it;
        and what the tasks have read, where balancing wants it."""
        found: dict[str, list[tuple[int, Tensor]]] = {}
        penalties: dict[str, list[tuple[int, Tensor]]] = {}
        read: list[Tensor] = []
        with precision(self.device, self.autocast):
            for batch in batches:
                for task, loss in self.model.losses(batch).items():
                    found.setdefault(task, []).append((len(batch), loss))
                for name, penalty in self.model.sharing.penalties().items():
                    penalties.setdefault(name, []).append((len(batch), penalty))
                if self.descent.balancer.reads_representation:
                    read.append(self._common())
        return _means(found), _means(penalties), read

    def _common(self) -> Tensor:
        if self.model.representation is None:
            raise ConfigError(
                "balancing.gradients is representation, but with this sharing strategy the tasks "
                "read different ones; set it to parameters"
            )
        return self.model.representation


def make_descent(
    model: MultiTaskModel, balancer: Balancer, optimiser: torch.optim.Optimizer, clip: float | None
) -> Descent:
    """For the parameters of a model."""
    places = model.shared_places()
    inside = {id(p) for group in places.values() for p in group}
    own = [p for p in model.parameters() if id(p) not in inside]
    return Descent(balancer, optimiser, places, own, clip)


def make_optimiser(
    model: nn.Module, balancer: nn.Module, learning_rate: float, weight_decay: float
) -> torch.optim.Optimizer:
    """AdamW (Loshchilov and Hutter, 2019); vectors (biases, norms) are not decayed, and neither is
    what the balancer learns."""
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}
    for parameter in model.parameters():
        if parameter.requires_grad:
            decay = weight_decay if parameter.dim() > 1 else 0.0
            groups.setdefault((decay, rate_of(parameter)), []).append(parameter)
    learnt = list(balancer.parameters())
    if learnt:
        groups.setdefault((0.0, 1.0), []).extend(learnt)
    made = [
        {"params": parameters, "weight_decay": decay, "scale": rate}
        for (decay, rate), parameters in groups.items()
    ]
    return torch.optim.AdamW(made, lr=learning_rate, fused=True)


def set_rate(optimiser: torch.optim.Optimizer, rate: float) -> None:
    """The learning rate of the next update, times each group's own factor."""
    for group in optimiser.param_groups:
        group["lr"] = rate * group["scale"]


def _times(losses: dict[str, Tensor], factors: Mapping[str, float]) -> dict[str, Tensor]:
    if not factors:
        return losses
    return {task: factors.get(task, 1.0) * loss for task, loss in losses.items()}


def _detached(values: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: value.detach() for name, value in values.items()}


def _means(found: dict[str, list[tuple[int, Tensor]]]) -> dict[str, Tensor]:
    """Weighted by the batches' rows, which differ where a step mixes datasets."""
    return {name: _mean(each) for name, each in found.items()}


def _mean(values: list[tuple[int, Tensor]]) -> Tensor:
    rows = sum(count for count, _ in values)
    return torch.stack([value * (count / rows) for count, value in values]).sum()
