"""The truth about data before training: what is in it, what is doubtful, and what leaks.

    report([(dataset, tasks), ...])            facts and findings of a dataset, or of a combination
    leaks(own, others, tested)                 rows whose text was seen in training data

Nothing here imports torch, and everything takes time in proportion to the rows.
"""

from .facts import LabelFacts, Overlap, TextFacts
from .prints import Prints, leaks, prints_of
from .report import Report, report

__all__ = [
    "LabelFacts",
    "Overlap",
    "Prints",
    "Report",
    "TextFacts",
    "leaks",
    "prints_of",
    "report",
]
