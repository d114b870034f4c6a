"""Uploads: limits, names that climb out, and what becomes of them."""

import io
import os
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtl_core.data import incoming
from mtl_core.data.catalog import Card
from mtl_core.data.incoming import keep, receive, safe_name
from mtl_core.data.tasks import load_sentences
from mtl_core.errors import DataError

ROW = b'{"text": "fine", "mood": "good"}\n{"text": "sad", "mood": "bad"}\n'
CARD = Card.model_validate(
    {
        "name": "mine",
        "splits": {"train": "a/train.jsonl", "validation": "a/dev.jsonl"},
        "tasks": {"mood": {"kind": "classification", "input": "text", "target": "mood"}},
    }
)


def upload(home: Path, **files: bytes) -> Path:
    return receive([(name, io.BytesIO(content)) for name, content in files.items()], home)


def test_what_is_uploaded_becomes_a_dataset(tmp_path: Path) -> None:
    received = upload(tmp_path, **{"a/train.jsonl": ROW, "a/dev.jsonl": ROW})
    assert upload(tmp_path, **{"a/train.jsonl": ROW, "a/dev.jsonl": ROW}) == received
    dataset = keep(CARD, received, tmp_path)
    assert load_sentences(dataset, "train", ("mood",)).gold["mood"] == ["good", "bad"]
    with pytest.raises(DataError, match="there already"):
        keep(CARD, received, tmp_path)


@pytest.mark.parametrize(
    "name", ["../a", "/etc/passwd", "a/../../b", "C:\\x", "..", "", "a/\0b", "nul.txt", "x" * 300]
)
def test_a_name_that_climbs_out_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot name"):
        upload(tmp_path, **{name: ROW})
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == []


@given(st.text(max_size=40))
def test_any_name_stays_in_its_folder(name: str) -> None:
    try:
        path = safe_name(name)
    except DataError:
        return
    root = os.path.realpath("/srv/uploads")
    assert os.path.realpath(os.path.join(root, path)).startswith(root + os.sep)  # noqa: PTH118


def test_too_much_is_refused_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(incoming, "MOST_BYTES", 2 * len(ROW))
    monkeypatch.setattr(incoming, "MOST_FILES", 3)
    with pytest.raises(DataError, match="larger than"):
        upload(tmp_path, a=ROW, b=ROW, c=b"x")
    with pytest.raises(DataError, match="more than 3 files"):
        upload(tmp_path, a=b"", b=b"", c=b"", d=b"")
    with pytest.raises(DataError, match="no file"):
        upload(tmp_path)
    assert list((tmp_path / "uploads").iterdir()) == []


def test_two_files_of_one_name_are_refused(tmp_path: Path) -> None:
    for second in ("a", "a/b"):
        with pytest.raises(DataError, match="beside the others"):
            receive([("a", io.BytesIO(ROW)), (second, io.BytesIO(ROW))], tmp_path)


def test_an_old_upload_is_forgotten(tmp_path: Path) -> None:
    old, other = upload(tmp_path, a=ROW), upload(tmp_path, b=ROW)
    yesterday = time.time() - 25 * 3600
    os.utime(old, (yesterday, yesterday))
    upload(tmp_path, c=ROW)
    assert not old.exists() and other.exists()
