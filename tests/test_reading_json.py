"""JSON lines and JSON documents: where the rows are, and what is odd about them."""

import gzip
import json

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtl_core.data.address import Address
from mtl_core.data.findings import Findings
from mtl_core.data.layout import Layout
from mtl_core.data.reading import kind_of, read_rows
from mtl_core.data.reading.json_tree import at_path, lists_in
from mtl_core.errors import DataError

from .conftest import SHARED

ROWS = [{"text": "a", "label": "X"}, {"text": "b", "label": "Y"}, {"text": "c", "label": "X"}]
FRAME = pd.DataFrame(ROWS)
TREE = {"version": 2, "train": ROWS[:2], "dev": ROWS[2:], "x/y": {"~z": ROWS}}


def read(tmp_path, text, part="", **layout):
    file = tmp_path / "t.json"
    file.write_text(text if isinstance(text, str) else json.dumps(text), encoding="utf-8")
    told = Findings()
    rows = read_rows(Address(file, part), Layout(kind="json", **layout), tell=told)
    return [row.columns for row in rows], list(told)


DOCUMENTS = {
    "a list": json.dumps(ROWS),
    "indented": json.dumps(ROWS, indent=2),
    "under data": json.dumps({"version": 1, "other": [{"a": 1}], "data": ROWS}),
    "the only list": json.dumps({"meta": {"made by": ["us"]}, "inner": {"examples": ROWS}}),
    "columns": json.dumps({"text": list("abc"), "label": list("XYX")}),
    "frame, columns": FRAME.to_json(orient="columns"),
    "frame, split": FRAME.to_json(orient="split"),
    "frame, records": FRAME.to_json(orient="records"),
    "frame, table": FRAME.to_json(orient="table", index=False),
    "lines": FRAME.to_json(orient="records", lines=True),
    "lines after blank ones": "\n\n" + FRAME.to_json(orient="records", lines=True),
    "byte order mark": "\ufeff" + json.dumps(ROWS),
}


@pytest.mark.parametrize("form", DOCUMENTS)
def test_rows_are_found_wherever_they_are(tmp_path, form):
    assert read(tmp_path, DOCUMENTS[form]) == (ROWS, [])


def test_objects_keyed_by_ids_keep_their_key(tmp_path):
    rows, _ = read(tmp_path, {f"id{i}": row for i, row in enumerate(ROWS)})
    assert rows == [{"key": f"id{i}", **row} for i, row in enumerate(ROWS)]
    rows, _ = read(tmp_path, FRAME.to_json(orient="index"))
    assert rows == [{"key": str(i), **row} for i, row in enumerate(ROWS)]


def test_lists_of_cells_are_rows(tmp_path):
    cells = [list(row.values()) for row in ROWS]
    assert read(tmp_path, cells)[0] == [{"0": row["text"], "1": row["label"]} for row in ROWS]
    assert read(tmp_path, cells, columns=("text", "label"))[0] == ROWS
    rows, told = read(tmp_path, [*cells, ["only"]], columns=("text", "label"))
    assert rows == ROWS
    assert told[0].place.endswith("t.json row 4") and "1 cells where 2 are expected" in told[0].what
    lines = "\n".join(map(json.dumps, cells))
    file = tmp_path / "t.jsonl"
    file.write_text(lines)
    assert [
        row.columns for row in read_rows(file, Layout(kind="jsonl", columns=("text", "label")))
    ] == ROWS


@pytest.mark.parametrize(
    ("part", "rows"),
    [("train", ROWS[:2]), ("dev", ROWS[2:]), ("/dev", ROWS[2:]), ("x~1y/~0z", ROWS)],
)
def test_a_key_path_leads_to_rows(tmp_path, part, rows):
    assert read(tmp_path, TREE, part) == (rows, [])


def test_key_paths_of_a_packed_file(tmp_path):
    file = tmp_path / "t.json.gz"
    file.write_bytes(gzip.compress(json.dumps(TREE).encode()))
    address = Address(file, "dev")
    assert kind_of(address) == "json"
    assert [row.columns for row in read_rows(address)] == ROWS[2:]


@pytest.mark.parametrize(
    ("tree", "part", "said"),
    [
        (TREE, "", "several lists (train with 2 rows, dev with 1 rows, x~1y/~0z with 3 rows); name one"),
        (TREE, "test", "there is no 'test' (only version, train, dev, x/y)"),
        (TREE, "train/7", "there is no '7' in a list of 2"),
        (TREE, "train/" + "9" * 5000, "in a list of 2"),
        (TREE, "version/a", "there is no 'a' in a int"),
        (7, "", "found a int; write a list of rows"),
        ({"a": 1}, "", "holds no list of rows"),
        ([], "", "holds no rows"),
        ('[{"a": 1},\n{"b"', "", "t.json line 2: not valid JSON"),
        ("[" * 100_000, "", "not valid JSON (it is nested too deeply)"),
        ('{"a": ' * 100_000, "", "not valid JSON (it is nested too deeply)"),
        ("[" + "9" * 5000 + "]", "", "not valid JSON (Exceeds the limit"),
        ("", "", "not valid JSON"),
    ],
    ids=str,
)  # fmt: skip
def test_what_cannot_be_read_is_one_sentence(tmp_path, tree, part, said):
    with pytest.raises(DataError) as caught:
        read(tmp_path, tree, part)
    assert said in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "tree", [{"": ROWS}, {"": {"": ROWS}}, {"": {"a": ROWS}}, {"a": {"": ROWS}}]
)
def test_empty_keys_are_keys(tmp_path, tree):
    ((path, count),) = lists_in(tree).items()
    assert count == 3 and at_path(tree, path, "here") == ROWS
    assert read(tmp_path, tree)[0] == ROWS


def test_lists_and_their_lengths_are_found():
    assert lists_in(TREE) == {"train": 2, "dev": 1, "x~1y/~0z": 3}
    assert lists_in(ROWS) == {"": 3}
    assert lists_in({"train": [["a", "X"], ["b", "Y"]], "val": [["c", "X"], ["d", "Y"]]}) == {
        "train": 2,
        "val": 2,
    }
    assert lists_in({"tokens": [["a", "b"], ["c"]], "tags": [["X", "Y"], ["X"]]}) == {"": 2}
    assert lists_in(
        {"train": {"text": ["a", "b"], "y": [1, 2]}, "test": {"text": ["c", "d"], "y": [1, 2]}}
    ) == {"train": 2, "test": 2}
    assert lists_in({"data": [{"title": "t", "paragraphs": [{"context": "c"}] * 4}]}) == {
        "data": 1,
        "data/0/paragraphs": 4,
    }
    assert lists_in({"labels": ["a", "b"], "numbers": [[1, 2], [3, 4]], "n": None}) == {}
    assert lists_in([1, "a", None]) == {} and lists_in("a") == {}  # fmt: skip


TREES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["data", "columns", "0", "1", "a/b"]), inner, max_size=3)
    ),
    max_leaves=20,
)


@settings(max_examples=60)
@given(TREES)
def test_every_path_that_is_found_can_be_read(tmp_path_factory, tree):
    for path, count in lists_in(tree).items():
        file = tmp_path_factory.getbasetemp() / "any.json"
        file.write_text(json.dumps(tree))
        told = Findings()
        try:
            rows = read_rows(Address(file, path), Layout(kind="json"), tell=told)
        except DataError as err:
            assert "holds no rows" in str(err)
            rows = []
        assert len(rows) + sum(one.count for one in told) == count


def test_rows_that_are_no_objects_are_left_out_and_counted(tmp_path):
    rows, told = read(tmp_path, [ROWS[0], 7, None, ROWS[1], "text"])
    assert rows == ROWS[:2]
    assert [(one.code, one.count, one.place[-5:]) for one in told] == [("json", 3, "row 2")]


def test_oddities_are_told_and_mended(tmp_path):
    text = (
        '[{"a": NaN, "b": 1}, {"a": 1, "a": 2}, {"a": "\\ud83d x \\ud83d\\ude00"}, {"a": -Infinity},'
        ' {"a": 1e999}, {"a": "\\u0000\\u0085"}]'
    )
    rows, told = read(tmp_path, text)
    assert [row["a"] for row in rows] == [None, 2, "? x 😀", None, float("inf"), "\0\x85"]
    assert {one.code: one.level for one in told} == {
        "json numbers": "warning", "json keys": "warning", "json signs": "warning",
    }  # fmt: skip
    file = tmp_path / "t.jsonl"
    file.write_text(
        '{"a": 1}\n{"a": NaN}\n{"b": 1, "b": 1}\n[1]\n{"a": "\\udc00"}\n{"a": ' + "[" * 99_999
    )
    found = Findings()
    lines = read_rows(file, tell=found)
    assert [(row.line, row.columns) for row in lines] == [
        (1, {"a": 1}), (2, {"a": None}), (3, {"b": 1}), (5, {"a": "?"}),
    ]  # fmt: skip
    assert {one.code: (one.count, one.place[-6:]) for one in found} == {
        "json": (2, "line 4"), "json numbers": (1, "line 2"), "json keys": (1, "line 3"),
        "json signs": (1, "line 5"),
    }  # fmt: skip


def test_a_document_under_the_name_of_lines_is_said_so(tmp_path):
    file = tmp_path / "t.jsonl"
    file.write_text(json.dumps(ROWS, indent=1))
    with pytest.raises(DataError, match="line 1: not valid JSON .* set layout.kind to json"):
        read_rows(file)


@settings(max_examples=40)
@given(st.lists(st.dictionaries(st.text(max_size=4), st.none() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text() | st.lists(st.text()), min_size=1), min_size=1, max_size=5))  # fmt: skip
def test_what_is_written_is_read_again(tmp_path_factory, rows):
    folder = tmp_path_factory.getbasetemp()
    written = json.dumps(rows).replace("\\ufeff", "")  # such marks are taken out of any text
    readable = json.loads(written.encode("utf-8", "replace"))
    (folder / "a.json").write_text(json.dumps(readable, ensure_ascii=False), encoding="utf-8")
    (folder / "a.jsonl").write_text("\n".join(map(json.dumps, readable)))
    for name in ("a.json", "a.jsonl"):
        assert [row.columns for row in read_rows(folder / name)] == readable


@pytest.mark.skipif(not (SHARED / "formats").is_dir(), reason="no real corpora in ../shared")
def test_a_real_document_gives_the_converted_rows():
    file = SHARED / "formats" / "clinc150" / "data_full.json.gz"
    layout = Layout(kind="json", columns=("text", "intent"))
    rows = [
        row for part in ("train", "oos_train") for row in read_rows(Address(file, part), layout)
    ]
    with gzip.open(
        SHARED / "data" / "clinc150" / "train.jsonl.gz", "rt", encoding="utf-8"
    ) as lines:
        expected = [json.loads(line) for line in lines]
    assert [row.columns for row in rows] == [
        {k: row[k] for k in ("text", "intent")} for row in expected
    ]
    with pytest.raises(DataError, match="several lists .oos_val with 100 rows, val with 3000 rows"):
        read_rows(file)
