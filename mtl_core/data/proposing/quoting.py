"""Whether quotes enclose fields, judged by whole files: one quote can merge hundreds of rows."""

from collections.abc import Sequence
from itertools import islice

from mtl_core.data.findings import Finding, Findings
from mtl_core.data.layout import Layout
from mtl_core.data.reading.contract import Source
from mtl_core.data.reading.opened import lines_of

from .places import Place
from .tables import TableForm, better, both_quotings, encloses, encloses_all

_MOST_LINES = 400_000  # of each file


def settled_quoting(layout: Layout, places: Sequence[Place], findings: Findings) -> Layout:
    """The layout of a table with the quoting that suits all its files; what the other one would
    spoil is told."""
    delimiter = layout.delimiter or ("\t" if layout.kind == "tsv" else ",")
    if len(delimiter) > 1:
        return layout
    plain, quoted = _Sum(False), _Sum(True)
    enclosed, all_enclosed = False, True
    for place in places:
        source = Source(place.address, layout, _ignore)
        lines = list(islice(lines_of(source), _MOST_LINES))
        if not any('"' in line for line in lines):
            continue
        enclosed = enclosed or encloses(lines, delimiter)
        all_enclosed = all_enclosed and encloses_all(lines, delimiter)
        for total, form in zip((plain, quoted), both_quotings(lines, delimiter), strict=True):
            total.add(form, len(lines))
    if not plain.records:
        return layout.model_copy(update={"quoting": True})
    best = better(plain.form(), quoted.form(), enclosed, all_enclosed)
    if best.merged:
        what = f"quotes are plain text here: read as quotes, they would merge or break {best.merged} rows"
        cure = "layout.quoting is set to false in the card"
        findings(Finding("quoting", "warning", what, cure, places[0].name, best.merged))
    return layout.model_copy(update={"quoting": best.quoting})


class _Sum:
    """How well one quoting suits several files."""

    def __init__(self, quoting: bool) -> None:
        self.quoting = quoting
        self.records = self.ragged = 0

    def add(self, form: TableForm | None, lines: int) -> None:
        self.records += form.records if form else lines
        self.ragged += form.ragged if form else lines

    def form(self) -> TableForm:
        return TableForm("", self.quoting, 2, self.records, self.ragged)


def _ignore(finding: Finding) -> None:
    """What is found is told when the card is tried."""
