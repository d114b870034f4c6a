"""Splits that the files lack: always the same, stratified, and no text on both sides."""

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtl_core.data.catalog import Card, Dataset
from mtl_core.data.dividing import divided, placed
from mtl_core.data.layout import AtRandom, ByColumn
from mtl_core.data.reading import Row
from mtl_core.data.tasks import load_sentences
from mtl_core.errors import DataError

SPLITS = ("train", "validation", "test")
HALF = AtRandom(validation=0.2, test=0.2, by="label")
drawn = st.lists(
    st.tuples(st.sampled_from("abcdefghij"), st.sampled_from(["x", "y", "z"])), min_size=30
)


def rows_of(pairs: list[tuple[str, str]]) -> list[Row]:
    return [Row(i, {"text": text, "label": label}) for i, (text, label) in enumerate(pairs, 1)]


def parts(rows: list[Row], how: AtRandom = HALF) -> dict[str, list[Row]]:
    found = {}
    places = placed(rows, how, texts=["text"], taken=frozenset({"train"}))
    for split in SPLITS:
        try:
            found[split] = divided(rows, how, split, path=Path("x"), places=places)
        except DataError:
            found[split] = []
    return found


@given(drawn)
def test_every_row_has_one_place_and_no_text_has_two(pairs: list[tuple[str, str]]) -> None:
    rows = rows_of(pairs)
    found = parts(rows)
    assert sorted(row.line for part in found.values() for row in part) == [r.line for r in rows]
    assert found == parts(rows)
    texts = [{row.columns["text"] for row in part} for part in found.values()]
    assert sum(map(len, texts)) == len(set().union(*texts))
    for part in found.values():
        assert [row.line for row in part] == sorted(row.line for row in part)


def test_labels_are_spread_evenly_and_single_ones_survive() -> None:
    labels = ["x"] * 500 + ["y"] * 100 + ["z"] * 10 + ["once"]
    found = parts(rows_of([(str(i), label) for i, label in enumerate(labels)]))
    counts = {split: Counter(r.columns["label"] for r in part) for split, part in found.items()}
    for label, many in (("x", 500), ("y", 100), ("z", 10)):
        for split, share in (("train", 0.6), ("validation", 0.2), ("test", 0.2)):
            assert abs(counts[split][label] - share * many) <= 1, (split, label)
    assert counts["train"]["once"] == 1


def test_another_seed_gives_other_splits() -> None:
    rows = rows_of([(str(i), "xy"[i % 2]) for i in range(100)])
    assert parts(rows) != parts(rows, HALF.model_copy(update={"seed": 1}))


def test_nothing_is_taken_for_a_split_that_has_a_file(tmp_path: Path) -> None:
    lines = [f"t{i},{'ab'[i % 2]}" for i in range(100)]
    (tmp_path / "all.csv").write_text("\n".join(["text,label", *lines]))
    (tmp_path / "test.csv").write_text("text,label\nunseen,a\n")
    card = Card.model_validate(
        {
            "name": "x",
            "splits": {"train": "all.csv", "test": "test.csv"},
            "divide": {"kind": "random", "validation": 0.1, "test": 0.2, "by": "label"},
            "tasks": {"t": {"kind": "classification", "input": "text", "target": "label"}},
        }
    )
    assert card.split_names == SPLITS
    dataset = Dataset(card, tmp_path / "card.yaml")
    sizes = {split: len(load_sentences(dataset, split, ("t",))) for split in SPLITS}
    assert sizes == {"train": 90, "validation": 10, "test": 1}


def test_a_column_divides_the_rows() -> None:
    rows = [Row(i, {"part": part}) for i, part in enumerate(["dev", "train", "train", "other"], 1)]
    how = ByColumn(column="part", values={"train": "train", "validation": "dev", "test": "eval"})
    assert [r.line for r in divided(rows, how, "train", path=Path("x.csv"))] == [2, 3]
    assert [r.line for r in divided(rows, how, "validation", path=Path("x.csv"))] == [1]
    with pytest.raises(DataError, match="no row has 'eval' in column 'part' for test"):
        divided(rows, how, "test", path=Path("x.csv"))


def test_too_few_rows_are_one_sentence() -> None:
    rows = rows_of([("a", "x"), ("b", "x")])
    with pytest.raises(DataError, match="2 rows are too few to cut a validation split off"):
        parted = placed(rows, HALF, texts=["text"], taken=frozenset({"train"}))
        divided(rows, HALF, "validation", path=Path("x"), places=parted)
