"""Some rows of a dataset, from all over it: files are often sorted by label."""

from collections.abc import Iterator, Sequence
from itertools import islice

from mtl_core.data.findings import Finding
from mtl_core.data.layout import Layout
from mtl_core.data.reading import READERS, Row
from mtl_core.data.reading.contract import Source
from mtl_core.data.reading.markup import unfolded
from mtl_core.data.text import Segmentation
from mtl_core.errors import DataError

from .places import Place

MOST_READ = 100_000  # rows of all files together
MOST_KEPT = 4_000


def rows_from(
    places: Sequence[Place],
    layout: Layout,
    segmentation: Segmentation = "words",
) -> list[Row]:
    """Rows of these files, at even distances. Raises DataError where not one can be read."""
    most = max(MOST_READ // len(places), 50)
    rows: list[Row] = []
    for place in places:
        source = Source(place.address, layout, _ignore)
        rows += islice(_read(source, segmentation), most)
    if not rows:
        raise DataError(f"{places[0].name}: it holds no rows as {layout.kind}")
    step = max(1, -(-len(rows) // MOST_KEPT))
    return rows[::step]


def rows_of(place: Place, layout: Layout, most: int) -> Iterator[Row]:
    """The first rows of one file. Raises DataError where it cannot be read."""
    yield from islice(_read(Source(place.address, layout, _ignore), "words"), most)


def _read(source: Source, segmentation: Segmentation) -> Iterator[Row]:
    reader = READERS.get(source.layout.kind)
    if reader is None:
        raise DataError(f"{source.address}: {source.layout.kind} files cannot be read")
    yield from unfolded(reader(source), source, segmentation)


def _ignore(finding: Finding) -> None:
    """Faults are told when the card is tried on the whole dataset."""
