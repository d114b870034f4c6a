"""Scores without the rows that stand in training data: which rows, which numbers, and where shown."""

import itertools
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sklearn.metrics import accuracy_score, f1_score

from mtl_core.analysis.compare import scores
from mtl_core.analysis.gains import gains
from mtl_core.analysis.results import result_of, split_in_words, splits_in
from mtl_core.data.catalog import Catalog, Dataset, load_card
from mtl_core.data.tasks import Sentences
from mtl_core.runs.execute import execute
from mtl_core.runs.store import Runs, State, Status
from mtl_core.training.checkpoint import load_model
from mtl_core.training.evaluation import Labelled
from mtl_core.training.events import Finished
from mtl_core.training.setup import prepare
from mtl_core.training.trainer import train
from mtl_core.training.unseen import LEFT_OUT, seen_rows

from .conftest import CARD, make_rows, tiny_experiment, write_rows
from .test_pages import finish, page


def alone(rows: list[dict[str, Any]], start: int) -> list[dict[str, Any]]:
    """The same rows with a word of their own at the end, so that no text stands twice."""
    return [
        {
            **row,
            "tokens": [*row["tokens"], f"today{start + i}"],
            "places": [*row["places"], "O"],
            "tags": [*row["tags"], "ADV"],
        }
        for i, row in enumerate(rows)
    ]


TRAIN = alone(make_rows(24, 1), 0)


def written(folder: Path, name: str, **splits: list[dict[str, Any]]) -> Dataset:
    folder.mkdir(parents=True)
    for split, rows in splits.items():
        write_rows(folder / f"{split}.jsonl", rows)
    (folder / "card.yaml").write_text(CARD.format(name=name))
    return load_card(folder)


@pytest.fixture
def leaky(tmp_path: Path) -> Dataset:
    """Of 8 test rows the first three stand in training data, of 8 validation rows none."""
    test = [*TRAIN[:3], *alone(make_rows(5, 2), 100)]
    validation = alone(make_rows(8, 3), 200)
    return written(tmp_path / "leaky", "leaky", train=TRAIN, validation=validation, test=test)


@pytest.fixture
def clean(tmp_path: Path) -> Dataset:
    """Shares a test row with the other's training data, written in capitals; has its own task."""
    rows = {
        split: alone(make_rows(8, seed), 1000 * seed)
        for seed, split in enumerate(("train", "validation", "test"), 4)
    }
    shout = {**TRAIN[9], "tokens": [word.upper() for word in TRAIN[9]["tokens"]]}
    dataset = written(tmp_path / "clean", "clean", **{**rows, "test": [*rows["test"], shout]})
    text = (tmp_path / "clean" / "card.yaml").read_text().replace("  mood:", "  tone:")
    (tmp_path / "clean" / "card.yaml").write_text(text)
    return load_card(dataset.path)


def sentences(*texts: str) -> Sentences:
    return Sentences([text.split() for text in texts], {})


def test_rows_of_the_own_and_of_other_training_data_are_seen():
    long = "a text of quite enough letters"
    one = {"train": sentences("short", long), "test": sentences("short", "new", long.upper())}
    two = {
        "train": sentences("other"),
        "test": sentences("short", long),
        "validation": sentences("x"),
    }
    assert seen_rows([one, two]) == [
        {"test": frozenset({0, 2})},
        {"test": frozenset({1})},  # what is short agrees by chance; validation leaks nowhere
    ]
    assert seen_rows([two]) == [{}]


def trained(experiment, folder: Path, change=lambda evaluator: None):
    folder.mkdir()
    prepared = prepare(experiment, Catalog.read([]))
    change(prepared.parts.evaluator)
    *_, last = train(prepared.parts, prepared.plan, folder)
    assert isinstance(last, Finished)
    load_model(prepared.parts.model, folder)
    return prepared, last


def blind(evaluator) -> None:
    """As before: nobody looks whether rows leak."""
    for split, parts in evaluator.splits.items():
        evaluator.splits[split] = [replace(part, seen=None) for part in parts]


def test_scores_without_seen_rows_are_those_of_sklearn_over_the_others(leaky, tmp_path):
    prepared, last = trained(tiny_experiment(leaky), tmp_path / "run")
    (part,) = prepared.parts.evaluator.splits["test"]
    assert part.seen == {0, 1, 2}
    answered = prepared.parts.evaluator.answer(prepared.parts.model, "test", None)
    (given,) = answered.given
    gold = part.sentences.gold
    kept = range(3, 8)
    right, said = [gold["mood"][r] for r in kept], [given["mood"][r] for r in kept]
    metrics = last.metrics
    assert metrics["mood/test_unseen/accuracy"] == pytest.approx(accuracy_score(right, said))
    expected = f1_score(right, said, average="macro")
    assert metrics["mood/test_unseen/macro_f1"] == pytest.approx(expected)
    tags, tagged = (
        [*itertools.chain.from_iterable(rows["tags"][r] for r in kept)] for rows in (gold, given)
    )
    assert metrics["tags/test_unseen/accuracy"] == pytest.approx(accuracy_score(tags, tagged))
    whole = [all(gold[t][r] == given[t][r] for t in gold) for r in kept]
    assert metrics["all/test_unseen/exact_match"] == pytest.approx(sum(whole) / 5)
    assert {metrics[f"{task}/test_unseen/{LEFT_OUT}"] for task in gold} == {3.0}
    assert not [key for key in metrics if "/validation_unseen/" in key]


def test_nothing_else_changes_and_the_same_checkpoint_is_chosen(leaky, tmp_path):
    experiment = tiny_experiment(leaky, training__epochs=4)
    _, looked = trained(experiment, tmp_path / "looked")
    _, before = trained(experiment, tmp_path / "before", blind)
    rest = {key: value for key, value in looked.metrics.items() if "_unseen/" not in key}
    assert rest == before.metrics and looked.best_step == before.best_step
    assert len(looked.metrics) > len(rest)


def test_twins_leave_out_the_very_same_rows(leaky, clean):
    experiment = tiny_experiment(leaky, clean)
    multi = prepare(experiment, Catalog.read([])).parts.evaluator
    seen = [part.seen for part in multi.splits["test"]]
    assert seen == [frozenset({0, 1, 2}), frozenset({8})]
    for task, twin in experiment.twins().items():
        own = prepare(twin, Catalog.read([])).parts.evaluator.splits["test"]
        holders = {"mood": seen[:1], "tone": seen[1:]}.get(task, seen)
        assert [part.seen for part in own] == holders


def test_a_task_without_seen_rows_has_both_scores_beside_one_that_has_some(leaky, tmp_path):
    """So that its gain can be told on the same split as the others'."""
    rows = {
        split: alone(make_rows(8, n), 5000 + 100 * n)
        for n, split in enumerate(("train", "validation", "test"))
    }
    other = written(tmp_path / "other", "other", **rows)
    prepared = prepare(tiny_experiment(leaky, other), Catalog.read([]))
    assert [part.seen for part in prepared.parts.evaluator.splits["test"]] == [{0, 1, 2}, set()]


def test_no_keys_where_nothing_leaks(tmp_path):
    rows = {
        split: alone(make_rows(8, n), 100 * n)
        for n, split in enumerate(("train", "validation", "test"))
    }
    data = written(tmp_path / "d", "d", **rows)
    _, last = trained(tiny_experiment(data, training__epochs=1), tmp_path / "run")
    assert not [key for key in last.metrics if "unseen" in key]


def test_where_all_rows_were_seen_only_their_number_is_told(leaky):
    prepared = prepare(tiny_experiment(leaky), Catalog.read([]))
    evaluator = prepared.parts.evaluator
    (part,) = evaluator.splits["test"]
    evaluator.splits["test"] = [Labelled(part.table, part.sentences, frozenset(range(8)))]
    metrics = evaluator.score(prepared.parts.model, "test", None)
    unseen = {key: value for key, value in metrics.items() if "unseen" in key}
    assert unseen == {f"{t}/test_unseen/{LEFT_OUT}": 8.0 for t in ("mood", "places", "tags")}


def test_gains_and_tables_have_the_split_and_wait_for_the_end(leaky):
    experiment = tiny_experiment(leaky, training__epochs=1)
    runs = Runs().create_group([experiment, *experiment.twins().values()])
    for run in runs:
        execute(run)
    found = {gain.task: gain for gain in gains(map(result_of, runs), "test_unseen")}
    assert set(found) == {"mood", "places", "tags"}
    multi = result_of(runs[0])
    assert found["mood"].multi is not None and found["mood"].difference is not None
    assert found["mood"].multi.mean == multi.metrics["mood/test_unseen/accuracy"]
    assert splits_in(multi.metrics) == ["test", "test_unseen", "validation"]
    assert "test_unseen" in set(scores([multi])["split"])
    unfinished = replace(multi, state=State.STOPPED)
    assert set(scores([unfinished])["split"]) == {"validation"}


def test_names_of_splits_in_words():
    assert [split_in_words(s) for s in ("validation", "test_unseen")] == [
        "validation",
        "test, unseen only",
    ]


def test_the_page_of_a_run_shows_both_and_says_what_is_left_out(leaky):
    run = Runs().create(tiny_experiment(leaky))
    finish(run)
    status = run.status()
    more = {"mood/test_unseen/accuracy": 0.25, f"mood/test_unseen/{LEFT_OUT}": 3.0}
    run.write_status(Status(**{**vars(status), "metrics": {**status.metrics, **more}}))
    app = page("runs")
    app.query_params["run"] = run.id
    app.run()
    assert not app.exception, app.exception
    table = app.dataframe[0].value
    assert table["test, unseen only"].dropna().tolist() == [0.25]
    said = [caption.value for caption in app.caption if "unseen only" in caption.value]
    assert said == [
        "Test, unseen only: without 3 rows of mood of the test data whose text stands in training "
        "data."
    ]
