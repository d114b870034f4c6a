"""Cards, readers and the checks on data: what loads, and what is refused in which words."""

import gzip
import json
from pathlib import Path

import pytest

from mtl_core.data.catalog import Catalog, card_folders, load_card
from mtl_core.data.choosing import settle
from mtl_core.data.layout import Layout
from mtl_core.data.reading import read_rows
from mtl_core.data.tasks import load_sentences, spec_of, task_of
from mtl_core.data.text import cut
from mtl_core.errors import DataError

from .conftest import CARD, SHARED, make_rows, tiny_experiment, write_rows


def load(folder: Path, split: str = "train"):
    dataset = load_card(folder)
    return load_sentences(dataset, split, tuple(dataset.card.tasks))


def test_a_dataset_loads_by_its_card(tiny):
    sentences = load_sentences(tiny, "train", ("mood", "places", "tags"))
    row = make_rows(1, seed=0)[0]
    assert len(sentences) == 24
    assert sentences.words[0] == row["tokens"]
    gold = {name: answers[0] for name, answers in sentences.gold.items()}
    assert gold == {name: row[name] for name in ("mood", "places", "tags")}


def test_labels_are_the_training_ones_most_frequent_first(tiny):
    sentences = load_sentences(tiny, "train", ("tags",))
    task = task_of("tags", spec_of(tiny, "tags"), [sentences])
    counts = sentences.label_counts("tags", "tagging")
    assert list(task.labels) == sorted(counts, key=lambda label: (-counts[label], label))
    assert task.metric == "accuracy" and task.outputs == task.labels


FORMATS = {
    "a.jsonl": '{"tokens": ["a", "b"], "tags": ["X", "Y"]}\n\n{"tokens": ["c"], "tags": ["X"]}',
    "crlf.jsonl": '{"tokens": ["a", "b"], "tags": ["X", "Y"]}\r\n{"tokens": ["c"], "tags": ["X"]}\r\n',
    "a.csv": 'tokens,tags\n"a b",X Y\nc,X\n',
    "a.tsv": "tokens\ttags\na b\tX Y\nc\tX\n",
    "a.conll": "# id = 1\na X\nb Y\n\n\n-DOCSTART- O\n\nc X",
    "tabs.conll": "a\tX\nb\tY\n\t\nc\tX\n",
}


@pytest.mark.parametrize("zipped", [False, True], ids=["plain", "gz"])
@pytest.mark.parametrize("name", FORMATS)
def test_every_format_gives_the_same_sentences(tmp_path, name, zipped):
    data = FORMATS[name].encode()
    file = f"{name}.gz" if zipped else name
    (tmp_path / file).write_bytes(gzip.compress(data) if zipped else data)
    kind = "conll" if "conll" in name else name.split(".")[-1]
    columns = "[tokens, tags]" if kind == "conll" else "[]"
    (tmp_path / "card.yaml").write_text(
        f"name: x\nsplits: {{train: {file}, validation: {file}}}\n"
        f"layout: {{kind: {kind}, columns: {columns}}}\n"
        "tasks: {tags: {kind: tagging, input: tokens, target: tags}}\n"
    )
    sentences = load(tmp_path)
    assert sentences.words == [["a", "b"], ["c"]]
    assert sentences.gold["tags"] == [["X", "Y"], ["X"]]


def test_quotes_that_are_plain_text_need_quoting_off(tmp_path):
    file = tmp_path / "a.tsv"
    file.write_text('text\tlabel\n"no end\tA\nfine\tB\n')
    with pytest.raises(DataError, match="set layout.quoting"):
        read_rows(file)
    rows = read_rows(file, Layout(kind="tsv", quoting=False))
    assert [row.columns["text"] for row in rows] == ['"no end', "fine"]


def test_lines_break_at_newlines_only(tmp_path):
    file = tmp_path / "a.jsonl"
    file.write_text('{"text": "one\u0085still one\u2028and one"}\n', encoding="utf-8")
    assert len(read_rows(file)) == 1


def test_a_row_without_a_label_is_masked_for_that_task_alone(tmp_path):
    write_rows(
        tmp_path / "t.jsonl",
        [
            {"text": "a", "x": "A", "y": None},
            {"text": "b", "x": "B", "y": "Y"},
            {"text": "c", "y": "Y"},
        ],
    )
    (tmp_path / "card.yaml").write_text(
        "name: x\nsplits: {train: t.jsonl, validation: t.jsonl}\ntasks:\n"
        "  x: {kind: classification, input: text, target: x}\n"
        "  y: {kind: classification, input: text, target: y}\n"
    )
    assert load(tmp_path).gold == {"x": ["A", "B", None], "y": [None, "Y", "Y"]}


BAD_ROWS = {
    "a missing column": ('{"words": ["a"], "tags": ["X"]}', "t.jsonl line 1: there is no column 'tokens' (it has words, tags)"),
    "ragged lists": ('{"tokens": ["a", "b"], "tags": ["X"]}', "t.jsonl line 1: task 'tags': 2 words but 1 tags; give every word one tag"),
    "broken JSON": ('{"tokens": ["a"], "tags": ["X"]}\n{"tok', "t.jsonl line 2: not valid JSON"),
    "no object": ("[1]", "t.jsonl line 1: found a list; write an object"),
    "a number for a text": ('{"tokens": 7, "tags": ["X"]}', "column 'tokens' holds 7; write a text or a list of words"),
    "a number for tags": ('{"tokens": ["a"], "tags": 7}', "task 'tags': found 7; write a list of tags"),
    "an empty split": ("\n", "t.jsonl: the file holds no rows"),
    "no label at all": ('{"tokens": ["a"]}', "no row has a label of task 'tags'"),
}  # fmt: skip


@pytest.mark.parametrize("fault", BAD_ROWS)
def test_bad_rows_name_file_line_value_and_cure(tmp_path, fault):
    text, said = BAD_ROWS[fault]
    (tmp_path / "t.jsonl").write_text(text)
    (tmp_path / "card.yaml").write_text(
        "name: x\nsplits: {train: t.jsonl, validation: t.jsonl}\n"
        "tasks: {tags: {kind: tagging, input: tokens, target: tags}}\n"
    )
    with pytest.raises(DataError) as caught:
        load(tmp_path)
    assert said in str(caught.value) and "\n" not in str(caught.value)


def test_a_wrong_byte_is_named_with_its_line(tmp_path):
    (tmp_path / "t.jsonl").write_bytes(b'{"text": "a"}\n{"text": "caf\xe9"}\n')
    with pytest.raises(DataError, match=r"t.jsonl line 2: not UTF-8 text \(byte 0xe9\)"):
        read_rows(tmp_path / "t.jsonl", Layout(kind="jsonl", encoding="utf-8"))
    rows = read_rows(tmp_path / "t.jsonl")  # without an encoding it is read as Windows-1252
    assert rows[1].columns == {"text": "caf\u00e9"}


BAD_CARDS = {
    "unknown kind": ("tags: {kind: parsing, input: a, target: b}", "tasks.tags.kind: 'parsing' is not usable: input should be 'classification', 'multilabel', 'regression', 'tagging' or 'spans'"),
    "unknown key": ("tags: {kind: tagging, inputs: a, target: b}", "tasks.tags.inputs: unknown key; did you mean 'input'?"),
    "unknown metric": ("tags: {kind: tagging, input: tokens, target: tags, metric: f1}", "task 'tags' asks for metric 'f1'; a tagging task may have accuracy, macro_f1, macro_precision"),
}  # fmt: skip


@pytest.mark.parametrize("fault", BAD_CARDS)
def test_bad_cards_name_the_key_and_what_is_allowed(tmp_path, fault):
    entry, said = BAD_CARDS[fault]
    write_rows(tmp_path / "t.jsonl", [{"tokens": ["a"], "tags": ["X"]}])
    (tmp_path / "card.yaml").write_text(
        f"name: x\nsplits: {{train: t.jsonl, validation: t.jsonl}}\ntasks:\n  {entry}\n"
    )
    with pytest.raises(DataError) as caught:
        load(tmp_path)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("card", "said"),
    [
        ("name: [", "not a readable YAML card"),
        ("- 1", "a card is a mapping"),
        (
            "name: x\nsplits: {train: a}\ntasks: {t: {kind: spans, input: a, target: b}}",
            "there is no file for validation",
        ),
        ("name: x\nsplits: {dev: a}", "'dev' is not a split"),
    ],
)
def test_a_broken_card_is_one_sentence(tmp_path, card, said):
    (tmp_path / "card.yaml").write_text(card)
    with pytest.raises(DataError, match=said):
        load_card(tmp_path)


def test_the_catalogue_lists_readable_cards_and_tells_of_the_others(tmp_path, make_dataset):
    make_dataset("one")
    (tmp_path / "data" / "two").mkdir()
    (tmp_path / "data" / "two" / "card.yaml").write_text("name: x")
    catalog = Catalog.read([tmp_path / "data"])
    assert [dataset.name for dataset in catalog.datasets] == ["one"]
    assert len(catalog.problems) == 1 and "two/card.yaml: splits: is missing" in catalog.problems[0]
    with pytest.raises(DataError, match="no dataset 'ewt': neither a path nor one of one"):
        catalog.find("ewt")


def test_settling_checks_tasks_and_files_before_a_run_exists(tiny, make_dataset):
    experiment = tiny_experiment(tiny)
    catalog = Catalog.read([])
    assert settle(experiment, catalog).data[0].card == str(tiny.path)
    wrong = experiment.replace({"data": [{"card": str(tiny.path), "tasks": ["moods"]}]})
    with pytest.raises(DataError, match="the card has no task 'moods'; it has mood, places, tags"):
        settle(wrong, catalog)
    tiny.file("test").unlink()
    with pytest.raises(DataError, match="there is no test file"):
        settle(experiment, catalog)


@pytest.mark.parametrize(
    ("text", "segmentation", "words"),
    [
        ("Lena's hotel wasn't cheap!", "words", ["Lena's", "hotel", "wasn't", "cheap", "!"]),
        ("<b>caf\u00e9</b> \U0001f600", "words", ["<", "b", ">", "café", "<", "/", "b", ">", "\U0001f600"]),
        ("", "words", []),
        ("我在 New York 买了 3.5 kg", "characters", ["我", "在", "New", "York", "买", "了", "3.5", "kg"]),
    ],
)  # fmt: skip
def test_typed_text_is_cut_as_the_data_says(text, segmentation, words):
    assert cut(text, segmentation) == words


def test_a_card_may_name_a_folder_elsewhere(tmp_path, make_dataset):
    there = make_dataset("there")
    (tmp_path / "here").mkdir()
    text = CARD.format(name="here") + f"folder: {json.dumps(str(there.path.parent))}\n"
    (tmp_path / "here" / "card.yaml").write_text(text)
    assert len(load(tmp_path / "here")) == 24


HUB_CARD = """\
name: hubbed
hub: {{path: {path}}}
splits: {{train: train, validation: test}}
tasks:
  mood: {{kind: classification, input: tokens, target: mood}}
  places: {{kind: spans, input: tokens, target: places}}
"""


def test_a_hub_dataset_loads_with_its_labels_by_name(tmp_path):
    """As the hub lays it out: parquet files whose labels are numbers with names beside them."""
    import datasets

    features = datasets.Features(
        tokens=datasets.List(datasets.Value("string")),
        mood=datasets.ClassLabel(names=["fine", "poor"]),
        places=datasets.List(datasets.ClassLabel(names=["O", "B-LOC", "I-LOC"])),
    )
    rows = {"tokens": [["in", "New", "Port"], ["no"]], "mood": [1, -1], "places": [[0, 1, 2], [0]]}
    (tmp_path / "repo" / "data").mkdir(parents=True)
    for split in ("train", "test"):
        table = datasets.Dataset.from_dict(rows, features=features)
        table.to_parquet(tmp_path / "repo" / "data" / f"{split}-00000-of-00001.parquet")
    (tmp_path / "card.yaml").write_text(HUB_CARD.format(path=tmp_path / "repo"))
    sentences = load(tmp_path, "validation")
    assert sentences.words == [["in", "New", "Port"], ["no"]]
    assert sentences.gold == {"mood": ["poor", None], "places": [["O", "B-LOC", "I-LOC"], ["O"]]}


def test_a_hub_dataset_that_cannot_be_had_is_one_sentence(tmp_path):
    (tmp_path / "card.yaml").write_text(HUB_CARD.format(path="no-such/dataset"))
    with pytest.raises(DataError, match="hub dataset 'no-such/dataset', split 'train', cannot be"):
        load(tmp_path)


CARDS = Path(__file__).parent / "benchmarks" / "cards"


@pytest.mark.skipif(not SHARED.is_dir(), reason="the real corpora (../shared) are not here")
@pytest.mark.parametrize(
    ("name", "rows", "spans"),
    [("snips", (13084, 700, 700), ("slots", 33958)), ("ewt", (12543, 2001, 2077), ("ner", 7005)),
     ("wnut17", (3394, 1009, 1287), ("ner", None)), ("trec", (4952, 500, 500), (None, None))],
)  # fmt: skip
def test_real_corpora_load_by_their_cards_with_the_published_counts(name, rows, spans):
    dataset = load_card(CARDS / name)
    tasks = tuple(dataset.card.tasks)
    found = [load_sentences(dataset, s, tasks) for s in ("train", "validation", "test")]
    assert tuple(map(len, found)) == rows
    task, count = spans
    if count:
        assert sum(found[0].label_counts(task, "spans").values()) == count


def test_the_sample_corpora_load_and_are_called_synthetic():
    catalog = Catalog.read(card_folders(Path("nowhere")))
    assert not catalog.problems
    for dataset, least in zip(catalog.datasets, (1600, 800), strict=True):
        tasks = tuple(dataset.card.tasks)
        splits = [load_sentences(dataset, s, tasks) for s in ("train", "validation", "test")]
        texts = [" ".join(words) for split in splits for words in split.words]
        assert len(texts) >= least and len(set(texts)) == len(texts)
        assert "synthetic" in dataset.card.description + dataset.card.source
        assert len(splits[0].label_counts("topic", "classification")) >= 6


def test_a_label_may_be_missing_in_a_table(tmp_path):
    (tmp_path / "t.csv").write_text("text,label\ngood,A\nbye,\n")
    (tmp_path / "card.yaml").write_text(
        "name: x\nsplits: {train: t.csv, validation: t.csv}\n"
        "tasks: {x: {kind: classification, input: text, target: label}}\n"
    )
    assert load(tmp_path).gold["x"] == ["A", None]


def test_an_unbalanced_quote_is_told_and_swallows_no_row(tmp_path):
    (tmp_path / "a.tsv").write_text('label\ttext\npos\t"I love it\nneg\tbad\npos\tsay "hi"\n')
    with pytest.raises(DataError, match="set layout.quoting to false"):
        read_rows(tmp_path / "a.tsv")


def test_tasks_that_read_different_columns_are_not_mixed_up(tmp_path):
    write_rows(tmp_path / "t.jsonl", [{"title": "a", "body": "b", "x": "A", "y": "B"}])
    (tmp_path / "card.yaml").write_text(
        "name: x\nsplits: {train: t.jsonl, validation: t.jsonl}\ntasks:\n"
        "  x: {kind: classification, input: title, target: x}\n"
        "  y: {kind: classification, input: body, target: y}\n"
    )
    with pytest.raises(DataError, match="read different columns"):
        load(tmp_path)


def test_conllu_leaves_out_comments_ranges_and_empty_nodes(tmp_path):
    file = tmp_path / "a.conllu"
    rest = "\t".join("_" * 6)
    file.write_text(
        "# newpar\n# text = I don't\n"
        f"1\tI\tI\tPRON\t{rest}\n2-3\tdon't\t_\t_\t{rest}\n2\tdo\tdo\tAUX\t{rest}\n"
        f"3\tn't\tnot\tPART\t{rest}\n3.1\tx\tx\tX\t{rest}\n\n1\tNew York\tx\tPROPN\t{rest}\n\n"
    )
    rows = read_rows(file)
    assert [row.columns["form"] for row in rows] == [["I", "do", "n't"], ["New York"]]
    assert rows[0].columns["upos"] == ["PRON", "AUX", "PART"]


@pytest.mark.parametrize("name", ["a/b", "", "all", "x" * 61])
def test_a_task_name_must_fit_into_metric_keys(tmp_path, name):
    (tmp_path / "card.yaml").write_text(
        f"name: x\nsplits: {{train: a, validation: a}}\n"
        f'tasks: {{"{name}": {{kind: classification, input: a, target: b}}}}\n'
    )
    with pytest.raises(DataError, match="cannot name a task"):
        load_card(tmp_path)
