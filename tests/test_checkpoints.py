"""What stays on the disk while and after a training, and that any of it can be asked again."""

import io
import json
import shutil
import zipfile

import pytest
import torch
from safetensors.torch import load_file
from streamlit.testing.v1 import AppTest
from typer.testing import CliRunner

from mtl_core.cli import app
from mtl_core.data.catalog import Catalog
from mtl_core.errors import ConfigError, RunError
from mtl_core.predict.answering import Answerer
from mtl_core.predict.models import Models
from mtl_core.runs import worker
from mtl_core.runs.execute import execute
from mtl_core.runs.store import Runs
from mtl_core.training import checkpoint
from mtl_core.training.evaluation import Evaluator
from mtl_core.training.events import Checkpointed, Evaluated, Finished, Step
from mtl_core.training.kept import FOLDER, INDEX, Kept, kept_file
from mtl_core.training.restore import restore
from mtl_core.training.setup import prepare
from mtl_core.training.steering import Wishes
from mtl_core.training.trainer import train
from pages import _prediction
from pages._run_actions import zipped

from .conftest import tiny_experiment, write_dataset
from .test_answer_page import Answering, predict_page

TEXT = "the tram in New Port is great"
TASKS = ("mood", "places", "tags")


def script_scores(monkeypatch, **scores):
    """The main scores of the validations, one after the other, whatever the model answers."""
    turns = iter(zip(*scores.values(), strict=True))

    def scripted(self, metrics, split):
        return dict(zip(scores, next(turns), strict=True))

    monkeypatch.setattr(Evaluator, "main_scores", scripted)


def on_disk(folder):
    return {int(file.stem.split("-")[1]) for file in (folder / FOLDER).glob("step-*")}


def trained(experiment, folder):
    folder.mkdir()
    prepared = prepare(experiment, Catalog.read([]))
    return list(train(prepared.parts, prepared.plan, folder))


# The joint best by the mean: steps 3, 6, 6, 6; mood's own: 3, 3, 3, 12; tags': 3, 6, 6, 6.
SCRIPT = {"mood": (0.5, 0.4, 0.1, 0.6), "places": (0.2, 0.2, 0.2, 0.1), "tags": (0.1, 0.9, 0.5, 0.2)}  # fmt: skip


@pytest.mark.parametrize(
    ("keep", "after"),
    [
        ("best", [set(), set(), set(), set()]),
        ("tasks", [{3}, {3, 6}, {3, 6}, {3, 6, 12}]),
        ("all", [{3}, {3, 6}, {3, 6, 9}, {3, 6, 9, 12}]),
    ],
)
def test_files_are_those_that_are_kept_and_others_are_removed(
    tiny, tmp_path, monkeypatch, keep, after
):
    script_scores(monkeypatch, **SCRIPT)
    experiment = tiny_experiment(tiny, training__epochs=4, training__keep=keep)
    prepared = prepare(experiment, Catalog.read([]))
    found = []
    for event in train(prepared.parts, prepared.plan, tmp_path):
        if isinstance(event, Checkpointed):
            kept = Kept.load(tmp_path)
            found.append(on_disk(tmp_path))
            assert (kept is None) == (keep == "best")
            assert kept is None or set(kept.steps) == found[-1] >= {
                kept.joint,
                *kept.tasks.values(),
            }
    assert found == after
    if kept:
        assert kept.joint == 6 and kept.tasks == {"mood": 12, "places": 3, "tags": 6}
        best = load_file(tmp_path / "model.safetensors"), load_file(tmp_path / kept_file(6))
        torch.testing.assert_close(*best, atol=0, rtol=0)


def test_a_crash_between_validation_and_saving_loses_no_file_that_the_state_names(
    tiny, tmp_path, monkeypatch
):
    """Mood's best moves from step 3 to step 6: the file of step 3 goes after the state is saved."""
    script_scores(monkeypatch, mood=(0.1, 0.9), places=(0.1, 0.9), tags=(0.1, 0.9))
    prepared = prepare(tiny_experiment(tiny), Catalog.read([]))
    seen = []
    for event in train(prepared.parts, prepared.plan, tmp_path):
        if isinstance(event, Evaluated):
            state = checkpoint.load_state(tmp_path)
            named = (
                {best["step"] for best in state["choosing"]["tasks"].values()} if state else set()
            )
            seen.append((event.step, named, on_disk(tmp_path)))
    assert seen == [(3, set(), {3}), (6, {3}, {3, 6})]
    assert on_disk(tmp_path) == {6}


def test_each_task_is_scored_with_its_own_best_checkpoint(tiny, tmp_path, monkeypatch):
    script_scores(monkeypatch, **SCRIPT)
    experiment = tiny_experiment(tiny, training__epochs=4, training__best_by="each")
    events = trained(experiment, tmp_path / "run")
    finished = events[-1]
    assert isinstance(finished, Finished)
    assert finished.own_steps == {"mood": 12, "places": 3, "tags": 6} and finished.best_step == 6
    prepared = prepare(experiment, Catalog.read([]))
    expected = {}
    for task, step in finished.own_steps.items():
        weights = load_file(tmp_path / "run" / kept_file(step))
        prepared.parts.model.load_state_dict(weights)
        for split in ("validation", "test"):
            scores = prepared.parts.evaluator.score(prepared.parts.model, split, None)
            expected |= {k: v for k, v in scores.items() if k.split("/")[0] == task}
    assert finished.metrics == pytest.approx(expected, abs=1e-6)
    told = {e.step: e.metrics for e in events if isinstance(e, Evaluated)}
    assert finished.metrics["mood/validation/loss"] == told[12]["mood/validation/loss"]
    assert finished.metrics["places/validation/loss"] == told[3]["places/validation/loss"]


@pytest.mark.parametrize(
    "method", ["fixed", "uncertainty", "gradnorm", "pcgrad", "graddrop", "pcd"]
)
def test_a_task_that_has_stopped_trains_no_more_while_others_go_on(
    tiny, tmp_path, monkeypatch, method
):
    """Mood stops at the second validation; that it is better at the third wakes it no more."""
    script_scores(
        monkeypatch,
        mood=(0.5, 0.4, 0.9, 0.9),
        places=(0.1, 0.2, 0.3, 0.4),
        tags=(0.1, 0.2, 0.3, 0.2),
    )
    experiment = tiny_experiment(
        tiny,
        balancing={"kind": method},
        training__epochs=4,
        training__patience=1,
        training__stopping="each",
        training__watch_every=2,
    )
    prepared = prepare(experiment, Catalog.read([]))
    model, heads, stopped = prepared.parts.model, [], []
    for event in train(prepared.parts, prepared.plan, tmp_path):
        if isinstance(event, Evaluated):
            stopped.append(event.stopped)
            copied = {t: [p.detach().clone() for p in model.head(t).parameters()] for t in TASKS}
            heads.append(copied)
        if isinstance(event, Step):
            assert set(event.losses) == {*TASKS} - ({"mood"} if event.step > 6 else set())
            assert set(event.weights) == set(event.losses)
    assert stopped == [(), ("mood",), ("mood",), ("mood", "tags")]

    def moved(task, before, after):
        pairs = zip(heads[before][task], heads[after][task], strict=True)
        return not all(torch.equal(one, other) for one, other in pairs)

    assert moved("mood", 0, 1) and not moved("mood", 1, 3)
    assert moved("places", 1, 2) and moved("places", 2, 3) and moved("tags", 1, 2)


def test_the_training_ends_when_every_task_has_had_enough(tiny, tmp_path, monkeypatch):
    script_scores(monkeypatch, mood=(0.5, 0.4, 0.3), places=(0.5, 0.6, 0.3), tags=(0.5, 0.4, 0.3))
    experiment = tiny_experiment(
        tiny, training__epochs=9, training__patience=1, training__stopping="each"
    )
    finished = trained(experiment, tmp_path / "run")[-1]
    assert finished.early and finished.step == 9
    assert finished.own_steps == {"mood": 3, "places": 6, "tags": 3}


def test_validations_by_hand_do_not_end_a_training(tiny, tmp_path, monkeypatch):
    falling = (0.9, 0.8, 0.7, 0.6, 0.5, 0.4)
    script_scores(monkeypatch, mood=falling, places=falling, tags=falling)
    experiment = tiny_experiment(tiny, training__patience=2)
    prepared = prepare(experiment, Catalog.read([]))
    asked = iter([False, True, False, True, True, False])  # the steps after which the user asks
    ask = lambda: Wishes(evaluate=next(asked))  # noqa: E731
    events = list(train(prepared.parts, prepared.plan, tmp_path, ask))
    assert [e.step for e in events if isinstance(e, Evaluated)] == [2, 3, 4, 5, 6]
    assert events[-1].step == 6 and events[-1].best_step == 2


def test_the_best_by_gain_needs_twins(tiny):
    experiment = tiny_experiment(tiny, training__best_by="gain", name="Gain")
    with pytest.raises(ConfigError, match="the single-task twin of 'mood' has not finished"):
        prepare(experiment, Catalog.read([]))
    run = Runs().create(experiment)
    assert "train the twins too" in execute(run).reason


def test_the_best_by_gain_counts_against_the_finished_twins_of_the_group(tiny, tmp_path):
    """Through the command line, which trains the twins first; beside a damaged run."""
    broken = Runs().create(tiny_experiment(tiny))
    (broken.folder / "experiment.yaml").write_text("{")
    data = [{"card": str(tiny.path), "tasks": ["mood", "tags"]}]
    experiment = tiny_experiment(
        tiny, data=data, training__best_by="gain", training__evaluate_every=2
    )
    (tmp_path / "e.yaml").write_text(experiment.to_yaml())
    call = ["train", str(tmp_path / "e.yaml"), "--twins", "--json"]
    document = json.loads(CliRunner().invoke(app, call, catch_exceptions=False).stdout)
    run, twins = Runs().get(document["run"]), [Runs().get(t["run"]) for t in document["twins"]]
    assert [twin.experiment.only for twin in twins] == ["mood", "tags"]
    assert run.experiment.only is None and all(twin.id < run.id for twin in twins)
    main = ("mood/validation/accuracy", "tags/validation/accuracy")
    alone = [twin.status().metrics[key] for twin, key in zip(twins, main, strict=True)]
    told = [e for e in run.events() if isinstance(e, Evaluated)]
    gains = [
        sum(
            (e.metrics[key] - twin) / max(1e-3, twin) for key, twin in zip(main, alone, strict=True)
        )
        for e in told
    ]
    assert run.status().best_step == told[gains.index(max(gains))].step
    assert document["metrics"] == run.status().metrics


def test_the_app_queues_twins_first_where_the_best_is_told_by_gain(tiny):
    from pages._start import planned

    experiment = tiny_experiment(tiny)
    for by, order in (("mean", [None, *TASKS]), ("gain", [*TASKS, None])):
        changed = experiment.replace({"training.best_by": by})
        found = planned(changed, with_twins=True, seeds=2)
        assert [(e.only, e.training.seed) for e in found] == [(t, s) for s in (0, 1) for t in order]
    assert [e.only for e in planned(experiment, with_twins=False, seeds=1)] == [None]


# --- Asking a kept checkpoint ---------------------------------------------------------------------


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run with all its checkpoints, at steps 3, 6, 9 and 12."""
    home = tmp_path_factory.mktemp("kept")
    dataset = write_dataset(home / "data" / "kept", "kept")
    experiment = tiny_experiment(dataset, training__epochs=4, training__keep="all")
    with pytest.MonkeyPatch.context() as monkeypatch:
        script_scores(monkeypatch, **SCRIPT)
        run = Runs(home / "runs").create(experiment)
        execute(run)
    return run


def probability(answers):
    return answers.tasks["mood"].probabilities["fine"]


def test_restored_weights_are_those_of_the_step(run):
    for step in (3, 6, 9, 12):
        weights = load_file(run.folder / kept_file(step))
        torch.testing.assert_close(
            dict(restore(run.folder, step).model.state_dict()), weights, atol=0, rtol=0
        )
    best = restore(run.folder).model.state_dict()
    torch.testing.assert_close(dict(best), load_file(run.folder / kept_file(6)), atol=0, rtol=0)


def test_a_run_tells_what_can_be_asked(run):
    kept = run.checkpoints
    assert kept == Kept(6, {"mood": 12, "places": 3, "tags": 6}, (3, 6, 9, 12))
    assert kept.choices() == {
        "": "best of all tasks (step 6)",
        "mood": "best for mood (step 12)",
        "places": "best for places (step 3)",
        "tags": "best for tags (step 6)",
        "9": "step 9",
    }
    steps = {word: kept.step_of(word, run.id) for word in ("", "mood", "places", "tags", "6", "9")}
    assert steps == {"": None, "mood": 12, "places": 3, "tags": None, "6": None, "9": 9}


@pytest.mark.parametrize("choice", ["7", "0", "-3", "moods", "3.0"])
def test_a_checkpoint_that_is_not_there_is_told_with_those_that_are(run, choice):
    with pytest.raises(RunError) as told:
        run.checkpoints.step_of(choice, run.id)
    assert f"keeps no checkpoint '{choice}', only best of all tasks (step 6), best for" in str(
        told.value
    )
    assert "step 9; choose one" in str(told.value)


def test_a_step_that_has_gone_or_is_damaged_is_told(run, tmp_path):
    with pytest.raises(RunError, match="keeps no checkpoint '7', only best of all tasks"):
        restore(run.folder, 7)
    copy = tmp_path / run.id
    shutil.copytree(run.folder, copy)
    (copy / kept_file(9)).unlink()
    (copy / kept_file(12)).write_bytes(b"nonsense")
    assert Kept.load(copy).steps == (3, 6, 12)
    with pytest.raises(RunError, match="keeps no checkpoint '9'"):
        restore(copy, 9)
    with pytest.raises(RunError, match="the checkpoint of step 12 of run .* is damaged"):
        restore(copy, 12)
    (copy / INDEX).write_text('{"joint": 6, "tasks": []}')
    with pytest.raises(RunError, match=r"index.json is damaged; remove it"):
        Kept.load(copy)


def test_a_run_that_keeps_its_model_alone_offers_that_alone(tiny):
    run = Runs().create(tiny_experiment(tiny, training__keep="best", training__epochs=1))
    execute(run)
    assert not (run.folder / FOLDER).exists()
    assert run.checkpoints.choices() == {"": "best of all tasks (step 3)"}
    assert run.checkpoints.step_of("3", run.id) is None
    with pytest.raises(RunError, match=r"'mood', only best of all tasks \(step 3\); choose"):
        run.checkpoints.step_of("mood", run.id)


def test_the_service_keeps_models_apart_by_step_and_reads_a_changed_file_anew(run, tmp_path):
    copy = tmp_path / run.id
    shutil.copytree(run.folder, copy)
    models = Models(3)

    def asked(step):
        reply = models.reply({"models": [(str(copy), step)], "text": TEXT})
        assert "error" not in reply, reply
        return reply["answers"][run.id]["tasks"]["mood"]["probabilities"]["fine"]

    expected = {step: probability(Answerer(run, step).answer(TEXT)) for step in (None, 3, 9, 12)}
    assert len(set(expected.values())) == 4
    assert {step: asked(step) for step in (None, 3, 9)} == {s: expected[s] for s in (None, 3, 9)}
    assert len(models._loaded) == 3
    assert (asked(None), asked(12)) == (expected[None], expected[12])
    assert [key[0][1] for key in models._loaded] == [
        9,
        None,
        12,
    ]  # asked least recently leaves first
    shutil.copy(copy / kept_file(12), copy / kept_file(9))
    assert asked(9) == expected[12] and len(models._loaded) == 3
    refused = models.reply({"models": [(str(copy), 7)], "text": TEXT})
    assert "keeps no checkpoint '7'" in refused["error"]


def test_the_command_line_asks_a_step_or_a_tasks_best(run, monkeypatch):
    def asked(*options):
        call = ["predict", str(run.folder), "--text", TEXT, "--json", *options]
        result = CliRunner().invoke(app, call)
        if result.exception:
            raise result.exception
        return json.loads(result.stdout)["tasks"]["mood"]["probabilities"]["fine"]

    def expected(step):
        return probability(Answerer(run, step).answer(TEXT))

    assert asked() == asked("--checkpoint", "6") == expected(None)
    assert asked("--checkpoint", "9") == expected(9)
    assert asked("--checkpoint", "mood") == expected(12)
    with pytest.raises(RunError, match="keeps no checkpoint '8', only best of all tasks"):
        asked("--checkpoint", "8")


def test_a_downloaded_run_keeps_its_checkpoints(run, tmp_path):
    with zipfile.ZipFile(io.BytesIO(zipped(run))) as archive:
        archive.extractall(tmp_path)
    moved = Runs().get(str(tmp_path / run.id))
    assert moved.checkpoints == run.checkpoints and not (moved.folder / "last").exists()
    assert Answerer(moved, 9).answer(TEXT) == Answerer(run, 9).answer(TEXT)


def options(page: AppTest) -> list[str]:
    return next(box for box in page.selectbox if box.label == "Checkpoint").options


def test_the_page_offers_the_checkpoints_and_asks_the_chosen_one(run, monkeypatch, mtl_home):
    answering = Answering()
    monkeypatch.setattr(_prediction, "predictor", lambda: answering)
    monkeypatch.setattr(worker, "ensure", lambda home: None)
    copy = mtl_home / "runs" / run.id
    shutil.copytree(run.folder, copy)
    page = predict_page()
    assert options(page) == [*run.checkpoints.choices().values()]
    page.text_input[0].set_value(TEXT).run()
    assert answering.models == [(copy, None)]
    box = next(box for box in page.selectbox if box.label == "Checkpoint")
    box.select("mood").run()
    assert answering.models == [(copy, 12)]
    (copy / kept_file(12)).unlink()  # as a training does that has found a better one
    page.run()
    assert not page.exception and answering.models == [(copy, None)]
    (copy / INDEX).write_text("{}")
    page.run()
    assert not page.exception and "index.json is damaged" in page.error[0].value.replace("\\", "")
