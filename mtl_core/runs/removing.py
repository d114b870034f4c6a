"""Taking a dataset of one's own off the list: nothing is lost, and no run that needs it is broken."""

import time
from pathlib import Path

from mtl_core.data.catalog import Dataset
from mtl_core.errors import DataError, MtlError

from .store import Run, Runs

TRASH = "trash"
"""The folder, among the user's own, that keeps what was removed."""


def can_remove(dataset: Dataset, home: Path) -> bool:
    """Whether a dataset is one of the user's own, no sample and none of $MTL_DATA."""
    return dataset.path.parent.parent == (home / "data").resolve()


def remove(dataset: Dataset, home: Path) -> Path:
    """Move what this user's folder holds of a dataset to the trash, and say where it lies now.

    Files that were never copied stay where they are: only their card goes. Raises DataError where a
    live run uses the dataset, or where it is not the user's own.
    """
    if not can_remove(dataset, home):
        raise DataError(f"'{dataset.name}' is no dataset of your own, so it stays in the list")
    live = [run for run in runs_of(dataset, home) if _is_live(run)]
    if live:
        raise DataError(
            f"run '{live[0].experiment.name}' uses '{dataset.name}' at the moment; "
            "stop it, or wait until it has finished"
        )
    folder = dataset.path.parent
    try:
        place = _place(home / TRASH, folder.name)
        folder.rename(place)
    except OSError as err:
        raise DataError(f"{folder}: cannot be moved ({err.strerror}); check it") from err
    return place


def runs_of(dataset: Dataset, home: Path) -> list[Run]:
    """The runs that were, or will be, trained on a dataset."""
    return [run for run in Runs(home / "runs") if _uses(run, dataset)]


def _uses(run: Run, dataset: Dataset) -> bool:
    try:
        cards = [choice.card for choice in run.experiment.data]
    except MtlError:  # a broken folder trains nothing
        return False
    own = {str(dataset.path), str(dataset.path.parent)}
    return any(card == dataset.name or str(Path(card).expanduser()) in own for card in cards)


def _is_live(run: Run) -> bool:
    try:
        return run.status().state.is_live
    except MtlError:
        return False


def _place(trash: Path, name: str) -> Path:
    """A folder of the trash that is not there yet."""
    trash.mkdir(parents=True, exist_ok=True)
    stamp = time.strftime("%Y%m%d-%H%M%S")
    places = [trash / f"{name}-{stamp}", *(trash / f"{name}-{stamp}-{i}" for i in range(2, 100))]
    return next(place for place in places if not place.exists())
