"""Names: of columns that have none, of tasks, of datasets, and of labels that are written as numbers."""

import json
import os
import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from .columns import Column
from .reading_of import pair_by_length
from .split_names import without_split

_UPOS = frozenset(
    [
        "ADJ",
        "ADP",
        "ADV",
        "AUX",
        "CCONJ",
        "DET",
        "INTJ",
        "NOUN",
        "NUM",
        "PART",
        "PRON",
        "PROPN",
        "PUNCT",
        "SCONJ",
        "SYM",
        "VERB",
        "X",
    ]
)
_ENTITIES = frozenset(
    [
        "PER",
        "LOC",
        "ORG",
        "MISC",
        "PERSON",
        "LOCATION",
        "ORGANIZATION",
        "GPE",
        "PRODUCT",
        "GROUP",
        "DATE",
    ]
)
_CHUNKS = frozenset(["NP", "VP", "PP", "ADVP", "ADJP", "SBAR", "PRT"])
_UNSAID = re.compile(r"[^\w.-]+")


def task_name(column: str, taken: Collection[str]) -> str:
    """The name of a task made of a column: nothing that a metric's key could trip over, and unique."""
    name = _UNSAID.sub("_", column.strip()).strip("_.-")[:50] or "task"
    name = f"{name}_labels" if name == "all" else name
    return unique(name, taken)


def unique(name: str, taken: Collection[str]) -> str:
    """The name, with a number where it is taken."""
    found, number = name, 2
    while found in taken:
        found, number = f"{name}_{number}", number + 1
    return found


def dataset_name(path: Path) -> str:
    """A short name for the dataset at a path."""
    name = path.name if path.is_dir() else path.name.split(".")[0]
    name = re.sub(r"[^A-Za-z0-9_.-]+", "_", name).strip("_.-")[:64].rstrip("_.-")
    return name or "dataset"


def name_of_files(names: Sequence[str]) -> str:
    """A short name for files that are one dataset: what their names share, else the first one's.

    >>> name_of_files(["snips_train.tsv", "snips_test.tsv"]), name_of_files(["train.txt", "dev.txt"])
    ('snips', 'dataset')
    """
    stems = [without_split(name.split(".")[0])[0].strip("_.- ") for name in sorted(names)]
    shared = os.path.commonprefix(stems).strip("_.- ")
    return dataset_name(Path(shared if len(shared) > 2 else next(filter(None, stems), "dataset")))


def telling_names(columns: Mapping[str, Column]) -> tuple[str, ...]:
    """Names for columns that the files do not name, by what they hold."""
    texts = [column for column in columns.values() if column.holds == "text"]
    pair = pair_by_length(texts) or ()
    longest = max(texts, key=lambda column: column.words, default=None)
    names: dict[str, None] = {}
    for column in columns.values():
        # The text that will be read is called so, not a title beside it.
        beside = column.holds == "text" and column is not longest
        name = _telling(column, pair)
        names[unique(name, {**names, "text": None} if beside else names)] = None
    return tuple(names)


def _telling(column: Column, pair: Sequence[str]) -> str:
    if column.name in pair:
        return f"text_{'ab'[list(pair).index(column.name)]}"
    if column.holds == "tags":
        return name_of_tags(column)
    plain = {
        "text": "text", "inline": "text", "pairs": "pairs", "tokens": "tokens", "label": "label",
        "labels": "labels", "number": "score", "id": "id", "split": "split", "offsets": "spans",
        "list": "list",
    }  # fmt: skip
    return plain.get(
        column.holds, f"column_{int(column.name) + 1}" if column.name.isdigit() else column.name
    )


def name_of_tags(column: Column) -> str:
    """What tags are probably called: ner, chunk, pos, seg, spans, or just tags."""
    tags = set(column.counts)
    labels = {tag.partition("-")[2].upper() for tag in tags if "-" in tag}
    spans = [tag.partition("-")[2].upper() for tag in column.counts.elements() if "-" in tag]
    if spans and 2 * sum(label.partition(".")[0] in _ENTITIES for label in spans) > len(spans):
        return "ner"
    if labels and labels <= _CHUNKS | {"CONJP", "INTJ", "LST", "UCP"}:
        return "chunk"
    if len(tags & _UPOS) >= 5 or len(tags & {"NN", "NNP", "VB", "VBD", "IN", "DT", "JJ"}) >= 4:
        return "pos"
    if tags <= {"B", "I", "E", "S", "M", "O"}:
        return "seg"
    return "spans" if labels and "O" in tags and _are_bio(tags) else "tags"


def _are_bio(tags: set[str]) -> bool:
    return all(re.match(r"[BIESLMU]-", tag) for tag in tags - {"O"})


def label_names(text: str) -> dict[str, str]:
    """Names by number, from a file beside the data: a name a line, `0<TAB>name`, or JSON."""
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return _listed([line.strip() for line in text.split("\n") if line.strip()])
    return names_in_json(text)


def names_in_json(text: str) -> dict[str, str]:
    """Names by number, where a document holds nothing else; empty otherwise."""
    try:
        tree = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    if isinstance(tree, list) and all(isinstance(one, str) for one in tree):
        return _listed(tree)
    if not isinstance(tree, dict):
        return {}
    if all(re.fullmatch(r"\d+", str(key)) and isinstance(v, str) for key, v in tree.items()):
        return {str(key): value for key, value in tree.items()}
    if all(isinstance(v, int) and not isinstance(v, bool) for v in tree.values()):
        return {str(value): str(key) for key, value in tree.items()}
    return {}


def _listed(lines: Sequence[str]) -> dict[str, str]:
    if not 1 < len(lines) <= 2000 or any(len(line) > 80 for line in lines):
        return {}
    for pattern in (r"(\d+)[\s,:;=]+(.+)", r"(?P<name>.+?)[\s,:;=]+(?P<id>\d+)"):
        found = [re.fullmatch(pattern, line) for line in lines]
        if all(found):
            pairs = [(m.group(1), m.group(2)) for m in found if m]
            pairs = [(b, a) if "id" in pattern else (a, b) for a, b in pairs]
            return {number: name.strip() for number, name in pairs}
    if len(set(lines)) < len(lines):
        return {}
    return {str(number): line for number, line in enumerate(lines)}


def fitting(names: Mapping[str, str], ids: Sequence[str]) -> dict[str, str]:
    """The names of these ids; numbers of a plain list may begin at 0 or at 1. Empty where they do not fit."""
    wanted = {one for one in ids if re.fullmatch(r"\d+", one)}
    if not wanted or len(wanted) < len(ids) or len(wanted) < 0.5 * len(names):
        return {}
    if wanted <= set(names):
        return dict(names)
    shifted = {str(int(number) + 1): name for number, name in names.items() if number.isdigit()}
    return shifted if wanted <= set(shifted) else {}
