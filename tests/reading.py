"""What the tests of readers have in common."""

from mtl_core.data.address import Address
from mtl_core.data.findings import Findings
from mtl_core.data.layout import Layout
from mtl_core.data.reading import read_rows


def read(path, text=None, **layout):
    """The rows of a file, made with this text: line and cells; and what was told."""
    if text is not None:
        path = path / "t"
        path.write_text(text, encoding="utf-8", newline="")
    told = Findings()
    address = path if isinstance(path, Address) else Address(path)
    rows = read_rows(address, Layout(kind=layout.pop("kind", "csv"), **layout), tell=told)
    return [(row.line, row.columns) for row in rows], list(told)


def cells(path, text, **layout):
    return [tuple(columns.values()) for _, columns in read(path, text, **layout)[0]]


def codes(told):
    return [(f.level, f.code, int(f.place.rpartition(" line ")[2]), f.count) for f in told]
