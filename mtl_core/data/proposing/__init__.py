"""Look at a path and propose a dataset card: `propose(path)`."""

from .contract import ColumnFacts, FileFacts, Holds, Overrides, Proposal
from .proposed import propose

__all__ = ["ColumnFacts", "FileFacts", "Holds", "Overrides", "Proposal", "propose"]
