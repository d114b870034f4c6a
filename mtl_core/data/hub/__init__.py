"""Datasets of the Hugging Face hub (or saved in its layouts on the disk) as rows and as cards.

Labels that the hub keeps as numbers come out under their names. Code from the hub is never run.
"""

from .features import read_hub
from .proposing import propose_hub

__all__ = ["propose_hub", "read_hub"]
