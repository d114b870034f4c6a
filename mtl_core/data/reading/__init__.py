"""Files to rows, for every format people have: one reader for each, in the table READERS."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mtl_core.data.catalog import Address
from mtl_core.data.findings import Tell, strict
from mtl_core.data.layout import FileKind, Layout
from mtl_core.data.text import Segmentation
from mtl_core.errors import DataError

from .columnar import read_columnar
from .conll import read_conll, read_conllu
from .contract import Reader, Row, Source
from .json_rows import read_json, read_json_lines
from .markup import unfolded
from .tables import read_table

__all__ = ["READERS", "Row", "Source", "kind_of", "read_rows"]

READERS: dict[FileKind, Reader] = {
    "jsonl": read_json_lines,
    "json": read_json,
    "csv": read_table,
    "tsv": read_table,
    "conll": read_conll,
    "conllu": read_conllu,
    "parquet": read_columnar,
    "arrow": read_columnar,
}
PACKED = (".gz", ".bz2", ".xz", ".zst")
_KIND_OF_SUFFIX: dict[str, FileKind] = {
    ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "json", ".parquet": "parquet",
    ".arrow": "arrow", ".feather": "arrow", ".ipc": "arrow", ".csv": "csv", ".tsv": "tsv",
    ".conll": "conll", ".conllu": "conllu", ".iob": "conll", ".iob2": "conll", ".bio": "conll",
}  # fmt: skip


def read_rows(
    address: Address | Path,
    layout: Layout | None = None,
    segmentation: Segmentation = "words",
    tell: Tell = strict,
) -> list[Row]:
    """All rows of a file or a part of one. Raises DataError where it cannot be read at all.

    Faults inside it are told: with `strict` the first one raises too, otherwise the row is left out.
    """
    if isinstance(address, Path):
        address = Address(address)
    how = layout or Layout(kind=kind_of(address))
    source = Source(address, how, tell)
    with _without_collecting():
        rows = list(unfolded(READERS[how.kind](source), source, segmentation))
    if not rows:
        raise DataError(
            f"{address}: the file holds no rows; put examples in it or name another file"
        )
    return rows


@contextmanager
def _without_collecting() -> Iterator[None]:
    """Rows refer to each other nowhere: looking for cycles among millions would take half the time."""
    on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if on:
            gc.enable()


def kind_of(address: Address) -> FileKind:
    """The format that a file's name tells. Raises DataError where it tells none."""
    member = address.part.partition("#")[0]  # or a key of a JSON document, which has no ending
    suffix = ""
    for name in (Path(member), Path(address.path.name)):
        suffix = Path(name.stem).suffix if name.suffix in PACKED else name.suffix
        kind = _KIND_OF_SUFFIX.get(suffix.lower())
        if kind is not None:
            return kind
    known = ", ".join(sorted(_KIND_OF_SUFFIX))
    raise DataError(
        f"{address.path}: unknown ending '{suffix}' (known: {known}); set layout.kind in the card"
    )
