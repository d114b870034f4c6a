"""Which split a file, a folder, or a value in a column belongs to, told by its name."""

import re

_SPLITS = {
    "train": ("train", "training", "trn", "trainset"),
    "validation": (
        "validation", "valid", "val", "vld", "dev", "devel", "development", "devset", "trial", "testa",
    ),
    "test": ("test", "testing", "tst", "testb", "eval", "evaluation", "heldout"),
}  # fmt: skip
_WORDS = {word: split for split, words in _SPLITS.items() for word in words}
_GLUED = re.compile(
    r"^(?:.*(?=train|valid))?(train|valid(?:ation)?|dev(?:el)?|val|test)(?:ing)?(?:set|data|file|split|s|\d)*$"
)
_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


def split_of(name: str) -> str:
    """The split that a name tells; empty where it tells none. The last part that tells one counts.

    >>> split_of("en_ewt-ud-dev.conllu"), split_of("train/label"), split_of("latest.csv")
    ('validation', 'train', '')
    """
    for part in reversed(_PARTS.findall(name)):
        split = _split_of_part(part.lower())
        if split:
            return split
    return ""


def stem_of(name: str) -> str:
    """What is left of a name without its split, packing and the numbers of shards."""
    name = re.sub(r"\.(gz|bz2|xz|zst|head)(?=$|\.)", "", name)
    name = re.sub(r"-\d+-of-\d+", "", name)
    kept = [part for part in _PARTS.findall(name) if not _split_of_part(part.lower())]
    return ".".join(kept).lower()


def is_split_word(text: str) -> bool:
    """Whether a whole text is nothing but the name of a split."""
    return _split_of_part(text.strip().lower()) != ""


def without_split(name: str) -> tuple[str, str]:
    """What stands before and after the part of a file's name that tells the split."""
    for match in reversed(list(_PARTS.finditer(name))):
        if _split_of_part(match.group().lower()):
            return name[: match.start()], name[match.end() :]
    return name, ""


def _split_of_part(part: str) -> str:
    if part in _WORDS:
        return _WORDS[part]
    glued = _GLUED.match(part)
    return _WORDS[glued[1]] if glued else ""
