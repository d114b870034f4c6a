"""Short ways to write the tasks of presets down."""

from mtl_core.data.catalog import TaskSpec

ALL = {"train": "train", "validation": "validation", "test": "test"}
WITHOUT_TEST = {"train": "train", "validation": "validation"}
WITHOUT_VALIDATION = {"train": "train", "test": "test"}


def label(
    reads: str | tuple[str, str], target: str, asks: str = "", names: dict[str, str] | None = None
) -> TaskSpec:
    """A label a text, or a pair of texts."""
    return TaskSpec(
        kind="classification", input=reads, target=target, description=asks, names=names or {}
    )


def spans(target: str, asks: str = "", reads: str = "tokens") -> TaskSpec:
    """Spans of words."""
    return TaskSpec(kind="spans", input=reads, target=target, description=asks)


def tags(target: str, asks: str = "", reads: str = "tokens") -> TaskSpec:
    """A tag a word."""
    return TaskSpec(kind="tagging", input=reads, target=target, description=asks)
