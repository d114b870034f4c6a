"""Datasets of the hub that are ready to be picked by task and language, each with its card.

They were written down from documentation: what a card says of columns is looked up when the dataset
is loaded, and one that has changed since is one sentence that lists the columns there are.
"""

from dataclasses import replace
from pathlib import Path

from mtl_core.data.adopt import adopt
from mtl_core.data.catalog import CARD_FILE, Dataset, Hub
from mtl_core.data.hub.opening import configurations, look_up, may_be_folder
from mtl_core.data.tasks import load_sentences
from mtl_core.errors import DataError

from .contract import CHECKED, Checked, Preset
from .listed import PRESETS

__all__ = ["CHECKED", "PRESETS", "Checked", "Preset", "add_preset", "preset"]


def preset(name: str) -> Preset:
    """One of the presets by its name. Raises DataError that lists them."""
    for one in PRESETS:
        if one.name == name:
            return one
    names = ", ".join(one.name for one in PRESETS)
    raise DataError(f"there is no preset '{name}'; choose one of {names}")


def add_preset(name: str, home: Path, folder: str = "") -> Dataset:
    """Load a preset, check every row, and add it to the catalogue of this user.

    `folder` is a copy of the dataset on this disk, for computers without a network. Raises DataError
    in one sentence.
    """
    chosen = preset(name)
    if folder:
        place = Path(folder).expanduser().resolve()
        if not place.is_dir():
            raise DataError(f"{place}: there is no such folder; check the path")
        hub = Hub(path=str(place), name=chosen.config)
        names = configurations(hub)
        named = chosen.config in names or may_be_folder(hub, names)
        config = chosen.config if named else None
        chosen = replace(chosen, path=str(place), config=config, revision=None)
    card = chosen.card
    if card.hub is None:
        raise DataError(f"preset '{name}' names no dataset of the hub; choose another one")
    known = look_up(card.hub)
    revision = known.commit or card.hub.revision
    card = card.model_copy(update={"hub": card.hub.model_copy(update={"revision": revision})})
    dataset = Dataset(card, home / "data" / card.name / CARD_FILE)
    try:
        for split in card.split_names:
            load_sentences(dataset, split, tuple(card.tasks))
    except DataError as err:  # whose sentence begins with a card that is not there yet
        raise DataError(str(err).removeprefix(f"{dataset.path}: ")) from err
    return adopt(dataset, home)
