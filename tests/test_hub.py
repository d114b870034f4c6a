"""Datasets in the hub's layouts, written by the hub's own library: features, splits and faults."""

import time
from types import SimpleNamespace

import datasets
import huggingface_hub
import pytest
from datasets import ClassLabel, Features, List, Value
from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError

from mtl_core.data.adopt import adopt
from mtl_core.data.catalog import Catalog, Hub, card_folders, load_card
from mtl_core.data.hub import opening, propose_hub
from mtl_core.data.tasks import load_sentences
from mtl_core.errors import DataError

datasets.disable_progress_bars()
HEADER = """---
language: [de]
license: cc-by-4.0
pretty_name: Moods
configs:
- config_name: big
  data_files: [{split: train, path: "big/train.*"}, {split: dev, path: "big/dev.*"}]
- config_name: small
  data_files: [{split: train, path: "big/dev.*"}]
---
Words.
"""


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    opening._KNOWN.clear()


def texts(count: int, hidden: bool = False, first: int = 0) -> datasets.Dataset:
    """Texts with a mood."""
    features = Features(text=Value("string"), label=ClassLabel(names=["poor", "fine"]))
    rows = {
        "text": [f"the tram number {i + first} was late again" for i in range(count)],
        "label": [-1 if hidden else i % 2 for i in range(count)],
    }
    return datasets.Dataset.from_dict(rows, features=features)


def tokens(count: int) -> datasets.Dataset:
    """Words with places, tags, and a whole label."""
    features = Features(
        id=Value("string"),
        tokens=List(Value("string")),
        ner_tags=List(ClassLabel(names=["O", "B-LOC", "I-LOC"])),
        pos_tags=List(ClassLabel(names=["ADP", "PROPN", "VERB"])),
        intent=ClassLabel(names=["go", "stay"]),
    )
    rows = {
        "id": [str(i) for i in range(count)],
        "tokens": [["go", "to", "New", "Port", f"{i}"] for i in range(count)],
        "ner_tags": [[0, 0, 1, 2, 0]] * count,
        "pos_tags": [[2, 0, 1, 1, 1]] * count,
        "intent": [i % 2 for i in range(count)],
    }
    return datasets.Dataset.from_dict(rows, features=features)


def test_a_folder_of_parquet_files_keeps_the_names_of_labels(tmp_path):
    for split, count in (("train", 20), ("test", 6)):
        tokens(count).to_parquet(tmp_path / "repo" / "data" / f"{split}-00000-of-00001.parquet")
    proposal = propose_hub(str(tmp_path / "repo"))
    card = proposal.card
    assert {name: (spec.kind, spec.input, spec.target) for name, spec in card.tasks.items()} == {
        "ner": ("spans", "tokens", "ner_tags"),
        "pos": ("tagging", "tokens", "pos_tags"),
        "intent": ("classification", "tokens", "intent"),
    }
    assert card.splits == {"train": "train", "test": "test"} and card.divide.by == "intent"
    assert card.hub == Hub(path=str(tmp_path / "repo"))
    assert [finding.code for finding in proposal.findings] == ["divided"]
    found = load_sentences(proposal.dataset, "test", tuple(card.tasks))
    assert found.gold["ner"][0] == ["O", "O", "B-LOC", "I-LOC", "O"]
    assert set(found.gold["intent"]) == {"go", "stay"}
    assert {fact.name: fact.task for fact in proposal.columns}["pos_tags"] == "pos"
    assert [(file.address, file.split, file.rows) for file in proposal.files] == [
        ("train", "train", 20),
        ("test", "test", 6),
    ]


def test_a_folder_with_configurations_and_a_header(tmp_path):
    repo = tmp_path / "repo"
    (repo / "big").mkdir(parents=True)
    texts(20).to_json(repo / "big" / "train.jsonl")
    texts(6, first=50).to_json(repo / "big" / "dev.jsonl")
    (repo / "README.md").write_text(HEADER)
    with pytest.raises(DataError, match="has the configurations big, small; name one of them"):
        propose_hub(str(repo))
    with pytest.raises(DataError, match="no configuration 'large', only big, small"):
        propose_hub(str(repo), "large")
    card = propose_hub(str(repo), "big").card
    assert (card.name, card.title, card.language, card.licence) == (
        "repo_big", "Moods", "de", "cc-by-4.0"
    )  # fmt: skip
    assert card.splits == {"train": "train", "validation": "dev"} and card.divide is None
    assert card.tasks["label"].kind == "classification"


def test_csv_files_in_a_folder(tmp_path):
    (tmp_path / "repo").mkdir()
    texts(20).to_csv(tmp_path / "repo" / "train.csv")
    texts(6, first=50).to_csv(tmp_path / "repo" / "validation.csv")
    card = propose_hub(str(tmp_path / "repo")).card
    assert card.splits == {"train": "train", "validation": "validation"}
    assert [spec.target for spec in card.tasks.values()] == ["label"]


def test_what_save_to_disk_has_written(tmp_path):
    saved = datasets.DatasetDict(
        train=texts(20), unsupervised=texts(4, hidden=True), test=texts(6, hidden=True)
    )
    saved.save_to_disk(tmp_path / "saved" / "en")
    texts(20).save_to_disk(tmp_path / "saved" / "fr")
    with pytest.raises(DataError, match="has the configurations en, fr"):
        propose_hub(str(tmp_path / "saved"))
    proposal = propose_hub(str(tmp_path / "saved"), "en")
    assert proposal.card.splits == {"train": "train"}
    said = [finding.what for finding in proposal.findings]
    assert "the split 'unsupervised' is left out" in said
    assert "the split 'test' is left out: it keeps the labels of label back" in said
    assert len(load_sentences(proposal.dataset, "train", ("label",))) == 18
    assert propose_hub(str(tmp_path / "saved" / "fr")).card.splits == {"train": "train"}


def test_a_proposal_goes_into_the_catalogue_and_keeps_its_name(tmp_path, mtl_home):
    for name, count in (("a", 20), ("b", 24)):
        texts(count).save_to_disk(tmp_path / name / "moods")
    adopt(propose_hub(str(tmp_path / "a" / "moods")).dataset, mtl_home)
    again = adopt(propose_hub(str(tmp_path / "a" / "moods")).dataset, mtl_home)
    assert Catalog.read(card_folders(mtl_home)).find("moods").path == again.path
    with pytest.raises(DataError, match="a dataset 'moods' is there already, from hub dataset"):
        adopt(propose_hub(str(tmp_path / "b" / "moods")).dataset, mtl_home)


def proposed(tmp_path, features: dict, rows: dict):
    datasets.Dataset.from_dict(rows, features=Features(features)).save_to_disk(tmp_path / "one")
    return propose_hub(str(tmp_path / "one")).card


MANY = [f"something of note happened in street {i}" for i in range(20)]


def test_lists_of_labels_beside_a_text_are_any_number_of_labels(tmp_path):
    card = proposed(
        tmp_path,
        {"text": Value("string"), "labels": List(ClassLabel(names=["joy", "fear", "calm"]))},
        {"text": MANY, "labels": [[0], [1, 2], [], [2]] * 5},
    )
    assert card.tasks["labels"].kind == "multilabel"


def test_two_texts_with_a_score_are_a_pair(tmp_path):
    card = proposed(
        tmp_path,
        {"sentence2": Value("string"), "sentence1": Value("string"), "label": Value("float32")},
        {"sentence2": MANY, "sentence1": MANY[::-1], "label": [i / 7 for i in range(20)]},
    )
    assert card.tasks["label"].kind == "regression" and card.tasks["label"].pair


def test_labels_that_stand_there_as_numbers_and_as_names_are_one_task(tmp_path):
    card = proposed(
        tmp_path,
        {"text": Value("string"), "label": Value("int64"), "label_text": Value("string")},
        {"text": MANY, "label": [0, 1] * 10, "label_text": ["poor", "fine"] * 10},
    )
    assert [spec.target for spec in card.tasks.values()] == ["label_text"]


def test_chinese_tokens_are_cut_as_known_words(tmp_path):
    card = proposed(
        tmp_path,
        {"tokens": List(Value("string")), "ner": List(ClassLabel(names=["O", "S-LOC"]))},
        {
            "tokens": [["我", "在", f"北京{i}", "学习"] for i in range(20)],
            "ner": [[0, 0, 1, 0]] * 20,
        },
    )
    assert card.segmentation == "known" and card.tasks["ner"].kind == "spans"


def test_no_text_and_no_label_are_said(tmp_path):
    with pytest.raises(DataError, match=r"has no text among its columns \(a: label of 2\)"):
        proposed(tmp_path, {"a": ClassLabel(names=["x", "y"])}, {"a": [0, 1] * 10})


HUB_CARD = """\
name: hubbed
hub: {{path: {path}}}
splits: {{train: train, validation: train}}
tasks:
  mood: {{kind: classification, input: text, target: {target}}}
"""


def test_a_wrong_column_of_a_card_is_one_sentence_that_lists_the_columns(tmp_path):
    texts(20).save_to_disk(tmp_path / "one")
    (tmp_path / "card.yaml").write_text(HUB_CARD.format(path=tmp_path / "one", target="mood"))
    with pytest.raises(
        DataError,
        match="wants the column 'mood', but split 'train' of hub dataset .* has text, label;",
    ):
        load_sentences(load_card(tmp_path), "train", ("mood",))


class _Api:
    """The hub as it answers: an error, or what it knows."""

    answer: object = None

    def dataset_info(self, path, revision=None, timeout=None):
        if isinstance(self.answer, Exception):
            raise self.answer
        if callable(self.answer):
            return self.answer()
        return self.answer


@pytest.fixture
def hub(monkeypatch):
    """Says what the hub answers from here on."""
    monkeypatch.setattr(huggingface_hub, "HfApi", _Api)
    return lambda answer: monkeypatch.setattr(_Api, "answer", answer)


def refused(kind: type, code: int) -> Exception:
    return kind("no", response=SimpleNamespace(status_code=code, headers={}, request=None))


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (refused(RepositoryNotFoundError, 404), "the hub has no dataset 'a/b', or it is private"),
        (refused(GatedRepoError, 403), "is gated: its owners want to be asked first"),
        (OSError("no route"), "the hub was not reached, and it is not on this disk"),
    ],
)
def test_what_the_hub_refuses_is_one_sentence_with_a_cure(hub, answer, said):
    hub(answer)
    with pytest.raises(DataError, match=said) as caught:
        propose_hub("a/b")
    assert "bring it as a local folder" in str(caught.value) and "\n" not in str(caught.value)


def test_a_network_that_never_answers_is_given_up(hub, monkeypatch):
    monkeypatch.setattr(opening, "SECONDS", -0.9)
    hub(lambda: time.sleep(3))
    began = time.monotonic()
    with pytest.raises(DataError, match="the hub was not reached"):
        propose_hub("a/b")
    assert time.monotonic() - began < 2


@pytest.mark.parametrize("path", ["a b c", "x/y/z", "buckets/x", "", "https://host/x"])
def test_what_is_neither_a_folder_nor_a_name_is_not_looked_for(path):
    with pytest.raises(DataError, match="is neither a folder here nor a name on the hub"):
        propose_hub(path or "?")


def test_the_commit_is_pinned_and_code_is_never_run(hub, monkeypatch):
    known = SimpleNamespace(sha="c0ffee", card_data=None)
    hub(known)
    monkeypatch.setattr(datasets, "get_dataset_config_names", lambda place, revision: ["default"])
    asked = {}

    def load(place, name, **options):
        asked.update(options, place=place)
        return (
            datasets.DatasetDict(train=texts(20))[options["split"]]
            if options["split"]
            else (datasets.DatasetDict(train=texts(20)))
        )

    monkeypatch.setattr(datasets, "load_dataset", load)
    card = propose_hub("a/b").card
    assert card.hub == Hub(path="a/b", revision="c0ffee") and asked["revision"] == "c0ffee"
    assert not any("trust" in option for option in asked)

    def refuse(*args, **options):
        raise RuntimeError("Dataset scripts are no longer supported, but found b.py")

    monkeypatch.setattr(datasets, "load_dataset", refuse)
    with pytest.raises(DataError, match="needs code of its own, which is never run here; try the"):
        propose_hub("a/b")
