"""Parquet and Arrow: written by pyarrow, pandas and the datasets library, read as plain rows."""

import datetime
import decimal
import random

import datasets
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mtl_core.data.findings import Findings
from mtl_core.data.layout import Layout
from mtl_core.data.reading import read_rows
from mtl_core.errors import DataError

ROWS = [
    {"text": "a", "tokens": ["x", "y"], "n": 1, "spans": [{"start": 0, "label": "P"}]},
    {"text": None, "tokens": [], "n": None, "spans": []},
    {"text": "\u0085 c", "tokens": None, "n": 3, "spans": None},
]


def write_parquet(path, table):
    pq.write_table(table, path)


def write_file(path, table):
    with pa.ipc.new_file(path, table.schema) as file:
        file.write_table(table, max_chunksize=2)


def write_stream(path, table):
    with pa.ipc.new_stream(path, table.schema) as file:
        file.write_table(table)


WRITERS = {"parquet": write_parquet, "arrow": write_file, "feather": write_stream}


def columns(path, **options):
    return [row.columns for row in read_rows(path, **options)]


@pytest.mark.parametrize("ending", WRITERS)
def test_rows_come_out_as_plain_python(tmp_path, ending):
    path = tmp_path / f"t.{ending}"
    WRITERS[ending](path, pa.Table.from_pylist(ROWS))
    assert columns(path) == ROWS
    assert [row.line for row in read_rows(path)] == [1, 2, 3]


def plain(value):
    if isinstance(value, dict):
        return all(type(key) is str and plain(one) for key, one in value.items())
    if isinstance(value, list):
        return all(map(plain, value))
    return value is None or type(value) in (str, int, float, bool)


@pytest.mark.parametrize("ending", WRITERS)
def test_every_type_becomes_a_plain_value(tmp_path, ending):
    arrays = {
        "half": pa.array(np.array([1.5, 2.5], dtype=np.float16)),
        "double": pa.array([1.5, float("nan")]),
        "bytes": pa.array([b"caf\xc3\xa9", b"\xff"]),
        "dictionary": pa.array(["x", "y"]).dictionary_encode(),
        "large": pa.array(["x", "y"], pa.large_string()),
        "date": pa.array([datetime.date(2024, 1, 2), None]),
        "time": pa.array([datetime.datetime(2024, 1, 2, 3), None]),
        "decimal": pa.array([decimal.Decimal("1.50"), None]),
        "map": pa.array([[("k", 1)], []], pa.map_(pa.string(), pa.int64())),
        "doubles": pa.array([[0.5, float("nan")], []]),
        "fixed": pa.array([[1, 2], [3, 4]], pa.list_(pa.int8(), 2)),
        "struct": pa.array([{"a": [True]}, {"a": None}]),
        "nothing": pa.nulls(2),
    }
    if ending == "parquet":
        del arrays["half"]
    path = tmp_path / f"t.{ending}"
    WRITERS[ending](path, pa.table(arrays))
    first, second = columns(path)
    assert plain(first) and plain(second)
    assert first["bytes"] == "café" and second["bytes"] == "\\xff"
    assert second["double"] is None and first["doubles"] == [0.5, None]
    assert (
        first["dictionary"] == "x" and first["date"] == "2024-01-02" and first["decimal"] == "1.50"
    )
    assert first["map"] == [["k", 1]] and first["struct"] == {"a": [True]}


def test_a_frame_leaves_its_index_at_home(tmp_path):
    frame = pd.DataFrame({"text": ["a", "b", "c"], "label": pd.Categorical(["x", "y", None])})
    frame[frame.text != "b"].to_parquet(tmp_path / "t.parquet")
    assert columns(tmp_path / "t.parquet") == [
        {"text": "a", "label": "x"}, {"text": "c", "label": None},
    ]  # fmt: skip


FEATURES = datasets.Features(
    {
        "text": datasets.Value("string"),
        "label": datasets.ClassLabel(names=["neg", "pos"]),
        "tags": datasets.List(datasets.ClassLabel(names=["O", "B-X"])),
        "spans": datasets.List({"start": datasets.Value("int32"), "label": datasets.ClassLabel(names=["P"])}),
        "answers": {"kind": datasets.ClassLabel(names=["yes", "no"])},
    }
)  # fmt: skip
LABELLED = [
    {"text": "a", "label": 1, "tags": [0, 1], "spans": [{"start": 3, "label": 0}], "answers": {"kind": 1}},
    {"text": "b", "label": -1, "tags": [], "spans": [], "answers": {"kind": 0}},
    {"text": "c", "label": None, "tags": None, "spans": None, "answers": {"kind": None}},
]  # fmt: skip
NAMED = [
    {"text": "a", "label": "pos", "tags": ["O", "B-X"], "spans": [{"start": 3, "label": "P"}], "answers": {"kind": "no"}},
    {"text": "b", "label": None, "tags": [], "spans": [], "answers": {"kind": "yes"}},
    {"text": "c", "label": None, "tags": None, "spans": None, "answers": {"kind": None}},
]  # fmt: skip


def test_saved_datasets_give_their_labels_by_name(tmp_path):
    saved = datasets.Dataset.from_list(LABELLED, features=FEATURES)
    saved.save_to_disk(str(tmp_path / "saved"), num_shards=2)
    shards = sorted((tmp_path / "saved").glob("*.arrow"))
    assert len(shards) == 2
    assert [row for shard in shards for row in columns(shard)] == NAMED
    saved.to_parquet(str(tmp_path / "t.parquet"))
    assert columns(tmp_path / "t.parquet") == NAMED


def test_lists_of_objects_that_are_kept_as_objects_of_lists(tmp_path):
    older = (
        b'{"info": {"features": {"s": {"feature": {"l": {"names": ["P", "Q"], "_type": "ClassLabel"}},'
        b' "_type": "Sequence"}, "t": [{"names": ["O"], "_type": "ClassLabel"}]}}}'
    )
    table = pa.Table.from_pylist([{"s": {"l": [1, 0]}, "t": [0]}])
    write_file(tmp_path / "t.arrow", table.replace_schema_metadata({"huggingface": older}))
    assert columns(tmp_path / "t.arrow") == [{"s": {"l": ["Q", "P"]}, "t": ["O"]}]


@pytest.mark.parametrize(
    "written", [b"", b"{", b"[]", b'{"info": 7}', b'{"info": {"features": {"n": 7}}}', b"\xff"]
)
def test_metadata_of_another_kind_changes_nothing(tmp_path, written):
    table = pa.table({"n": [1]}).replace_schema_metadata({"huggingface": written})
    write_file(tmp_path / "t.arrow", table)
    assert columns(tmp_path / "t.arrow") == [{"n": 1}]


def test_a_label_without_a_name_is_told(tmp_path):
    about = b'{"info": {"features": {"n": {"names": ["a"], "_type": "ClassLabel"}}}}'
    table = pa.table({"n": [0, 5]}).replace_schema_metadata({"huggingface": about})
    write_file(tmp_path / "t.arrow", table)
    told = Findings()
    assert columns(tmp_path / "t.arrow", tell=told) == [{"n": "a"}, {"n": 5}]
    assert [(one.level, one.what) for one in told] == [
        ("warning", "label 5 has no name: the schema names 1 labels")
    ]


def test_the_layout_may_rename_columns(tmp_path):
    path = tmp_path / "t.parquet"
    write_parquet(path, pa.table({"a": [1], "b": [2]}))
    assert columns(path, layout=Layout(kind="parquet", columns=("x", "y"))) == [{"x": 1, "y": 2}]
    with pytest.raises(DataError, match=r"names 1 columns, but the file has 2 \(a, b\)"):
        read_rows(path, Layout(kind="parquet", columns=("x",)))


def test_two_columns_of_one_name_are_refused(tmp_path):
    table = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"])
    write_file(tmp_path / "t.arrow", table)
    with pytest.raises(DataError, match="two columns are called 'a'"):
        read_rows(tmp_path / "t.arrow")


@pytest.mark.parametrize(
    "data", [b"", b"PAR1", b"ARROW1", b"ARROW1\0\0" * 9, b"text\n", b"\xff" * 99]
)
@pytest.mark.parametrize("kind", ["parquet", "arrow"])
def test_what_is_no_such_file_is_one_sentence(tmp_path, kind, data):
    path = tmp_path / "t.bin"
    path.write_bytes(data)
    with pytest.raises(DataError) as caught:
        read_rows(path, Layout(kind=kind))
    assert "t.bin" in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("ending", WRITERS)
def test_damaged_files_are_rows_or_one_sentence(tmp_path, ending):
    path = tmp_path / f"t.{ending}"
    WRITERS[ending](path, pa.Table.from_pylist(ROWS * 3))
    whole = path.read_bytes()
    rng = random.Random(0)
    for _ in range(60):
        data = bytearray(whole[: rng.randrange(len(whole))] if rng.random() < 0.2 else whole)
        for _ in range(rng.choice((1, 3, 20))):
            if data:
                data[rng.randrange(len(data))] = rng.randrange(256)
        path.write_bytes(data)
        try:
            for row in read_rows(path, tell=Findings()):
                assert plain(row.columns)
        except DataError as err:
            assert "\n" not in str(err)


def test_batches_are_read_one_after_another(tmp_path):
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"n": range(5000)}), path, row_group_size=1700)
    assert [row.columns["n"] for row in read_rows(path)] == list(range(5000))
