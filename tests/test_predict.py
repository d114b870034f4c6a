"""A saved run and a typed text: the same answers as in training, and nothing that breaks."""

import os
import signal
import time

import numpy as np
import pytest
import torch

from mtl_core.data.catalog import Catalog
from mtl_core.errors import RunError
from mtl_core.predict.answering import Answerer
from mtl_core.predict.answers import Answers
from mtl_core.predict.service import Predictor
from mtl_core.runs.execute import execute
from mtl_core.runs.store import Runs
from mtl_core.training.checkpoint import load_model
from mtl_core.training.setup import prepare

from .conftest import tiny_experiment, write_dataset

TEXT = "the tram in New Port is great"


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    home = tmp_path_factory.mktemp("trained")
    dataset = write_dataset(home / "data" / "larger", "larger", train=96)
    experiment = tiny_experiment(dataset, training__epochs=8, training__learning_rate=0.03)
    run = Runs(home / "runs").create(experiment)
    execute(run)
    return run


def test_a_learnt_sentence_is_answered_by_every_task(run):
    answers = Answerer(run).answer(TEXT)
    assert answers.words == TEXT.split() and answers.cut == 0
    mood, places, tags = (answers.tasks[name] for name in ("mood", "places", "tags"))
    assert mood.label == "fine" and list(mood.probabilities)[0] == "fine"
    assert sum(mood.probabilities.values()) == pytest.approx(1, abs=1e-5)
    assert places.spans == [(3, 5, "LOC")] and places.tags[3:5] == ["B-LOC", "I-LOC"]
    assert tags.tags == ["DET", "NOUN", "ADP", "PROPN", "PROPN", "AUX", "ADJ"]
    assert len(tags.confidence) == 7 and all(0 < c <= 1 for c in tags.confidence)


def test_saved_and_loaded_answers_agree_to_1e_6(tiny):
    """The trained model itself against the one that predict builds from the folder."""
    experiment = tiny_experiment(tiny)
    run = Runs().create(experiment)
    execute(run)
    prepared = prepare(experiment, Catalog.read([]))
    load_model(prepared.parts.model, run.folder)
    part = prepared.parts.evaluator.splits["test"][0]
    batch = part.table.batch(np.arange(1))
    prepared.parts.model.eval()
    with torch.inference_mode():
        expected = prepared.parts.model(batch, ("mood",))["mood"][0].softmax(-1)
    answer = Answerer(run).answer_words(part.sentences.words[0]).tasks["mood"]
    labels = Answerer(run).manifest.tasks[0].labels
    found = torch.tensor([answer.probabilities[label] for label in labels])
    torch.testing.assert_close(found, expected, atol=1e-6, rtol=0)


@pytest.mark.parametrize(
    "text",
    ["", "   \n\t ", "<script>alert(1)</script>", "\U0001f600\U0001f680 \u200f\u202e", "\u0000\ufffd",
     "word " * 10_000, "x" * 50_000],
    ids=["empty", "blank", "html", "emoji", "control", "10,000 words", "one long word"],
)  # fmt: skip
def test_no_text_breaks_it(run, text):
    answers = Answerer(run).answer(text)
    assert Answers.from_tree(answers.to_tree()) == answers
    if answers.words:
        assert len(answers.tasks["tags"].tags) == len(answers.words) - answers.cut
        assert answers.tasks["mood"].label in {"fine", "poor"}
    assert (answers.cut > 0) == (text.startswith("word word"))


def test_a_run_without_a_model_says_so(tiny):
    with pytest.raises(RunError, match="has no saved model yet"):
        Answerer(Runs().create(tiny_experiment(tiny)))


def test_the_service_answers_as_the_model_does_and_survives_its_own_death(run, tiny):
    predictor = Predictor()
    try:
        expected = Answerer(run).answer(TEXT)
        found = predictor.answers([(run.folder, None)], TEXT)[run.id]
        assert found.words == expected.words
        for name, answer in expected.tasks.items():
            assert found.tasks[name].tags == answer.tags
            assert found.tasks[name].label == answer.label
        os.kill(predictor._process.pid, signal.SIGKILL)
        time.sleep(0.1)
        assert predictor.answers([(run.folder, None)], TEXT)[run.id] == found
        with pytest.raises(RunError, match="has no saved model yet"):
            predictor.answers([(Runs().create(tiny_experiment(tiny)).folder, None)], TEXT)
        assert predictor.answers([(run.folder, None)], TEXT)[run.id] == found
    finally:
        predictor.close()
