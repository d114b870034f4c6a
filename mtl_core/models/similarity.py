"""How alike the representations are that the tasks' heads read: linear CKA.

Kornblith et al. (2019, "Similarity of Neural Network Representations Revisited", equation 5): 1 where
one is a rotation of the other, near 0 where they have nothing in common. For any way of sharing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor

from .insight import Insight, axis

PIECES, BATCHES = 128, 16
"""So many pieces of each batch are kept, of so many batches."""


@dataclass
class Similarity:
    """Pieces of some batches as every task sees them; noted while evaluating."""

    tasks: tuple[str, ...]
    kept: list[dict[str, Tensor]] = field(default_factory=list)

    def note(self, hidden: Mapping[str, Tensor], mask: Tensor) -> None:
        """Keep some real pieces of {task: (batch, seq, hidden)}, evenly spread over the batch."""
        if len(hidden) < 2 or len(self.kept) >= BATCHES:
            return
        places = mask.flatten().nonzero()[:, 0]
        places = places[:: max(1, len(places) // PIECES)][:PIECES]
        self.kept.append({t: h.flatten(0, 1)[places].float() for t, h in hidden.items()})

    def clear(self) -> None:
        """Forget everything."""
        self.kept.clear()

    def insight(self) -> list[Insight]:
        """The matrix of all tasks that were seen together; none where no two were."""
        values = {
            (a, b): self._between(a, b) for i, a in enumerate(self.tasks) for b in self.tasks[:i]
        }
        seen = [
            t for t in self.tasks if any(t in pair for pair, v in values.items() if v is not None)
        ]
        if not seen:
            return []
        both = values | {(b, a): v for (a, b), v in values.items()}
        return [
            Insight(
                name="similarity",
                title="How alike the tasks' representations are",
                help="Linear CKA (Kornblith et al., 2019) of what the heads read of the same words: "
                "1 is the same up to a rotation, 0 has nothing in common. Empty: the two tasks "
                "have no sentences in common.",
                axes=(axis("task", seen), axis("task", seen)),
                values=[[1.0 if a == b else both[a, b] for b in seen] for a in seen],
                low=0.0,
                high=1.0,
            )
        ]

    def _between(self, one: str, other: str) -> float | None:
        rows = [(kept[one], kept[other]) for kept in self.kept if one in kept and other in kept]
        if not rows:
            return None
        return round(linear_cka(*(torch.cat(side) for side in zip(*rows, strict=True))), 4)


def linear_cka(x: Tensor, y: Tensor) -> float:
    """‖YᵀX‖²_F / (‖XᵀX‖_F ‖YᵀY‖_F) of centred rows, (item, hidden) each; 0 for constant rows."""
    x, y = x - x.mean(0), y - y.mean(0)
    sizes = float((x.mT @ x).norm() * (y.mT @ y).norm())
    return float((y.mT @ x).norm() ** 2) / sizes if sizes else 0.0
