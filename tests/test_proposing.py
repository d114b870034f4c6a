"""A path that nobody described: its files, their splits, and a card that loads as it stands."""

import bz2
import gzip
import json
from pathlib import Path

import pytest

from mtl_core.data.catalog import load_card
from mtl_core.data.layout import AtRandom, ByColumn, Layout
from mtl_core.data.proposing import Overrides, Proposal, propose
from mtl_core.data.proposing.split_names import split_of, stem_of
from mtl_core.data.tasks import load_sentences, task_of
from mtl_core.errors import DataError

from .proposing_cases import Sentences, blocks, lines, table, write, zipped


def tried(path: Path, **options: object) -> tuple[Proposal, dict[str, str], dict[str, int]]:
    """The proposal, its tasks with their kinds, and the rows of each split as training reads them."""
    proposal = propose(path, **options)
    card = proposal.card
    tasks = tuple(card.tasks)
    rows = {s: len(load_sentences(proposal.dataset, s, tasks)) for s in card.split_names}
    training = load_sentences(proposal.dataset, "train", tasks)
    for task, spec in card.tasks.items():
        assert task_of(task, spec, [training])
    return proposal, {task: spec.kind for task, spec in card.tasks.items()}, rows


def texts_and_moods(count: int, seed: int = 0) -> list[list[object]]:
    return [[row["text"], row["mood"]] for row in Sentences(seed).rows(count)]


def test_semicolons_without_a_header_in_windows_1252(tmp_path: Path) -> None:
    rows = [[f"{text} für 3,50 €", label] for text, label in texts_and_moods(40)]
    path = write(tmp_path / "données.csv", table(rows, ";"), "cp1252")
    proposal, tasks, rows_of = tried(path)
    assert tasks == {"label": "classification"}
    assert proposal.card.layout == Layout(
        kind="csv", delimiter=";", columns=("text", "label"), encoding="cp1252"
    )
    assert proposal.card.name == "donn_es"
    assert sum(rows_of.values()) == 40 and set(rows_of) == {"train", "validation", "test"}
    assert isinstance(proposal.card.divide, AtRandom) and proposal.card.divide.by == "label"
    words = load_sentences(proposal.dataset, "train", ("label",)).words
    assert all("für" in row for row in words)


def test_a_zip_with_two_splits_of_json_lines(tmp_path: Path) -> None:
    sentences = Sentences()
    keys = ("text", "mood", "noun")
    members = {
        f"corpus/{name}.jsonl": lines([{k: row[k] for k in keys} for row in sentences.rows(count)])
        for name, count in (("train", 30), ("dev", 10))
    }
    members["corpus/README.md"] = "# about"
    proposal, tasks, rows_of = tried(zipped(tmp_path / "corpus.zip", members))
    assert tasks == {"mood": "classification", "noun": "classification"}
    assert rows_of == {"train": 30, "validation": 10}
    assert proposal.card.splits["train"] == "corpus.zip#corpus/train.jsonl"


def test_a_document_with_a_list_for_each_split_and_more_that_join_them(tmp_path: Path) -> None:
    parts = {"train": 30, "oos_train": 4, "val": 8, "test": 8}
    tree = {key: texts_and_moods(count, i) for i, (key, count) in enumerate(parts.items())}
    proposal, tasks, rows_of = tried(write(tmp_path / "data_full.json", json.dumps(tree, indent=1)))
    assert tasks == {"label": "classification"}
    assert rows_of == {"train": 34, "validation": 8, "test": 8}
    assert proposal.card.layout and proposal.card.layout.columns == ("text", "label")


def test_a_document_of_columns(tmp_path: Path) -> None:
    rows = Sentences().rows(40)
    tree = {key: [row[key] for row in rows] for key in ("text", "mood", "noun")}
    _, tasks, rows_of = tried(write(tmp_path / "columns.json", json.dumps(tree)))
    assert tasks == {"mood": "classification", "noun": "classification"}
    assert sum(rows_of.values()) == 40


def test_a_column_that_names_the_split(tmp_path: Path) -> None:
    names = ["train"] * 20 + ["dev"] * 6 + ["test"] * 6
    body = [
        [i, name, *row]
        for i, (name, row) in enumerate(zip(names, texts_and_moods(32), strict=True))
    ]
    path = write(tmp_path / "all.tsv", table([["nr", "part", "review", "mood"], *body], "\t"))
    proposal, tasks, rows_of = tried(path)
    assert tasks == {"mood": "classification"}
    assert rows_of == {"train": 20, "validation": 6, "test": 6}
    assert proposal.card.divide == ByColumn(
        column="part", values={"train": "train", "validation": "dev", "test": "test"}
    )


@pytest.mark.parametrize("quoted", [False, True])
def test_both_quotings_are_compared(tmp_path: Path, quoted: bool) -> None:
    rows = texts_and_moods(40)
    if quoted:
        rows = [[f'{text}, it said: "no,\nno"', label] for text, label in rows]
        text = table([["text", "label"], *rows])
    else:
        rows = [[f'"{text}' if i % 5 == 0 else text, label] for i, (text, label) in enumerate(rows)]
        text = "text\tlabel\n" + "".join(f"{a}\t{b}\n" for a, b in rows)
    path = write(tmp_path / f"reviews.{'csv' if quoted else 'tsv'}", text)
    proposal, _, rows_of = tried(path)
    assert sum(rows_of.values()) == 40
    assert proposal.card.layout and proposal.card.layout.quoting is quoted
    warned = [finding for finding in proposal.findings if finding.code == "quoting"]
    assert bool(warned) is not quoted
    if warned:
        assert "merge" in warned[0].what and warned[0].count > 1


def test_fields_that_all_stand_in_quotes_hold_newlines(tmp_path: Path) -> None:
    rows = [[f"{text};\nand on", label] for text, label in texts_and_moods(40)]
    text = "".join(f'"{a}";"{b}"\r\n' for a, b in [("text", "mood"), *rows])
    proposal, tasks, rows_of = tried(write(tmp_path / "reviews.csv", text))
    assert sum(rows_of.values()) == 40 and tasks == {"mood": "classification"}
    assert proposal.card.layout and proposal.card.layout.quoting


def test_remarks_as_wide_as_words_are_no_words(tmp_path: Path) -> None:
    text = "".join(f"# id s{i}\nAda{i}   NNP  B-PER\nleft   VBD  O\n\n" for i in range(30))
    _, tasks, rows_of = tried(write(tmp_path / "names.txt", text))
    assert sum(rows_of.values()) == 30 and sorted(tasks.values()) == ["spans", "tagging"]


def test_files_packed_and_named_in_any_way(tmp_path: Path) -> None:
    write(tmp_path / "corpus.trn.tsv.gz", gzip.compress(table(texts_and_moods(30), "\t").encode()))
    write(
        tmp_path / "corpus.tst.tsv.bz2", bz2.compress(table(texts_and_moods(8, 1), "\t").encode())
    )
    proposal, tasks, rows_of = tried(tmp_path)
    assert tasks == {"label": "classification"}
    assert rows_of["train"] + rows_of["validation"] == 30 and rows_of["test"] == 8
    divide = proposal.card.divide
    assert isinstance(divide, AtRandom) and divide.test == 0


def test_only_what_is_missing_is_cut_off(tmp_path: Path) -> None:
    write(tmp_path / "train.csv", table([["text", "mood"], *texts_and_moods(20)]))
    write(tmp_path / "valid.csv", table([["text", "mood"], *texts_and_moods(8, 1)]))
    proposal, _, rows_of = tried(tmp_path)
    assert proposal.card.divide is None and rows_of == {"train": 20, "validation": 8}


@pytest.mark.slow
def test_shards_of_parquet(tmp_path: Path) -> None:
    import pandas as pd

    sentences = Sentences()
    for split, shards in (("train", 2), ("validation", 1)):
        for i in range(shards):
            frame = pd.DataFrame(sentences.rows(16))[["text", "mood"]]
            (tmp_path / "data").mkdir(exist_ok=True)
            frame.to_parquet(tmp_path / "data" / f"{split}-{i:05}-of-{shards:05}.parquet")
    proposal, tasks, rows_of = tried(tmp_path)
    assert tasks == {"mood": "classification"} and rows_of == {"train": 32, "validation": 16}
    assert len(proposal.card.splits["train"]) == 2


@pytest.mark.slow
def test_a_dataset_saved_by_the_hubs_library(tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    features = datasets.Features(
        {"text": datasets.Value("string"), "label": datasets.ClassLabel(names=["neg", "pos"])}
    )
    made = {
        split: datasets.Dataset.from_list(
            [{"text": r["text"], "label": r["mood"] == "fine"} for r in Sentences(i).rows(20)],
            features=features,
        )
        for i, split in enumerate(("train", "test"))
    }
    datasets.DatasetDict(made).save_to_disk(tmp_path / "saved")
    proposal, tasks, rows_of = tried(tmp_path / "saved")
    assert tasks == {"label": "classification"} and rows_of["test"] == 20
    labels = load_sentences(proposal.dataset, "train", ("label",)).label_counts(
        "label", "classification"
    )
    assert set(labels) == {"neg", "pos"}


def test_words_in_columns_with_windows_newlines_and_a_label_that_closes(tmp_path: Path) -> None:
    marks = {"O": "O", "B-LOC": "S-LOC"}

    def text(count: int, seed: int) -> str:
        return "".join(
            "".join(
                f"{word}\t{tag}\t{marks[place]}\r\n"
                for word, tag, place in zip(row["tokens"], row["pos"], row["places"], strict=True)
            )
            + f"{row['mood']}\r\n\r\n"
            for row in Sentences(seed).rows(count)
        )

    write(tmp_path / "train.txt", text(24, 0))
    write(tmp_path / "dev.txt", text(8, 1))
    proposal, tasks, rows_of = tried(tmp_path)
    assert tasks == {"pos": "tagging", "ner": "spans", "label": "classification"}
    assert rows_of == {"train": 24, "validation": 8}
    assert proposal.card.layout and proposal.card.layout.closing == "label"


def test_comments_that_say_what_was_meant(tmp_path: Path) -> None:
    def text(count: int, seed: int) -> str:
        return "".join(
            f"# sent_id = {seed}-{i}\n# intent: {row['mood']}\n"
            + blocks([(list(map(str, range(1, 9))), row["tokens"], row["places"])])
            + "\n"
            for i, row in enumerate(Sentences(seed).rows(count))
        )

    write(tmp_path / "mytrain.conll", text(24, 0))
    write(tmp_path / "mytest.conll", text(8, 1))
    proposal, tasks, _ = tried(tmp_path)
    assert tasks == {"ner": "spans", "intent": "classification"}
    assert {spec.input for spec in proposal.card.tasks.values()} == {"tokens"}
    assert {c.name: c.holds for c in proposal.columns}["sent_id"] == "id"


def test_the_same_rows_twice_in_a_split_are_read_once(tmp_path: Path) -> None:
    body = texts_and_moods(20)
    write(tmp_path / "train.tsv", table(body, "\t"))
    write(tmp_path / "train.small.tsv", table(body[:8], "\t"))
    write(tmp_path / "dev.tsv", table(texts_and_moods(8, 1), "\t"))
    proposal, _, rows_of = tried(tmp_path)
    assert rows_of["train"] == 20
    assert any(file.why.startswith("its rows stand in") for file in proposal.files)


def test_a_test_file_without_labels_is_left_out(tmp_path: Path) -> None:
    head = ["text", "label"]
    rows = [[text, int(label == "fine")] for text, label in texts_and_moods(40)]
    write(tmp_path / "train.csv", table([head, *rows[:24]]))
    write(tmp_path / "dev.csv", table([head, *rows[24:32]]))
    write(tmp_path / "test.csv", table([head, *([text, -1] for text, _ in rows[32:])]))
    proposal, _, rows_of = tried(tmp_path)
    assert set(rows_of) == {"train", "validation"}
    assert "silent split" in [finding.code for finding in proposal.findings]


def test_faulty_rows_are_left_out_and_told(tmp_path: Path) -> None:
    rows = texts_and_moods(40)
    text = table(rows, "\t").split("\n")
    text[7] = "one cell only"
    proposal, _, rows_of = tried(write(tmp_path / "a.tsv", "\n".join(text)))
    assert sum(rows_of.values()) == 39
    assert proposal.findings.worst == "error" and proposal.card.faults == "leave_out"


def test_a_person_knows_better(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tsv", table(texts_and_moods(40), "\t"))
    layout = Layout(kind="tsv", columns=("sentence", "mood"))
    overrides = Overrides(
        layout=layout, names={"mood": "feeling"}, divide=AtRandom(validation=0.25)
    )
    proposal, tasks, rows_of = tried(path, overrides=overrides, name="mine")
    assert tasks == {"feeling": "classification"} and proposal.card.name == "mine"
    assert proposal.card.tasks["feeling"].input == "sentence"
    assert rows_of == {"train": 30, "validation": 10}


def test_the_card_can_be_saved_beside_the_files(tmp_path: Path) -> None:
    from mtl_core.config.yaml_text import written

    write(tmp_path / "train.tsv", table(texts_and_moods(20), "\t"))
    write(tmp_path / "dev.tsv", table(texts_and_moods(8, 1), "\t"))
    proposal = propose(tmp_path)
    tree = proposal.card.model_dump(mode="json", exclude_defaults=True)
    write(tmp_path / "card.yaml", written(tree))
    assert load_card(tmp_path).card == proposal.card


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({}, "no file that could hold data"),
        ({"notes.md": "# notes"}, "no file that could hold data"),
        ({"novel.txt": "It was a dark night.\nNobody came, and nothing was said.\n"}, "labels"),
        ({"a.csv": "text,label\nonly one,good\n"}, ""),
        ({"picture.dat": "\0\1\2" * 400}, ""),
        ({"broken.json": '{"train": ['}, ""),
    ],
)
def test_where_nothing_can_be_made_of_it(tmp_path: Path, files: dict[str, str], said: str) -> None:
    for name, text in files.items():
        write(tmp_path / "x" / name, text)
    (tmp_path / "x").mkdir(exist_ok=True)
    with pytest.raises(DataError) as caught:
        propose(tmp_path / "x")
    assert said in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "split", "stem"),
    [
        ("en_ewt-ud-dev.conllu", "validation", "en.ewt.ud.conllu"),
        ("train/seq.in", "train", "seq.in"),
        ("wnut17train.conll", "train", "wnut.17.conll"),
        ("train-00000-of-00002.parquet", "train", "parquet"),
        ("eng.testb", "test", "eng"),
        ("TrainData.csv", "train", "data.csv"),
        ("latest.csv", "", "latest.csv"),
        ("contest/devices.csv", "", "contest.devices.csv"),
    ],
)
def test_names_of_splits(name: str, split: str, stem: str) -> None:
    assert split_of(name) == split and stem_of(name) == stem


@pytest.mark.parametrize("archived", [False, True])
def test_a_folder_a_class_below_folders_of_splits(tmp_path: Path, archived: bool) -> None:
    members = {
        f"imdb/{split}/{row['mood']}/{i}_{i % 10}.txt": f"{row['text']}.\nReally.\n"
        for split, count in (("train", 24), ("test", 8))
        for i, row in enumerate(Sentences(count).rows(count))
    }
    if archived:
        path = zipped(tmp_path / "imdb.zip", members)
    else:
        for name, text in members.items():
            write(tmp_path / name, text)
        path = tmp_path
    proposal, tasks, rows_of = tried(path)
    assert tasks == {"label": "classification"}
    assert rows_of["train"] + rows_of["validation"] == 24 and rows_of["test"] == 8
    assert proposal.card.layout and proposal.card.layout.kind == "folders"


@pytest.mark.parametrize("name", ["{}.txt", "reviews.{}"])
def test_a_file_a_class(tmp_path: Path, name: str) -> None:
    rows = Sentences().rows(40)
    for mood in ("fine", "poor"):
        texts = [row["text"] for row in rows if row["mood"] == mood]
        write(tmp_path / "reviews" / name.format(mood), "\n".join(texts))
    proposal, tasks, rows_of = tried(tmp_path / "reviews")
    assert tasks == {"label": "classification"} and sum(rows_of.values()) == 40
    read = load_sentences(proposal.dataset, "train", ("label",))
    assert set(read.label_counts("label", "classification")) == {"fine", "poor"}


NAMINGS = {
    "folders": "{split}/{role}",
    "endings": "{split}.{role}",
    "in the middle": "{role}_{split}.txt",
    "folders of roles": "{role}/{split}.txt",
    "packed": "data/{split}.{role}.gz",
}


@pytest.mark.parametrize("naming", NAMINGS)
@pytest.mark.parametrize("archived", [False, True])
def test_files_beside_each_other(tmp_path: Path, naming: str, archived: bool) -> None:
    if archived and naming == "packed":
        pytest.skip("a zip is packed already")
    members = {}
    for split, count in (("train", 30), ("valid", 9)):
        rows = Sentences(count).rows(count)
        columns = {
            "words": [row["text"] for row in rows],
            "slots": [" ".join(row["places"]) for row in rows],
            "intent": [row["mood"] for row in rows],
        }
        for role, cells in columns.items():
            name = NAMINGS[naming].format(split=split, role=role)
            members[f"corpus/{name}"] = "\n".join(cells) + "\n"
    if archived:
        path = zipped(tmp_path / "corpus.zip", members)
    else:
        for name, text in members.items():
            packed = gzip.compress(text.encode()) if name.endswith(".gz") else text
            write(tmp_path / name, packed)
        path = tmp_path
    proposal, tasks, rows_of = tried(path)
    assert sorted(tasks.values()) == ["classification", "spans"]
    assert rows_of == {"train": 30, "validation": 9}
    assert proposal.card.layout and proposal.card.layout.kind == "parallel"


def test_lines_that_begin_with_a_label(tmp_path: Path) -> None:
    for name, count in (("TREC.train", 80), ("TREC.test", 20)):
        rows = Sentences(count).rows(count)
        text = "".join(f"{row['mood'].upper()}:{row['place']} {row['text']}\n" for row in rows)
        write(tmp_path / name, text)
    _, tasks, rows_of = tried(tmp_path)
    assert tasks == {"label": "classification", "label_prefix": "classification"}
    assert rows_of["test"] == 20
