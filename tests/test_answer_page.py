"""The Predict page for every kind of task: two texts where pairs are read, and HTML of any answer."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from mtl_core.data.catalog import Dataset
from mtl_core.data.tasks import Task
from mtl_core.predict.answers import Answer, Answers, Asked
from mtl_core.runs import worker
from mtl_core.runs.store import Run, Runs
from mtl_core.training.checkpoint import MODEL
from mtl_core.training.manifest import Manifest
from pages import _prediction
from pages._answer import differs, drawn, head
from tests.conftest import tiny_experiment

ROOT = Path(__file__).parents[1]
EVIL = "<img src=x onerror=alert(1)>"
LIKE = Answer("like", "regression", value=3.25, low=1, high=4)
GOOD = Answer(
    "good", "multilabel", labels=["tram", EVIL], probabilities={"tram": 0.9, EVIL: 0.8, "bus": 0.1}
)
SAME = Answer("same", "classification", label="yes", probabilities={"yes": 0.7, "no": 0.3})


class Answering:
    """Stands for the prediction process: notes what it is asked, answers the same every time."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        self.models: Sequence[Asked] = []

    def answers(self, models: Sequence[Asked], text: str, second: str = "") -> dict[str, Answers]:
        self.asked.append((text, second))
        self.models = models
        tasks = {answer.task: answer for answer in (SAME, LIKE, GOOD)} if second else {}
        waiting = () if second else ("same", "like", "good")
        found = Answers(
            text.split(),
            tasks,
            second=second.split(),
            second_cut=1 if second else 0,
            waiting=waiting,
        )
        return {folder.name: found for folder, _ in models}


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch) -> Answering:
    found = Answering()
    monkeypatch.setattr(_prediction, "predictor", lambda: found)
    monkeypatch.setattr(worker, "ensure", lambda home: None)
    return found


def with_model(dataset: Dataset, pair: bool) -> Run:
    """A run as one that has saved a model, without a training."""
    run = Runs().create(tiny_experiment(dataset))
    tasks = tuple(
        Task(name, spec.kind, ("a",), "", pair=pair) for name, spec in dataset.card.tasks.items()
    )
    Manifest(tasks, ()).save(run.folder)
    (run.folder / MODEL).write_bytes(b"")
    return run


def predict_page() -> AppTest:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    app = app.switch_page("pages/predict.py").run()
    assert not app.exception, app.exception
    return app


def shown(app: AppTest) -> str:
    assert not app.exception, app.exception
    return " ".join(str(element.proto) for element in app.get("html")).replace("\\n", " ")


def labels(app: AppTest) -> list[str]:
    return [field.label for field in app.text_input]


def test_a_second_sentence_is_asked_for_where_pairs_are_read(
    pairs: Dataset, answering: Answering
) -> None:
    with_model(pairs, pair=True)
    app = predict_page()
    assert labels(app) == ["Your sentence", "Second sentence"]
    app.text_input[0].set_value("the tram is good").run()
    assert answering.asked[-1] == ("the tram is good", "")
    assert "Type a second sentence too, for same, like, good." in app.info[0].value
    app.text_input[1].set_value("the bus is bad").run()
    assert answering.asked[-1] == ("the tram is good", "the bus is bad")
    assert not app.info and "1 word of the second sentence are" in app.warning[0].value
    html = shown(app)
    assert "3.25" in html and "&lt;img" in html and "<img" not in html


def test_an_example_fills_both_fields(pairs: Dataset, answering: Answering) -> None:
    with_model(pairs, pair=True)
    app = predict_page()
    pills: Any = app.get("button_group")[0]
    assert all("|" in option.content for option in pills.proto.options)
    rows = [(row["a"], row["b"]) for row in _rows(pairs)]
    example = next(row for row in rows if _prediction._shortened(row) == pills.options[0])
    pills.select(example).run()
    assert tuple(field.value for field in app.text_input) == example == answering.asked[-1]


def _rows(dataset: Dataset) -> list[dict[str, Any]]:
    import json

    lines = dataset.file("validation").read_text("utf-8").strip().split("\n")
    return [json.loads(line) for line in lines]


def test_single_texts_have_one_field(tiny: Dataset, answering: Answering) -> None:
    with_model(tiny, pair=False)
    assert labels(predict_page()) == ["Your sentence"]


def test_a_value_is_drawn_on_its_range() -> None:
    html = drawn([], LIKE, None)
    assert "3.25" in html and "width:75.0%" in html and ">1<" in html and ">4<" in html
    beyond = drawn([], Answer("like", "regression", value=9, low=1, high=4), None)
    assert "width:100.0%" in beyond


def test_labels_are_chips_and_none_is_said() -> None:
    html = drawn([], GOOD, None)
    assert html.count("border-radius:1em") == 2 and "<img" not in html
    assert "2 labels of 3" in head("good", GOOD)
    nothing = Answer("good", "multilabel", probabilities={"tram": 0.2})
    assert "none of the labels" in drawn([], nothing, None)


def test_disagreement_is_underlined_for_labels_and_never_for_values() -> None:
    fewer = Answer("good", "multilabel", labels=["tram"], probabilities={"tram": 0.9})
    assert differs(GOOD, fewer) and drawn([], GOOD, fewer).count("<u ") == 1
    assert not differs(GOOD, GOOD) and "<u " not in drawn([], GOOD, GOOD)
    assert not differs(LIKE, Answer("like", "regression", value=1, low=1, high=4))
    assert not differs(SAME, None)
