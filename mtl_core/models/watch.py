"""What a strategy decided by the input, remembered for `insight`: only while evaluating."""

from dataclasses import dataclass, field

import torch
from torch import Tensor


@dataclass
class Watch:
    """Sums over real pieces since the last `clear`, and the values of the last batch.

    Each entry has a name (a tuple: what, which block, which task) and values whose axes are
    (batch, seq, ...) or (batch, ...).
    """

    sums: dict[tuple[str, ...], Tensor] = field(default_factory=dict)
    counts: dict[tuple[str, ...], float] = field(default_factory=dict)
    last: dict[tuple[str, ...], Tensor] = field(default_factory=dict)

    def note(self, name: tuple[str, ...], values: Tensor, mask: Tensor | None = None) -> None:
        """Take down values (batch, seq, ...) of the real pieces in `mask`, or (batch, ...)."""
        values = values.detach().float()
        real = values.flatten(0, 0) if mask is None else values[mask]  # (item, ...)
        total = real.sum(0)
        self.sums[name] = self.sums[name] + total if name in self.sums else total
        self.counts[name] = self.counts.get(name, 0.0) + len(real)
        self.last[name] = values

    def mean(self, name: tuple[str, ...]) -> Tensor | None:
        """The mean over everything noted since `clear`, on the CPU; None where nothing was."""
        if not self.counts.get(name):
            return None
        return (self.sums[name] / self.counts[name]).cpu()

    def means(self, what: str) -> dict[tuple[str, ...], Tensor]:
        """All means whose name begins with `what`, by the rest of their names."""
        names = [name for name in self.sums if name[0] == what and self.counts[name]]
        return {name[1:]: (self.sums[name] / self.counts[name]).cpu() for name in names}

    def last_of(self, what: str) -> dict[tuple[str, ...], Tensor]:
        """The last batch's values of all names that begin with `what`, on the CPU."""
        return {n[1:]: values.cpu() for n, values in self.last.items() if n[0] == what}

    def next_batch(self) -> None:
        """Forget the values of the last batch: a new one begins, perhaps of other tasks."""
        self.last.clear()

    def clear(self) -> None:
        """Forget everything."""
        self.sums.clear()
        self.counts.clear()
        self.last.clear()


def as_lists(values: Tensor, digits: int = 4) -> object:
    """Nested lists of rounded numbers, as insights want them."""
    return torch.round(values.detach().float().cpu(), decimals=digits).tolist()
