"""What names of files, first lines and labels tell: classes with their splits, and what is none."""

import gzip
import json
import zipfile
from pathlib import Path

import pytest

from mtl_core.data.proposing import Proposal, propose
from mtl_core.data.tasks import load_sentences
from mtl_core.errors import DataError

SEEN = {"pos": "a great film with a fine plot", "neg": "an awful film with a dull plot"}


def texts(name: str, count: int) -> str:
    return "".join(
        f"{SEEN.get(name, f'what {name} says here')} , part {i} .\n" for i in range(count)
    )


def labels_of(proposal: Proposal) -> dict[str, dict[str, int]]:
    """How often each label stands in the splits of the card, loaded as training loads them."""
    (task,) = proposal.card.tasks
    return {
        split: dict(
            load_sentences(proposal.dataset, split, (task,)).label_counts(task, "classification")
        )
        for split in proposal.card.split_names
    }


@pytest.mark.parametrize("name", ["{}_{}.txt", "{1}-{0}.txt", "{}.{}", "rt.{1}.{0}"])
def test_files_named_after_split_and_class(tmp_path: Path, name: str) -> None:
    counts = {
        "train": {"pos": 40, "neg": 40},
        "dev": {"pos": 9, "neg": 10},
        "test": {"pos": 8, "neg": 8},
    }
    for split, of_class in counts.items():
        for label, count in of_class.items():
            (tmp_path / name.format(split, label)).write_text(texts(label, count))
    proposal = propose(tmp_path)
    prefix = "rt_" if name.startswith("rt") else ""
    assert labels_of(proposal) == {
        "validation" if split == "dev" else split: {prefix + k: n for k, n in of_class.items()}
        for split, of_class in counts.items()
    }


def test_they_may_be_packed_one_by_one_or_together(tmp_path: Path) -> None:
    packed, together = tmp_path / "a", tmp_path / "b"
    packed.mkdir(), together.mkdir()
    with zipfile.ZipFile(together / "all.zip", "w") as archive:
        for split, count in (("train", 30), ("test", 10)):
            for label in SEEN:
                text = texts(label, count)
                (packed / f"{split}_{label}.txt.gz").write_bytes(gzip.compress(text.encode()))
                archive.writestr(f"set/{split}_{label}.txt", text)
    expected = {"neg": 10, "pos": 10}
    assert labels_of(propose(packed))["test"] == expected
    assert labels_of(propose(together))["test"] == expected
    assert propose(together).card.splits["test"] == (
        "all.zip#set/test_neg.txt#neg", "all.zip#set/test_pos.txt#pos",
    )  # fmt: skip


def test_other_classes_show_by_their_different_numbers_of_lines(tmp_path: Path) -> None:
    for split in ("train", "test"):
        for label, count in (("sport", 30), ("money", 20), ("arts", 25)):
            (tmp_path / f"{split}.{label}").write_text(texts(label, count))
    assert labels_of(propose(tmp_path))["test"] == {"arts": 25, "money": 20, "sport": 30}


def test_translations_beside_each_other_are_no_classes(tmp_path: Path) -> None:
    for split in ("train", "test"):
        for language in ("en", "de"):
            (tmp_path / f"{split}.{language}").write_text(texts(language, 30))
    with pytest.raises(DataError, match="free text beside free text"):
        propose(tmp_path)


def test_a_folder_of_texts_without_a_label_is_no_class(tmp_path: Path) -> None:
    for split, classes in (("train", ("pos", "neg", "unsup")), ("test", ("pos", "neg"))):
        for label in classes:
            folder = tmp_path / split / label
            folder.mkdir(parents=True)
            for i, line in enumerate(texts(label, 20).splitlines()):
                (folder / f"{i}.txt").write_text(line)
    proposal = propose(tmp_path)
    found = labels_of(proposal)
    assert found["test"] == {"neg": 20, "pos": 20} and set(found["train"]) == {"neg", "pos"}
    assert [f.what for f in proposal.findings if f.code == "no label"] == [
        "folder 'unsup' holds texts without a label, left out"
    ]


@pytest.mark.parametrize("first", ["sep=;", '"sep=;"', "SEP=;"])
@pytest.mark.parametrize("header", ["text;mood\r\n", ""])
def test_a_first_line_may_only_say_what_parts_the_columns(
    tmp_path: Path, first: str, header: str
) -> None:
    rows = "".join(f'"{SEEN[label]}; {i}";{label}\r\n' for i in range(20) for label in SEEN)
    (tmp_path / "a.csv").write_bytes(f"{first}\r\n{header}{rows}".encode("cp1252"))
    proposal = propose(tmp_path)
    counts = labels_of(proposal).values()
    assert [sum(each[label] for each in counts) for label in ("neg", "pos")] == [20, 20]


def test_commas_between_words_make_no_table(tmp_path: Path) -> None:
    for label in SEEN:
        (tmp_path / f"review.{label}").write_text(texts(label, 40))
    counts = labels_of(propose(tmp_path)).values()
    assert [sum(each[label] for each in counts) for label in ("neg", "pos")] == [40, 40]


@pytest.mark.parametrize(
    ("labels", "unanswered"),
    [
        (["entailment", "neutral", "contradiction", "-"], ("-",)),
        (["yes", "no", "Unlabeled", "n/a"], ("Unlabeled", "n/a")),
        (["0", "1", "2", "-1"], ("-1",)),
        (["0", "1", "-1"], ()),  # three opinions
        (["-2", "-1", "0", "1", "2"], ()),
        (["+", "-", "?"], ()),
        (["yes", "-"], ()),
    ],
)
def test_labels_that_say_that_nobody_answered(
    tmp_path: Path, labels: list[str], unanswered: tuple[str, ...]
) -> None:
    rows = []
    for i in range(120):
        label = labels[i % 10] if i % 10 < len(labels) else labels[0]
        rows.append(
            json.dumps({"text": f"somebody said {i} things about {i % 7} films", "mood": label})
        )
    (tmp_path / "a.jsonl").write_text("\n".join(rows))
    proposal = propose(tmp_path / "a.jsonl")
    assert proposal.card.tasks["mood"].unanswered == unanswered
    told = [finding for finding in proposal.findings if finding.code == "unanswered"]
    assert [finding.count for finding in told] == [12 * len(unanswered)][: len(unanswered)]
    assert all(f"'{label}'" in told[0].what for label in unanswered)
    counted = labels_of(proposal).values()
    assert {label for each in counted for label in each} == {*labels} - {*unanswered}


@pytest.mark.parametrize("header", ["text\tmood\n", ""])
def test_remarks_before_a_table_are_no_rows(tmp_path: Path, header: str) -> None:
    rows = "".join(f"{SEEN[label]} {i}\t{label}\n" for i in range(20) for label in SEEN)
    (tmp_path / "a.tsv").write_text(f"# made by hand\n#\n{header}{rows}")
    proposal = propose(tmp_path / "a.tsv")
    assert set(labels_of(proposal)["train"]) == {"neg", "pos"}
    assert sum(sum(counts.values()) for counts in labels_of(proposal).values()) == 40
    assert not [finding for finding in proposal.findings if finding.level == "error"]


def test_words_with_their_tags_do_not_begin_with_a_label(tmp_path: Path) -> None:
    line = "{}/PROPN saw/VERB town{}/NOUN ./PUNCT\n"
    (tmp_path / "a.txt").write_text(
        "".join(line.format("Ana" if i % 2 else "Ben", i) for i in range(60))
    )
    (spec,) = propose(tmp_path / "a.txt").card.tasks.values()
    assert spec.kind == "tagging"
