"""What is written inside cells, as columns of their own."""

from collections.abc import Callable, Iterable, Iterator

from mtl_core.data.layout import Markup, MarkupKind
from mtl_core.data.text import Segmentation

from .contract import Row, Source

Unfold = Callable[[Row, str, Markup, Segmentation, Source], dict[str, object] | None]
"""The new columns that a row's cell gives; None where it cannot be read, which is told."""

UNFOLD: dict[MarkupKind, Unfold] = {}


def unfolded(rows: Iterable[Row], source: Source, segmentation: Segmentation) -> Iterator[Row]:
    """The rows with the columns that their markup gives; one that cannot be read is left out."""
    markup = source.layout.markup
    if not markup:
        yield from rows
        return
    for row in rows:
        columns = dict(row.columns)
        for name, how in markup.items():
            new = UNFOLD[how.kind](row, name, how, segmentation, source)
            if new is None:
                break
            columns |= new
        else:
            yield Row(row.line, columns)
