"""What is known of a dataset that can be picked, and the card that it becomes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from mtl_core.data.catalog import Card, Hub, TaskKind, TaskSpec
from mtl_core.data.layout import AtRandom, Layout
from mtl_core.data.text import Segmentation

Checked = Literal["columns", "repository", "nothing"]
CHECKED: dict[Checked, str] = {
    "columns": "its repository, columns and labels were read in documentation",
    "repository": "its repository was seen in documentation, its columns were not",
    "nothing": "nothing of it was seen in documentation",
}
"""How much of a preset was looked up when it was written; the rest shows when it is loaded."""
CONVERTED = "refs/convert/parquet"
"""The revision where the hub keeps a copy in Parquet of datasets that need code of their own."""


@dataclass(frozen=True)
class Preset:
    """A dataset of the hub with what a person wants to know before it is loaded.

    `rows` says how large it is. `splits` name the hub's splits; where validation is missing, it is
    cut off the training rows, with the labels of the column `by` spread evenly.
    """

    name: str
    title: str
    about: str
    language: str
    licence: str
    path: str
    tasks: Mapping[str, TaskSpec]
    splits: Mapping[str, str]
    rows: str
    checked: Checked
    config: str | None = None
    revision: str | None = None
    by: str = ""
    segmentation: Segmentation = "words"
    layout: Layout | None = None
    note: str = ""

    @property
    def kinds(self) -> tuple[TaskKind, ...]:
        """The kinds of its tasks."""
        return tuple(dict.fromkeys(spec.kind for spec in self.tasks.values()))

    @property
    def pair(self) -> bool:
        """Whether its tasks read two texts."""
        return any(spec.pair for spec in self.tasks.values())

    @property
    def source(self) -> str:
        """Where it comes from, in words."""
        copy = ", the hub's copy in Parquet" if self.revision == CONVERTED else ""
        return f"hub dataset {self.path}{f' ({self.config})' if self.config else ''}{copy}"

    @property
    def card(self) -> Card:
        """The card, whose revision is not pinned yet."""
        return Card(
            name=self.name,
            title=self.title,
            language=self.language,
            description=self.about,
            licence=self.licence,
            source=self.source,
            segmentation=self.segmentation,
            hub=Hub(path=self.path, name=self.config, revision=self.revision),
            layout=self.layout,
            splits=dict(self.splits),
            divide=None if "validation" in self.splits else AtRandom(by=self.by),
            tasks=dict(self.tasks),
        )
