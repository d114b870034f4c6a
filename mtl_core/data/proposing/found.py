"""Which files make up the dataset: those that are written alike, by split."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from mtl_core.data.catalog import SPLITS
from mtl_core.data.layout import Layout
from mtl_core.errors import DataError

from .formats import Looked, look
from .naming import names_in_json
from .places import Place
from .split_names import split_of, stem_of

Splits = dict[str, list[Place]]


@dataclass
class Found:
    """The files of a dataset by split; the split is empty where nothing tells one."""

    layout: Layout
    splits: Splits
    looked: list[Looked]
    left_out: dict[str, str] = field(default_factory=dict)  # file -> why
    lists: list[Looked] = field(default_factory=list)  # short lists beside them, of labels perhaps

    @property
    def places(self) -> list[Place]:
        return [place for places in self.splits.values() for place in places]

    def of(self, place: Place) -> Looked | None:
        """What was seen in the file of a place."""
        file = place.address.path
        return next((one for one in self.looked if one.place.address.path == file), None)


def written_alike(looked: Sequence[Looked]) -> Found:
    """The largest group of files that one layout reads. Raises DataError where there is none."""
    looked = _like_their_siblings(looked)
    groups: defaultdict[object, list[Looked]] = defaultdict(list)
    for one in looked:
        if one.layout is not None and not one.why and not _maps_labels(one):
            groups[_way_of_writing(one)].append(one)
    if not groups:
        raise DataError(_nothing_readable(looked))
    best = max(groups.values(), key=_worth)
    left_out = {one.place.name: one.why or _reason(one, best) for one in looked if one not in best}
    lists = [one for one in looked if one not in best and _may_name_labels(one)]
    first = max(best, key=lambda one: (split_of(one.place.name) == "train", len(one.head)))
    layout = _common_layout(best, first)
    return Found(layout, _by_split(best, left_out), best, left_out, lists)


def _like_their_siblings(looked: Sequence[Looked]) -> list[Looked]:
    """A small file may not show how it is written; the file of another split that it belongs to does."""
    out = []
    by_stem: defaultdict[str, list[Looked]] = defaultdict(list)
    for one in looked:
        by_stem[stem_of(one.place.name)].append(one)
    for one in looked:
        models = [
            other
            for other in by_stem[stem_of(one.place.name)]
            if other is not one
            and other.layout is not None
            and split_of(other.place.name) != split_of(one.place.name)
            and len(other.head) > len(one.head)
        ]
        model = max(models, key=lambda other: len(other.head), default=None)
        if model is None or not one.head or _way_of_writing(model) == _way_of_writing(one):
            out.append(one)
            continue
        alike = look(one.place, model.layout)
        out.append(one if alike.why else replace(alike, format=model.format))
    return out


def _way_of_writing(one: Looked) -> object:
    """What must be the same for one layout to read two files."""
    layout = one.layout
    if layout is None:
        return one.format
    if layout.kind in ("csv", "tsv"):
        if layout.columns and not layout.header:
            return layout.kind, layout.delimiter, len(layout.columns)
        return layout.kind, layout.delimiter, one.head[0].strip().lower()
    if layout.kind == "json":
        return layout.kind, bool(one.lists)
    if layout.kind == "conll":
        return layout.kind, layout.delimiter, bool(layout.closing)
    return layout.kind


def _worth(group: Sequence[Looked]) -> tuple[int, int, int]:
    """Many splits, then much text."""
    splits = {split_of(one.place.name) for one in group} - {""}
    lists = {split_of(key) for one in group for key in one.lists} - {""}
    size = sum(one.place.address.path.stat().st_size for one in group)
    return len(splits | lists), sum(len(one.head) for one in group), size


def _reason(one: Looked, best: Sequence[Looked]) -> str:
    if one.format == "lines":
        return "a text a line, and no file with labels that is as long"
    return f"written otherwise ({one.format}) than the files that are used ({best[0].format})"


def _maps_labels(one: Looked) -> bool:
    """Whether a JSON document is nothing but names and numbers of labels."""
    return one.format in ("json", "jsonl") and bool(names_in_json("\n".join(one.head)))


def _may_name_labels(one: Looked) -> bool:
    return (
        bool(one.head)
        and len(one.head) <= 2000
        and one.format in ("lines", "tsv", "csv", "json", "jsonl", "labelled")
    )


def _common_layout(group: Sequence[Looked], first: Looked) -> Layout:
    """The layout of the main file, as far as it reads the others too."""
    layout = first.layout
    assert layout is not None  # those without one are in no group
    layouts = [one.layout for one in group if one.layout is not None]
    changes: dict[str, object] = {}
    spoken = {one.layout.encoding for one in group if one.layout and one.encoding != "ASCII"}
    changes["encoding"] = spoken.pop() if len(spoken) == 1 else ""
    if layout.kind == "conll":
        least = min(len(one.columns) for one in layouts)
        changes["columns"] = layout.columns[:least]
    if layout.kind in ("csv", "tsv"):
        # Quotes that are plain text in one file spoil all of it; needed ones, only their own rows.
        changes["quoting"] = layout.quoting
    return layout.model_copy(update=changes)


def _by_split(group: Sequence[Looked], left_out: dict[str, str]) -> Splits:
    splits: Splits = defaultdict(list)
    for one in group:
        for place in _parts(one, left_out):
            splits[split_of(place.name)].append(place)
    named = {split for split in splits if split}
    unnamed = splits.pop("", [])
    if unnamed and "train" not in named:
        splits["train"] = unnamed
    else:
        left_out |= {place.name: "its name tells no split, others do" for place in unnamed}
    return {split: splits[split] for split in SPLITS if splits.get(split)}


def _parts(one: Looked, left_out: dict[str, str]) -> list[Place]:
    """The lists of a JSON document that stand for splits; otherwise the file itself."""
    if one.format != "json" or not one.lists or "" in one.lists:
        return [one.place]
    named = [key for key in one.lists if split_of(key)]
    keys = named or [max(one.lists, key=lambda key: one.lists[key])]
    left_out |= {
        f"{one.place.name}#{key}": "another list of the document"
        for key in one.lists
        if key not in keys
    }
    if len(one.lists) == 1 and not named:
        return [one.place]
    return [one.place.part(key) for key in keys]


def _nothing_readable(looked: Sequence[Looked]) -> str:
    faults = [one for one in looked if one.why]
    if faults:
        seen = "; ".join(
            one.why if one.place.name in one.why else f"{one.place.name}: {one.why}"
            for one in faults[:3]
        )
        return f"nothing that could be read as data: {seen}"
    texts = ", ".join(
        f"{one.place.name} ({one.sniffed[0] if one.sniffed else one.format})" for one in looked[:5]
    )
    return (
        f"no labels were found, only {texts}; write a table with a column of texts and one of labels, "
        "or put the texts of each class into a folder of its own"
    )
