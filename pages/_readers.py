"""What screens read, cached: the catalogue, sentences, runs, the prediction service.

Import these from `_ui`. A cache's key holds when the files last changed, so nothing goes stale.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from mtl_core.config import Experiment
from mtl_core.data.catalog import CARD_FILE, Catalog, Dataset, card_folders
from mtl_core.data.files import home
from mtl_core.data.own_ready import ready
from mtl_core.data.tasks import Sentences, load_sentences
from mtl_core.data.truth import Report, report
from mtl_core.errors import DataError, MtlError, RunError
from mtl_core.runs import worker
from mtl_core.runs.store import Run, Runs, Status


def start_worker() -> None:
    """Start the background worker if none lives: looked at every few seconds."""
    _start_worker(str(home()))


@st.cache_resource(show_spinner=False, ttl=5)
def _start_worker(folder: str) -> None:
    worker.ensure(Path(folder))


def catalog() -> Catalog:
    """All datasets that can be chosen, read again when a card changes."""
    folders = card_folders(home())
    cards = [file for folder in folders for file in sorted(folder.glob(f"*/{CARD_FILE}"))]
    return _catalog(tuple(map(str, folders)), tuple((str(f), _changed(f)) for f in cards))


@st.cache_resource(show_spinner=False, max_entries=4)
def _catalog(folders: tuple[str, ...], stamps: tuple[tuple[str, int], ...]) -> Catalog:
    del stamps  # only part of the key
    return Catalog.read([Path(folder) for folder in folders])


def sentences(dataset: Dataset, split: str) -> Sentences:
    """One split with all its tasks, or those that are labelled enough; do not change what comes back.

    Raises MtlError.
    """
    stamps = tuple(map(_changed, (dataset.path, *dataset.files(split))))
    return _sentences(str(dataset.path), split, stamps, dataset)


@st.cache_resource(show_spinner="Reading the sentences", max_entries=12)
def _sentences(path: str, split: str, stamps: tuple[int, ...], _dataset: Dataset) -> Sentences:
    del path, stamps  # only part of the key
    trained = ready(_dataset)
    if trained is None:
        raise DataError(f"no task of '{_dataset.name}' can be trained yet; label more sentences")
    return load_sentences(trained, split, tuple(trained.card.tasks))


def truth(
    chosen: Sequence[tuple[Dataset, tuple[str, ...]]], max_words: int | None = None
) -> Report:
    """What is doubtful about these datasets and their tasks together. Raises MtlError."""
    stamps = tuple(
        (str(dataset.path), tasks, *map(_changed, (dataset.path, *_files(dataset))))
        for dataset, tasks in chosen
    )
    return _truth(stamps, max_words, chosen)


@st.cache_resource(show_spinner="Looking for what is doubtful", max_entries=16)
def _truth(
    stamps: tuple[tuple[Any, ...], ...],
    max_words: int | None,
    _chosen: Sequence[tuple[Dataset, tuple[str, ...]]],
) -> Report:
    del stamps  # only part of the key
    return report(_chosen, max_words=max_words)


def _files(dataset: Dataset) -> list[Path]:
    """All files of a dataset on this disk."""
    if dataset.card.hub is not None:
        return []
    return [file for split in dataset.card.splits for file in dataset.files(split)]


def _changed(file: Path) -> int:
    """When a file last changed; 0 where there is none."""
    try:
        return file.stat().st_mtime_ns
    except OSError:
        return 0


@dataclass(frozen=True)
class ListedRun:
    """A run with what a list shows of it, read once."""

    run: Run
    experiment: Experiment
    status: Status

    @property
    def id(self) -> str:
        return self.run.id

    @property
    def group(self) -> str:
        return self.experiment.group or self.run.id

    @property
    def is_twin(self) -> bool:
        """Whether this is a single-task twin of another run."""
        return self.experiment.only is not None


def run_list() -> tuple[list[ListedRun], list[str]]:
    """The runs, newest first, and a sentence about each folder that cannot be read."""
    found: list[ListedRun] = []
    problems: list[str] = []
    for run in Runs():
        try:
            found.append(_listed(run))
        except MtlError as err:
            problems.append(str(err))
    return found, problems


def open_run(run_id: str) -> ListedRun:
    """The run with this id. Raises MtlError where there is none or it cannot be read."""
    return _listed(Runs().get(run_id))


def _listed(run: Run) -> ListedRun:
    cached = _run(str(run.folder), _changed(run.folder / "experiment.yaml"))
    try:
        return ListedRun(cached, cached.experiment, cached.status())
    except (ValueError, TypeError, KeyError) as err:
        raise RunError(
            f"{run.folder}: status.json cannot be read ({err}); delete the folder"
        ) from err


@st.cache_resource(show_spinner=False, max_entries=2000)
def _run(folder: str, stamp: int) -> Run:
    """A run whose experiment is parsed once: it never changes."""
    del stamp  # only part of the key
    return Run(Path(folder))


@st.cache_resource(show_spinner=False)
def predictor() -> Any:
    """The prediction service of this web server; it owns a process of its own."""
    from mtl_core.predict.service import Predictor  # the only page part that starts a process

    return Predictor()
