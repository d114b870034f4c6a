"""Datasets that lie anywhere on this computer: check one, and remember it in the user's folder.

The files stay where they are. What is kept is a copy of the card that names their folder.
"""

from pathlib import Path

from mtl_core.config.yaml_text import written
from mtl_core.errors import DataError

from .catalog import CARD_FILE, Card, Dataset, card_folders, load_card
from .files import write_atomically
from .tasks import load_sentences


def open_dataset(path: str) -> Dataset:
    """The dataset of a card or a folder, every sentence checked. Raises DataError."""
    typed = path.strip().strip("\"'")
    if not typed or "\0" in typed:
        raise DataError("no path was given; write the path of a card or of its folder")
    try:
        place = Path(typed).expanduser()
        is_there = place.exists()
    except (OSError, RuntimeError, ValueError) as err:
        raise DataError(f"{typed[:80]}: that can be no path ({err}); check it") from err
    if not is_there:
        raise DataError(f"{place}: there is no such file or folder; check the path")
    dataset = load_card(place)
    for split in dataset.card.split_names:
        load_sentences(dataset, split, tuple(dataset.card.tasks))
    return dataset


def adopt(dataset: Dataset, home: Path) -> Dataset:
    """Add a dataset to the catalogue of this user. Raises DataError where its name is taken."""
    card = dataset.card
    if card.hub is None:
        folder = (dataset.path.parent / card.folder).resolve()
        card = card.model_copy(update={"folder": str(folder)})
    target = home / "data" / card.name / CARD_FILE
    _check_name(card, target, home)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(target, _text(card))
    except OSError as err:
        raise DataError(f"{target}: the card cannot be written ({err.strerror}); check it") from err
    return load_card(target)


def in_folder(dataset: Dataset) -> bool:
    """Whether the rows lie in the card's own folder, as those of uploads do."""
    own = dataset.path.parent.resolve()
    return dataset.card.hub is None and (own / dataset.card.folder).resolve().is_relative_to(own)


def _check_name(card: Card, target: Path, home: Path) -> None:
    """A name belongs to one set of files; the same files may be added again."""
    for folder in card_folders(home):
        for file in folder.glob(f"*/{CARD_FILE}"):
            try:
                other = load_card(file)
            except DataError:
                continue
            here = _origin(other.card, other.path)
            if other.name == card.name and here != _origin(card, target):
                raise DataError(
                    f"a dataset '{card.name}' is there already, from {here}; "
                    "change the name in your card"
                )
            if other.name == card.name and file.resolve() != target.resolve():
                raise DataError(f"'{card.name}' is in the list already, as {other.label}")


def _origin(card: Card, path: Path) -> str:
    """Where the rows of a card come from."""
    if card.hub is None:
        return str((path.parent / card.folder).resolve())
    return f"hub dataset {card.hub.path}" + (f" ({card.hub.name})" if card.hub.name else "")


def _text(card: Card) -> str:
    tree = card.model_dump(mode="json", exclude_defaults=True)
    return written(tree)
