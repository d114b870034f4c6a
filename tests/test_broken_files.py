"""What breaks files in the wild ends as a proposal with findings, or as one DataError in one line."""

import io
import json
import time
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mtl_core.data.findings import Finding, Findings
from mtl_core.data.proposing import Proposal, propose
from mtl_core.data.tasks import Sentences
from mtl_core.data.truth import report
from mtl_core.errors import LONGEST, DataError, one_line, shown

NAMES = (
    "t.csv", "t.tsv", "t.jsonl", "t.json", "t.conll", "t.conllu", "t.txt", "t.parquet", "t.arrow",
    "t.gz", "t.zip", "t.xz", "t.bz2", "t.zst", "train.csv", "a#b.csv", "t",
)  # fmt: skip
LINES = b"".join(b"a small text %d,%d\n" % (i, i % 2) for i in range(12))
pieces = st.lists(
    st.one_of(
        st.binary(max_size=40),
        st.sampled_from(
            [b"\n", b"\t", b",", b'"', b"{", b"[", b"\xff", b"\x00", b"O B-x\n", LINES]
        ),
    ),
    max_size=12,
)
columns = st.sampled_from(["text", "label", "tags", "tokens", "spans", ""])
cells = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=12)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(columns, inner, max_size=2)
    ),
    max_leaves=6,
)


def looked_at(path: Path) -> Proposal | None:
    """The proposal, with every sentence about it in one line; None where it is refused."""
    read: dict[str, Sentences] = {}
    try:
        proposal = propose(path, keep=read)
    except DataError as err:
        assert len(str(err).splitlines()) == 1 and len(str(err)) <= LONGEST
        return None
    truth = report(
        [(proposal.dataset, tuple(proposal.card.tasks))], load=lambda d, split, *_: read[split]
    )
    for finding in (*proposal.findings, *truth.findings):
        assert len(finding.sentence.splitlines()) == 1
    return proposal


def accepted(path: Path) -> Proposal:
    found = looked_at(path)
    assert found is not None
    return found


def file_of(folder: Path, name: str, data: bytes | str) -> Path:
    file = folder / name
    file.write_bytes(data.encode() if isinstance(data, str) else data)
    return file


def zip_of(folder: Path, members: Mapping[str, bytes]) -> Path:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return file_of(folder, "all.zip", out.getvalue())


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(pieces, st.sampled_from(NAMES))
def test_any_bytes_under_any_name(tmp_path: Path, parts: list[bytes], name: str) -> None:
    looked_at(file_of(tmp_path, name, b"".join(parts)))


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(st.dictionaries(columns, cells, max_size=4), min_size=1, max_size=12), st.booleans()
)
def test_any_rows_of_json(tmp_path: Path, rows: list[dict[str, object]], lines: bool) -> None:
    text = "\n".join(map(json.dumps, rows)) if lines else json.dumps(rows)
    looked_at(file_of(tmp_path, "t.json", text))


@pytest.mark.parametrize("place", [0, 7, -1])
def test_a_broken_line_of_json_is_one_finding(tmp_path: Path, place: int) -> None:
    lines = [json.dumps({"text": f"some words {i}", "label": "ab"[i % 2]}) for i in range(30)]
    lines[place] = lines[place][:-9]
    found = accepted(file_of(tmp_path, "rows.jsonl", "\n".join(lines)))
    errors = [finding for finding in found.findings if finding.level == "error"]
    assert [(e.code, e.count) for e in errors] == [("json", 1)]
    assert sum(file.rows for file in found.files) == 29


def test_a_huge_field_neither_hangs_nor_fills_a_message(tmp_path: Path) -> None:
    for sign in ('"', "[", "\xff", "中", "a ", "a=b/"):
        rows = [f"some words {i} here,{'ab'[i % 2]}" for i in range(40)]
        rows[20] = f"{sign * (200_000 // len(sign))},a"
        began = time.process_time()
        looked_at(file_of(tmp_path, "t.csv", "text,label\n" + "\n".join(rows)))
        assert time.process_time() - began < 4


def test_single_bytes_of_another_encoding_by_the_thousand(tmp_path: Path) -> None:
    rows = [f"caf\u00e9 {i},{i % 2}".encode() for i in range(40)]
    rows[9] = b"\xc3\xa9 " + b"\xff" * 100_000 + b",1"
    began = time.process_time()
    accepted(file_of(tmp_path, "t.csv", b"text,label\n" + b"\n".join(rows)))
    assert time.process_time() - began < 4


def test_thousands_of_columns(tmp_path: Path) -> None:
    head = ",".join(f"c{i}" for i in range(2000))
    rows = [",".join([f"a text of words {i}", *("01"[(i + j) % 2] for j in range(1999))]) for i in range(8)]  # fmt: skip
    began = time.process_time()
    found = accepted(file_of(tmp_path, "t.csv", "\n".join([head, *rows])))
    assert any(finding.code == "many columns" for finding in found.findings)
    looked_at(file_of(tmp_path, "u.csv", "\n".join([head.replace("c", ""), "," * 300_000, *rows])))
    looked_at(file_of(tmp_path, "v.csv", "," * 300_000 + "\n" + "," * 300_000))
    assert time.process_time() - began < 10


def test_names_hold_what_separates_names(tmp_path: Path) -> None:
    for name in ("a#b.csv", "a \n b.csv", "#.csv", "-.csv"):
        found = accepted(file_of(tmp_path, name, b"text,label\n" + LINES + b"\xff,1\n"))
        assert found.card.tasks.keys() == {"label"}


def test_archives_can_neither_climb_nor_explode(tmp_path: Path) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    outside = {"../up.csv": LINES, str(tmp_path / "abs.csv"): LINES, "..\\w.csv": LINES}
    found = accepted(zip_of(inside, {"t.csv": b"text,label\n" + LINES, **outside}))
    told = [finding for finding in found.findings if finding.code == "archive path"]
    assert sum(finding.count for finding in told) == 3
    assert [path.name for path in tmp_path.rglob("*")] == ["inside", "all.zip"]
    with zipfile.ZipFile(zip_of(inside, {"t.csv": LINES})) as archive:
        nested = Path(archive.filename or "").read_bytes()
    assert looked_at(zip_of(inside, {"nested.zip": nested})) is None
    link = zipfile.ZipInfo("link.csv")
    link.external_attr = 0o120777 << 16  # a symbolic link
    with zipfile.ZipFile(inside / "all.zip", "w") as archive:
        archive.writestr(link, "/etc/passwd")
    assert looked_at(inside / "all.zip") is None


@pytest.mark.slow
def test_bombs_and_archives_of_many_files(tmp_path: Path) -> None:
    began = time.process_time()
    bomb = zip_of(tmp_path, {"t.csv": b"text,label\n" + b"\0" * 300_000_000})
    assert looked_at(bomb) is None
    many = zip_of(tmp_path, {f"{i}.txt": b"" for i in range(100_000)})
    assert looked_at(many) is None
    assert time.process_time() - began < 30


def test_sentences_are_one_line_of_bounded_length() -> None:
    said = one_line("first\nsecond " + "x" * 10_000 + " last")
    assert said.startswith("first second") and said.endswith(" last") and len(said) == LONGEST
    assert str(DataError("a\r\nb\x85c\u2028d")) == "a b c d"
    finding = Finding("code", "error", "what\n" * 500, "cu\nre", "a\nb.csv line 3", 1, ("e\n" * 9,))
    assert len(finding.sentence.splitlines()) == 1 and finding.place == "a b.csv line 3"
    assert len(shown(["x" * 10_000] * 3)) == 80
    told = Findings()
    told(finding)
    told(finding)
    assert [found.count for found in told] == [2]


def test_rows_of_documents_are_counted_as_rows(tmp_path: Path) -> None:
    rows = [{"text": f"some words {i}", "score": i / 7} for i in range(200)]
    rows[4]["score"] = [1]
    found = accepted(file_of(tmp_path, "rows.json", json.dumps(rows)))
    places = [finding.place for finding in found.findings if finding.level == "error"]
    assert places and all(place.endswith("rows.json row 5") for place in places)


def test_a_fault_is_told_with_the_file_it_stands_in(tmp_path: Path) -> None:
    for part in "ab":
        rows = [{"text": f"{part} words {i}", "score": i / 7} for i in range(150)]
        rows[6]["score"] = "high" if part == "b" else 1.0
        file_of(tmp_path, f"train-{part}.jsonl", "\n".join(map(json.dumps, rows)))
    found = accepted(tmp_path)
    places = [finding.place for finding in found.findings if finding.level == "error"]
    assert len(places) == 1 and places[0].endswith("train-b.jsonl line 7")


def test_faults_by_the_ten_thousand(tmp_path: Path) -> None:
    lines = ["text,label", *(f"some words {i},{i % 2}" if i % 10 else ",,a" for i in range(20_000))]
    lines[5_000:5_000] = [","] * 50_000
    began = time.process_time()
    found = accepted(file_of(tmp_path, "t.csv", "\n".join(lines)))
    counts = {finding.code: finding.count for finding in found.findings}
    assert counts["ragged"] == 2_000 and counts["empty row"] == 50_000
    assert time.process_time() - began < 8


def test_brackets_that_never_close_are_looked_through_in_time(tmp_path: Path) -> None:
    (tmp_path / "t.txt").write_text(
        "".join(f"go {('[' + ' ' * 4000) * 40} {i}\n" for i in range(8))
    )
    began = time.process_time()
    with pytest.raises(DataError, match="no labels were found"):
        propose(tmp_path)
    assert time.process_time() - began < 5
