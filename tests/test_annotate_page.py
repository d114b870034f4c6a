"""Labelling one's own sentences on the screen, and correcting a prediction."""

from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from mtl_core.data.annotating import Annotations
from mtl_core.data.catalog import Dataset, TaskKind, load_card
from mtl_core.data.own_tasks import define
from mtl_core.data.spans import spans_of
from mtl_core.data.tasks import Task
from mtl_core.predict.answers import Answer, Answers
from mtl_core.runs import worker
from mtl_core.runs.store import Run, Runs
from mtl_core.training.checkpoint import MODEL
from mtl_core.training.manifest import Manifest, Reading
from pages import _prediction
from pages._correct import gold_of, usual_name
from tests.conftest import tiny_experiment

ROOT = Path(__file__).parents[1]
TASKS = {
    "mood": define("mood", "classification", ["*fine*", "poor"]),
    "topics": define("topics", "multilabel", ["tram", "food"]),
    "stars": define("stars", "regression", range=(1, 5)),
    "pos": define("pos", "tagging", ["NOUN", "X"]),
    "places": define("places", "spans", ["LOC", "ORG"]),
}


def script() -> None:
    from pages._annotate import annotate

    annotate()


def page() -> AppTest:
    return checked(AppTest.from_function(script, default_timeout=30).run())


def checked(app: AppTest) -> AppTest:
    assert not app.exception, app.exception
    return app


def pills(app: AppTest, part: str) -> Any:
    """The buttons whose key holds this part."""
    return next(group for group in app.get("button_group") if part in group.key)


def click(app: AppTest, part: str, *values: Any) -> AppTest:
    group = pills(app, part)
    value = (values or (None,))[0] if group._is_single_select else list(values)
    return checked(group.set_value(value).run())


@pytest.fixture
def own(mtl_home: Path) -> Annotations:
    found = Annotations.create(mtl_home, "mine", TASKS)
    found.add(["New Rome is <b>fine</b>", "the tram"])
    return found


def gold(own: Annotations, row: int = 0) -> dict[str, Any]:
    return own.rows()[row].gold


def test_a_dataset_is_made_and_filled(mtl_home: Path) -> None:
    app = page()
    app.button(key="annotate/new/create").click().run()
    assert "give the task a name" in app.error[0].value
    app.text_input(key="annotate/new/name").set_value("mine")
    app.text_input(key="annotate/new/task").set_value("mood")
    app.text_input(key="annotate/new/labels").set_value("fine, poor,")
    checked(app.button(key="annotate/new/create").click().run())
    own = Annotations.open(mtl_home, "mine")
    assert own.tasks["mood"].labels == ("fine", "poor")
    app.text_area[0].set_value("the tram was late\n\nNew Rome\nthe tram was late")
    add = next(
        button for button in app.button if button.label == "Add" and "more" not in str(button.key)
    )
    checked(add.click().run())
    assert [row.words for row in own.rows()] == [["the", "tram", "was", "late"], ["New", "Rome"]]
    click(app, "/mood/", "poor")
    assert gold(own) == {"mood": "poor"}


def test_once_all_tasks_can_be_trained_it_says_so(mtl_home: Path) -> None:
    own = Annotations.create(mtl_home, "mine", {"mood": TASKS["mood"]})
    for i, row in enumerate(own.add(["the tram", "New Rome", "a film", "my soup"])):
        own.put(row, "mood", ["*fine*", "poor"][i % 2])
    app = page()
    assert any("Can be trained: mood" in text.value for text in app.markdown)


def test_the_tasks_of_another_dataset_can_be_taken(mtl_home: Path) -> None:
    app = page()
    app.text_input(key="annotate/new/name").set_value("more")
    click(app, "annotate/new/how", "Tasks of another dataset")
    app.selectbox(key="annotate/new/like").set_value("city_en").run()
    checked(app.button(key="annotate/new/create").click().run())
    own = Annotations.open(mtl_home, "more")
    assert set(own.tasks) == {"sentiment", "topic", "entities", "pos"} and own.tasks["pos"].labels


def test_every_kind_is_labelled_with_clicks(own: Annotations) -> None:
    app = page()
    click(app, "/mood/", "*fine*")
    click(app, "/topics/", "tram", "food")
    checked(app.number_input[0].set_value(4.5).run())
    click(app, "/words/", 0, 1)
    click(app, "/places/label", "LOC")
    assert pills(app, "/words/").value == []  # let go of after it was used
    assert gold(own) == {
        "mood": "*fine*", "topics": ["food", "tram"], "stars": 4.5,
        "places": ["B-LOC", "I-LOC", *["O"] * (len(own.rows()[0].words) - 2)],
    }  # fmt: skip
    for _ in own.rows()[0].words:
        click(app, "/pos/label", "NOUN")
    assert set(gold(own)["pos"]) == {"NOUN"}
    click(app, "/words/", 1)
    click(app, "/pos/label", "X")
    assert gold(own)["pos"][:3] == ["NOUN", "X", "NOUN"]
    click(app, "/pos/label", "X")
    assert "Every word has a tag" in app.error[0].value


def test_answers_are_taken_away_and_taken_back(own: Annotations) -> None:
    app = page()
    click(app, "/topics/", "tram")
    click(app, "/topics/", "tram", "\u2205 none of these")
    assert gold(own) == {"topics": []}
    click(app, "/topics/", "\u2205 none of these", "food")
    assert gold(own) == {"topics": ["food"]}
    checked(app.button(key="annotate/undo").click().run())
    assert gold(own) == {"topics": []} and pills(app, "/topics/").value == ["\u2205 none of these"]
    click(app, "/topics/")
    assert gold(own) == {}
    click(app, "/places/label", "LOC")
    assert "No word is chosen" in app.error[0].value
    click(app, "/places/label", "\u2205 none of these")
    assert set(gold(own)["places"]) == {"O"}


def test_sentences_are_gone_through_and_deleted(own: Annotations) -> None:
    app = page()
    checked(app.button(key="annotate/next").click().run())
    click(app, "/mood/", "poor")
    assert gold(own, 1) == {"mood": "poor"}
    assert app.button(key="annotate/next").disabled
    checked(app.button(key="annotate/previous").click().run())
    checked(app.button(key="annotate/following").click().run())
    checked(app.button(key="annotate/delete").click().run())
    assert len(own.rows()) == 1
    checked(app.button(key="annotate/undo").click().run())
    assert gold(own, 1) == {"mood": "poor"}


def test_another_tab_may_have_deleted_the_sentence(own: Annotations) -> None:
    app = page()
    Annotations(own.folder).delete(own.rows()[0].id)
    assert "deleted meanwhile" in click(app, "/mood/", "poor").error[0].value


def test_what_is_lacking_is_said(own: Annotations) -> None:
    own.add(["a", "b", "c"])
    for place, row in enumerate(own.rows()):
        own.put(row.id, "mood", ["*fine*", "poor"][place % 2])
    app = page()
    text = " ".join(m.value for m in app.markdown).replace("\\", "")
    assert "Can be trained: mood." in text
    html = " ".join(str(h.proto) for h in app.get("html"))
    assert "3 more labelled sentences" in html and "<b>" not in html.split("small")[0]


def test_many_labels_and_long_sentences(mtl_home: Path) -> None:
    many = [f"label {number}" for number in range(40)]
    kinds: tuple[TaskKind, ...] = ("classification", "multilabel", "tagging", "spans")
    own = Annotations.create(mtl_home, "many", {kind: define(kind, kind, many) for kind in kinds})
    own.add([" ".join(f"w{number}" for number in range(150))])
    app = page()
    one = next(box for box in app.selectbox if box.label == "classification")
    checked(one.set_value("label 7").run())
    checked(app.multiselect[0].set_value(["label 2", "label 1"]).run())
    click(app, "/part", 100)
    click(app, "/words/100", 148, 140)
    spans = next(box for box in app.selectbox if box.label == "Label for spans")
    checked(spans.set_value("label 3").run())
    found = gold(own)
    assert found["classification"] == "label 7" and found["multilabel"] == ["label 1", "label 2"]
    assert spans_of(found["spans"]) == [(140, 149, "label 3")]


# --- Corrections ------------------------------------------------------------------------------------


MOOD = Answer("mood", "classification", label="fine", probabilities={"fine": 0.9, "poor": 0.1})
PLACES = Answer("places", "spans", tags=["O", "B-LOC"], spans=[(1, 2, "LOC")], confidence=[1, 1])


class Answering:
    """Stands for the prediction process."""

    def answers(self, models: Any, text: str, second: str = "") -> dict[str, Answers]:
        found = Answers(text.split(), {"mood": MOOD, "places": PLACES}, second=second.split())
        return {folder.name: found for folder, _ in models}


@pytest.fixture
def run(tiny: Dataset, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setattr(_prediction, "predictor", Answering)
    monkeypatch.setattr(worker, "ensure", lambda home: None)
    made = Runs().create(tiny_experiment(tiny))
    tasks = (
        Task("mood", "classification", ("fine", "poor"), "accuracy"),
        Task("places", "spans", ("LOC",), "f1"),
    )
    Manifest(tasks, (Reading("tiny", "words", ("mood", "places")),)).save(made.folder)
    (made.folder / MODEL).write_bytes(b"")
    return made


def test_a_prediction_is_corrected_into_a_dataset(run: Run, mtl_home: Path) -> None:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    app = checked(app.switch_page("pages/predict.py").run())
    app.text_input[0].set_value("in Rome").run()
    checked(app.button(key="correct/mood").click().run())
    click(app, "sheet/1/mood", "poor")
    assert app.button(key="correct/mood").label == "Close"
    checked(app.button(key="correct/save").click().run())
    own = Annotations.open(mtl_home, "corrections-tiny")
    assert [(row.words, row.gold) for row in own.rows()] == [(["in", "Rome"], {"mood": "poor"})]
    # The next one goes into the same row, its task is added to the dataset.
    checked(app.button(key="correct/places").click().run())
    click(app, "/places/label", "\u2205 none of these")
    checked(app.button(key="correct/save").click().run())
    found = Annotations.open(mtl_home, "corrections-tiny").rows()
    assert [row.gold for row in found] == [{"mood": "poor", "places": ["O", "O"]}]
    spec = load_card(own.folder).card.tasks["mood"]
    assert spec.kind == "classification" and spec.input == "tokens"


def test_what_a_model_answers_can_be_put() -> None:
    assert gold_of(MOOD, 2) == "fine" and gold_of(PLACES, 3) == ["O", "B-LOC", "O"]
    assert gold_of(Answer("t", "tagging", tags=["A"]), 2) == ["A", ""]
    assert gold_of(Answer("r", "regression", value=9.123, low=0, high=5), 2) == 5
    assert gold_of(Answer("m", "multilabel", labels=["b", "a"]), 2) == ["a", "b"]


def test_names_of_corrections() -> None:
    assert usual_name("city_en") == "corrections-city_en"
    assert usual_name("/data/my set/card.yaml") == "corrections-my_set"
