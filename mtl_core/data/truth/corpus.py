"""A dataset as the report sees it: its chosen tasks, its splits, and what was found while reading."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

from mtl_core.data.catalog import Dataset, TaskSpec
from mtl_core.data.findings import EXAMPLES, Finding, Tell
from mtl_core.data.tasks import Sentences, spec_of
from mtl_core.errors import DataError

from .prints import Prints, prints_of

Load = Callable[[Dataset, str, Sequence[str], Tell], Sentences]
SHOWN = 90
"""Letters of a text that an example shows."""


@dataclass(frozen=True)
class Corpus:
    """A dataset with the splits that can be read, training data among them."""

    dataset: Dataset
    specs: dict[str, TaskSpec]
    splits: dict[str, Sentences]

    @property
    def name(self) -> str:
        return self.dataset.name

    @property
    def training(self) -> Sentences:
        return self.splits["train"]

    @property
    def evaluated(self) -> tuple[str, ...]:
        """The splits that scores come from, test data first."""
        return tuple(split for split in ("test", "validation") if split in self.splits)

    @cached_property
    def prints(self) -> dict[str, Prints]:
        """The marks of the texts, by split."""
        return {split: prints_of(found) for split, found in self.splits.items()}

    def place(self, split: str) -> str:
        """What is meant, for findings."""
        return f"{self.name}, {split}"

    def excerpt(self, split: str, row: int) -> str:
        """The beginning of a row's text, with its split and number."""
        found, texts = self.splits[split], []
        between = " " if self.dataset.card.segmentation == "words" else ""
        for column in (found.words, found.seconds):
            if column is not None:
                text = between.join(column[row][:SHOWN])
                texts.append(text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…")
        return f"{split} row {row + 1}: {' | '.join(texts)}"

    def excerpts(self, rows: Mapping[str, Collection[int]]) -> tuple[str, ...]:
        """The first rows of these, by split."""
        every = ((split, row) for split, found in rows.items() for row in sorted(found))
        return tuple(self.excerpt(*one) for one in islice(every, EXAMPLES))


def read_corpus(dataset: Dataset, tasks: Sequence[str], load: Load, tell: Tell) -> Corpus | None:
    """Read what can be read; what cannot is told. None where there is nothing to learn from."""
    try:
        specs = {task: spec_of(dataset, task) for task in tasks}
    except DataError as err:
        tell(Finding("card", "error", str(err)))
        return None
    splits = {}
    for split in dataset.card.split_names:
        try:
            splits[split] = load(dataset, split, tuple(tasks), tell)
        except DataError as err:
            tell(
                Finding(f"unreadable {split}", "error", str(err), place=f"{dataset.name}, {split}")
            )
    return Corpus(dataset, specs, splits) if "train" in splits else None
