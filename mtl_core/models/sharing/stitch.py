"""A stitch: columns of equal width exchange shares of their outputs (Misra et al., 2016, eq. 1)."""

import torch
from torch import Tensor, nn

from mtl_core.models.contracts import scale_rate


class Stitch(nn.Module):
    """x̃_to = Σ_from α_to,from · x_from, for each of `channels`, or for all alike (1).

    Every column begins with the share `keep` of itself and the rest evenly from the others; one
    column alone keeps all. The shares learn `rate` times as fast as the rest of the model; with 0
    they are fixed. They are kept as a vector, since weight decay, which draws matrices to 0, would
    draw the columns' outputs to 0 with them.
    """

    def __init__(self, columns: int, *, channels: int, keep: float, rate: float) -> None:
        super().__init__()
        self.shape = (columns, columns, channels)  # (to, from, hidden)
        shares = first_shares(columns, keep)[:, :, None].expand(self.shape)
        learns = rate > 0 and columns > 1
        self.shares = nn.Parameter(shares.flatten(), requires_grad=learns)
        self.connects = learns or (columns > 1 and keep < 1)
        scale_rate([self.shares], rate)

    def forward(self, hidden: Tensor) -> Tensor:
        """(column, batch, seq, hidden) -> the same."""
        if not self.connects:
            return hidden
        return torch.einsum("tfc,fbsc->tbsc", self.shares.view(self.shape), hidden)

    def matrix(self) -> Tensor:
        """The shares, averaged over the channels: (to, from)."""
        return self.shares.detach().view(self.shape).mean(2)


def first_shares(columns: int, keep: float) -> Tensor:
    """`keep` on the diagonal, the rest of each row evenly: (to, from)."""
    if columns == 1:
        return torch.ones(1, 1)
    shares = torch.full((columns, columns), (1 - keep) / (columns - 1))
    return shares.fill_diagonal_(keep)
