"""Tables, labelled lines, folders of classes and parallel files."""

import csv
import gzip
import io
import json
import zipfile
from collections import Counter

import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mtl_core.data import reading
from mtl_core.data.catalog import Address
from mtl_core.data.findings import Findings
from mtl_core.data.layout import Layout
from mtl_core.data.reading import Source, folders, opened, packed, read_rows, records
from mtl_core.data.reading.at_once import taken_apart
from mtl_core.data.reading.decoding import before_decoding
from mtl_core.data.reading.encodings import is_utf8
from mtl_core.errors import DataError

from .conftest import SHARED

AB = ("a", "b")


@pytest.fixture(params=["at once", "one by one"], scope="module", autouse=True)
def way(request):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(records, "is_worth_it", lambda source: request.param == "at once")
        yield


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


# What csv and pandas read, for any cells.

CELL = st.text(st.characters(exclude_characters="\0\ufeff\ufffd", exclude_categories=["Cs"]), max_size=8) | st.sampled_from(
    ['"', '""', ",", "a\nb", "a\r\nb", "\r", " ", "x,y", "####", "\t", "'", "\\", "\u0085", "\u2028"]
)  # fmt: skip
TABLE = st.integers(1, 4).flatmap(
    lambda width: st.lists(
        st.lists(CELL, min_size=width, max_size=width).filter(lambda cells: "".join(cells).strip()),
        min_size=1,
        max_size=6,
    )
)
QUOTINGS = (csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC)


@given(rows=TABLE, delimiter=st.sampled_from(",;\t|"), quoting=st.sampled_from(QUOTINGS), end=st.sampled_from(["\n", "\r\n"]))  # fmt: skip
def test_what_csv_writes_is_read_back(tmp_path_factory, rows, delimiter, quoting, end):
    # csv itself encloses no carriage return where lines end with newlines: `0,\r\n` then is CRLF.
    assume(end == "\r\n" or not any("\r" in cell for cells in rows for cell in cells))
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, quoting=quoting, lineterminator=end).writerows(rows)
    folder = tmp_path_factory.getbasetemp()
    found, told = read(folder, text.getvalue(), delimiter=delimiter, header=False)
    assert [list(columns.values()) for _, columns in found] == rows
    assert all(finding.level != "error" for finding in told)
    # A record begins where the records before it end.
    lines = [1]
    for cells in rows:
        lines.append(lines[-1] + 1 + sum(cell.count("\n") for cell in cells))
    assert [line for line, _ in found] == lines[:-1]


@given(rows=TABLE.filter(lambda rows: not any("\r" in cell for cells in rows for cell in cells)))
def test_what_pandas_writes_and_reads_is_read_the_same(tmp_path_factory, rows):
    file = tmp_path_factory.getbasetemp() / "t"
    names = [f"c{place}" for place in range(len(rows[0]))]
    pd.DataFrame(rows, columns=names).to_csv(file, index=False)
    frame = pd.read_csv(
        file, dtype=str, keep_default_na=False, na_filter=False, skip_blank_lines=False
    )
    assert [columns for _, columns in read(file)[0]] == frame.to_dict("records")


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("delimiter", ["\t", ";", "####", "||"])
@given(
    rows=st.lists(
        st.lists(st.text("ab\"'\\ \u0085é", min_size=1), min_size=3, max_size=3), min_size=1
    )
)
def test_without_quoting_lines_are_split(tmp_path_factory, delimiter, end, rows):
    text = "".join(delimiter.join(cells) + end for cells in rows)
    folder = tmp_path_factory.getbasetemp()
    assert cells(folder, text, delimiter=delimiter, quoting=False, header=False) == [
        *map(tuple, rows)
    ]


@given(text=st.text(st.sampled_from('ab,"\n\r\t ;\x00é'), max_size=60), quoting=st.booleans(), kind=st.sampled_from(["csv", "tsv", "labelled"]))  # fmt: skip
def test_any_text_is_rows_or_findings(tmp_path_factory, text, quoting, kind):
    try:
        rows, told = read(tmp_path_factory.getbasetemp(), text, kind=kind, quoting=quoting)
    except DataError as err:
        assert "\n" not in str(err)
        return
    assert len({len(columns) for _, columns in rows}) == 1
    lines = [line for line, _ in rows]
    assert lines == sorted(lines) and all(finding.sentence for finding in told)


PIECES = ["a", "é", "，", ",", '"', '""', '","', "\n", "\r\n", "\r", '"\n"', "a,b\n", '"a\nb",c\n', "\ufeff", "\ufffd", "\0"]  # fmt: skip


BYTES = [*(piece.encode() for piece in PIECES), b"\xff", b"\xed\xa0\x80", b"\xc3"]


@given(text=st.lists(st.sampled_from(BYTES), max_size=14).map(b"".join), quoting=st.booleans(), block=st.integers(1, 40))  # fmt: skip
def test_both_ways_read_and_tell_the_same(tmp_path_factory, text, quoting, block):
    file = tmp_path_factory.getbasetemp() / "t"
    file.write_bytes(b"x,y\n" + text)
    found = []
    for at_once in (True, False):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(records, "is_worth_it", lambda source, at_once=at_once: at_once)
            if at_once and is_utf8(text):  # what other bytes are is judged by the first block
                patch.setattr(packed, "BLOCK", block)
                patch.setattr(opened, "LARGE", 0)
                patch.setattr(records, "LARGE", 0)
                patch.setattr(opened, "_START", 0)
            try:
                rows, told = read(file, quoting=quoting)
            except DataError as err:
                found.append(str(err))
            else:
                counts = Counter()  # blocks are told of one by one
                for finding in told:
                    counts[finding.code, finding.level] += finding.count
                found.append((rows, counts))
    assert found[0] == found[1]


@pytest.mark.parametrize(
    ("text", "records", "rest"),
    [
        ("a,b\n1,2\n", [(1, ["a", "b"]), (2, ["1", "2"])], ""),
        ("a,b\r\n1,2", [(1, ["a", "b"]), (2, ["1", "2"])], ""),
        ('"a ""b""",，\n,"c,d"\n', [(1, ['a "b"', "，"]), (2, ["", "c,d"])], ""),
        ('"a\n\nb",c\nd,"e\n"\nf,"g\n', [(1, ["a\n\nb", "c"]), (4, ["d", "e\n"])], 'f,"g\n'),
        ("a\nb\n", None, ""),
        ("a,b\n1\n", None, ""),
        ("a,b\n\n1,2\n", None, ""),
        ('a,b "c"\n', None, ""),
        ('a,"b" c\n', None, ""),
        ("a,b\r1,2\n", None, ""),
        ("a,\ufeffb\n", None, ""),
        ("a,\ufffdb\n", None, ""),
        ("a,\0b\n", None, ""),
    ],
)
def test_blocks_are_taken_apart_where_nothing_is_to_be_told(tmp_path, text, records, rest):
    source = Source(Address(tmp_path), Layout(kind="csv"), Findings())
    (lines,) = before_decoding(source, iter([text.encode()]), 1000, at_least=1000)
    apart = taken_apart(lines, ",", quoting=True)
    assert (apart is None) == (records is None)
    if apart is not None:
        assert list(zip(apart.numbers, apart.records, strict=True)) == records
        assert (apart.rest.text() if apart.rest else "") == rest
        assert not apart.rest or apart.rest.number == 1 + text[: -len(rest)].count("\n")


def test_long_tables_are_read_over_all_their_blocks(tmp_path):
    rows = [(f"{i}", 'say "it"' if i % 3 else "a\nb", "\u4f60" * (i % 50)) for i in range(30_000)]
    text = io.StringIO(newline="")
    csv.writer(text).writerows([("x", "y", "z"), *rows])
    assert len(text.getvalue().encode()) > 2 * packed.BLOCK
    assert cells(tmp_path, text.getvalue()) == rows


# Headers.


@pytest.mark.parametrize(
    ("layout", "expected"),
    [
        ({}, [{"p": "1", "q": "2"}]),
        ({"header": True}, [{"p": "1", "q": "2"}]),
        (
            {"header": False},
            [{"column 1": "p", "column 2": "q"}, {"column 1": "1", "column 2": "2"}],
        ),
        ({"columns": AB}, [{"a": "p", "b": "q"}, {"a": "1", "b": "2"}]),
        ({"columns": AB, "header": True}, [{"a": "1", "b": "2"}]),
        ({"columns": AB, "header": False}, [{"a": "p", "b": "q"}, {"a": "1", "b": "2"}]),
    ],
)
@pytest.mark.parametrize("quoting", [True, False])
def test_the_first_line_names_the_columns_or_not(tmp_path, layout, expected, quoting):
    rows, told = read(tmp_path, "\n \np,q\n\n1,2\n", quoting=quoting, **layout)
    assert [columns for _, columns in rows] == expected and not told
    assert rows[-1][0] == 5


def test_columns_without_a_name_of_their_own_are_called_after_their_place(tmp_path):
    rows, told = read(tmp_path, "a,,a,column 2, b \n1,2,3,4,5\n")
    names = ["a", "column 2'", "column 3", "column 2", "b"]
    assert rows == [(2, dict(zip(names, "12345", strict=True)))]
    assert codes(told) == [("warning", "header", 1, 2)]
    assert "it is called 'column 2''; name the columns" in told[0].sentence


# Rows that do not fit.


@pytest.mark.parametrize("quoting", [True, False])
def test_ragged_rows_are_told_and_left_out(tmp_path, quoting):
    text = "a,b\n1,2\n3\n4,5,6\n7,8,,\n,\n  \n9,\n"
    rows, told = read(tmp_path, text, quoting=quoting)
    assert [tuple(columns.values()) for _, columns in rows] == [("1", "2"), ("7", "8"), ("9", "")]
    assert [line for line, _ in rows] == [2, 5, 8]
    assert codes(told) == [
        ("error", "ragged", 3, 2),
        ("note", "empty columns", 5, 1),
        ("note", "empty row", 6, 1),
    ]
    assert told[0].examples == ("3", "4 | 5 | 6")
    with pytest.raises(
        DataError, match=r"t line 3: 1 columns where 2 are expected \(a, b\); correct"
    ):
        read_rows(tmp_path / "t", Layout(kind="csv"))


# Quotes.


def test_a_quote_that_never_closes_costs_its_own_line(tmp_path):
    text = 'a\tb\n1\tx\n"no end\ty\n2\tz\n3\t"q"\n4\tz\n'
    rows, told = read(tmp_path, text, kind="tsv")
    assert [line for line, _ in rows] == [2, 4, 5, 6] and rows[2][1] == {"a": "3", "b": "q"}
    assert codes(told) == [("error", "quotes", 3, 1)]
    assert (
        told[0].what == "text follows a closing quote (3 lines on)"
        or "never closes" in told[0].what
    )
    rows, told = read(tmp_path, text, kind="tsv", quoting=False)
    assert len(rows) == 5 and rows[1][1] == {"a": '"no end', "b": "y"} and not told


def test_a_quote_that_swallows_a_whole_file_is_told_where_it_opens(tmp_path):
    body = "".join(f"word{i}\tx\n" for i in range(30_000))
    rows, told = read(tmp_path, f'a\tb\n{body}"open\ty\n{body}', kind="tsv")
    assert len(rows) == 60_000 and codes(told) == [("error", "quotes", 30_002, 1)]
    assert "a quote opens that never closes" in told[0].what


def test_rows_that_quotes_merge_are_told(tmp_path):
    rows, told = read(tmp_path, 'a\tb\n"one\tx\ntwo\ty\nthree"\tz\nfour\tx\n', kind="tsv")
    assert [line for line, _ in rows] == [2, 5]
    assert codes(told) == [("warning", "merged", 2, 1)]
    assert told[0].what.startswith("3 lines became one row")
    rows, told = read(tmp_path, 'a\tb\n"one\n\ntwo"\tx\n', kind="tsv")
    assert rows == [(2, {"a": "one\n\ntwo", "b": "x"})] and not told


def test_files_full_of_quotes_do_not_hang(tmp_path, monkeypatch):
    monkeypatch.setattr(records, "LONGEST_LINE", 10_000)
    monkeypatch.setattr(records, "MOST_READ_TWICE", 40_000)
    for line in ('x","y\n', '"x\n', '"a"b,c\n', '"""\n', '""x,"\n', '"x ""\n'):
        try:
            read(tmp_path, "p,q\n1,2\n" + line * 3000)
        except DataError as err:
            assert "too many quotes" in str(err)
    csv.field_size_limit(131_072)


def test_carriage_returns_inside_cells_are_kept(tmp_path):
    text = 'a,b\r\nx\ry,"p\rq"\r\n"r\r\ns",t\r\r\nu,\rv\r\n'
    assert cells(tmp_path, text) == [("x\ry", "p\rq"), ("r\r\ns", "t"), ("u", "\rv")]


@pytest.mark.parametrize("delimiter", ['"', "a\n", '#"#'])
def test_a_delimiter_that_cannot_part_is_refused(tmp_path, delimiter):
    with pytest.raises(DataError, match="cannot part columns"):
        read(tmp_path, "a\n", delimiter=delimiter)


# Lines that begin with a label.


@pytest.mark.parametrize("blank", [" ", "\t", "  \t "])
def test_labelled_lines(tmp_path, blank):
    text = f"4{blank}a fine film \t\n\nDESC:manner{blank}How , then ?\r\n 1{blank}x"
    rows, told = read(tmp_path, text, kind="labelled")
    expected = [("4", "a fine film"), ("DESC:manner", "How , then ?"), ("1", "x")]
    assert [tuple(columns.values()) for _, columns in rows] == expected and not told
    assert [line for line, _ in rows] == [1, 3, 4] and list(rows[0][1]) == ["label", "text"]


def test_labelled_lines_with_more_columns_or_less_text(tmp_path):
    rows, told = read(tmp_path, "a b c d\na b\na\n", kind="labelled", columns=("x", "y", "text"))
    assert rows == [(1, {"x": "a", "y": "b", "text": "c d"}), (2, {"x": "a", "y": "b", "text": ""})]
    assert codes(told) == [("error", "ragged", 3, 1), ("warning", "no text", 2, 1)]
    rows, _ = read(tmp_path, "two words|a|b\n", kind="labelled", delimiter="|")
    assert rows == [(1, {"label": "two words", "text": "a|b"})]
    with pytest.raises(DataError, match="two columns or more, not only x"):
        read(tmp_path, "a b\n", kind="labelled", columns=("x",))


# Folders.


def tree(root, files):
    for name, data in files.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    return root


CLASSES = {
    "pos/2.txt": b"fine\r\nfilm\n", "pos/10": b"good", "neg/a/1.txt": b"caf\xe9", "neg/b.txt": gzip.compress(b"bad"),
    "README.md": b"about", ".DS_Store": b"x", "pos/.hidden": b"x", "list.csv": b"a,b",
}  # fmt: skip
CLASS_ROWS = [
    ("neg", "caf\u00e9", "neg/a/1.txt"), ("neg", "bad", "neg/b.txt"),
    ("pos", "good", "pos/10"), ("pos", "fine\nfilm", "pos/2.txt"),
]  # fmt: skip


def archive_of(path, files):
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


@pytest.mark.parametrize("zipped", [False, True])
def test_a_folder_of_classes(tmp_path, zipped):
    files = dict(CLASSES)
    if zipped:
        files["neg/b.txt"] = b"bad"  # packed once is enough
        address = Address(
            archive_of(tmp_path / "a.zip", {f"top/x/{n}": d for n, d in files.items()})
        )
    else:
        address = Address(tree(tmp_path / "x", files))
    rows, told = read(address, kind="folders")
    assert [tuple(columns.values()) for _, columns in rows] == CLASS_ROWS
    assert list(rows[0][1]) == ["label", "text", "file"] and [line for line, _ in rows] == [
        1,
        2,
        3,
        4,
    ]
    assert [(f.level, f.code) for f in told][:2] == [("warning", "encoding"), ("note", "beside")]
    rows, _ = read(
        Address(address.path, "top/x" if zipped else ""), kind="folders", columns=("c", "t")
    )
    assert [tuple(columns.values()) for _, columns in rows] == [row[:2] for row in CLASS_ROWS]


@pytest.mark.parametrize("zipped", [False, True])
def test_a_folder_with_a_file_for_each_class(tmp_path, zipped):
    files = {"pos.txt": b"fine\n\ngood \n", "neg.txt": b"bad\n", "LICENSE": b"x", "card.yaml": b"x"}
    address = Address(
        archive_of(tmp_path / "a.zip", files) if zipped else tree(tmp_path / "x", files)
    )
    rows, told = read(address, kind="folders")
    expected = [("neg", "bad", "neg.txt"), ("pos", "fine", "pos.txt"), ("pos", "good", "pos.txt")]
    assert [tuple(columns.values()) for _, columns in rows] == expected and not told
    assert [line for line, _ in rows] == [1, 1, 3]


def test_links_that_leave_the_folder_are_not_followed(tmp_path):
    tree(tmp_path, {"x/pos/1": b"in", "x/neg/1": b"in too", "secret/2": b"out"})
    (tmp_path / "x/pos/2").symlink_to(tmp_path / "secret/2")
    (tmp_path / "x/other").symlink_to(tmp_path / "secret")
    (tmp_path / "x/pos/loop").symlink_to(tmp_path / "x")
    (tmp_path / "x/pos/3").symlink_to(tmp_path / "x/pos/1")
    (tmp_path / "x/pos/4").symlink_to(tmp_path / "nowhere")
    rows, told = read(Address(tmp_path / "x"), kind="folders")
    assert [columns["text"] for _, columns in rows] == ["in too", "in", "in"]
    assert [(f.level, f.code) for f in told] == [("warning", "link")] * len(told)
    assert sum(f.count for f in told) >= 3


def test_faults_in_folders_are_told(tmp_path):
    tree(tmp_path, {"pos/1": b"fine", "pos/2.png": b"\x89PNG\r\n", "neg/3": b" \n"})
    rows, told = read(Address(tmp_path), kind="folders")
    assert [columns["text"] for _, columns in rows] == ["", "fine"]
    assert [(f.level, f.code) for f in told] == [("error", "text"), ("warning", "no text")]
    for folder in ("none", "pos/1"):
        with pytest.raises(DataError, match="there is no such folder"):
            read(Address(tmp_path / folder), kind="folders")
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="the folder holds no text"):
        read(Address(tmp_path / "empty"), kind="folders")
    with pytest.raises(DataError, match="folders have the columns"):
        read(Address(tmp_path), kind="folders", columns=("x",))


def test_folders_in_an_archive_keep_to_its_limits(tmp_path, monkeypatch):
    files = {f"{label}/{i}": b"z" * 3000 for label in ("a", "b") for i in range(20)}
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    assert len(read(Address(path), kind="folders")[0]) == 40
    monkeypatch.setattr(packed, "GROWTH_FROM", 4000)
    monkeypatch.setattr(packed, "MOST_GROWTH", 1)
    with pytest.raises(DataError, match="times its size"):
        read(Address(path), kind="folders")
    monkeypatch.setattr(folders, "MOST_FILES", 10)
    with pytest.raises(DataError, match="more than 10 files"):
        read(Address(path), kind="folders")


# Parallel files.

PARALLEL = {"files": ("seq.in", "seq.out", "label"), "columns": ("words", "tags", "intent")}
FILES = {"seq.in": b" add it \nplay  \n\n", "seq.out": b"O B-x\nO\n", "label": b"Add\r\nPlay\r\n"}
ROWS = [
    (1, {"words": "add it", "tags": "O B-x", "intent": "Add"}),
    (2, {"words": "play", "tags": "O", "intent": "Play"}),
]


def test_parallel_files_lie_beside_each_other(tmp_path):
    tree(tmp_path / "train", FILES)
    assert read(Address(tmp_path / "train"), kind="parallel", **PARALLEL) == (ROWS, [])
    for name, data in FILES.items():
        (tmp_path / f"dev.{name}.gz").write_bytes(gzip.compress(data))
    ends = {**PARALLEL, "files": (".seq.in", ".seq.out", ".label")}
    assert read(Address(tmp_path / "dev"), kind="parallel", **ends) == (ROWS, [])


@pytest.mark.parametrize(("part", "begin"), [("train", "train/"), ("x/dev.", "x/dev."), ("", "")])
def test_parallel_files_of_an_archive(tmp_path, part, begin):
    path = archive_of(tmp_path / "a.zip", {begin + name: data for name, data in FILES.items()})
    assert read(Address(path, part), kind="parallel", **PARALLEL) == (ROWS, [])
    with pytest.raises(DataError, match="the archive holds no"):
        read(Address(path, "other/deep"), kind="parallel", files=("q",), columns=("x",))


def test_parallel_files_of_different_length_are_an_error_with_all_counts(tmp_path):
    tree(tmp_path, {**FILES, "label": b"Add\n"})
    rows, told = read(Address(tmp_path), kind="parallel", **PARALLEL)
    assert rows == ROWS[:1] and [(f.level, f.code) for f in told] == [("error", "parallel")]
    assert "(3 in seq.in, 2 in seq.out, 1 in label)" in told[0].what
    (tmp_path / "label").unlink()
    with pytest.raises(DataError, match="there is no such file"):
        read(Address(tmp_path), kind="parallel", **PARALLEL)


def test_an_empty_line_in_one_parallel_file_keeps_its_place(tmp_path):
    tree(tmp_path, {"t": b"a\n\nb\n\n", "l": b"1\n2\n3\n4\n"})
    rows, told = read(Address(tmp_path), kind="parallel", files=("t", "l"), columns=("t", "l"))
    assert [tuple(columns.values()) for _, columns in rows] == [
        ("a", "1"),
        ("", "2"),
        ("b", "3"),
        ("", "4"),
    ]
    assert not told


# Real files, against the same rows converted.

REAL = {
    "sst2": ("stsa.binary.test.gz", "test", {"kind": "labelled"}, {"text": "text"}),
    "chnsenticorp": ("dev.tsv.gz", "validation", {"kind": "tsv", "quoting": False}, {"text_a": "text"}),
    "sick": ("SICK_trial.txt.gz", "validation", {"kind": "tsv"}, {"sentence_A": "text_a", "sentence_B": "text_b"}),
    "goemotions": ("dev.tsv.gz", "validation", {"kind": "tsv", "quoting": False, "columns": ("x", "y", "z")}, {"x": "text"}),
    "multi30k": ("", "validation", {"kind": "parallel", "files": ("val.en", "val.de"), "columns": ("e", "d")}, {"e": "text", "d": "translation_de"}),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.skipif(not (SHARED / "formats").is_dir(), reason="needs ../shared/formats")
@pytest.mark.parametrize("name", REAL)
def test_real_files_give_the_rows_that_were_converted_from_them(name):
    file, split, layout, same = REAL[name]
    rows, told = read(Address(SHARED / "formats" / name / file), **layout)
    with gzip.open(SHARED / f"data/{name}/{split}.jsonl.gz", "rt", encoding="utf-8") as lines:
        converted = [json.loads(line) for line in lines]
    assert len(rows) == len(converted) and not told
    for ours, theirs in same.items():
        assert [columns[ours] for _, columns in rows] == [row[theirs] for row in converted]


def test_a_file_that_is_nothing_but_errors_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr(reading, "MOST_ERRORS", 20)
    assert len(read(tmp_path, "a,b\n1,2\n" + "x\n" * 19)[0]) == 1
    with pytest.raises(DataError, match="more than 20 errors, the last one .* line 22: 1 columns"):
        read(tmp_path, "a,b\n1,2\n" + "x\n" * 20)
