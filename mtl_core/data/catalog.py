"""Dataset cards: where a corpus lies, how it is written and which tasks it carries.

A card is a small YAML file beside the data files:

    name: my_reviews
    splits: {train: train.jsonl, validation: dev.jsonl, test: test.jsonl}
    tasks:
      sentiment: {kind: classification, input: text, target: label}
      entities: {kind: spans, input: tokens, target: ner}
      topics: {kind: multilabel, input: text, target: topics}
      score: {kind: regression, input: [question, answer], target: score, range: [1, 5]}
"""

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Self

import yaml
from pydantic import Field, ValidationError, field_validator, model_validator

from mtl_core.config.faults import sentence_of
from mtl_core.config.parts import Part, option
from mtl_core.config.yaml_text import parsed
from mtl_core.errors import DataError, MtlError

from .address import Address, beside, exists, parted
from .layout import ByColumn, Divide, Layout
from .spans import Scheme
from .text import Segmentation

TaskKind = Literal["classification", "multilabel", "regression", "tagging", "spans"]
PER_WORD: frozenset[TaskKind] = frozenset({"tagging", "spans"})
"""The kinds that answer for every word, not for the text."""
CARD_FILE = "card.yaml"
SPLITS = ("train", "validation", "test")


class TaskSpec(Part):
    """One task of a dataset: what is read, what is to be answered."""

    kind: TaskKind = option(
        ...,
        "classification: a label a text; multilabel: any number of labels; regression: a number; "
        "tagging: a tag a word; spans: BIO-like tags.",
    )
    input: str | tuple[str, str] = option(
        ..., "Column with the text or the list of tokens; two columns for a pair of texts."
    )
    target: str = option(..., "Column with the label, the labels, the number or the list of tags.")
    metric: str | None = option(None, "Main score; empty: the kind's usual one.")
    range: tuple[float, float] | None = option(
        None, "Least and greatest value of a regression; empty: those of the training data."
    )
    names: dict[str, str] = option(
        {}, "Names of labels that the files write otherwise, as numbers for example."
    )
    unanswered: tuple[str, ...] = option(
        (), "Labels with which the files say that nobody answered, as - where people disagreed."
    )
    separator: str = option(
        ",", "What parts the labels of a multilabel task that stand in one text.", min_length=1
    )
    scheme: Scheme = option(
        "prefixes",
        "How tags mark spans; prefixes: B-, I- and their like before each label; runs: the tag is "
        "the label, and equal tags beside each other are one span.",
    )
    description: str = option("", "What the task asks, in a sentence.")

    @property
    def pair(self) -> bool:
        """Whether the task reads two texts."""
        return not isinstance(self.input, str)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it reads, one or two."""
        return (self.input,) if isinstance(self.input, str) else self.input

    @field_validator("input", mode="before")
    @classmethod
    def _one_column_or_two(cls, columns: Any) -> Any:
        if isinstance(columns, list | tuple) and len(columns) != 2:
            raise ValueError(f"{list(columns)!r} is no pair; name one column, or exactly two")
        return columns

    @field_validator("range")
    @classmethod
    def _range_rises(cls, ends: tuple[float, float] | None) -> tuple[float, float] | None:
        if ends and not (math.isfinite(ends[0]) and math.isfinite(ends[1]) and ends[0] < ends[1]):
            raise ValueError(
                f"{list(ends)!r} is no range; write the least value, then the greatest"
            )
        return ends

    @model_validator(mode="after")
    def _options_fit_the_kind(self) -> Self:
        if self.pair and self.kind in PER_WORD:
            raise ValueError(f"a {self.kind} task reads one column, not the pair {self.columns}")
        if self.range and self.kind != "regression":
            raise ValueError(f"a {self.kind} task has no range; leave it out")
        if "separator" in self.model_fields_set and self.kind != "multilabel":
            raise ValueError(f"a {self.kind} task has no separator; leave it out")
        if "scheme" in self.model_fields_set and self.kind != "spans":
            raise ValueError(f"a {self.kind} task has no scheme; leave it out")
        return self


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
    segmentation: Segmentation = option(
        "words",
        "How a text is cut into words: at blanks and punctuation, character by character, or into "
        "words known from the tokens of the training data.",
    )
    folder: str = option("", "Folder of the files, where it is not the card's own.")
    hub: Hub | None = Field(default=None, description="Where the data comes from the hub.")
    layout: Layout | None = Field(default=None, description="How the files are written.")
    splits: dict[str, str | tuple[str, ...]] = option(
        ...,
        "Files of train, validation and test, one or several; FILE#PART is a file inside an archive, "
        "or a key of a JSON file.",
    )
    divide: Divide | None = Field(
        default=None, description="How splits are made that have no file of their own."
    )
    faults: Literal["stop", "leave_out"] = option(
        "stop",
        "What is done with a row, or an answer, that cannot be read: stop with a sentence that says "
        "where it is, or leave it out.",
    )
    where: dict[str, str | int | float | bool] = option(
        {}, "Only rows whose columns hold these values belong to the dataset."
    )
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
    def _splits_are_known(
        cls, splits: dict[str, str | tuple[str, ...]]
    ) -> dict[str, str | tuple[str, ...]]:
        unknown = [name for name in splits if name not in SPLITS]
        if unknown:
            raise ValueError(f"'{unknown[0]}' is not a split; allowed: {', '.join(SPLITS)}")
        empty = [name for name, files in splits.items() if not files]
        if "train" not in splits or empty:
            raise ValueError(f"there is no file for {(empty or ['train'])[0]}; name one")
        return splits

    @model_validator(mode="after")
    def _there_is_validation_data(self) -> Self:
        if isinstance(self.divide, ByColumn) and set(self.splits) != {"train"}:
            raise ValueError("where a column divides the rows, all files stand under train")
        if "validation" not in self.split_names:
            raise ValueError(
                "there is no file for validation; name one, or let divide cut it off the training rows"
            )
        return self

    @property
    def split_names(self) -> tuple[str, ...]:
        """The splits that the dataset has, with those that are divided off."""
        divide, found = self.divide, {*self.splits}
        if isinstance(divide, ByColumn):
            found = {*divide.values}
        elif divide is not None:
            found |= {name for name in ("validation", "test") if getattr(divide, name) > 0}
        return tuple(name for name in SPLITS if name in found)


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

    def addresses(self, split: str) -> tuple[Address, ...]:
        """The files of a split; those of train where the split is divided off it.

        Raises DataError where the card has no such split.
        """
        if split not in self.card.split_names:
            raise DataError(f"{self.path}: the card names no {split} file; add it under splits")
        named = self.card.splits.get(split, self.card.splits["train"])
        folder = self.path.parent / self.card.folder
        found = []
        for name in (named,) if isinstance(named, str) else named:
            file, part = parted(folder, name)
            found.append(Address((folder / file).resolve(), part))
        return tuple(found)

    def files(self, split: str) -> tuple[Path, ...]:
        """All files that hold the rows of a split, those of parallel columns one by one."""
        paths = tuple(dict.fromkeys(address.path for address in self.addresses(split)))
        endings = self.card.layout.files if self.card.layout else ()
        return tuple(beside(path, end) for path in paths for end in endings) or paths

    def file(self, split: str) -> Path:
        """The first file of a split. Raises DataError where the card names none."""
        return self.addresses(split)[0].path


def load_card(path: Path) -> Dataset:
    """Read a card, or the card of a folder. Raises DataError in one sentence."""
    file = path / CARD_FILE if path.is_dir() else path
    try:
        tree: Any = parsed(file.read_text(encoding="utf-8-sig"))
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
            if exists(root / name):
                return load_card(root / name)
        names = ", ".join(dataset.name for dataset in self.datasets)
        raise DataError(
            f"no dataset '{name}': neither a path nor one of {names}; `mtl data list` shows them"
        )
