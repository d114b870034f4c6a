"""Blocks of tables that are taken apart at once, and what the way record by record says of them."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtl_core.data.address import Address
from mtl_core.data.findings import Findings
from mtl_core.data.layout import Layout
from mtl_core.data.reading import Source, lines, memory, opened, packed, read_rows, records
from mtl_core.data.reading.at_once import complete, taken_apart
from mtl_core.data.reading.decoding import before_decoding
from mtl_core.data.reading.encodings import is_utf8
from mtl_core.errors import DataError

from .reading import read

PIECES = ["a", "é", "，", ",", '"', '""', '","', "\n", "\r\n", "\r", '"\n"', "a,b\n", '"a\nb",c\n', "\ufeff", "\ufffd", "\0"]  # fmt: skip
BYTES = [*map(str.encode, PIECES), b"\xff", b"\xed\xa0\x80", b"\xc3"]


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
                patch.setattr(records, "HANDED_OVER", 0)
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
        ('"a\nb",c\rd,e\n', None, ""),
        ('x,y\n"a\nb",c\rd,e\n', None, ""),
        ('"a",b', [(1, ["a", "b"])], ""),
        ('a,"b"\r\n', [(1, ["a", "b"])], ""),
        ('a,b\n"c\nd","e\n', [(1, ["a", "b"])], '"c\nd","e\n'),
        ("a,\udcff\n", None, ""),
        ("a,\ufeffb\n", None, ""),
        ("a,\ufffdb\n", None, ""),
        ("a,\0b\n", None, ""),
        ("a,b\r", [(1, ["a", "b"])], ""),
        ('"a\rb",c\r\n', [(1, ["a\rb", "c"])], ""),
        ('a,"b', None, ""),
        ('"a","b\n', None, ""),
        ('"a,"b,c\n', None, ""),
    ],
)
def test_blocks_are_taken_apart_where_nothing_is_to_be_told(tmp_path, text, records, rest):
    source = Source(Address(tmp_path), Layout(kind="csv"), Findings())
    (block,) = before_decoding(
        source, iter([text.encode(errors="surrogateescape")]), 1000, at_least=1000
    )
    whole, begun = complete(block, ",")
    apart = taken_apart(whole, ",", quoting=True)
    assert (apart and list(zip(apart.numbers, apart.records, strict=True))) == records
    assert (begun.text() if begun else "") == rest
    assert not begun or begun.number == 1 + text[: -len(rest)].count("\n")


def test_signs_are_found():
    signs = np.frombuffer(b"abcacba", np.uint8)
    assert lines.places_of(ord("a"), signs).tolist() == [0, 3, 6]
    assert lines.count_of(ord("a"), signs) == 3
    assert lines.places_of(ord("a"), signs[:0]).tolist() == []


@pytest.mark.parametrize("near", [1, 2, 3, 100])
def test_lines_end_where_newlines_are(monkeypatch, near):
    monkeypatch.setattr(lines, "_NEAR", near)
    signs = np.frombuffer(b"ab\n\ncd\ne", np.uint8)
    assert [lines.end_of_line(signs, start) for start in range(9)] == [3, 3, 3, 4, 7, 7, 7, 0, 0]
    assert [lines.start_of_line(signs, end) for end in range(9)] == [0, 0, 0, 3, 4, 4, 4, 7, 7]


def test_memory_is_used_again_and_belongs_to_one():
    first, second = memory.taken(10), memory.taken(10)
    assert first is not second
    memory.given_back(first)
    assert memory.taken(10) is first
    with pytest.raises(AssertionError, match="twice"):
        [memory.given_back(second) for _ in range(2)]
    memory.given_back(first)
    longer = memory.taken(memory.USUAL + 1)
    memory.given_back(longer)
    assert len(longer) > memory.USUAL and all(one is not longer for one in memory._free)


def test_files_read_at_once_in_threads_do_not_share_their_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(records, "is_worth_it", lambda source: True)
    monkeypatch.setattr(packed, "BLOCK", 1 << 12)
    monkeypatch.setattr(opened, "LARGE", 1 << 14)
    monkeypatch.setattr(records, "HANDED_OVER", 0)
    files = []
    for name in "abcdef":
        files.append(tmp_path / f"{name}.csv")
        lines_ = (f'{name}{place},"{name * (place % 90)}\n"\n' for place in range(2000))
        files[-1].write_text("x,y\n" + "".join(lines_))
    alone = [list(read_rows(file)) for file in files]
    with ThreadPoolExecutor(6) as pool:
        for _ in range(5):
            assert list(pool.map(lambda file: list(read_rows(file)), files)) == alone
    for name, rows in zip("abcdef", alone, strict=True):
        assert [row.columns["y"] for row in rows] == [f"{name * (i % 90)}\n" for i in range(2000)]


@pytest.mark.parametrize("block", range(1, 40))
def test_records_reach_over_the_ends_of_blocks(tmp_path, monkeypatch, block):
    monkeypatch.setattr(packed, "BLOCK", block)
    monkeypatch.setattr(opened, "LARGE", 0)
    monkeypatch.setattr(opened, "_START", 0)
    monkeypatch.setattr(records, "HANDED_OVER", 0)
    monkeypatch.setattr(records, "is_worth_it", lambda source: True)
    rows, told = read(tmp_path, 'x,y\n"a\n\nb",c\nd,"e\n""f"""\n"g\n",h\n"i","j\nk"')
    expected = [(2, "a\n\nb", "c"), (5, "d", 'e\n"f"'), (7, "g\n", "h"), (9, "i", "j\nk")]
    assert [(line, *columns.values()) for line, columns in rows] == expected and not told
