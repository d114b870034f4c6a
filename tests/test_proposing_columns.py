"""What columns hold, and the tasks that are made of them."""

import json
from pathlib import Path
from typing import Any

import pytest

from mtl_core.data.proposing import Overrides, Proposal, propose
from mtl_core.data.proposing.tables import has_header, table_form
from mtl_core.data.tasks import load_sentences
from mtl_core.errors import DataError

from .proposing_cases import Sentences, blocks, lines, table, write


def proposed(path: Path, overrides: Overrides | None = None) -> Proposal:
    """The proposal; its tasks load as training loads them, with the card's own rule for faults."""
    proposal = propose(path, overrides=overrides)
    for split in proposal.card.split_names:
        load_sentences(proposal.dataset, split, tuple(proposal.card.tasks))
    return proposal


def kinds(proposal: Proposal) -> dict[str, str]:
    return {task: spec.kind for task, spec in proposal.card.tasks.items()}


def holds(proposal: Proposal) -> dict[str, str]:
    return {column.name: column.holds for column in proposal.columns}


def test_every_kind_of_column_in_one_file(tmp_path: Path) -> None:
    rows = [
        {
            "id": f"doc-{i:04}", "source": "web", "review": row["text"], "mood": row["mood"],
            "stars": round(1 + (i * 7 % 41) / 10, 1), "rating": i % 5 + 1,
            "topics": [row["noun"]] + (["travel"] if i % 3 == 0 else []), "seen": i % 2 == 0,
            "embedding": [0.1 * i, 0.2, 0.3],
        }
        for i, row in enumerate(Sentences().rows(60))
    ]  # fmt: skip
    proposal = proposed(write(tmp_path / "a.jsonl", lines(rows)))
    assert holds(proposal) == {
        "id": "id", "source": "constant", "review": "text", "mood": "label", "stars": "number",
        "rating": "label", "topics": "labels", "seen": "label", "embedding": "unknown",
    }  # fmt: skip
    assert kinds(proposal) == {
        "mood": "classification", "stars": "regression", "rating": "classification",
        "topics": "multilabel", "seen": "classification",
    }  # fmt: skip
    why = {column.name: column.why for column in proposal.columns}
    assert "decimals" in why["stars"] and "5 different whole numbers" in why["rating"]


def test_pairs_parted_by_pipes_with_a_score(tmp_path: Path) -> None:
    sentences = Sentences()
    body = [
        [sentences.row()["text"], sentences.row()["text"], f"{i * 13 % 50 / 10:.1f}"]
        for i in range(40)
    ]
    proposal = proposed(write(tmp_path / "sts.txt", table(body, "|")))
    assert kinds(proposal) == {"score": "regression"}
    assert proposal.card.tasks["score"].input == ("text_a", "text_b")


@pytest.mark.parametrize(
    "names", [("sentence1", "sentence2"), ("premise", "hypothesis"), ("question", "passage")]
)
def test_pairs_by_the_names_of_their_columns(tmp_path: Path, names: tuple[str, str]) -> None:
    sentences = Sentences()
    rows = [
        {
            names[0]: sentences.row()["text"],
            names[1]: " and ".join(sentences.row()["text"] for _ in range(3)),
            "label": ["yes", "no"][i % 2],
        }
        for i in range(30)
    ]
    proposal = proposed(write(tmp_path / "pairs.jsonl", lines(rows)))
    assert proposal.card.tasks["label"].input == names


def test_a_title_beside_a_long_text_is_no_pair(tmp_path: Path) -> None:
    sentences = Sentences()
    rows = [
        {
            "title": " ".join(sentences.row()["tokens"][1:4]),
            "story": " and ".join(sentences.row()["text"] for _ in range(4)),
            "label": ["yes", "no"][i % 2],
        }
        for i in range(30)
    ]
    proposal = proposed(write(tmp_path / "news.jsonl", lines(rows)))
    assert proposal.card.tasks["label"].input == "story"
    assert any("'title' holds free text" in finding.what for finding in proposal.findings)


def test_japanese_is_cut_by_characters(tmp_path: Path) -> None:
    nouns = ["電車", "ホテル", "公園", "図書館", "博物館"]
    body = [
        [
            f"{nouns[i % 5]}の{i}番目はとても{'よい' if i % 2 else 'わるい'}です。",
            "良" if i % 2 else "悪",
        ]
        for i in range(40)
    ]
    proposal = proposed(write(tmp_path / "口コミ.tsv", table([["文", "評価"], *body], "\t")))
    assert proposal.card.segmentation == "characters" and proposal.card.language == "ja"
    assert kinds(proposal) == {"評価": "classification"}


@pytest.mark.parametrize("first", [0, 1])
def test_numbers_of_several_labels_with_their_names_beside(tmp_path: Path, first: int) -> None:
    names = ["joy", "anger", "fear", "pride"]
    body = [
        [row["text"], f"{i % 4 + first}" + (f",{(i + 1) % 4 + first}" if i % 3 == 0 else "")]
        for i, row in enumerate(Sentences().rows(48))
    ]
    write(tmp_path / "train.tsv", table(body[:36], "\t"))
    write(tmp_path / "dev.tsv", table(body[36:], "\t"))
    write(tmp_path / "classes.txt", "\n".join(names))
    proposal = proposed(tmp_path)
    assert kinds(proposal) == {"labels": "multilabel"}
    spec = proposal.card.tasks["labels"]
    assert spec.names == {str(i + first): name for i, name in enumerate(names)}
    counts = load_sentences(proposal.dataset, "train", ("labels",)).label_counts(
        "labels", spec.kind
    )
    assert set(counts) == set(names)


def test_numbers_whose_names_stand_in_another_column(tmp_path: Path) -> None:
    rows = [
        {"text": row["text"], "label": int(row["mood"] == "fine"), "label_text": row["mood"]}
        for row in Sentences().rows(40)
    ]
    proposal = proposed(write(tmp_path / "a.jsonl", lines(rows)))
    assert kinds(proposal) == {"label": "classification"}
    assert proposal.card.tasks["label"].names == {"0": "poor", "1": "fine"}


def test_groups_written_before_labels_are_a_task_too(tmp_path: Path) -> None:
    body = [[f"{row['mood']}:{row['noun']}", row["text"]] for row in Sentences().rows(120)]
    proposal = proposed(write(tmp_path / "a.tsv", table(body, "\t")))
    assert kinds(proposal) == {"label": "classification", "label_prefix": "classification"}
    counts = load_sentences(proposal.dataset, "train", ("label_prefix",))
    assert set(counts.label_counts("label_prefix", "classification")) == {"fine", "poor"}


def test_tokens_and_tags_with_what_is_none(tmp_path: Path) -> None:
    def row(i: int, one: dict[str, Any]) -> dict[str, Any]:
        count = len(one["tokens"])
        return {
            "words": one["tokens"], "lemma": [word.upper() for word in one["tokens"]],
            "pos": one["pos"], "ner": one["places"], "head": [0, *range(1, count)],
            "who": ["-" if tag == "O" else f"annotator{i % 3}" for tag in one["places"]],
            "same": ["x"] * count,
        }  # fmt: skip

    rows = [row(i, one) for i, one in enumerate(Sentences().rows(40))]
    proposal = proposed(write(tmp_path / "a.jsonl", lines(rows)))
    assert kinds(proposal) == {"pos": "tagging", "ner": "spans"}
    assert {spec.input for spec in proposal.card.tasks.values()} == {"words"}
    assert holds(proposal)["same"] == "constant" and holds(proposal)["lemma"] == "unknown"


def test_tags_in_a_cell_beside_words_in_a_cell(tmp_path: Path) -> None:
    body = [[row["text"], " ".join(row["places"]), row["mood"]] for row in Sentences().rows(40)]
    text = table([["sentence", "slots", "intent"], *body], "\t")
    proposal = proposed(write(tmp_path / "a.tsv", text))
    assert kinds(proposal) == {"slots": "spans", "intent": "classification"}


@pytest.mark.parametrize("form", ["objects", "lists", "cells", "tool"])
def test_spans_by_the_places_of_their_characters(tmp_path: Path, form: str) -> None:
    rows: list[dict[str, Any]] = []
    for one in Sentences().rows(40):
        start = one["text"].index(one["place"])
        end = start + len(one["place"])
        span: Any = {"start": start, "end": end, "label": "LOC"}
        rows.append(
            {"text": one["text"], "entities": [[start, end, "LOC"] if form == "lists" else span]}
        )
    if form == "tool":  # as annotation tools export
        of_tool = [
            {
                "data": {"text": row["text"]},
                "entities": [{"result": [{"value": row["entities"][0]}]}],
            }
            for row in rows
        ]
        path = write(tmp_path / "a.json", json.dumps(of_tool))
    elif form == "cells":
        body = [[row["text"], json.dumps(row["entities"])] for row in rows]
        path = write(tmp_path / "a.tsv", table([["text", "entities"], *body], "\t"))
    else:
        path = write(tmp_path / "a.jsonl", lines(rows))
    proposal = proposed(path)
    assert kinds(proposal) == {"entities": "spans"}
    read = load_sentences(proposal.dataset, "train", ("entities",))
    assert read.label_counts("entities", "spans") == {"LOC": len(read)}


def test_objects_inside_rows_are_unfolded(tmp_path: Path) -> None:
    rows = [
        {"data": {"text": row["text"]}, "meta": {"mood": row["mood"]}}
        for row in Sentences().rows(40)
    ]
    proposal = proposed(write(tmp_path / "a.jsonl", lines(rows)))
    assert kinds(proposal) == {"meta.mood": "classification"}


def test_marks_inside_the_text(tmp_path: Path) -> None:
    body = [
        [row["mood"], row["text"].replace(row["place"], f"[place : {row['place']}]")]
        for row in Sentences().rows(40)
    ]
    proposal = proposed(write(tmp_path / "a.tsv", table([["intent", "query"], *body], "\t")))
    assert kinds(proposal) == {"intent": "classification", "spans": "spans"}


def test_tags_glued_to_words_in_runs(tmp_path: Path) -> None:
    def glued(row: dict[str, Any]) -> str:
        tags = ["T-POS" if i in (1, 2) else "O" for i in range(len(row["tokens"]))]
        return " ".join(f"{w}={t}" for w, t in zip(row["tokens"], tags, strict=True))

    text = "".join(f"{row['text']}####{glued(row)}\n" for row in Sentences().rows(40))
    proposal = proposed(write(tmp_path / "a.txt", text))
    assert kinds(proposal) == {"tags": "spans"} and proposal.card.tasks["tags"].scheme == "runs"


def test_digits_glued_to_characters(tmp_path: Path) -> None:
    sentences = [
        (
            ["我0", "爱0", "北0", "京1", "天0", "安1", "门2", f"{i % 10}0"],
            ["O", "O", "B-LOC", "I-LOC", *["O"] * 4],
        )
        for i in range(30)
    ]
    proposal = proposed(write(tmp_path / "a.conll", blocks(sentences)))
    assert kinds(proposal) == {"ner": "spans", "tokens_digits": "tagging"}
    assert proposal.card.tasks["ner"].input == "tokens_words"


def test_bare_prefixes_cut_words_and_are_no_spans(tmp_path: Path) -> None:
    sentences = [
        (
            [*"今天天气很好", "吗吧呢啊"[i % 4]],
            ["B", "E", "B", "E", "S", "S", "S"],
            [str(i % 2)] * 7,
        )
        for i in range(20)
    ]
    proposal = proposed(write(tmp_path / "a.txt", blocks(sentences, delimiter=" ", newline="\r\n")))
    assert kinds(proposal)["seg"] == "tagging"


def test_one_word_for_what_is_outside(tmp_path: Path) -> None:
    sentences = [
        (row["tokens"], ["NoLabel" if tag == "O" else tag for tag in row["places"]])
        for row in Sentences().rows(24)
    ]
    proposal = proposed(write(tmp_path / "a.iob", blocks(sentences)))
    (spec,) = proposal.card.tasks.values()
    assert spec.kind == "spans" and spec.names == {"NoLabel": "O"}


def test_a_treebank_gives_its_tags(tmp_path: Path) -> None:
    def lined(row: dict[str, Any], i: int) -> str:
        words = [
            f"{n}\t{w}\t{w}\t{t}\t_\t_\t{n - 1}\tdep\t_\t_"
            for n, (w, t) in enumerate(zip(row["tokens"], row["pos"], strict=True), 1)
        ]
        return "\n".join([f"# sent_id = s{i}", f"# genre = {row['mood']}", *words, "", ""])

    text = "".join(lined(row, i) for i, row in enumerate(Sentences().rows(30)))
    proposal = proposed(write(tmp_path / "xx-ud.conllu", text))
    assert kinds(proposal) == {"upos": "tagging", "genre": "classification"}


def test_what_a_person_says_goes_before_what_was_found_out(tmp_path: Path) -> None:
    body = [[row["text"], i % 5 + 1, row["noun"]] for i, row in enumerate(Sentences().rows(40))]
    path = write(tmp_path / "a.tsv", table([["text", "stars", "noun"], *body], "\t"))
    overrides = Overrides(kinds={"stars": "regression"}, holds={"noun": "unknown"}, language="en")
    proposal = proposed(path, overrides)
    assert kinds(proposal) == {"stars": "regression"} and proposal.card.language == "en"


def test_texts_beside_texts_are_no_task_yet(tmp_path: Path) -> None:
    rows = [{"en": row["text"], "xx": row["text"][::-1]} for row in Sentences().rows(20)]
    with pytest.raises(DataError, match="free text beside free text"):
        propose(write(tmp_path / "a.jsonl", lines(rows)))


def test_a_label_that_never_changes_is_no_task(tmp_path: Path) -> None:
    rows = [{"text": row["text"], "a": "x", "b": row["mood"]} for row in Sentences().rows(20)]
    proposal = proposed(write(tmp_path / "a.jsonl", lines(rows)))
    assert kinds(proposal) == {"b": "classification"}


@pytest.mark.parametrize(
    ("records", "said"),
    [
        ([["text", "label"], ["a fine day it was", "x"], ["a poor day it was", "x"]], True),
        ([["id", "score"], ["7", "1.5"], ["8", "2.5"]], True),
        ([["a fine day it was", "x"], ["a poor day it was", "y"], ["rain", "x"]], False),
        ([["1", "a fine day"], ["0", "a poor day"]], False),
        ([["x", "x"], ["1", "2"]], False),
    ],
)
def test_headers_are_told_from_rows(records: list[list[str]], said: bool) -> None:
    assert has_header(records) is said


@pytest.mark.parametrize(
    ("text", "delimiter"),
    [("a;1,5\nb;2,5\nc;3,5", ";"), ("a,b\tc\nd\te, f, g", "\t"), ("a|||b\nc|||d", "|||")],
)
def test_delimiters(text: str, delimiter: str) -> None:
    form = table_form(text.split("\n"))
    assert form and form.delimiter == delimiter


def test_prose_is_no_table() -> None:
    assert table_form(["Well, he said.", "It was dark.", "No, no, not, at, all."]) is None


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (Overrides(names={"mood": "all"}), "cannot name a task"),
        (Overrides(names={"mood": "x", "noun": "x"}), "would both be task 'x'"),
        (Overrides(input="nothing"), "there is no column 'nothing'"),
        (Overrides(segmentation="syllables"), "segmentation"),
        (Overrides(splits={"train": ("b.jsonl",)}), "there is no file 'b.jsonl'"),
    ],
)
def test_corrections_that_do_not_fit_are_one_sentence(
    tmp_path: Path, overrides: Overrides, said: str
) -> None:
    rows = [{key: row[key] for key in ("text", "mood", "noun")} for row in Sentences().rows(40)]
    with pytest.raises(DataError, match=said) as caught:
        propose(write(tmp_path / "a.jsonl", lines(rows)), overrides=overrides)
    assert "\n" not in str(caught.value)


def test_tags_as_numbers_with_their_names_beside(tmp_path: Path) -> None:
    names = ["O", "B-LOC", "I-LOC"]
    rows = [
        {"tokens": row["tokens"], "ner_tags": [names.index(tag) for tag in row["places"]]}
        for row in Sentences().rows(40)
    ]
    write(tmp_path / "train.jsonl", lines(rows))
    write(tmp_path / "label_map.json", json.dumps({name: i for i, name in enumerate(names)}))
    proposal = proposed(tmp_path)
    assert kinds(proposal) == {"ner_tags": "spans"}
    assert [file.why for file in proposal.files][-1] == "it names the labels"
