"""Multilabel tasks, regressions, pairs and chosen rows: what cards say and what batches hold."""

import gzip
import json
import math
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtl_core.data.batching import IGNORED, make_table
from mtl_core.data.catalog import PER_WORD, SPLITS, Catalog, load_card
from mtl_core.data.pieces import Pieces
from mtl_core.data.tasks import (
    LOWER_IS_BETTER,
    METRICS,
    Sentences,
    Task,
    agreed,
    load_sentences,
    spec_of,
    task_of,
)
from mtl_core.errors import DataError
from mtl_core.training.manifest import Manifest, Reading

from .conftest import SHARED, make_pair_rows, write_rows

HERE = Path(__file__).parent


def card(folder: Path, rows: Any, tasks: str, **extra: str) -> Path:
    """A dataset of one file; `rows` are objects, or the text of a CSV file."""
    file = "t.csv" if isinstance(rows, str) else "t.jsonl"
    if isinstance(rows, str):
        (folder / file).write_text(rows, "utf-8")
    else:
        write_rows(folder / file, rows)
    lines = [f"{key}: {value}\n" for key, value in extra.items()]
    (folder / "card.yaml").write_text(
        f"name: x\nsplits: {{train: {file}, validation: {file}}}\n{''.join(lines)}tasks: {tasks}\n"
    )
    return folder


def load(folder: Path) -> Sentences:
    dataset = load_card(folder)
    return load_sentences(dataset, "train", tuple(dataset.card.tasks))


def refused(folder: Path, rows: Any, tasks: str, **extra: str) -> str:
    with pytest.raises(DataError) as caught:
        load(card(folder, rows, tasks, **extra))
    assert "\n" not in str(caught.value)
    return str(caught.value)


# --- Labels -----------------------------------------------------------------------------------------

TOPICS = "{topics: {kind: multilabel, input: text, target: topics}}"


def test_labels_are_lists_or_one_text_and_none_is_an_answer(tmp_path):
    values = [["b", "a", "b"], [], None, "b, a", ",", " ", [3], "a b"]
    rows = [{"text": "x", "topics": value} for value in values] + [{"text": "x"}]
    gold = load(card(tmp_path, rows, TOPICS)).gold["topics"]
    assert gold == [["a", "b"], [], None, ["a", "b"], [], None, ["3"], ["a b"], None]


def test_a_table_has_its_own_separator(tmp_path):
    tasks = "{topics: {kind: multilabel, input: text, target: topics, separator: '|'}}"
    sentences = load(card(tmp_path, "text,topics\nx,a|b\ny,\nz,|\n", tasks))
    assert sentences.gold["topics"] == [["a", "b"], None, []]
    assert sentences.label_counts("topics", "multilabel") == Counter(a=1, b=1)


@pytest.mark.parametrize("value", [7, {"a": 1}, [["a"]], [None], [""]])
def test_odd_labels_name_line_value_and_cure(tmp_path, value):
    said = refused(tmp_path, [{"text": "x", "topics": value}], TOPICS)
    assert "t.jsonl line 1: task 'topics': found " in said and "; write " in said


# --- Values -----------------------------------------------------------------------------------------


def scored(ends: str = "") -> str:
    return f"{{score: {{kind: regression, input: text, target: score{ends}}}}}"


def test_values_are_numbers_or_numeric_texts(tmp_path):
    rows = [{"text": "x", "score": value} for value in (1, 2.5, "3", " -4e0 ", "", None)]
    sentences = load(card(tmp_path, rows, scored()))
    assert sentences.gold["score"] == [1.0, 2.5, 3.0, -4.0, None, None]
    assert sentences.values("score") == [1.0, 2.5, 3.0, -4.0]
    task = task_of("score", load_card(tmp_path).card.tasks["score"], [sentences])
    assert (task.low, task.high, task.outputs, task.labels) == (-4.0, 3.0, ("value",), ())
    assert task.metric == "pearson"


@pytest.mark.parametrize("value", ["1,5", "high", "nan", "inf", True, [1], "1_0x", 10**400])
def test_what_is_no_finite_number_is_refused(tmp_path, value):
    said = refused(tmp_path, [{"text": "x", "score": value}], scored())
    assert f"t.jsonl line 1: task 'score': found {repr(value)[:79]}" in said
    assert "; write a finite number" in said


def test_a_stated_range_holds_and_scales(tmp_path):
    rows = [{"text": "x", "score": 2}, {"text": "x", "score": 3}]
    sentences = load(card(tmp_path, rows, scored(", range: [1, 5]")))
    task = task_of("score", load_card(tmp_path).card.tasks["score"], [sentences])
    assert (task.low, task.high) == (1, 5)
    said = refused(tmp_path, [*rows, {"text": "x", "score": 5.5}], scored(", range: [1, 5]"))
    assert "line 3: task 'score': 5.5 is outside the range 1 to 5" in said


def test_one_value_in_all_the_training_data_is_refused(tmp_path):
    sentences = load(card(tmp_path, [{"text": "x", "score": 2}] * 3, scored()))
    spec = load_card(tmp_path).card.tasks["score"]
    with pytest.raises(DataError, match="has the value 2 in all its training data"):
        task_of("score", spec, [sentences])
    with pytest.raises(DataError, match="no value in its training data"):
        task_of("score", spec, [Sentences([["x"]], {"score": [None]})])


# --- Batches ----------------------------------------------------------------------------------------

PIECES = Pieces.train([["a", "b", "c"]] * 3, vocabulary=40, max_length=9)
ONE_OF_EACH = (
    Task("label", "classification", ("A", "B"), "accuracy"),
    Task("labels", "multilabel", ("A", "B", "C"), "micro_f1"),
    Task("value", "regression", (), "pearson", low=-1.0, high=3.0),
    Task("tags", "tagging", ("A", "B"), "accuracy"),
    Task("spans", "spans", ("X",), "f1"),
)
ROWS: dict[str, list[Any]] = {
    "label": ["A", "B", None, "new"],
    "labels": [["A", "C"], [], None, ["B", "new"]],
    "value": [-1.0, 3.0, None, 1.0],
    "tags": [["A", "B"], ["B"], None, ["new", "A"]],
    "spans": [["B-X", "I-X"], ["O"], None, ["O", "B-X"]],
}
WORDS = [["a", "b"], ["c"], ["a"], ["b", "c"]]
RIGHT: dict[str, list[Any]] = {
    "label": [0, 1, IGNORED, IGNORED],
    "labels": [[1, 0, 1], [0, 0, 0], [IGNORED] * 3, [0, 1, 0]],
    "value": [0.0, 1.0, IGNORED, 0.5],
    "tags": [[0, 1], [1, IGNORED], [IGNORED] * 2, [IGNORED, 0]],
    "spans": [[1, 2], [0, IGNORED], [IGNORED] * 2, [0, 1]],
}


def batch_of(gold: dict[str, list[Any]]):
    encoded = PIECES.encode(WORDS)
    return make_table("d", Sentences(WORDS, gold), ONE_OF_EACH, encoded, 0).batch(np.arange(4))


def test_targets_of_every_kind():
    targets = batch_of(ROWS).targets
    assert {name: target.tolist() for name, target in targets.items()} == RIGHT
    kinds = {name: str(target.dtype).removeprefix("torch.") for name, target in targets.items()}
    assert kinds == dict.fromkeys(RIGHT, "int64") | {"value": "float32"}


@pytest.mark.parametrize("lacking", ROWS)
@pytest.mark.parametrize("row", range(4))
def test_a_row_without_a_label_is_masked_for_that_task_alone(lacking, row):
    changed = {name: list(gold) for name, gold in ROWS.items()}
    changed[lacking][row] = None
    found, whole = batch_of(changed).targets, batch_of(ROWS).targets
    assert bool((found[lacking][row] == IGNORED).all())
    for name in ROWS:
        same = [i for i in range(4) if (name, i) != (lacking, row)]
        assert found[name][same].tolist() == whole[name][same].tolist()


def test_a_batch_without_any_label_can_be_told():
    targets = batch_of({name: [None] * 4 for name in ROWS}).targets
    assert not any(bool((target != IGNORED).any()) for target in targets.values())


# --- Pairs and chosen rows --------------------------------------------------------------------------

PAIR_TASKS = (
    "{same: {kind: classification, input: [a, b], target: same}, "
    "like: {kind: regression, input: [a, b], target: like}, "
    "both: {kind: multilabel, input: [a, b], target: both}}"
)


def test_pairs_come_with_both_texts(tmp_path):
    rows = [{"a": "one two", "b": "three.", "same": "no", "like": 1, "both": []}]
    sentences = load(card(tmp_path, rows, PAIR_TASKS))
    assert sentences.words == [["one", "two"]] and sentences.seconds == [["three", "."]]
    assert sentences.texts == [["one", "two"], ["three", "."]]
    assert sentences.gold == {"same": ["no"], "like": [1.0], "both": [[]]}
    specs = load_card(tmp_path).card.tasks
    assert all(spec.pair and spec.columns == ("a", "b") for spec in specs.values())
    assert task_of("same", specs["same"], [sentences]).pair


BAD_PAIRS = {
    "{x: {kind: classification, input: [a], target: t}}": "name one column, or exactly two",
    "{x: {kind: classification, input: [a, b, c], target: t}}": "name one column, or exactly two",
    "{x: {kind: tagging, input: [a, b], target: t}}": "a tagging task reads one column, not the pair",
    "{x: {kind: spans, input: [a, b], target: t}}": "a spans task reads one column, not the pair",
    "{x: {kind: spans, input: a, target: t, range: [0, 1]}}": "a spans task has no range",
    "{x: {kind: regression, input: a, target: t, separator: ';'}}": "has no separator",
    "{x: {kind: regression, input: a, target: t, range: [1, 1]}}": "[1.0, 1.0] is no range",
    "{x: {kind: regression, input: a, target: t, range: [0, .inf]}}": "is no range",
    "{x: {kind: classification, input: [a, b], target: t}, y: {kind: classification, input: a, "
    "target: t}}": "the chosen tasks read different columns (a, a with b)",
    "{x: {kind: classification, input: [a, b], target: t}, y: {kind: tagging, input: a, "
    "target: u}}": "the chosen tasks read different columns (a, a with b)",
    "{x: {kind: classification, input: [a, c], target: t}}": "line 1: there is no column 'c'",
    "{x: {kind: regression, input: a, target: n, metric: mse}}": "may have pearson, spearman",
}


@pytest.mark.parametrize("tasks", BAD_PAIRS)
def test_cards_that_make_no_sense_are_refused_in_one_sentence(tmp_path, tasks):
    rows = [{"a": "x", "b": "y", "t": "T", "u": ["U"], "n": 1}]
    assert BAD_PAIRS[tasks] in refused(tmp_path, rows, tasks)


def test_where_keeps_the_rows_of_one_domain(tmp_path):
    rows = [
        {"text": f"{domain} {i}", "domain": domain, "part": i % 2, "label": "L"}
        for i, domain in enumerate(["books", "music", "books", "books"])
    ]
    tasks = "{x: {kind: classification, input: text, target: label}}"
    found = load(card(tmp_path, rows, tasks, where="{domain: books}"))
    assert found.words == [["books", "0"], ["books", "2"], ["books", "3"]]
    both = load(card(tmp_path, rows, tasks, where="{domain: books, part: 1}"))
    assert both.words == [["books", "3"]]
    table = "text,domain,label\na,1,L\nb,2,L\n"
    assert load(card(tmp_path, table, tasks, where="{domain: 2}")).words == [["b"]]


def test_a_where_that_matches_nothing_says_what_is_there(tmp_path):
    rows = [{"text": "x", "domain": "books", "label": "L"}]
    tasks = "{x: {kind: classification, input: text, target: label}}"
    said = refused(tmp_path, rows, tasks, where="{domain: music}")
    assert "t.jsonl: no row has 'music' in 'domain', but books; correct the card's where" in said
    said = refused(tmp_path, rows, tasks, where="{genre: music}")
    assert "there is no such column, only text, domain, label" in said


def test_a_task_of_several_cards_must_be_the_same(tmp_path):
    specs = load_card(card(tmp_path, [{}], PAIR_TASKS)).card.tasks
    assert agreed("same", [specs["same"]] * 2) == specs["same"]
    other = specs["like"].model_copy(update={"range": (0.0, 1.0)})
    with pytest.raises(DataError, match=r"range is None and \(0.0, 1.0\); make the cards agree"):
        agreed("like", [specs["like"], other])
    single = specs["same"].model_copy(update={"input": "a"})
    with pytest.raises(DataError, match="pair is True and False"):
        agreed("same", [specs["same"], single])


# --- What is kept, and the scores -------------------------------------------------------------------


def test_a_manifest_comes_back_as_it_was(tmp_path, pairs):
    reading = Reading.of(pairs, tuple(pairs.card.tasks))
    assert reading.pair and not Reading("d", "words", ()).pair
    manifest = Manifest((*ONE_OF_EACH, Task("p", "regression", (), "mse", 1, 5, True)), (reading,))
    manifest.save(tmp_path)
    assert asdict(Manifest.load(tmp_path)) == asdict(manifest)


def test_every_kind_has_a_main_score_that_is_better_when_higher(tiny):
    for kind, metrics in METRICS.items():
        assert metrics[0] not in LOWER_IS_BETTER and len(set(metrics)) == len(metrics)
        assert (kind in PER_WORD) == Task("t", kind, (), metrics[0]).is_per_word


# --- Real corpora -----------------------------------------------------------------------------------


def counted_directly(name: str, split: str) -> list[dict[str, Any]]:
    with gzip.open(SHARED / "data" / name / f"{split}.jsonl.gz", "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file.read().split("\n") if line]


@pytest.mark.skipif(not SHARED.is_dir(), reason="the real corpora (../shared) are not here")
@pytest.mark.parametrize(
    ("name", "rows", "split"),
    [("sick", (4500, 500, 4927), "train"), ("emobank", (8062, 1000, 1000), "train"),
     ("goemotions", (43410, 5426, 5427), "validation")],
)  # fmt: skip
def test_real_corpora_of_the_new_kinds_load_with_the_right_counts(name, rows, split):
    dataset = load_card(HERE / "benchmarks" / "cards" / name)
    raw = counted_directly(name, split)
    assert len(raw) == dict(zip(SPLITS, rows, strict=True))[split]
    sentences = load_sentences(dataset, split, tuple(dataset.card.tasks))
    assert len(sentences) == len(raw)
    for task, spec in dataset.card.tasks.items():
        values = [row[task] for row in raw]
        if spec.kind == "regression":
            assert math.isclose(sum(sentences.values(task)), sum(values))
            assert task_of(task, spec_of(dataset, task), [sentences]).low == 1
        else:
            flat = [one for v in values for one in (v if isinstance(v, list) else [v])]
            assert sentences.label_counts(task, spec.kind) == Counter(flat)
    assert (sentences.seconds is not None) == (name == "sick")


@pytest.mark.skipif(not SHARED.is_dir(), reason="the real corpora (../shared) are not here")
def test_one_file_is_a_dataset_for_each_domain(tmp_path):
    raw = Counter(row["domain"] for row in counted_directly("mtl_reviews", "validation"))
    for domain in ("books", "MR"):
        (tmp_path / domain).mkdir()
        (tmp_path / domain / "card.yaml").write_text(
            f"name: reviews_{domain}\nfolder: {json.dumps(str(SHARED / 'data' / 'mtl_reviews'))}\n"
            "splits: {train: train.jsonl.gz, validation: validation.jsonl.gz}\n"
            f"where: {{domain: {domain}}}\n"
            f"tasks: {{{domain}: {{kind: classification, input: text, target: sentiment}}}}\n"
        )
    found = Catalog.read([tmp_path])
    assert not found.problems and len(raw) == 16
    for dataset in found.datasets:
        (task,) = dataset.card.tasks
        assert len(load_sentences(dataset, "validation", (task,))) == raw[task]


@given(st.lists(st.integers(0, 5), min_size=1, max_size=12))
def test_values_go_to_their_share_of_the_range_and_back(values):
    task = Task("v", "regression", (), "pearson", low=-2.5, high=5.0)
    words = [["a"]] * len(values)
    sentences = Sentences(words, {"v": [float(value) for value in values]})
    target = make_table("d", sentences, [task], PIECES.encode(words), 0).targets["v"]
    assert np.allclose(target * 7.5 - 2.5, values, atol=1e-6) and (target >= 0).all()


def test_the_pair_rows_of_the_tests_are_what_they_say():
    for row in make_pair_rows(20):
        assert (row["same"] == "yes") == (row["a"].split()[1] == row["b"].split()[1])
        assert 0 <= row["like"] <= 4 and len(row["good"]) <= 2


@pytest.mark.parametrize("kind", METRICS)
def test_the_main_score_can_be_told_from_the_scores_that_are_there(kind):
    from mtl_core.analysis.results import main_metric

    names = METRICS[kind]
    for some in (names, names[:1], names[:2]):
        keys = [f"t/validation/{name}" for name in reversed(some)]
        assert main_metric("t", [*keys, "t/validation/loss", "u/test/f1"]) == names[0]


def test_the_data_page_shows_every_kind_and_both_texts(pairs, monkeypatch):
    from streamlit.testing.v1 import AppTest

    from mtl_core.runs import worker

    monkeypatch.setattr(worker, "ensure", lambda home: None)
    monkeypatch.setenv("MTL_DATA", str(pairs.path.parents[1]))
    app = AppTest.from_file(str(HERE.parent / "app.py"), default_timeout=60)
    app = app.switch_page("pages/data.py")
    app.session_state["data_choices/dataset"] = "pairs"
    for task, said in {
        "same": "One label a pair of texts · 2 labels",
        "like": "One number a pair of texts · from 0 to 4 · main score: pearson",
        "good": "Any number of labels a pair of texts · 3 labels, ",
    }.items():
        app.session_state["/".join(("data_choices", "task", "pairs", "same", "like", "good"))] = (
            task
        )
        app.run()
        assert not app.exception
        assert any(said in text.value for text in app.markdown), [t.value for t in app.markdown]
    rows = make_pair_rows(24)
    html = [str(element.proto) for element in app.get("html")]
    examples = [t for t in html if any(row["a"] in t for row in rows) and "like: " in t]
    assert len(examples) == 4  # the findings quote texts too
    assert all(any(row["a"] in t and row["b"] in t for row in rows) for t in examples)
    assert all("good:" in text for text in examples)
    assert "Train pairs" in [metric.label for metric in app.metric]


def test_data_check_counts_labels_and_values(pairs):
    from typer.testing import CliRunner

    from mtl_core.cli import app

    call = ["data", "check", str(pairs.path)]
    found = json.loads(CliRunner().invoke(app, [*call, "--json"]).stdout)["splits"]["train"]
    rows = make_pair_rows(24)
    assert found["labels"]["good"] == dict(Counter(one for r in rows for one in r["good"]))
    assert "like" not in found["labels"]
    like = found["values"]["like"]
    assert like["count"] == 24 and (like["least"], like["greatest"]) == (0, 4)
    assert math.isclose(like["mean"], sum(row["like"] for row in rows) / 24)
    assert [n for _, _, n in like["histogram"]] == [
        sum(row["like"] == value for row in rows) for value in (0, 1, 2, 3, 4)
    ]
    assert found["words"] == sum(len((r["a"] + " " + r["b"]).split()) for r in rows)
    assert "like: 24 values, mean" in CliRunner().invoke(app, call).stdout


def test_a_card_with_every_option_is_adopted_as_it_is(tmp_path, mtl_home):
    from mtl_core.data.adopt import adopt, open_dataset

    tasks = (
        "{like: {kind: regression, input: [a, b], target: like, range: [0, 4], metric: spearman}, "
        "good: {kind: multilabel, input: [a, b], target: good, separator: ;}}"
    )
    rows = [{"a": "x", "b": "y", "like": 1, "good": "p;q", "part": part} for part in (1, 2)]
    given = open_dataset(str(card(tmp_path, rows, tasks, where="{part: 2}")))
    added = adopt(given, mtl_home)
    assert added.card.tasks == given.card.tasks and added.card.where == {"part": 2}
    names = tuple(given.card.tasks)
    assert load_sentences(added, "train", names) == load_sentences(given, "train", names)
    assert load_sentences(added, "train", names).gold["good"] == [["p", "q"]]
