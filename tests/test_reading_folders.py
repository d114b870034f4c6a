"""Labelled lines, folders of classes and parallel files."""

import gzip
import zipfile

import pytest

from mtl_core.data.address import Address
from mtl_core.data.reading import folders, packed
from mtl_core.errors import DataError

from .reading import codes, read

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
