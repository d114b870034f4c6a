"""Tables, read at once and one by one."""

import csv
import gzip
import io
import json

import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mtl_core.data import reading
from mtl_core.data.address import Address
from mtl_core.data.layout import Layout
from mtl_core.data.reading import packed, read_rows, records
from mtl_core.errors import DataError

from .conftest import SHARED
from .reading import cells, codes, read

AB = ("a", "b")


@pytest.fixture(params=["at once", "one by one"], scope="module", autouse=True)
def way(request):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(records, "is_worth_it", lambda source: request.param == "at once")
        yield


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
    for record in rows:
        lines.append(lines[-1] + 1 + sum(cell.count("\n") for cell in record))
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
