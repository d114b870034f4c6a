"""Token-level gates over experts: every piece has weights of its own."""

import torch
from torch import Tensor, nn

from mtl_core.data.batching import Batch
from mtl_core.models.watch import Watch

Name = tuple[str, ...]
GATE, SHARED = "gate", "shared gate"
"""How the names of gates begin that a task reads, and of those between shared levels."""


class Gates(nn.Module):
    """Softmax gates by name: Σ_e g_e h_e with g = softmax(W x) (Ma et al., 2018, equations 6-7).

    In evaluation their weights are noted in `watch`. `balance` is the strength of a penalty on the
    square of the coefficient of variation of the experts' mean weights (Shazeer et al., 2017,
    equations 6-7): of each gate alone, so a gate may still choose other experts for other pieces.
    """

    def __init__(self, sizes: dict[Name, tuple[int, int]], *, watch: Watch, balance: float) -> None:
        """`sizes` are each gate's width of x and its number of experts."""
        super().__init__()
        self.places = {name: place for place, name in enumerate(sizes)}
        self.gates = nn.ModuleList(
            nn.Linear(width, experts, bias=False) for width, experts in sizes.values()
        )
        self.watch, self.balance = watch, balance
        self._uneven: list[Tensor] = []

    def forget(self) -> None:
        """A new forward pass begins."""
        self._uneven = []

    def forward(
        self,
        name: Name,
        selector: Tensor,
        experts: list[Tensor],
        batch: Batch,
        *,
        seen: bool = True,
    ) -> Tensor:
        """What the gate makes of the experts: (batch, seq, hidden); `seen` gates are noted."""
        weights = self.gates[self.places[name]](selector).softmax(2)  # (batch, seq, expert)
        if self.balance:
            self._uneven.append(_unevenness(weights, batch.mask))
        if seen and not self.training:
            self.watch.note(name, weights, batch.mask)
        stacked = torch.stack(experts, dim=3)  # (batch, seq, hidden, expert)
        return (stacked * weights[:, :, None, :]).sum(3)

    def parameters_of(self, name: Name) -> list[nn.Parameter]:
        """Those of one gate."""
        return list(self.gates[self.places[name]].parameters())

    def penalties(self) -> dict[str, Tensor]:
        """The balance penalty of the last forward pass, averaged over the gates that ran."""
        if not self._uneven:
            return {}
        return {"balance": self.balance * torch.stack(self._uneven).mean()}


def _unevenness(weights: Tensor, mask: Tensor) -> Tensor:
    """Variance over squared mean of the experts' shares of the real pieces: 0 is even use."""
    real = mask[:, :, None].to(weights.dtype)
    importance = (weights * real).sum((0, 1)) / real.sum()  # (expert,)
    return importance.var(correction=0) / importance.mean().square()
