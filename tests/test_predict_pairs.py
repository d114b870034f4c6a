"""Two typed texts: every kind of task that reads them, beside tasks that read one."""

import json
from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner

from mtl_core.cli import app
from mtl_core.data.catalog import Dataset
from mtl_core.models.insight import PIECE, WORD, Insight, axis
from mtl_core.predict.answering import Answerer, by_word
from mtl_core.predict.answers import Answers
from mtl_core.predict.models import Models
from mtl_core.runs.execute import execute
from mtl_core.runs.store import Run, Runs

from .conftest import tiny_experiment, write_pair_dataset

ONE, TWO = "the tram is great", "the tram is good"
PAIRS = {"same", "like", "good"}
SINGLE = {"mood", "places", "tags"}
runner = CliRunner()


@pytest.fixture(scope="module")
def pair_run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    home = tmp_path_factory.mktemp("pair_run")
    dataset = write_pair_dataset(home / "pairs")
    run = Runs(home / "runs").create(tiny_experiment(dataset, training__epochs=1))
    execute(run)
    return run


@pytest.fixture
def both_run(tiny: Dataset, pairs: Dataset) -> Run:
    """A run on single sentences and on pairs."""
    run = Runs().create(tiny_experiment(tiny, pairs, training__epochs=1))
    execute(run)
    return run


def test_every_kind_learns_from_pairs_and_answers_them(tmp_path: Path) -> None:
    dataset = write_pair_dataset(tmp_path / "more", train=160)
    settings = {"training__epochs": 8, "training__learning_rate": 0.03}
    run = Runs().create(tiny_experiment(dataset, **settings))
    execute(run)
    scores = run.status().metrics
    assert {"like/test/pearson", "good/test/micro_f1", "same/test/mcc"} <= set(scores)
    answerer = Answerer(run)
    found = answerer.answer(ONE, TWO)
    assert (found.words, found.second) == (ONE.split(), TWO.split())
    assert not found.waiting and (found.cut, found.second_cut) == (0, 0)
    same, like, good = (found.tasks[name] for name in ("same", "like", "good"))
    assert same.label == "yes" and sum(same.probabilities.values()) == pytest.approx(1, abs=1e-5)
    assert (like.low, like.high) == (0, 4) and like.value > 2.5
    assert good.labels == ["tram"] and list(good.probabilities)[0] == "tram"
    other = answerer.answer("the tram is bad", "the hotel is awful").tasks
    assert other["same"].label == "no" and other["good"].labels == []
    assert other["like"].value < like.value


def test_what_is_saved_answers_as_the_model_that_was_trained(pair_run: Run) -> None:
    """The second text reaches the model as it did in training: against the model itself."""
    answerer = Answerer(pair_run)
    batch_words = [ONE.split()], [TWO.split()]
    encoded = answerer.pieces.encode(*batch_words)
    swapped = answerer.pieces.encode(*reversed(batch_words))
    assert encoded.ids.tolist() != swapped.ids.tolist()
    one, two = answerer.answer(ONE, TWO), answerer.answer(TWO, ONE)
    assert one.tasks["same"].probabilities != two.tasks["same"].probabilities


def test_tasks_that_read_pairs_wait_for_the_second_text(both_run: Run) -> None:
    answerer = Answerer(both_run)
    alone = answerer.answer(ONE)
    assert set(alone.tasks) == SINGLE and set(alone.waiting) == PAIRS and alone.second == []
    both = answerer.answer(ONE, TWO)
    assert set(both.tasks) == SINGLE | PAIRS and both.waiting == ()
    for name in SINGLE:  # the second text is nothing to them
        assert both.tasks[name] == alone.tasks[name]
    assert answerer.answer(ONE, "  ") == alone
    assert list(both.tasks) == [task.name for task in answerer.manifest.tasks]


def test_answers_come_back_from_json_as_they_were(both_run: Run) -> None:
    answers = Answerer(both_run).answer(ONE, TWO)
    assert Answers.from_tree(json.loads(json.dumps(answers.to_tree()))) == answers


@pytest.mark.parametrize("one", ["", "a", "word " * 600, "x" * 3000, "\u0000 \U0001f600"])
@pytest.mark.parametrize("two", ["", "a", "wort " * 600, "\u0000"])
def test_no_two_texts_break_it(pair_run: Run, one: str, two: str) -> None:
    answers = Answerer(pair_run).answer(one, two)
    whole = len(answers.words) + len(answers.second) < 100
    assert (answers.cut + answers.second_cut > 0) <= (not whole)
    if answers.words and answers.second:
        assert set(answers.tasks) == PAIRS
        if len(answers.words) > 500 and len(answers.second) > 500:
            read = len(answers.words) - answers.cut, len(answers.second) - answers.second_cut
            assert min(read) > 20 and answers.cut > 0 and answers.second_cut > 0


def test_the_service_takes_the_second_text(pair_run: Run) -> None:
    models = Models(2)
    asked = {"models": [(str(pair_run.folder), None)], "text": ONE}
    waiting = models.reply(asked)["answers"][pair_run.id]
    assert waiting["tasks"] == {} and set(waiting["waiting"]) == PAIRS
    found = Answers.from_tree(models.reply({**asked, "second": TWO})["answers"][pair_run.id])
    assert found == Answerer(pair_run).answer(ONE, TWO)


def said(*arguments: object) -> str:
    result = runner.invoke(app, [*map(str, arguments)], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_the_command_line_answers_pairs(pair_run: Run, tmp_path: Path) -> None:
    call = ("predict", pair_run.folder, "--text", ONE)
    found = json.loads(said(*call, "--second", TWO, "--json"))
    assert (found["text"], found["second_text"]) == (ONE, TWO) and set(found["tasks"]) == PAIRS
    words = said(*call, "--second", TWO)
    assert "(from 0 to 4)" in words and TWO in words
    assert "same: reads pairs; give the second text with --second" in said(*call)
    (tmp_path / "texts.txt").write_text(f"{ONE}\t{TWO}\n{ONE}\n", "utf-8")
    lines = json.loads(said("predict", pair_run.folder, "--file", tmp_path / "texts.txt", "--json"))
    assert lines[0]["tasks"] == found["tasks"] and lines[1]["tasks"] == {}


def test_a_run_on_single_texts_takes_no_second(tiny: Dataset) -> None:
    from mtl_core.errors import ConfigError

    run = Runs().create(tiny_experiment(tiny, training__epochs=1))
    execute(run)
    for arguments in (["--text", "a", "--second", "b"], ["--file", "x", "--second", "b"]):
        with pytest.raises(ConfigError, match="--second"):
            runner.invoke(app, ["predict", run.id, *arguments], catch_exceptions=False)


def test_insights_by_piece_become_insights_by_word() -> None:
    """Values of first pieces only; words that were cut off and other insights are left out."""
    by_piece = Insight(
        "gate", "Gate", "", (axis("task", "ab"), axis(PIECE, ())), [[0, 1, 2, 3], [4, 5, 6, 7]]
    )
    flat = Insight("one", "One", "", (axis(PIECE, ()),), [9, 8, 7, 6])
    still = Insight("mean", "Mean", "", (axis("task", "ab"),), [1, 2])
    first = torch.tensor([1, 3])
    found = by_word([by_piece, flat, still], first, ["New", "Port", "unread"])
    assert [insight.values for insight in found] == [[[1, 3], [5, 7]], [9 - 1, 9 - 3]]
    assert all(insight.axes[-1] == axis(WORD, ["New", "Port"]) for insight in found)
    assert found[0].axes[0] == by_piece.axes[0]
