"""Files to rows, for every format people have: one reader for each, in the table READERS."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from mtl_core.data.address import Address
from mtl_core.data.collecting import without_collecting
from mtl_core.data.findings import Finding, Tell, strict
from mtl_core.data.layout import FileKind, Layout
from mtl_core.data.text import Segmentation
from mtl_core.errors import DataError

from .by_sentence import by_sentence
from .columnar import read_columnar
from .conll import read_conll, read_conllu
from .contract import Row, Source
from .folders import read_folders
from .held import Columns, Reader, Rows, rows_in
from .json_rows import read_json, read_json_lines
from .labelled import read_labelled
from .markup import unfolded
from .opened import members_of
from .parallel import read_parallel
from .tables import read_table

__all__ = ["READERS", "Row", "Rows", "Source", "kind_of", "made_of", "read_rows"]

READERS: dict[FileKind, Reader] = {
    "jsonl": read_json_lines,
    "json": read_json,
    "csv": read_table,
    "tsv": read_table,
    "conll": read_conll,
    "conllu": read_conllu,
    "parquet": read_columnar,
    "arrow": read_columnar,
    "labelled": read_labelled,
    "folders": read_folders,
    "parallel": read_parallel,
}
MOST_ERRORS = 50_000
"""Errors told of one file before it is given up."""
PACKED = (".gz", ".bz2", ".xz", ".zst", ".zip")
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
) -> Rows:
    """All rows of a file or a part of one. Raises DataError where it cannot be read at all.

    Faults inside it are told: with `strict` the first one raises too, otherwise the row is left out.
    """
    if isinstance(address, Path):
        address = Address(address)
    how = layout or Layout(kind=kind_of(address))
    source = Source(address, how, _Patience(address, tell))
    with without_collecting():
        found = READERS[how.kind](source)
        plain = how.gather is None and not how.markup
        rows = Rows(found if plain else made_of(found, source, segmentation))
    if not rows:
        raise DataError(
            f"{address}: the file holds no rows; put examples in it or name another file"
        )
    return rows


def made_of(
    found: Iterable[Row | Columns], source: Source, segmentation: Segmentation
) -> Iterator[Row]:
    """The rows that a reader yields, gathered and unfolded as the layout says."""
    return unfolded(by_sentence(rows_in(found), source), source, segmentation)


class _Patience:
    """Passes findings on, up to so many errors that the file cannot be what its layout says."""

    def __init__(self, address: Address, tell: Tell) -> None:
        self._address, self._tell, self._errors = address, tell, 0

    def __call__(self, finding: Finding) -> None:
        self._tell(finding)
        self._errors += finding.level == "error"
        if self._errors >= MOST_ERRORS:
            raise DataError(
                f"{self._address}: more than {MOST_ERRORS} errors, the last one {finding.sentence}; "
                "correct the card's layout"
            )


def kind_of(address: Address) -> FileKind:
    """The format that a file's name tells. Raises DataError where it tells none."""
    member = address.part.partition("#")[0]  # or a key of a JSON document, which has no ending
    suffix = ""
    if address.path.is_dir():
        raise DataError(
            f"{address.path}: a folder; name a file, or set layout.kind to folders or parallel in the card"
        )
    if not member and address.path.suffix.lower() == ".zip" and address.path.is_file():
        members = members_of(address.path)
        member = members[0] if len(members) == 1 else ""
    for name in (Path(member), Path(address.path.name)):
        suffix = Path(name.stem).suffix if name.suffix.lower() in PACKED else name.suffix
        kind = _KIND_OF_SUFFIX.get(suffix.lower())
        if kind is not None:
            return kind
    known = ", ".join(sorted(_KIND_OF_SUFFIX))
    raise DataError(
        f"{address.path}: unknown ending '{suffix}' (known: {known}); set layout.kind in the card"
    )
