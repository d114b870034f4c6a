"""Lists and objects that Python and numpy wrote into cells."""

import csv
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtl_core.data.findings import Findings
from mtl_core.data.layout import Layout, Markup
from mtl_core.data.proposing import propose
from mtl_core.data.reading import read_rows
from mtl_core.data.reading.json_text import JsonText, NotJson
from mtl_core.data.reading.literals import NotList, list_in, tree_in
from mtl_core.data.tasks import load_sentences

WAYS: dict[str, Callable[[list[str]], str]] = {
    "Python": repr,
    "JSON": json.dumps,
    "numpy": lambda words: np.array2string(np.array(words, object), threshold=10**6),
}
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)


@pytest.mark.parametrize("way", WAYS)
@given(words=st.lists(TEXT, max_size=6))
def test_what_was_written_is_read_again(way: str, words: list[str]) -> None:
    assert list_in(WAYS[way](words)) == words


@given(
    numbers=st.lists(st.integers() | st.floats(allow_nan=False, allow_infinity=False), max_size=6)
)
def test_numbers_are_read_again(numbers: list[float]) -> None:
    assert list_in(repr(numbers)) == numbers
    short = [number for number in numbers if abs(number) < 2**31 and number == int(number)]
    assert list_in(np.array2string(np.array(short, np.int64))) == short


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ("[]", []),
        ("[ 'a' , ]", ["a"]),
        ("[B-PER, O, O]", ["B-PER", "O", "O"]),
        ("['it''s']", ["it", "s"]),
        ("['a'\n 'b']", ["a", "b"]),
        ("[u'\\xe9', 'a\\tb', \"it's\"]", ["é", "a\tb", "it's"]),
        ("[None, nan, 'None']", [None, None, "None"]),
        ('["a", 1, null]', ["a", 1, None]),
    ],
)
def test_lists_in_many_forms(text: str, items: list[object]) -> None:
    assert list_in(text) == items


@pytest.mark.parametrize(
    "text",
    ["", "[", "a, b", "[New York]", "[, 'a']", "['a', , 'b']", "['a', ['b']]", "[['a']]", "['a",
     "[{'a': 1}]", "['a' 'b' ... 'c']", "['a']]", "['a'] or ['b']", '["a", {}]'],
)  # fmt: skip
def test_other_texts_are_none(text: str) -> None:
    with pytest.raises(NotList):
        list_in(text)


@given(st.text("[]'\", \\abu1.", max_size=30))
def test_any_text_is_a_list_or_none(text: str) -> None:
    try:
        assert isinstance(list_in(text), list)
    except NotList as err:
        assert str(err)


def test_objects_of_python_are_read_where_json_is_expected() -> None:
    assert tree_in("[(0, 3, 'PER'), {'a': None, 1: True}]", JsonText()) == [
        [0, 3, "PER"], {"a": None, "1": True},
    ]  # fmt: skip
    for text in ("{'a': open}", "f(1)", "{1, 2}", "[" * 10_000, "['a'", "[1+2j]"):
        with pytest.raises(NotJson):
            tree_in(text, JsonText())


@pytest.mark.parametrize("way", WAYS)
def test_words_and_tags_in_cells_are_proposed(tmp_path: Path, way: str) -> None:
    path = tmp_path / "a.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["words", "ner", "topics"])
        for i in range(60):
            words = ["O'Neill", "saw", f"town{i}", ", " if i % 2 else '"']
            topics = ["travel", "people"][: i % 3]
            tags = ["B-PER", "O", "B-LOC", "O"]
            table.writerow([WAYS[way](cell) for cell in (words, tags, topics)])
    proposal = propose(path)
    kinds = {task: spec.kind for task, spec in proposal.card.tasks.items()}
    assert kinds == {"ner": "spans", "topics": "multilabel"}
    read = load_sentences(proposal.dataset, "train", ("ner", "topics"))
    assert read.label_counts("ner", "spans") == {"PER": len(read), "LOC": len(read)}
    assert {*read.label_counts("topics", "multilabel")} == {"travel", "people"}


def test_spans_as_python_writes_them(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["text", "entities"])
        for i in range(60):
            table.writerow([f"Ana saw town{i} .", [(0, 3, "PER")] if i % 2 else []])
    proposal = propose(path)
    assert [spec.kind for spec in proposal.card.tasks.values()] == ["spans"]


def test_a_cell_that_is_no_list_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("w\n\"['a', 'b']\"\n['a' ... 'z']\n\"\"\n[]\n")
    told = Findings()
    layout = Layout(
        kind="csv", columns=("w",), header=True, delimiter=";", markup={"w": Markup(kind="list")}
    )
    rows = read_rows(path, layout, "words", told)
    assert [row.columns.get("w_items") for row in rows] == [["a", "b"], []]
    assert [(f.code, f.place.rpartition(" ")[2]) for f in told if f.level == "error"] == [
        ("list", "3")
    ]
