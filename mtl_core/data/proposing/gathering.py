"""The files of a dataset, whatever way they lie at a path."""

from dataclasses import replace
from pathlib import Path

from mtl_core.data.catalog import SPLITS
from mtl_core.data.findings import Finding, Findings
from mtl_core.data.layout import Layout
from mtl_core.errors import DataError

from .beside import parallel
from .classes import class_files, class_files_of_splits, class_folders
from .contract import Overrides
from .doubles import without_doubles
from .formats import Looked, look
from .found import Found, written_alike
from .places import MOST_LOOKED_AT, Place, places_at
from .quoting import settled_quoting
from .split_names import split_of


def gathered(path: Path, overrides: Overrides, findings: Findings) -> Found:
    """The files by split, and the layout that reads them. Raises DataError where there are none."""
    places = places_at(path, findings)
    if overrides.layout is not None:
        found = _written_as(places, overrides.layout)
    else:
        found = _sniffed(places)
    if overrides.splits:
        found.splits = _given(found, places, overrides)
    elif found.layout.kind in ("csv", "tsv") and overrides.layout is None:
        found.layout = settled_quoting(found.layout, found.places, findings)
    without_doubles(found)
    return _with_training(found, findings)


def _sniffed(places: list[Place]) -> Found:
    classes = class_folders(places)
    if classes is not None:
        return classes
    if len(places) > MOST_LOOKED_AT:
        raise DataError(
            f"{len(places)} files, and no folders of classes: more than {MOST_LOOKED_AT} are not "
            "looked at; name a folder or an archive that holds one dataset"
        )
    looked: list[Looked] = [look(place) for place in places]
    return (
        class_files_of_splits(looked)
        or parallel(looked)
        or class_files(looked)
        or written_alike(looked)
    )


def _written_as(places: list[Place], layout: Layout) -> Found:
    """A person says how the data is written; which files are data, and which name labels, is seen."""
    try:
        seen = _sniffed(places)
    except DataError:
        seen = Found(layout, {}, [])
    own = [one.place for one in seen.looked] or places
    found = written_alike([look(place, layout) for place in own])
    return replace(found, layout=layout, lists=seen.lists, left_out=seen.left_out | found.left_out)


def _given(found: Found, places: list[Place], overrides: Overrides) -> dict[str, list[Place]]:
    """The splits as a person named them."""
    known = {place.file: place for place in [*places, *found.places]}
    missing = [f for files in overrides.splits.values() for f in files if f not in known]
    if missing:
        raise DataError(
            f"there is no file '{missing[0]}'; there are {', '.join(sorted(known)[:12])}"
        )
    return {s: [known[f] for f in overrides.splits[s]] for s in SPLITS if overrides.splits.get(s)}


def _in_split(one: Looked, split: str) -> bool:
    return split_of(one.place.name) == split


def _with_training(found: Found, findings: Findings) -> Found:
    """Without training files, the fullest of the others is trained on."""
    if "train" in found.splits:
        return found
    fullest = max(
        found.splits,
        key=lambda split: sum(len(one.head) for one in found.looked if _in_split(one, split)),
    )
    what = f"there is no training file: the rows of {fullest} are trained on"
    findings(Finding("no train", "warning", what, "add a file for train"))
    splits = {"train" if split == fullest else split: p for split, p in found.splits.items()}
    found.splits = {split: splits[split] for split in SPLITS if split in splits}
    return found
