"""Bytes to lines: packed, encoded and damaged files, and the limits."""

import bz2
import gzip
import io
import lzma
import random
import re
import tracemalloc
import zipfile

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from mtl_core.data.address import Address
from mtl_core.data.findings import Findings
from mtl_core.data.layout import Layout
from mtl_core.data.reading import Source, decoding, kind_of, opened, packed, read_rows
from mtl_core.data.reading.encodings import guessed
from mtl_core.data.reading.opened import binary_of, key_of, lines_of, members_of, text_of
from mtl_core.errors import DataError

from .conftest import SHARED

TEXT = "caf\u00e9 \u4f60\u597d\nb\u0085c\u2028d\n\nlast"
LINES = TEXT.split("\n")
PACKERS = {
    "plain": bytes,
    "gz": gzip.compress,
    "bz2": lambda data: bz2.compress(data, 1),
    "xz": lzma.compress,
    "zst": zstandard.ZstdCompressor().compress,
}


def source_of(path, encoding="", part=""):
    told = Findings()
    return Source(Address(path, part), Layout(kind="csv", encoding=encoding), told), told


def lines(tmp_path, data, encoding=""):
    """The lines of a file with these bytes, and what was told: level, code, line, count."""
    file = tmp_path / "t.txt"
    file.write_bytes(data)
    source, told = source_of(file, encoding)
    found = list(lines_of(source))
    places = [(f.level, f.code, f.place.rpartition(" line ")[2], f.count) for f in told]
    return found, [(*p[:2], int(p[2]) if p[2].isdigit() else 0, p[3]) for p in places]


def zipped(path, files):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


# Packed files.


@pytest.mark.parametrize("packer", PACKERS)
def test_packed_files_are_known_by_their_bytes(tmp_path, packer):
    file = tmp_path / "name.that.tells.nothing"
    file.write_bytes(PACKERS[packer](TEXT.encode()))
    source, told = source_of(file)
    assert list(lines_of(source)) == LINES and text_of(source) == TEXT and not len(told)
    with binary_of(source) as stream:
        stream.seek(-4, io.SEEK_END)
        assert stream.read() == b"last"


@pytest.mark.parametrize("packer", ["gz", "bz2", "xz", "zst"])
def test_files_packed_in_several_pieces_are_read_whole(tmp_path, packer):
    file = tmp_path / "a"
    pack = PACKERS[packer]
    file.write_bytes(pack(b"one\n") + pack(b"two\n"))
    assert list(lines_of(source_of(file)[0])) == ["one", "two"]


@pytest.mark.parametrize("packer", ["gz", "bz2", "xz", "zst"])
def test_a_packed_file_that_is_cut_gives_what_is_there_and_says_so(tmp_path, packer):
    rng = random.Random(0)
    data = "".join(f"{rng.random()}\n" for _ in range(15_000)).encode()
    whole = PACKERS[packer](data)
    file = tmp_path / "a"
    file.write_bytes(whole[: len(whole) * 3 // 4])
    source, told = source_of(file)
    found = list(lines_of(source))
    assert [(f.level, f.code) for f in told] == [("error", "packed")]
    assert len(found) < 15_000 and found[:-1] == data.decode().split("\n")[: len(found) - 1]
    assert len(found) > 1000


def test_a_file_that_is_packed_twice_is_refused(tmp_path):
    (tmp_path / "a").write_bytes(gzip.compress(gzip.compress(b"text")))
    with pytest.raises(DataError, match="packed twice"):
        list(lines_of(source_of(tmp_path / "a")[0]))


@pytest.mark.parametrize("packer", ["gz", "bz2", "xz", "zst", "zip", "zip+bz2"])
def test_bombs_are_stopped_before_they_fill_the_memory(tmp_path, packer, monkeypatch):
    monkeypatch.setattr(packed, "GROWTH_FROM", 1 << 18)
    data = b"a line\n" * (1 << 17)
    file = tmp_path / "a"
    if packer.startswith("zip"):
        how = zipfile.ZIP_BZIP2 if "bz2" in packer else zipfile.ZIP_DEFLATED
        with zipfile.ZipFile(file, "w", how) as archive:
            archive.writestr("a.txt", data)
    else:
        file.write_bytes(PACKERS[packer](data))
    with pytest.raises(DataError, match=r"unpacks to more than \d+ MB out of \d+ bytes"):
        list(lines_of(source_of(file)[0]))


def test_a_document_that_is_too_long_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(packed, "MOST_AT_ONCE", 1000)
    (tmp_path / "a").write_bytes(b"x" * 1001)
    with pytest.raises(DataError, match="split the file, or write it as JSON lines"):
        text_of(source_of(tmp_path / "a")[0])


def test_a_line_that_is_too_long_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(opened, "LONGEST_LINE", 1 << 20)
    (tmp_path / "a").write_bytes(b"one\n" + b"x" * (3 << 20))
    with pytest.raises(DataError, match="line 2: longer than 1 MB"):
        list(lines_of(source_of(tmp_path / "a")[0]))


# Archives.


def test_members_are_the_data_files_of_an_archive(tmp_path):
    names = ("b/x.csv", "a.csv", "__MACOSX/a.csv", ".DS_Store", "b/.hidden", "../up.csv", "/abs.csv",
             "..\\win.csv", "C:\\win.csv", "d/")  # fmt: skip
    path = zipped(tmp_path / "a.zip", dict.fromkeys(names, "x"))
    told = Findings()
    assert members_of(path, told) == ["a.csv", "b/x.csv"]
    assert [(f.level, f.code, f.count) for f in told] == [("warning", "archive path", 4)]
    assert members_of(path) == ["a.csv", "b/x.csv"]
    for outside in ("../up.csv", "/abs.csv", "C:\\win.csv", "__MACOSX/a.csv"):
        with pytest.raises(DataError, match="the archive holds no data file"):
            list(lines_of(source_of(path, part=outside)[0]))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.zip"]  # nothing was unpacked


def test_the_part_of_an_address_is_a_member_and_then_a_key(tmp_path):
    path = zipped(tmp_path / "a.zip", {"one.txt": "1\n", "two.txt": "2\n", "c#.txt": "3\n"})
    found = {
        part: list(lines_of(source_of(path, part=part)[0]))
        for part in ("one.txt", "two.txt#key", "c#.txt")
    }
    assert found == {"one.txt": ["1"], "two.txt#key": ["2"], "c#.txt": ["3"]}
    assert [key_of(source_of(path, part=part)[0]) for part in found] == ["", "key", ""]
    with pytest.raises(
        DataError, match=r"holds 3 data files \(c#.txt, one.txt, two.txt\); name one as a.zip#NAME"
    ):
        list(lines_of(source_of(path)[0]))
    alone = zipped(tmp_path / "b.zip", {"one.json": "1", "__MACOSX/one.json": "2"})
    assert text_of(source_of(alone)[0]) == "1" and key_of(source_of(alone, part="#k")[0]) == "k"
    assert text_of(source_of(alone, part="#k")[0]) == "1"
    (tmp_path / "c.json").write_text("1")
    assert key_of(source_of(tmp_path / "c.json", part="k")[0]) == "k"


def test_a_format_is_known_by_the_one_file_of_an_archive(tmp_path):
    path = zipped(tmp_path / "a.zip", {"x/one.tsv": "a\tb\n1\t2\n"})
    assert kind_of(Address(path)) == "tsv"
    assert [row.columns for row in read_rows(path)] == [{"a": "1", "b": "2"}]
    with pytest.raises(DataError, match="a folder; name a file, or set layout.kind"):
        read_rows(tmp_path)


def test_encrypted_and_damaged_archives_are_one_error(tmp_path):
    path = zipped(tmp_path / "a.zip", {"one.txt": b"abc" * 1000})
    data = bytearray(path.read_bytes())
    (tmp_path / "cut.zip").write_bytes(data[:-30])
    with pytest.raises(DataError, match="not a readable zip archive"):
        members_of(tmp_path / "cut.zip")
    for at in (data.index(b"PK\x03\x04") + 6, data.index(b"PK\x01\x02") + 8):
        data[at] |= 1  # the flag that says that a file is encrypted
    (tmp_path / "locked.zip").write_bytes(data)
    with pytest.raises(DataError, match="cannot be unpacked"):
        list(lines_of(source_of(tmp_path / "locked.zip")[0]))


@pytest.mark.parametrize(
    ("name", "said"),
    [("none.csv", "there is no such file"), ("", "is a folder")],
)
def test_an_address_without_a_file_is_one_error(tmp_path, name, said):
    with pytest.raises(DataError, match=said):
        list(lines_of(source_of(tmp_path / name)[0]))


@pytest.mark.parametrize(
    ("start", "said"),
    [(b"PAR1abc", "layout.kind to parquet"), (b"%PDF-1.4", "a PDF"), (b"\x89PNG\r\n", "no text")],
)
def test_files_that_are_no_text_are_named(tmp_path, start, said):
    with pytest.raises(DataError, match=said):
        lines(tmp_path, start)


# Lines.


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", []),
        (b"\n", [""]),
        (b"a", ["a"]),
        (b"a\r\nb\r\n", ["a", "b"]),
        (b"a\r\nb\nc\r", ["a", "b", "c"]),
        (b"a\r\r\nb", ["a", "b"]),
        (b"a\n\nb\n\n", ["a", "", "b", ""]),
        (b"a\rb\nc", ["a\rb", "c"]),
    ],
)
def test_lines_end_at_newlines(tmp_path, data, expected):
    assert lines(tmp_path, data) == (expected, [])


def test_lines_of_old_macs_end_at_carriage_returns(tmp_path):
    assert lines(tmp_path, b"a\rb\r") == (["a", "b"], [("note", "newlines", 0, 1)])


@given(text=st.text(), step=st.integers(1, 9), packer=st.sampled_from(["plain", "gz"]))
def test_blocks_cut_anywhere_give_the_same_lines(tmp_path_factory, text, step, packer):
    text = re.sub("[\ufeff\ufffd\0\r]", "", text)
    file = tmp_path_factory.getbasetemp() / "blocks"
    file.write_bytes(PACKERS[packer](text.encode()))
    source, told = source_of(file)
    raw = text.encode()
    cut = (raw[at : at + step] for at in range(0, len(raw), step))
    expected = text.removesuffix("\n").split("\n") if text else []
    assert list(lines_of(source)) == expected and not len(told)
    assert "".join(decoding.decoded(source, cut, 1 << 20)) == text


@pytest.mark.slow
def test_a_long_file_is_never_held_whole(tmp_path):
    file = tmp_path / "a"
    with file.open("wb") as out:
        for _ in range(16):
            out.write(b"some words of a line\n" * 50_000)
    tracemalloc.start()
    try:
        count = sum(1 for _ in lines_of(source_of(file)[0]))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert count == 800_000 and peak < 12 << 20 < file.stat().st_size


# Encodings.


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32", "utf-16-le", "utf-16-be"])
def test_a_byte_order_mark_says_the_encoding(tmp_path, encoding):
    mark = "\ufeff" if encoding.endswith("e") else ""
    assert lines(tmp_path, (mark + TEXT).encode(encoding)) == (LINES, [])


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-16-le", "utf-16", "gb18030", "cp037", "utf-7", "hz", "utf_8_sig"]
)
def test_an_encoding_that_is_named_holds(tmp_path, encoding):
    text = "a \u4f60\nb\n" if encoding != "cp037" else "a \xe9\nb\n"
    assert lines(tmp_path, text.encode(encoding), encoding) == (text.split("\n")[:-1], [])


def test_bytes_that_do_not_belong_to_the_named_encoding_are_errors(tmp_path):
    for encoding in ("utf-8", "gb18030", "ascii"):
        found, told = lines(tmp_path, b"fine\nb\xffd\nfine", encoding)
        assert found == ["fine", "b\ufffdd", "fine"]
        assert ("error", "encoding", 2, 1) in told
    for wrong in ("klingon", "rot13", "base64", "a\0b"):
        with pytest.raises(DataError, match="there is no encoding"):
            lines(tmp_path, b"a", wrong)


def test_lines_that_are_not_utf8_are_windows_1252_and_told(tmp_path):
    data = "caf\u00e9 na\u00efve\n".encode() * 3 + b"caf\xe9 \x93na\xefve\x94 \x81\n" * 2
    found, told = lines(tmp_path, data)
    assert found == ["caf\u00e9 na\u00efve"] * 3 + ["caf\u00e9 \u201cna\u00efve\u201d \x81"] * 2
    assert told == [("warning", "encoding", 4, 2)]


def test_a_sign_cut_in_a_utf8_line_costs_that_sign_only(tmp_path):
    whole = "\u4f60\u597d \u4f60".encode()
    found, told = lines(tmp_path, whole + b"\n" + whole[:-1] + b"\n" + whole[:-2] + b"\n" + whole)
    assert found[0] == found[3] and found[1] == found[2] == "\u4f60\u597d \ufffd"
    assert told[0] == ("warning", "damaged", 2, 2)
    mixed, _ = lines(tmp_path, "\u201ccaf".encode() + b"\xe9\x94 is")
    assert mixed == ["\u201ccaf\ufffd is"]
    mixed, _ = lines(tmp_path, "\u201ccaf".encode() + b"\xe9 is")
    assert mixed == ["\u201ccaf\u00e9 is"]


FOREIGN = {
    "gb18030": "\u4eca\u5929\u5929\u6c14\u5f88\u597d\uff0c\u6211\u4eec\u53bb\u516c\u56ed\u73a9",
    "big5": "\u4eca\u5929\u5929\u6c23\u5f88\u597d\uff0c\u6211\u5011\u53bb\u516c\u5712\u73a9",
    "shift_jis": "\u4eca\u65e5\u306f\u5929\u6c17\u304c\u3044\u3044\u306e\u3067\u516c\u5712\u306b",
    "euc_jp": "\u4eca\u65e5\u306f\u5929\u6c17\u304c\u3044\u3044\u306e\u3067\u516c\u5712\u306b",
    "euc_kr": "\uc624\ub298\uc740 \ub0a0\uc528\uac00 \uc88b\uc73c\ub2c8 \uacf5\uc6d0\uc5d0",
    "cp1251": "\u0421\u0435\u0433\u043e\u0434\u043d\u044f \u0445\u043e\u0440\u043e\u0448\u0430\u044f",
    "koi8_r": "\u0421\u0435\u0433\u043e\u0434\u043d\u044f \u0445\u043e\u0440\u043e\u0448\u0430\u044f",
}


@pytest.mark.parametrize("encoding", FOREIGN)
def test_a_file_in_another_encoding_is_named(tmp_path, encoding):
    text = FOREIGN[encoding]
    assert guessed(text.encode(encoding)) == encoding
    found, told = lines(tmp_path, f"label,text\n1,{text}\n2,{text}\n".encode(encoding))
    assert told == [("error", "other encoding", 2, 1)] and found[1] == f"1,{text}"
    with pytest.raises(DataError, match=f"layout.encoding to {encoding}"):
        read_rows(tmp_path / "t.txt", Layout(kind="csv"))
    rows = read_rows(tmp_path / "t.txt", Layout(kind="csv", encoding=encoding))
    assert [row.columns["text"] for row in rows] == [text, text]


@pytest.mark.parametrize(
    "text",
    [
        "Le caf\u00e9 pr\u00e8s de l\u2019h\u00f4tel \u00e9tait ferm\u00e9",
        "Gr\u00f6\u00dfe",
        "\u2014",
    ],
)
def test_western_european_lines_are_not_taken_for_others(text):
    assert guessed(text.encode("cp1252")) == ""


def test_odd_signs_are_told(tmp_path):
    found, told = lines(tmp_path, "a\0b\0\n\ufeffc\ufeff\nlost \ufffd".encode())
    assert found == ["ab", "c", "lost \ufffd"]
    assert told == [
        ("warning", "nul", 1, 2),
        ("note", "byte order mark", 2, 2),
        ("note", "replacement sign", 3, 1),
    ]


def test_utf16_without_a_mark_is_named(tmp_path):
    for encoding in ("utf-16-le", "utf-16-be"):
        with pytest.raises(DataError, match=f"set layout.encoding to {encoding}"):
            lines(tmp_path, "some text\nmore text\n".encode(encoding))


@given(data=st.binary(max_size=200), encoding=st.sampled_from(["", "utf-8", "utf-16", "gb18030"]))
def test_any_bytes_are_text_or_one_error(tmp_path_factory, data, encoding):
    file = tmp_path_factory.getbasetemp() / "any"
    file.write_bytes(data)
    for read in (lines_of, text_of):
        source, told = source_of(file, encoding)
        try:
            found = "".join(read(source))
        except DataError as err:
            assert "\n" not in str(err)
            continue
        assert "\0" not in found and found.encode("utf-8") is not None
        assert all(finding.place.startswith(str(file)) for finding in told)


@pytest.mark.skipif(not (SHARED / "formats").is_dir(), reason="needs ../shared/formats")
def test_the_lines_of_other_encodings_in_real_files_are_found():
    source, told = source_of(SHARED / "formats/trec/TREC.train.gz")
    count = sum(1 for _ in lines_of(source))
    assert count == 5452 and [(f.code, f.count) for f in told] == [("encoding", 1)]
    assert "line 66:" in next(iter(told)).sentence
    source, told = source_of(SHARED / "formats/mtl_reviews/MR.task.train.gz")
    assert sum(1 for _ in lines_of(source)) == 1600
    assert [(f.level, f.count) for f in told] == [("warning", 31)]
