"""Folders that stand for classes, with a text a file, or files that do, with a text a line."""

import posixpath
import re
from collections import defaultdict
from collections.abc import Sequence

from mtl_core.data.address import Address
from mtl_core.data.catalog import SPLITS
from mtl_core.data.layout import Layout

from .cells import words_in
from .formats import Looked, look
from .found import Found
from .places import Place
from .split_names import is_split_word, split_of, without_split

_LAYOUT = Layout(kind="folders", columns=("label", "text"))
_LOOKED_AT = 2  # files of each class
_TEXT = ("", ".txt", ".text")
_USUAL = re.compile(
    r"(?i)pos(itive)?|neg(ative)?|neu(tral)?|(very_)?(good|bad)|subj(ective)?|obj(ective)?|plot|quote|"
    r"ham|(not?_|non_?)?(spam|toxic|hate|ironic|sarcastic)|true|false|fake|real|yes|no|(class|label)?_?\d+"
)  # as classes are called
_OTHERWISE = ("json", "jsonl", "parquet", "arrow", "conll", "conllu")


def class_folders(places: Sequence[Place]) -> Found | None:
    """Classes as folders, below folders for splits where there are any; None where there are none."""
    bases: defaultdict[str, list[Place]] = defaultdict(list)
    for place in places:
        bases[_split_folder(place)].append(place)
    if "" in bases:
        bases = defaultdict(list, {_common_folder(places): list(places)})
    looked: list[Looked] = []
    for base, files in bases.items():
        classes = _classes(base, files)
        if classes is None:
            return None
        looked += [look(file) for of_class in classes.values() for file in of_class[:_LOOKED_AT]]
    if any(one.format in _OTHERWISE or (one.why and not one.head) for one in looked):
        return None
    said = f"a folder a class, {len(places)} files"
    return _found({base: files[0] for base, files in bases.items()}, looked, said)


def class_files(looked: Sequence[Looked]) -> Found | None:
    """Classes as files with a text a line, all of one folder for each split."""
    bases: defaultdict[str, list[Looked]] = defaultdict(list)
    for one in looked:
        bases[posixpath.dirname(_inner(one.place))].append(one)
    for base, files in bases.items():
        names = [posixpath.basename(_inner(one.place)) for one in files]
        plain = all(one.is_lines and _has_texts(one) for one in files)
        if len(files) < 2 or not plain or any(split_of(name) for name in names):
            return None
        if len(bases) > 1 and not split_of(base):
            return None
    first = {base: files[0].place for base, files in bases.items()}
    return _found(first, looked, "a file a class, a text a line")


def class_files_of_splits(looked: Sequence[Looked]) -> Found | None:
    """The same where each file is one class of one split, as its name says: train_pos.txt.

    Files that have as many lines as each other may also be parallel: then only names that are usual
    for classes are taken for such.
    """
    splits: defaultdict[str, dict[str, Looked]] = defaultdict(dict)
    for one in looked:
        split, name = split_of(posixpath.basename(_inner(one.place))), _class_of(one.place)
        if not (split and name and one.is_lines and _has_texts(one)) or name in splits[split]:
            return None
        splits[split][name] = one
    classes = [set(files) for files in splits.values()]
    if not classes or len(classes[0]) < 2 or any(one != classes[0] for one in classes):
        return None
    alike = all(len({len(one.head) for one in files.values()}) == 1 for files in splits.values())
    if alike and not all(_USUAL.fullmatch(name) for name in classes[0]):
        return None
    for one in looked:
        one.sniffed = ["a file a class and split, a text a line"]
    places = {
        split: [one.place.part(name) for name, one in sorted(splits[split].items())]
        for split in SPLITS
        if split in splits
    }
    return Found(_LAYOUT, places, list(looked))


def _class_of(place: Place) -> str:
    """What is left of a file's name without its split and its endings: pos of train_pos.txt."""
    name = re.sub(r"(?i)\.(gz|bz2|xz|zst)$", "", posixpath.basename(_inner(place)))
    stem, ending = posixpath.splitext(name)
    before, after = without_split(stem if ending.lower() in _TEXT else name)
    return re.sub(r"[\W_]+", "_", f"{before}_{after}").strip("_")


def _split_folder(place: Place) -> str:
    """The folder that is called like a split, with those above it; empty where there is none."""
    above = posixpath.dirname(_inner(place)).split("/")
    found = [i for i, name in enumerate(above) if is_split_word(name)]
    return "/".join(above[: found[0] + 1]) if found else ""


def _common_folder(places: Sequence[Place]) -> str:
    return posixpath.commonpath([posixpath.dirname(_inner(place)) for place in places])


def _classes(base: str, files: Sequence[Place]) -> dict[str, list[Place]] | None:
    """The files of each folder directly below a base; None where these are no classes."""
    classes: defaultdict[str, list[Place]] = defaultdict(list)
    for place in files:
        inner = posixpath.relpath(_inner(place), base or ".")
        name, _, rest = inner.partition("/")
        ending = posixpath.splitext(inner)[1].lower()
        if not rest or is_split_word(name) or split_of(posixpath.basename(rest)):
            return None
        if ending not in _TEXT and not ending[1:].isdigit():
            return None
        classes[name].append(place)
    several = sum(len(of_class) > 1 for of_class in classes.values())
    return classes if len(classes) > 1 and several >= 0.5 * len(classes) else None


def _has_texts(one: Looked) -> bool:
    lines = [line for line in one.head if line.strip()]
    return sum(map(words_in, lines)) >= 3 * len(lines)


def _inner(place: Place) -> str:
    """The path below the folder, or inside the archive."""
    return place.file.partition("#")[2] or place.file


def _found(firsts: dict[str, Place], looked: Sequence[Looked], said: str) -> Found | None:
    splits: dict[str, list[Place]] = defaultdict(list)
    for base, first in firsts.items():
        splits[split_of(base) or "train"].append(_place_of(base, first))
    if any(len(places) > 1 for places in splits.values()):
        return None
    for one in looked:
        one.sniffed = [said]
    ordered = {split: splits[split] for split in SPLITS if split in splits}
    return Found(_LAYOUT, ordered, list(looked))


def _place_of(base: str, first: Place) -> Place:
    """The folder of a split as a card names it."""
    archive, mark, _ = first.file.partition("#")
    if mark:
        return Place(
            base, f"{archive}#{base}" if base else archive, Address(first.address.path, base)
        )
    above = first.address.path.parents[len(first.file.split("/")) - 1]
    return Place(base or ".", base or ".", Address(above / base))
