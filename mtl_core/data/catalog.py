"""Dataset cards: where a corpus lies, how it is written and which tasks it carries.

A card is a small YAML file beside the data files:

    name: my_reviews
    splits: {train: train.jsonl, validation: dev.jsonl, test: test.jsonl}
    tasks:
      sentiment: {kind: classification, input: text, target: label}
      entities: {kind: spans, input: tokens, target: ner}
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import Field, ValidationError, field_validator

from mtl_core.config.faults import sentence_of
from mtl_core.config.parts import Part, option
from mtl_core.errors import DataError, MtlError

TaskKind = Literal["classification", "tagging", "spans"]
CARD_FILE = "card.yaml"
SPLITS = ("train", "validation", "test")


class TaskSpec(Part):
    """One task of a dataset: what is read, what is to be answered."""

    kind: TaskKind = option(
        ..., "classification: a label a text; tagging: a tag a word; spans: BIO-like tags."
    )
    input: str = option(..., "Column with the text, or with the list of tokens.")
    target: str = option(..., "Column with the label, or with the list of tags.")
    metric: str | None = option(None, "Main score; empty: the kind's usual one.")
    description: str = option("", "What the task asks, in a sentence.")


class Layout(Part):
    """How the files are written; only needed where the file name does not tell."""

    kind: Literal["jsonl", "csv", "tsv", "conll", "conllu"] = option(
        ..., "The format of the files."
    )
    columns: tuple[str, ...] = option(
        (), "Names of the columns of a CoNLL file, or of a CSV or TSV file without a header."
    )
    delimiter: str = option(
        "", "What stands between the columns; empty: comma, tab, or any blanks.", max_length=1
    )
    quoting: bool = option(True, "Whether double quotes enclose fields of a CSV or TSV file.")


class Hub(Part):
    """A dataset of the Hugging Face hub; the card's splits then name the hub's splits."""

    path: str = option(
        ..., "Name on the hub, for example conll2003, or a local folder in its layout."
    )
    name: str | None = option(None, "Configuration, where there are several.")
    revision: str | None = option(None, "Commit or tag, so that the data stays the same.")


class Card(Part):
    """A dataset: splits and files, and tasks."""

    name: str = option(..., "Short name.", pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$")
    title: str = option("", "What people see in lists.")
    language: str = option("", "Language code, for example en.")
    description: str = option("", "What the data is.")
    licence: str = option("", "Licence as stated by the makers.")
    source: str = option("", "Where the data comes from.")
    segmentation: Literal["words", "characters"] = option(
        "words",
        "How a text is cut into words: at blanks and punctuation, or character by character.",
    )
    folder: str = option("", "Folder of the files, where it is not the card's own.")
    hub: Hub | None = Field(default=None, description="Where the data comes from the hub.")
    layout: Layout | None = Field(default=None, description="How the files are written.")
    splits: dict[str, str] = option(..., "Files of train, validation and test.")
    tasks: dict[str, TaskSpec] = option(..., "The tasks by name.", min_length=1)

    @field_validator("tasks")
    @classmethod
    def _names_fit_into_metric_keys(cls, tasks: dict[str, TaskSpec]) -> dict[str, TaskSpec]:
        for name in tasks:
            if not name.strip() or "/" in name or name == "all" or len(name) > 60:
                raise ValueError(
                    f"'{name}' cannot name a task: up to 60 signs, no '/', not empty and not 'all'"
                )
        return tasks

    @field_validator("splits")
    @classmethod
    def _splits_are_known(cls, splits: dict[str, str]) -> dict[str, str]:
        unknown = [name for name in splits if name not in SPLITS]
        if unknown:
            raise ValueError(f"'{unknown[0]}' is not a split; allowed: {', '.join(SPLITS)}")
        missing = [name for name in ("train", "validation") if name not in splits]
        if missing:
            raise ValueError(f"there is no file for {missing[0]}; name one")
        return splits


@dataclass(frozen=True)
class Dataset:
    """A card that was found, with the file it stands in."""

    card: Card
    path: Path

    @property
    def name(self) -> str:
        return self.card.name

    @property
    def label(self) -> str:
        """What people see."""
        return self.card.title or self.card.name

    def file(self, split: str) -> Path:
        """The file of a split. Raises DataError where the card names none."""
        if split not in self.card.splits:
            raise DataError(f"{self.path}: the card names no {split} file; add it under splits")
        return (self.path.parent / self.card.folder / self.card.splits[split]).resolve()


def load_card(path: Path) -> Dataset:
    """Read a card, or the card of a folder. Raises DataError in one sentence."""
    file = path / CARD_FILE if path.is_dir() else path
    try:
        tree: Any = yaml.safe_load(file.read_text(encoding="utf-8-sig"))
    except FileNotFoundError as err:
        raise DataError(
            f"{path}: there is no {CARD_FILE}; write one that names splits and tasks, see the README"
        ) from err
    except (OSError, UnicodeDecodeError, yaml.YAMLError, ValueError, RecursionError) as err:
        problem = str(err).replace("\n", " ")
        raise DataError(f"{file}: not a readable YAML card ({problem}); correct it") from err
    if not isinstance(tree, dict):
        raise DataError(f"{file}: a card is a mapping with splits and tasks; correct it")
    try:
        return Dataset(Card.model_validate(tree), file.resolve())
    except ValidationError as err:
        raise DataError(f"{file}: {sentence_of(err, Card)}") from err


def sample_folder() -> Path:
    """Where the sample corpora lie: in the checkout, or inside the installed package."""
    package = Path(__file__).resolve().parents[1]
    checkout = package.parent / "sample_data"
    return checkout if checkout.is_dir() else package / "_app" / "sample_data"


def card_folders(home: Path) -> list[Path]:
    """Folders whose subfolders hold cards: samples, the user's own data, those of $MTL_DATA."""
    extra = [Path(part) for part in os.environ.get("MTL_DATA", "").split(os.pathsep) if part]
    return [sample_folder(), home / "data", *extra]


@dataclass(frozen=True)
class Catalog:
    """The datasets that can be chosen by name, and the cards that cannot be read."""

    datasets: tuple[Dataset, ...]
    problems: tuple[str, ...]

    @classmethod
    def read(cls, folders: Sequence[Path]) -> "Catalog":
        """Look for cards one level below each folder; a folder earlier in the list wins a name."""
        found: dict[str, Dataset] = {}
        problems: list[str] = []
        for file in [f for folder in folders for f in sorted(folder.glob(f"*/{CARD_FILE}"))]:
            try:
                dataset = load_card(file)
                found.setdefault(dataset.name, dataset)
            except MtlError as err:
                problems.append(str(err))
        return cls(tuple(found.values()), tuple(problems))

    def find(self, name: str, beside: Path | None = None) -> Dataset:
        """A dataset by its name, or by a path, also one relative to the folder `beside`."""
        for dataset in self.datasets:
            if dataset.name == name:
                return dataset
        roots = [Path(), *([beside] if beside else [])]
        for root in roots:
            if _exists(root / name):
                return load_card(root / name)
        names = ", ".join(dataset.name for dataset in self.datasets)
        raise DataError(
            f"no dataset '{name}': neither a path nor one of {names}; `mtl data list` shows them"
        )


def _exists(path: Path) -> bool:
    """Whether there is such a file or folder; what can be no path at all is not there."""
    try:
        return path.exists()
    except (OSError, ValueError):
        return False
