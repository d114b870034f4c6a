"""Tables with a word in each row: what is read of them, and how they are recognised."""

import csv
import gzip
import json
import random
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from mtl_core.data.address import Address
from mtl_core.data.layout import Gather, Layout
from mtl_core.data.proposing import propose
from mtl_core.data.reading import read_rows
from mtl_core.data.tasks import load_sentences
from mtl_core.errors import DataError

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
SENTENCES = [
    (f"{who} {does} {where} , {count} times {end}".split(), tags.split())
    for who, does, where, count, end, tags in (
        ("Ana", "saw", "New York", 3, ".", "B-per O B-geo I-geo O O O O"),
        ("Ben", "left", "Oslo", 12, "!", "B-per O B-geo O O O O"),
        ("Ana", "likes", "Rome", 7, ".", "B-per O B-geo O O O O"),
        ("Dov", "saw", "Oslo", 4, ".", "B-per O B-geo O O O O"),
        ("José", "left", "New Delhi", 9, "!", "B-per O B-geo I-geo O O O O"),
    )
] * 8
GATHER = Gather(by="sentence", columns=("word", "tag"))


def word_rows(by: list[str | None], header: bool = True) -> list[list[Any]]:
    """A row a word; `by` is what the first row of each sentence says, and what the others do."""
    rows: list[list[Any]] = [["sentence", "word", "tag"]] if header else []
    for place, (words, tags) in enumerate(SENTENCES):
        for at, (word, tag) in enumerate(zip(words, tags, strict=True)):
            told = by[0] if at == 0 else by[1]
            rows.append([told.format(place + 1) if told else told, word, tag])
    return rows


def write(path: Path, rows: list[list[Any]], delimiter: str = ",") -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=delimiter).writerows(rows)
    return path


def gathered(path: Path) -> tuple[Gather | None, list[tuple[list[str], list[str]]]]:
    """How the words were found to go together, and all sentences of the proposed card."""
    proposal = propose(path)
    gather, (spec,) = proposal.card.layout.gather, proposal.card.tasks.values()
    assert spec.kind == "spans"
    read = read_rows(Address(path), proposal.card.layout)
    found = [(row.columns[spec.input], row.columns[spec.target]) for row in read]
    counted = sum(
        len(load_sentences(proposal.dataset, split, tuple(proposal.card.tasks)))
        for split in proposal.card.split_names
    )
    assert counted == len(found)
    return gather, found


@pytest.mark.parametrize("by", [["Sentence: {}", ""], ["{}", "{}"], ["s-{}", "s-{}"]])
def test_sentences_are_told_by_a_column(tmp_path: Path, by: list[str | None]) -> None:
    assert gathered(write(tmp_path / "a.csv", word_rows(by))) == (GATHER, SENTENCES)


def test_without_a_header_columns_get_their_names(tmp_path: Path) -> None:
    rows = word_rows(["{}", "{}"], header=False)
    gather, found = gathered(write(tmp_path / "a.tsv", rows, "\t"))
    assert gather == Gather(by="id", columns=("tokens", "spans")) and found == SENTENCES


def test_in_parquet_the_other_rows_may_be_null(tmp_path: Path) -> None:
    header, *rows = word_rows(["x{}", None])
    path = tmp_path / "a.parquet"
    pd.DataFrame(rows, columns=header).to_parquet(path)
    assert gathered(path) == (GATHER, SENTENCES)


def test_what_holds_for_the_sentence_and_what_only_counts_are_no_lists(tmp_path: Path) -> None:
    rng = random.Random(0)
    path = tmp_path / "a.jsonl"
    with path.open("w", encoding="utf-8") as file:
        for place, (words, tags) in enumerate(SENTENCES):
            of_sentence = {
                "sent": place,
                "mood": rng.choice("+-"),
                "fold": "train" if place % 4 else "dev",
            }
            for at, (word, tag) in enumerate(zip(words, tags, strict=True), 1):
                row = {**of_sentence, "nr": at, "word": word, "tag": tag}
                file.write(json.dumps(row, ensure_ascii=False) + "\n")
    proposal = propose(path)
    assert proposal.card.layout.gather == Gather(by="sent", columns=("word", "tag"))
    kinds = {task: spec.kind for task, spec in proposal.card.tasks.items()}
    assert kinds == {"mood": "classification", "tag": "spans"}
    assert len(load_sentences(proposal.dataset, "validation", ("tag",))) == 10
    held = {column.name: (column.holds, column.why) for column in proposal.columns}
    assert held["sent"] == ("id", "it tells which words are one sentence")
    assert any(finding.code == "word rows" for finding in proposal.findings)


def test_single_words_with_labels_are_no_sentences(tmp_path: Path) -> None:
    rng = random.Random(0)
    words = [f"word{chr(97 + i % 26)}{i}" for i in range(300)]
    lexicon = [["group", "word", "mood"]]
    lexicon += [[f"g{i // 10}", word, rng.choice("+-")] for i, word in enumerate(words)]
    grouped = [["film", "word", "mood"]]  # groups that come again
    grouped += [[f"f{i // 3 % 5}", rng.choice(words[:40]), rng.choice("+-")] for i in range(300)]
    by_label = [["mood_id", "word", "who"]]  # sorted by label
    by_label += [[i // 150, rng.choice(words[:40]), rng.choice("abc")] for i in range(300)]
    for name, rows in (("a", lexicon), ("b", grouped), ("c", by_label)):
        assert propose(write(tmp_path / f"{name}.csv", rows)).card.layout.gather is None, name


def test_a_sentence_has_the_line_of_its_first_word_and_empty_cells(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.csv", [["s", "w", "t"], ["1", "a", "O"], ["", "", "B"], [2, "c", ""]]
    )
    layout = Layout(kind="csv", gather=Gather(by="s", columns=("w", "t")))
    assert list(read_rows(Address(path), layout)) == [
        (2, {"s": "1", "w": ["a", ""], "t": ["O", "B"]}),
        (4, {"s": "2", "w": ["c"], "t": [""]}),
    ]


@pytest.mark.parametrize("where", ["by", "columns"])
def test_a_column_that_is_missing_is_named(tmp_path: Path, where: str) -> None:
    path = write(tmp_path / "a.csv", [["s", "w"], ["1", "a"]])
    gather = {"by": "s", "columns": ("w",)} | {where: "x" if where == "by" else ("x",)}
    layout = Layout(kind="csv", gather=Gather.model_validate(gather))
    with pytest.raises(DataError, match=rf"no column 'x' \(there are s, w\).*gather\.{where}"):
        read_rows(Address(path), layout)


@pytest.mark.skipif(not SHARED.exists(), reason="../shared is absent")
@pytest.mark.parametrize(("name", "tags"), [("wnut17", "ner"), ("ewt", "upos"), ("uner_zh", "ner")])
def test_real_sentences_come_back(tmp_path: Path, name: str, tags: str) -> None:
    with gzip.open(SHARED / name / "test.jsonl.gz", "rt", encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    table = [["sentence_id", "token", tags]]
    for place, row in enumerate(rows):
        table += [[place, *pair] for pair in zip(row["tokens"], row[tags], strict=True)]
    path = write(tmp_path / "a.csv", table)
    layout = propose(path).card.layout
    assert layout.gather == Gather(by="sentence_id", columns=("token", tags))
    found = [(row.columns["token"], row.columns[tags]) for row in read_rows(Address(path), layout)]
    assert found == [(row["tokens"], row[tags]) for row in rows]
