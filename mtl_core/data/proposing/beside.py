"""Files that lie line by line beside each other: texts in one, tags or labels in another."""

import posixpath
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence

from mtl_core.data.address import Address
from mtl_core.data.catalog import SPLITS
from mtl_core.data.layout import Layout
from mtl_core.errors import DataError

from .cells import words_in
from .formats import Looked
from .found import Found
from .naming import task_name, unique
from .places import Place, line_count
from .split_names import split_of, stem_of, without_split

_PACKED = re.compile(r"(?<!^)\.gz$")  # what parallel files may leave out in a card


def parallel(looked: Sequence[Looked]) -> Found | None:
    """The parallel files among those that hold a text a line; None where there are none."""
    by_split: defaultdict[str, dict[str, Looked]] = defaultdict(dict)
    for one in looked:
        if one.is_lines or (one.format in ("csv", "tsv", "conll") and _is_short(one)):
            by_split[split_of(one.place.name)][stem_of(one.place.name)] = one
    groups = {split: _as_long(files) for split, files in by_split.items()}
    groups = {split: files for split, files in groups.items() if len(files) > 1}
    if not groups:
        return None
    roles = set.intersection(*(set(files) for files in groups.values()))
    if len(roles) < 2 or not _belong_together([groups[s][r] for s in groups for r in roles]):
        return None
    return _found({s: {r: groups[s][r] for r in sorted(roles)} for s in groups}, looked)


def _is_short(one: Looked) -> bool:
    """A line of tags may look like a table; lines of many cells, and a line of names, are one."""
    if one.layout is None or "\t" in one.head[0]:
        return False
    return len(one.layout.columns) <= 2 and (bool(one.layout.columns) or not _is_named_a_table(one))


def _is_named_a_table(one: Looked) -> bool:
    return bool(re.search(r"\.(csv|tsv)(\.|$)", one.place.name.lower()))


def _as_long(files: Mapping[str, Looked]) -> dict[str, Looked]:
    """The most files that have as many lines as each other."""
    if len(files) < 2:  # nothing lies beside it
        return {}
    by_count: defaultdict[int, dict[str, Looked]] = defaultdict(dict)
    for role, one in files.items():
        try:
            by_count[line_count(one.place)][role] = one
        except DataError:
            continue
    return max(by_count.values(), key=len, default={})


def _belong_together(files: Sequence[Looked]) -> bool:
    """One of them must be what another is not: labels or tags beside texts. Two files of texts are
    a class each, or two languages."""
    short = [one for one in files if _are_answers(one)]
    return 0 < len(short) < len(files) or _are_languages(files)


def _are_answers(one: Looked) -> bool:
    """Whether lines hold labels, numbers or tags: few different words."""
    lines = [line.strip() for line in one.head if line.strip()]
    words = [word for line in lines for word in line.split()]
    few = len(set(words)) <= max(0.15 * len(words), 12)
    average = sum(map(words_in, lines)) / max(len(lines), 1)
    return few and (average <= 3 or len(set(words)) <= 200)


def _are_languages(files: Sequence[Looked]) -> bool:
    """Whether files are named for languages: `val.en`, `val.de`."""
    ends = {_PACKED.sub("", one.place.name).rpartition(".")[2] for one in files}
    return len(ends) > 1 and all(re.fullmatch(r"[a-z]{2}(_[A-Z]{2})?", end) for end in ends)


def _found(groups: Mapping[str, Mapping[str, Looked]], looked: Sequence[Looked]) -> Found:
    layouts = {split: _split_at(list(files.values())) for split, files in groups.items()}
    endings = {ends for _, ends in layouts.values()}
    if len(endings) > 1:
        raise DataError(
            "the parallel files are named otherwise in each split: "
            f"{', '.join(one.place.name for files in groups.values() for one in files.values())}; "
            "call them TRAIN.text and TRAIN.label, DEV.text and DEV.label, for example"
        )
    ends = endings.pop()
    columns: list[str] = []
    for end in ends:
        columns.append(unique(task_name(end.strip("._-"), ()), columns))
    used = [one for files in groups.values() for one in files.values()]
    left = {
        one.place.name: one.why or "not as long as the others" for one in looked if one not in used
    }
    names = [one for one in looked if one not in used and one.head and len(one.head) < 2000]
    layout = Layout(kind="parallel", files=ends, columns=tuple(columns))
    splits = {split or "train": [layouts[split][0]] for split in groups}
    ordered = {split: splits[split] for split in SPLITS if split in splits}
    return Found(layout, ordered, used, left, names)


def _split_at(files: Sequence[Looked]) -> tuple[Place, tuple[str, ...]]:
    """What the files of a split have in common, as the place of the split, and how each goes on.

    A `*` stands for the split where it does not come first in the names.
    """
    archive, hash_sign, _ = files[0].place.file.partition("#")
    archive = f"{archive}#" if hash_sign else ""
    names = [_PACKED.sub("", one.place.file.removeprefix(archive)) for one in files]
    if archive:
        names = [one.place.file.removeprefix(archive) for one in files]
    folder = posixpath.commonpath([posixpath.dirname(name) for name in names])
    names = [posixpath.relpath(name, folder or ".") for name in names]
    parted = [without_split(name) for name in names]
    before, after = parted[0]
    split = names[0][len(before) : len(names[0]) - len(after)] if before != names[0] else ""
    ends = tuple(f"{start}*{end}" for start, end in parted)
    if not split:
        ends = tuple(names)
    elif len({start for start, _ in parted}) == 1:
        split, ends = f"{before}{split}", tuple(end for _, end in parted)
    where = archive + (posixpath.join(folder, split) if split else folder)
    first = files[0].place
    base = first.address.path.parents[len(first.file.partition("#")[0].split("/")) - 1]
    file, _, part = where.partition("#")
    return Place(first.name, where.rstrip("#") or ".", Address(base / file, part)), ends
