"""What is said about a path that was looked at: the files, the columns, and a card ready to save."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from mtl_core.data.catalog import CARD_FILE, Card, Dataset, TaskKind
from mtl_core.data.findings import Findings
from mtl_core.data.layout import Divide, Layout

Holds = Literal[
    "text", "tokens", "tags", "label", "labels", "number", "id", "constant", "split", "offsets",
    "inline", "pairs", "json", "list", "unknown",
]  # fmt: skip
"""What a column seems to hold. `pairs` are words with their tags glued on (`word=TAG`), `json` an
object and `list` a list inside a cell, `labels` any number of labels a row, `unknown` what no task can use."""


@dataclass(frozen=True)
class FileFacts:
    """One file that belongs to the dataset, or was left out."""

    address: str  # relative to the folder that was looked at
    split: str  # train, validation or test; empty where it is left out
    format: str
    encoding: str
    rows: int  # 0 where it was not read
    columns: tuple[str, ...]
    sniffed: tuple[str, ...]  # what was found out about it, in words: "delimiter ;", "no header"
    why: str = ""  # why it was left out


@dataclass(frozen=True)
class ColumnFacts:
    """One column of the training data."""

    name: str
    holds: Holds
    why: str
    distinct: int  # different values among the rows that were looked at
    examples: tuple[str, ...]
    task: str = ""  # the task that is made of it


@dataclass(frozen=True)
class Overrides:
    """What a person knows better. What is not given is found out.

    `holds`, `kinds` and `names` are keyed by column; a column that holds `unknown` is left out.
    """

    layout: Layout | None = None
    splits: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    divide: Divide | None = None
    holds: Mapping[str, Holds] = field(default_factory=dict)
    kinds: Mapping[str, TaskKind] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    input: str | tuple[str, str] | None = None
    segmentation: str = ""
    language: str = ""


@dataclass(frozen=True)
class Proposal:
    """A card that was tried: it loads, and every task of it can learn.

    The card's paths are relative to `folder`. `findings` hold what was found while the whole dataset
    was read; where there is an error among them, training stops there until it is mended.
    """

    card: Card
    path: Path
    files: tuple[FileFacts, ...]
    columns: tuple[ColumnFacts, ...]
    findings: Findings

    @property
    def folder(self) -> Path:
        """Where the card belongs: the folder that was looked at, or the file's own."""
        return self.path if self.path.is_dir() else self.path.parent

    @property
    def dataset(self) -> Dataset:
        """The card as if it were saved in its folder."""
        return Dataset(self.card, self.folder.resolve() / CARD_FILE)
