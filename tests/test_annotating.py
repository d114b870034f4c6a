"""A dataset of one's own: nothing that was done is lost, and what comes out trains."""

import json
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtl_core.data.annotating import Annotations
from mtl_core.data.catalog import Catalog, Dataset, card_folders, load_card
from mtl_core.data.own_tasks import (
    OwnTask,
    define,
    task_of_model,
    tasks_of_dataset,
    with_span,
)
from mtl_core.data.spans import spans_of
from mtl_core.data.tasks import Task, load_sentences
from mtl_core.errors import DataError
from mtl_core.runs.execute import execute
from mtl_core.runs.store import Runs, State
from tests.conftest import tiny_experiment

TASKS = {
    "mood": define("mood", "classification", ["fine", "poor"]),
    "topics": define("topics", "multilabel", ["tram", "food"]),
    "stars": define("stars", "regression", range=(1, 5)),
    "pos": define("pos", "tagging", ["NOUN", "X"]),
    "places": define("places", "spans", ["LOC", "ORG"]),
}


@pytest.fixture
def own(mtl_home: Path) -> Annotations:
    return Annotations.create(mtl_home, "mine", TASKS)


def label_all(own: Annotations, row: str, place: int = 0) -> None:
    own.put(row, "mood", "fine" if place % 2 else "poor")
    own.put(row, "topics", [] if place % 2 else ["tram", "food"])
    own.put(row, "stars", 1.0 + place % 5)
    own.put(row, "pos", ["NOUN", "X"])
    own.put(row, "places", ["B-LOC", "I-LOC"] if place % 2 else ["O", "B-ORG"])


def test_what_is_put_is_there_for_whoever_opens_it_next(own: Annotations, mtl_home: Path) -> None:
    (row,) = own.add(["New Rome"])
    label_all(own, row)
    (found,) = Annotations.open(mtl_home, "mine").rows()
    assert found.words == ["New", "Rome"]
    assert found.gold == {
        "mood": "poor", "topics": ["food", "tram"], "stars": 1.0,
        "pos": ["NOUN", "X"], "places": ["O", "B-ORG"],
    }  # fmt: skip
    assert Annotations.names(mtl_home) == ["mine"]
    assert "mine" in [d.name for d in Catalog.read(card_folders(mtl_home)).datasets]


def test_it_trains_as_soon_as_it_says_so(own: Annotations, mtl_home: Path) -> None:
    rows = own.add([f"town {name}" for name in "abcdefgh"])
    assert own.needs()["mood"].lacks == "3 more labelled sentences"
    for place, row in enumerate(rows):
        label_all(own, row, place)
    assert {need.labelled for need in own.needs().values()} == {8}
    assert not any(need.lacks for need in own.needs().values())
    dataset = load_card(mtl_home / "data" / "mine")
    sizes = {s: len(load_sentences(dataset, s, list(TASKS))) for s in dataset.card.split_names}
    assert sizes == {"train": 6, "validation": 2}
    status = execute(Runs().create(tiny_experiment(dataset, training__epochs=1)))
    assert status.state is State.FINISHED, status.reason


@pytest.mark.parametrize("task", TASKS)
def test_what_is_lacking_is_what_training_would_stop_at(
    own: Annotations, mtl_home: Path, task: str
) -> None:
    """With every sentence more: either something is lacking, or the data can be read and trained."""
    for place, row in enumerate(own.add([f"town {name}" for name in "abcd"])):
        label_all(own, row, 0 if place < 3 else 1)  # the first three are alike
        if own.needs()[task].lacks:
            continue
        dataset = load_card(mtl_home / "data" / "mine")
        train = load_sentences(dataset, "train", [task])
        load_sentences(dataset, "validation", [task])
        assert len(train.label_counts(task, TASKS[task].kind)) + len(train.values(task)) > 0


def test_the_first_label_decides_the_split_for_good(own: Annotations) -> None:
    rows = own.add([f"town {number}" for number in range(40)])
    for row in rows:
        own.put(row, "mood", "fine")
    for row in rows[:20]:
        own.put(row, "stars", 2.0)
    trees = [json.loads(line) for line in own.as_json_lines().strip().split("\n")]
    assert [tree["split"] for tree in trees].count("validation") == 8
    again = own.save(["town", "2"], {"mood": "poor"})
    assert again == rows[2] and len(own.rows()) == 40
    own.put(rows[2], "mood", None)
    now = [json.loads(line) for line in own.as_json_lines().strip().split("\n")]
    assert [tree["split"] for tree in now] == [tree["split"] for tree in trees]


def test_rows_of_the_same_words_stay_together(own: Annotations) -> None:
    rows = [own.save(["town", str(number)], {"mood": "fine"}) for number in range(4)]
    own.put(rows[3], "mood", None)
    assert own.add(["town 3", "", "  ", "new", "new"]) and len(own.rows()) == 5


def test_tags_with_gaps_wait_until_none_is_left(own: Annotations, mtl_home: Path) -> None:
    (row,) = own.add(["New Rome"])
    own.put(row, "pos", ["X", ""])
    assert own.rows()[0].gold == {"pos": ["X", ""]}
    assert (
        own.needs()["pos"].labelled == 0 and '"pos": [' not in own.as_json_lines().split("unf")[0]
    )
    own.put(row, "pos", ["X", "NOUN"])
    assert own.needs()["pos"].labelled == 1 and "unfinished" not in own.as_json_lines()
    own.put(row, "pos", ["", ""])
    assert own.rows()[0].gold == {}


def test_everything_can_be_taken_back(own: Annotations) -> None:
    states = [own.as_json_lines()]
    rows = own.add(["a b", "c d", "e f"])
    states.append(own.as_json_lines())
    for change in (
        lambda: own.put(rows[1], "mood", "fine"),
        lambda: own.delete(rows[1]),
        lambda: own.save(["a", "b"], {"mood": "poor", "stars": 2.0}),
        lambda: own.put(rows[0], "mood", None),
    ):
        change()
        states.append(own.as_json_lines())
    own.put(rows[0], "mood", None)  # changes nothing, so there is nothing to take back
    for state in states[-2::-1]:
        assert own.undo() and own.as_json_lines() == state
    assert not own.undo() and own.changes == 0


@pytest.mark.parametrize(
    ("task", "gold"),
    [
        ("mood", "great"), ("mood", ["fine"]), ("mood", 1.0), ("topics", "tram"),
        ("topics", ["sea"]), ("stars", 9.0), ("stars", float("nan")), ("stars", "4"),
        ("pos", ["X"]), ("pos", ["X", "VERB"]), ("places", ["B-LOC", "B-SEA"]),
        ("places", ["LOC", "O"]), ("else", "fine"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_and_changes_nothing(
    own: Annotations, task: str, gold: Any
) -> None:
    (row,) = own.add(["New Rome"])
    before = own.as_json_lines()
    with pytest.raises(DataError):
        own.put(row, task, gold)
    with pytest.raises(DataError):
        own.save(["Old", "Rome"], {task: gold})
    assert own.as_json_lines() == before


def test_names_that_cannot_be_are_refused(own: Annotations, mtl_home: Path) -> None:
    for name in ("mine", "", "../up", "a b", "x" * 65):
        with pytest.raises(DataError):
            Annotations.create(mtl_home, name, TASKS)
    with pytest.raises(DataError, match="at least one task"):
        Annotations.create(mtl_home, "none", {})
    for task in (("all", "spans", ["A"]), ("a/b", "spans", ["A"]), ("a", "tagging", ["A"])):
        with pytest.raises(DataError):
            define(*task)  # type: ignore[arg-type]
    with pytest.raises(DataError, match="create it first"):
        Annotations.open(mtl_home, "other")


def test_a_damaged_file_is_told_and_never_written_over(own: Annotations) -> None:
    own.add(["New Rome"])
    path = own.folder / "rows.jsonl"
    path.write_text(path.read_text() + "{broken\n")
    before = path.read_bytes()
    for act in (own.rows, lambda: own.add(["x"]), own.undo):
        with pytest.raises(DataError, match=r"rows\.jsonl line 2"):
            act()
    assert path.read_bytes() == before


def test_a_row_that_is_gone_says_so(own: Annotations) -> None:
    (row,) = own.add(["New Rome"])
    Annotations(own.folder).delete(row)
    with pytest.raises(DataError, match="deleted meanwhile"):
        own.put(row, "mood", "fine")


def test_the_tasks_of_another_dataset_feed_the_same_heads(tiny: Dataset, mtl_home: Path) -> None:
    tasks = tasks_of_dataset(tiny, ["mood", "places"])
    assert tasks["mood"].labels and tasks["places"].labels == ("LOC",)
    own = Annotations.create(mtl_home, "more", tasks)
    for place in range(4):
        label = tasks["mood"].labels[place % 2]
        own.save(["the", "tram", str(place)], {"mood": label, "places": ["O", "B-LOC", "I-LOC"]})
    both = [tiny, load_card(own.folder)]
    experiment = tiny_experiment(*both, training__epochs=1).replace(
        {"data": [{"card": str(d.path), "tasks": ["mood", "places"]} for d in both]}
    )
    assert execute(Runs().create(experiment)).state is State.FINISHED


def test_tasks_and_labels_are_added_and_never_changed(own: Annotations) -> None:
    other = Annotations(own.folder)
    own.extend({"mood": define("mood", "classification", ["fine", "so so"])})
    other.extend({"more": define("more", "spans", ["A"])})
    assert other.tasks["mood"].labels == ("fine", "poor", "so so") and "more" in other.tasks
    for odd in (define("stars", "regression"), define("mood", "spans", ["A"])):
        with pytest.raises(DataError, match="choose another dataset"):
            own.extend({odd.spec.target: odd})


def test_pairs(mtl_home: Path) -> None:
    same = define("same", "classification", ["yes", "no"], pair=True)
    own = Annotations.create(mtl_home, "pairs", {"same": same})
    one, two = own.add(["a b\tc d", "alone"])
    own.put(one, "same", "yes")
    assert own.rows()[0].second == ["c", "d"]
    with pytest.raises(DataError, match="add the second"):
        own.put(two, "same", "no")


def test_the_tasks_of_a_model() -> None:
    task = Task("mood", "classification", ("a", "b"), "accuracy")
    assert task_of_model(task, None).labels == ("a", "b")
    spec = define("mood", "classification", ["a", "b"], description="How.").spec
    assert task_of_model(task, spec).spec.description == "How."


def test_columns_that_rows_need_are_no_targets() -> None:
    assert define("text", "spans", ["A"]).spec.target == "text_label"


# --- Whatever is done ------------------------------------------------------------------------------

WORD = st.text(min_size=1, max_size=6).filter(lambda text: "\n" not in text)


@given(st.lists(st.tuples(st.lists(WORD, min_size=1, max_size=4), st.sampled_from("fp"))))
@settings(max_examples=15)
def test_any_words_come_back(rows: list[tuple[list[str], str]]) -> None:
    task = {"mood": define("mood", "classification", ["f", "p"])}
    with TemporaryDirectory() as folder:
        own = Annotations.create(Path(folder), "any", task)
        wanted: dict[tuple[str, ...], str] = {}
        for words, label in rows:
            own.save(words, {"mood": label})
            wanted[tuple(words)] = label
        found = {tuple(row.words): row.gold["mood"] for row in own.rows()}
        assert found == wanted
        while own.undo():
            pass
        assert not own.rows()


SPAN = st.tuples(st.integers(0, 7), st.integers(1, 8), st.sampled_from(["A", "B", ""]))


@given(st.lists(SPAN, max_size=8))
def test_the_newest_span_holds_and_none_overlap(spans: list[tuple[int, int, str]]) -> None:
    tags = ["O"] * 8
    for start, end, label in spans:
        if start < end:
            tags = with_span(tags, start, end, label)
            inside = [s for s in spans_of(tags) if s[0] < end and s[1] > start]
            assert inside == ([(start, end, label)] if label else [])


def write_many(folder: str, name: str) -> None:
    own = Annotations(Path(folder))
    for number in range(12):
        own.save([name, str(number)], {"mood": "fine"})
        own.put(own.save(["shared", str(number)], {}), name, "fine")


def test_two_writers_lose_nothing(mtl_home: Path) -> None:
    choice = ["fine", "poor"]
    tasks: dict[str, OwnTask] = {t: define(t, "classification", choice) for t in ("mood", "a", "b")}
    own = Annotations.create(mtl_home, "both", tasks)
    with ProcessPoolExecutor(2, mp_context=get_context("fork")) as pool:
        for done in [pool.submit(write_many, str(own.folder), name) for name in "ab"]:
            done.result()
    rows = {tuple(row.words): row.gold for row in own.rows()}
    assert len(rows) == 36
    assert all(rows["shared", str(n)] == {"a": "fine", "b": "fine"} for n in range(12))
