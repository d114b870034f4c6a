"""`mtl data check`: any path in, words or one document out, and a card that trains."""

import json
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner, Result

from mtl_core.cli import app
from mtl_core.data.catalog import Card, Dataset, load_card
from mtl_core.data.proposing import propose
from mtl_core.errors import ConfigError, DataError

from .conftest import tiny_experiment
from .proposing_cases import Sentences, blocks, lines, table, write, zipped


def check(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["data", "check", *map(str, arguments)], catch_exceptions=False)


@pytest.fixture
def reviews(tmp_path: Path) -> Path:
    sentences = Sentences()
    for name, count in (("train", 30), ("dev", 10)):
        body = [[row["mood"], row["text"]] for row in sentences.rows(count)]
        write(tmp_path / "reviews" / f"{name}.tsv", table(body, "\t"))
    return tmp_path / "reviews"


def test_it_says_what_it_found_and_ends_with_a_card(reviews: Path) -> None:
    said = check(reviews).stdout
    for part in (
        "train.tsv: train, tsv, ASCII, 30 rows, delimiter tab, 2 columns, no header",
        "label: label (2 different values in 30 rows) -> task label",
        "train: 30 rows, 240 words (8.0 a row on average, median 8, 95 % up to 8, longest 8)",
        "classification label: 2 labels",
        "there is no test data",
    ):
        assert part in said
    text = said.split("ready to save")[1].split("\n", 1)[1].split("# ---- end")[0]
    assert Card.model_validate(yaml.safe_load(text)) == propose(reviews).card


def test_the_document_holds_everything(reviews: Path) -> None:
    result = check(reviews, "--json")
    found = json.loads(result.stdout)
    assert result.exit_code == 0 and found["usable"] is True and found["proposed"] is True
    assert found["splits"]["train"]["rows"] == 30
    assert set(found["splits"]["train"]["labels"]["label"]) == {"fine", "poor"}
    assert Card.model_validate(found["card"]) == propose(reviews).card
    assert [column["holds"] for column in found["columns"]] == ["label", "text"]
    assert {finding["level"] for finding in found["findings"]} <= {"error", "warning", "note"}


def test_a_card_that_is_there_is_used(tiny: Dataset) -> None:
    found = json.loads(check(tiny.path.parent, "--json").stdout)
    assert found["proposed"] is False and set(found["tasks"]) == {"mood", "places", "tags"}
    assert "ready to save" not in check(tiny.path).stdout


def test_an_error_where_training_would_stop(tiny: Dataset) -> None:
    rows = tiny.file("train").read_text().replace('"B-LOC", ', "", 1)
    tiny.file("train").write_text(rows)
    result = check(tiny.path)
    assert result.exit_code == 1 and "error:" in result.stdout
    assert "give every word one tag" in result.stdout
    tiny.path.write_text(tiny.path.read_text() + "faults: leave_out\n")
    assert check(tiny.path).exit_code == 0


def test_several_paths_are_what_trains_together(reviews: Path, tiny: Dataset) -> None:
    found = json.loads(check(reviews, tiny.path, "--json").stdout)
    assert [one["name"] for one in found["datasets"]] == ["reviews", "tiny"]
    assert {(o["one"], o["other"]) for o in found["overlaps"]} == {
        ("reviews", "tiny"), ("tiny", "reviews"),
    }  # fmt: skip
    with pytest.raises(ConfigError, match="take one PATH"):
        check(reviews, tiny.path, "--add")


def test_the_card_is_saved_and_added(reviews: Path, tmp_path: Path, mtl_home: Path) -> None:
    assert "saved: " in check(reviews, "--save", tmp_path / "cards", "--add").stdout
    elsewhere, added = load_card(tmp_path / "cards"), load_card(mtl_home / "data" / "reviews")
    assert elsewhere.file("train") == added.file("train") == reviews / "train.tsv"
    check(reviews, "--save", reviews)
    assert load_card(reviews).card == propose(reviews).card
    with pytest.raises(ConfigError, match="is there already"):
        check(reviews, "--save", reviews)


def test_where_nothing_can_be_read(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file"):
        check(tmp_path / "nowhere")
    with pytest.raises(DataError, match="no labels were found"):
        check(write(tmp_path / "novel.txt", "It was a dark night.\nNobody came, and it rained.\n"))


@pytest.mark.slow
def test_proposed_cards_train_without_an_edit(tmp_path: Path, mtl_home: Path) -> None:
    from mtl_core.runs.execute import execute
    from mtl_core.runs.store import Runs

    sentences = Sentences()
    words = [(row["tokens"], row["pos"], row["places"]) for row in sentences.rows(40)]
    paths = [
        write(tmp_path / "a" / "Überblick.txt", blocks(words, newline="\r\n"), "utf-8-sig"),
        zipped(
            tmp_path / "b.zip",
            {
                f"{name}.jsonl": lines(
                    [
                        {"q": a["text"], "a": b["text"], "same": a["mood"] == b["mood"], "s": i / 8}
                        for i, (a, b) in enumerate(zip(rows, rows[::-1], strict=True))
                    ]
                )
                for name, rows in (("trn", sentences.rows(24)), ("tst", sentences.rows(8)))
            },
        ),
        write(
            tmp_path / "c" / "all.csv",
            table([[r["mood"], f"{r['noun']}|{r['place']}", r["text"]] for r in sentences.rows(40)], ";"),
            "cp1252",
        ),
    ]  # fmt: skip
    for path in paths:
        check(path, "--add")
        dataset = load_card(mtl_home / "data" / propose(path).card.name)
        changes = {"sharing": {"kind": "hard"}, "training__epochs": 1}
        run = Runs().create(tiny_experiment(dataset, **changes))
        execute(run)
        assert run.status().state.value == "finished", run.status().reason


def test_an_experiment_is_judged_by_what_it_chooses(reviews: Path, tmp_path: Path) -> None:
    check(reviews, "--save", reviews)
    short = blocks([[(f"Ann{i}", "left"), ("B-PER", "O")] for i in range(20)])
    write(tmp_path / "names" / "all.conll", short)
    check(tmp_path / "names", "--save", tmp_path / "names")
    file = tmp_path / "both.yaml"
    file.write_text(
        "data: [{card: reviews, tasks: [label]}, {card: names, tasks: [ner]}]", encoding="utf-8"
    )
    found = json.loads(check(file, "--json", "--max-words", 5).stdout)
    assert [list(one["tasks"]) for one in found["datasets"]] == [["label"], ["ner"]]
    cut = [one for one in found["findings"] if "cut at 5 words" in one["what"]]
    assert len(cut) == 1 and "40 of 40" in cut[0]["what"], found["findings"]
