"""Generated tasks: as related as asked, balanced, the same every time, and learnable."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.runtime.pages_manager import PagesManager
from streamlit.testing.v1 import AppTest
from typer.testing import CliRunner

from mtl_core.analysis.figures_relatedness import relatedness_figure
from mtl_core.analysis.relatedness import Point, curve, heads_of, in_words
from mtl_core.analysis.results import Result, result_of
from mtl_core.cli import app
from mtl_core.config.relatedness import POINTS, ROWS, TITLES, Heads, relatedness_sweep
from mtl_core.config.sweep import Sweep
from mtl_core.data.related import Related, word_values, write_related
from mtl_core.data.tasks import load_sentences
from mtl_core.errors import DataError
from mtl_core.runs import worker
from mtl_core.runs.execute import execute
from mtl_core.runs.store import Runs, State, Status
from pages import _relatedness

SMALL: dict[str, Any] = {"train": 40, "validation": 12, "test": 20, "vocabulary": 30}


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]


@pytest.mark.parametrize("p", [-1.0, -0.3, 0.0, 0.7, 1.0])
def test_over_the_vocabulary_the_tasks_correlate_as_asked(p: float) -> None:
    values = word_values(Related(relatedness=p, tasks=4))
    assert values.mean(1) == pytest.approx(0, abs=1e-12)
    assert values.std(1) == pytest.approx(3)
    found = np.corrcoef(values)
    assert found[0, 1:] == pytest.approx(p)
    assert found[1, 2] == pytest.approx(p * p)  # helpers agree as far as both follow the main task


@pytest.mark.parametrize("kind", ["classification", "tagging", "regression"])
def test_it_loads_as_any_dataset_does(tmp_path: Path, kind: Any) -> None:
    asked = Related(kind=kind, tasks=5, classes=3, **SMALL)
    (dataset,) = write_related(tmp_path / "dial", asked)
    names = ["main", "helper", "helper_2", "helper_3", "helper_4"]
    assert list(dataset.card.tasks) == names and dataset.name == "dial"
    assert "relatedness=0.5" in dataset.card.source and "seed=0" in dataset.card.source
    sizes = [len(load_sentences(dataset, split, names)) for split in dataset.card.split_names]
    assert sizes == [40, 12, 20]


def test_the_same_is_written_every_time_and_never_over_anything(tmp_path: Path) -> None:
    asked = Related(**SMALL)
    for name in ("one", "two"):
        write_related(tmp_path / name / "dial", asked)
    assert rows(tmp_path / "one/dial/train.jsonl") == rows(tmp_path / "two/dial/train.jsonl")
    assert write_related(tmp_path / "one/dial", asked)[0].name == "dial"
    with pytest.raises(DataError, match="something else already"):
        write_related(tmp_path / "one/dial", Related(**SMALL, seed=1))
    write_related(tmp_path / "other", Related(**SMALL, seed=1))
    assert rows(tmp_path / "other/train.jsonl") != rows(tmp_path / "one/dial/train.jsonl")
    assert not list(tmp_path.glob(".*"))


@pytest.mark.parametrize("classes", [2, 3, 5])
def test_classes_are_balanced(tmp_path: Path, classes: int) -> None:
    asked = Related(train=300, validation=100, test=100, classes=classes)
    (dataset,) = write_related(tmp_path / "dial", asked)
    counts: Counter[str] = Counter()
    for split in dataset.card.split_names:
        counts += load_sentences(dataset, split, ["main"]).label_counts("main", "classification")
    assert len(counts) == classes and max(counts.values()) - min(counts.values()) <= 1


def test_at_both_ends_the_tasks_are_the_same_and_the_opposite(tmp_path: Path) -> None:
    for p, same in ((1.0, 1.0), (-1.0, 0.0)):
        folder = tmp_path / f"dial{p:g}"
        write_related(folder, Related(relatedness=p, noise=0, **SMALL))
        found = rows(folder / "train.jsonl")
        assert np.mean([row["main"] == row["helper"] for row in found]) == same


def test_under_one_head_the_main_task_alone_is_scored(tmp_path: Path) -> None:
    main, helper = write_related(tmp_path / "dial", Related(heads="one", **SMALL))
    assert list(main.card.tasks) == list(helper.card.tasks) == ["main"]
    assert main.name != helper.name
    assert helper.file("test") == main.file("test") and helper.file("train") != main.file("train")
    words = [load_sentences(d, "train", ["main"]).words for d in (main, helper)]
    assert words[0] != words[1]


def test_the_main_task_does_not_depend_on_the_dial(tmp_path: Path) -> None:
    for p in (0.0, 1.0):
        write_related(tmp_path / f"{p}", Related(relatedness=p, heads="one", **SMALL))
    assert rows(tmp_path / "0.0/main/train.jsonl") == rows(tmp_path / "1.0/main/train.jsonl")


def test_the_command_line(tmp_path: Path) -> None:
    folder = tmp_path / "dial"
    sizes = [f"--{name}={value}" for name, value in SMALL.items()]
    said = CliRunner().invoke(
        app, ["data", "related", "--relatedness", "-0.5", "--out", str(folder), *sizes, "--json"]
    )
    assert said.exit_code == 0, said.output
    found = json.loads(said.stdout)
    assert found["parameters"] == Related(relatedness=-0.5, **SMALL).model_dump()
    assert found["datasets"][0]["tasks"] == ["main", "helper"] and (folder / "card.yaml").exists()
    wrong = CliRunner().invoke(app, ["data", "related", "--relatedness", "2", "--out", str(folder)])
    assert "relatedness" in str(wrong.exception) and "1" in str(wrong.exception)


# --- The lesson's sweep and its curve -------------------------------------------------------------


def swept(folder: Path, heads: Heads, seeds: list[int], points: tuple[float, ...]) -> Sweep:
    cards = {}
    for p in points:
        found = write_related(folder / f"related_{p:g}", Related(relatedness=p, heads=heads))
        cards[p] = [str(dataset.path) for dataset in found]
    return relatedness_sweep(heads, cards, seeds)


def scored(sweep: Sweep, score: Any) -> list[Result]:
    """Results as finished trainings would leave them."""
    made = []
    for place, e in enumerate(sweep.experiments()):
        metrics = {f"{t}/test/accuracy": score(e) for t in e.tasks}
        main = dict.fromkeys(e.tasks, "accuracy")
        made.append(Result(f"{place:03}", "g", e, State.FINISHED, metrics, main))
    return made


@pytest.mark.parametrize("heads", TITLES)
def test_gains_are_paired_with_what_has_no_helper(tmp_path: Path, heads: Heads) -> None:
    cards = {p: [f"{p}/main", f"{p}/helper"] for p in POINTS}
    sweep = relatedness_sweep(heads, cards)
    assert heads_of(sweep) == heads and sweep.design.seeds == (0, 1, 2)
    assert len(sweep.experiments()) == 3 * (5 * 3 if heads == "own" else 6)
    assert Related().train == ROWS

    def score(e: Any) -> float:
        alone = e.only or e.choice == "alone"
        luck = 0.01 * e.training.seed
        point = float(e.data[0].card.split("/")[0])
        return 0.6 + luck + (0 if alone else 0.2 * point + 0.001 * e.training.seed)

    found = curve(sweep, POINTS, scored(sweep, score))
    means = [point.gain.mean for point in found if point.gain]
    assert means == pytest.approx([0.2 * p + 0.001 for p in POINTS])
    said = in_words(found)
    assert "helped at +0.5 (+10.1 points" in said[0] and "hurt at \u22121 (\u221219.9" in said[1]
    figure = relatedness_figure({"a": found, "b": found}, "light")
    assert list(figure.data[0].y) == pytest.approx([20 * p + 0.1 for p in POINTS])


def test_before_anything_is_known_nothing_is_said() -> None:
    assert in_words([Point(1.0, None)]) == []
    assert len(relatedness_figure({"a": [Point(1.0, None)]}, "dark").data[0].x) == 0


@pytest.mark.slow
@pytest.mark.parametrize("heads", TITLES)
def test_sharing_wins_at_1_not_at_0_and_hurts_below_where_one_head_answers(
    tmp_path: Path, heads: Heads
) -> None:
    """Real trainings of one seed; the benchmark of this name has the whole curve."""
    sweep = swept(tmp_path, heads, [0], (-1.0, 0.0, 1.0))
    quick = {"training.steps": 200, "training.evaluate_every": 50, "training.learning_rate": 0.01}
    sweep = sweep.replace(quick)
    runs = Runs(tmp_path / "runs")
    made = [runs.create(planned) for planned in sweep.experiments() if planned.only != "helper"]
    for run in made:
        assert execute(run).state is State.FINISHED
    found = curve(sweep, (-1.0, 0.0, 1.0), list(map(result_of, made)))
    opposite, unrelated, same = (point.gain.mean for point in found if point.gain)
    assert same > 0.1 and unrelated < 0.05
    assert opposite > 0.1 if heads == "own" else opposite < -0.1


# --- The lesson on the Learn page -----------------------------------------------------------------


def _without_automatic_pages(build: Any) -> Any:
    """A server whose first visitor has come: Streamlit leaves the menu to app.py (see _ui)."""

    def made(self: PagesManager, *args: Any, **kwargs: Any) -> None:
        build(self, *args, **kwargs)
        PagesManager.uses_pages_directory = False

    return made


@pytest.mark.slow
def test_the_lesson_queues_a_sweep_and_draws_its_curve(
    monkeypatch: pytest.MonkeyPatch, mtl_home: Path
) -> None:
    monkeypatch.setattr(worker, "ensure", lambda home: None)
    monkeypatch.setattr(_relatedness, "SEEDS", (0, 1))
    monkeypatch.setattr(PagesManager, "__init__", _without_automatic_pages(PagesManager.__init__))
    app = AppTest.from_file(str(Path(__file__).parents[1] / "app.py"), default_timeout=60)
    app.session_state["lesson/relatedness"] = True  # the lesson is open
    app.run()
    assert not app.exception and not app.get("plotly_chart")
    app.button_group(key="relatedness/heads").set_value("one").run()
    app.button(key="relatedness/start").click().run()
    assert not app.exception, app.exception
    assert not app.error, app.error[0].value
    assert len(list(Runs())) == 12 and app.button(key="relatedness/start").disabled
    assert (mtl_home / "data/relatedness/one/related_-0.5/helper/card.yaml").exists()
    assert "12 waiting" in app.get("progress")[0].proto.text
    for run in Runs():
        e = run.experiment
        score = 0.6 + 0.01 * e.training.seed + (0.2 if e.choice == "relatedness 1" else 0.0)
        metrics = {"main/test/accuracy": score}
        run.write_status(Status(State.FINISHED, 1, 2, step=9, steps=9, metrics=metrics))
    app.run()
    assert not app.exception and len(app.get("plotly_chart")) == 1
    said = " ".join(m.value for m in app.markdown).replace("\\", "")
    assert "One head for both:** The helper helped at +1 (+20.0 points" in said
