"""Every page opens: with nothing there, with a finished run, with a run folder that is broken."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from streamlit.runtime.pages_manager import PagesManager
from streamlit.testing.v1 import AppTest

from mtl_core.config import METHODS, Experiment
from mtl_core.data.catalog import Dataset, load_card
from mtl_core.errors import ConfigError
from mtl_core.models.insight import Insight, axis
from mtl_core.runs import worker
from mtl_core.runs.store import Run, Runs, State, Status
from mtl_core.training.events import Evaluated, Finished, Looked, Started, Step, to_line
from tests.conftest import tiny_experiment

ROOT = Path(__file__).parents[1]
PAGES = sorted(p.stem for p in (ROOT / "pages").glob("*.py") if not p.name.startswith("_"))


@pytest.fixture(autouse=True)
def no_worker(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Nothing trains in these tests; the calls are counted."""
    calls: list[Path] = []
    monkeypatch.setattr(worker, "ensure", calls.append)
    return calls


@pytest.fixture(autouse=True)
def router_has_run(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server whose first visitor has come: Streamlit leaves the menu to app.py (see _ui)."""
    if "fresh_server" in request.fixturenames:
        return
    build = PagesManager.__init__

    def without_automatic_pages(*args: Any, **kwargs: Any) -> None:
        build(*args, **kwargs)
        PagesManager.uses_pages_directory = False

    monkeypatch.setattr(PagesManager, "__init__", without_automatic_pages)


@pytest.fixture
def fresh_server() -> None:
    """A server that nobody has visited yet."""


def page(name: str) -> AppTest:
    """A page as the router opens it."""
    return AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).switch_page(
        f"pages/{name}.py"
    )


def opened(name: str) -> AppTest:
    app = page(name).run()
    assert not app.exception, app.exception
    assert app.main.children, name
    return app


def finish(run: Run) -> None:
    """What a short training leaves behind, without a training."""
    tasks = run.experiment.tasks
    scores = {
        f"{t}/{s}/{m}": 0.5
        for t in tasks
        for s in ("validation", "test")
        for m in ("accuracy", "f1")
    }
    events = [
        Started(0, 2, tasks, "cpu", 100, 80, 0.0),
        *(
            Step(i, dict.fromkeys(tasks, 1.0 / i), dict.fromkeys(tasks, 1.0), 1e-3, i)
            for i in (1, 2)
        ),
        Evaluated(2, "validation", scores, True, 2.0),
        Finished(2, 2, scores, 2.0),
    ]
    (run.folder / "events.jsonl").write_text("".join(map(to_line, events)), encoding="utf-8")
    run.write_status(Status(State.FINISHED, 1.0, 2.0, step=2, steps=2, seconds=2.0, metrics=scores))


@pytest.fixture
def finished_group(tiny: Dataset) -> list[Run]:
    experiment = tiny_experiment(tiny, name="<b>Tiny</b> *run*")
    runs = Runs().create_group([experiment, *experiment.twins().values()])
    for run in runs:
        finish(run)
    return runs


@pytest.mark.parametrize("name", PAGES)
def test_opens_with_nothing_there(name: str) -> None:
    opened(name)


@pytest.mark.parametrize("name", PAGES)
def test_opens_with_finished_runs(name: str, finished_group: list[Run]) -> None:
    opened(name)


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("file", ["experiment.yaml", "status.json"])
@pytest.mark.parametrize("text", ["{", "", '{"state": "asleep"}'])
def test_opens_beside_a_broken_run(
    name: str, file: str, text: str, finished_group: list[Run]
) -> None:
    (finished_group[0].folder / file).write_text(text, encoding="utf-8")
    opened(name)


@pytest.mark.parametrize("name", PAGES)
def test_opens_beside_a_broken_card(name: str, mtl_home: Path) -> None:
    for folder, text in {"broken": "splits: [", "wrong": "name: wrong\nsplits: {}\n"}.items():
        (mtl_home / "data" / folder).mkdir(parents=True)
        (mtl_home / "data" / folder / "card.yaml").write_text(text, encoding="utf-8")
    opened(name)


def test_the_router_lists_every_page_and_switches() -> None:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run()
    assert not app.exception
    assert "One model, several tasks" in [title.value for title in app.title]
    for name in PAGES:
        app.switch_page(f"pages/{name}.py").run()
        assert not app.exception, (name, app.exception)
        assert app.title, name


def test_a_link_to_a_page_works_on_a_fresh_server(fresh_server: None) -> None:
    app = opened("data")
    assert app.title[0].value == "Data"
    assert PagesManager.uses_pages_directory is False


def test_every_widget_explains_itself(finished_group: list[Run]) -> None:
    for name in PAGES:
        app = opened(name)
        widgets = [w for kind in WIDGETS for w in app.get(kind)]
        unexplained = [w.label for w in widgets if not w.help]
        assert not unexplained, (name, unexplained)


WIDGETS = ("button", "selectbox", "multiselect", "number_input", "text_input", "slider", "toggle")


def test_train_queues_the_run_and_its_twins(no_worker: list[Path], mtl_home: Path) -> None:
    app = opened("experiment")
    app.button(key="train").click().run()
    runs = list(Runs())
    assert len({run.group for run in runs}) == 1
    first, *twins = reversed(runs)
    assert first.experiment.only is None
    assert [twin.experiment.only for twin in twins] == list(first.experiment.tasks)
    assert no_worker[-1] == mtl_home


def test_several_seeds_make_a_run_and_twins_each() -> None:
    app = opened("experiment")
    app.button_group(key="draft/0/seeds").set_value(3).run()
    app.button(key="train").click().run()
    runs = list(Runs())
    tasks = len(runs[-1].experiment.all_tasks)
    assert len(runs) == 3 * (1 + tasks)
    assert {run.experiment.training.seed for run in runs} == {0, 1, 2}


def test_a_choice_that_makes_no_sense_is_told_and_nothing_is_written() -> None:
    app = opened("experiment")
    for slider in app.slider:
        slider.set_value(0.0)
    app.run()
    assert "all weights are 0" in app.error[0].value.replace("\\", "")
    assert not [button for button in app.button if button.key == "train"]
    assert not list(Runs())


def test_without_a_task_the_page_says_what_to_do() -> None:
    app = opened("experiment")
    app.multiselect[0].set_value([]).run()
    assert not app.exception
    assert "at least one task" in app.info[0].value


def test_what_was_typed_survives_another_page() -> None:
    app = opened("experiment")
    app.text_input(key="draft/0/name").set_value("Mine").run()
    app.number_input(key="draft/0/training/epochs").set_value(7).run()
    app.switch_page("pages/data.py").run()
    app.switch_page("pages/experiment.py").run()
    assert app.text_input(key="draft/0/name").value == "Mine"
    assert app.number_input(key="draft/0/training/epochs").value == 7
    app.button(key="reset").click().run()
    assert app.number_input(key="draft/1/training/epochs").value == 10


def test_what_does_not_go_together_is_told_and_drawn() -> None:
    app = opened("experiment")
    own = {part.kind_name(): part for part in METHODS["sharing"]}
    for kind, part in own.items():
        app.selectbox(key="draft/0/sharing/kind").select(kind).run()
        assert not app.exception, kind
        assert app.get("image"), kind
        tree = {"data": CITY, "sharing": part().model_dump()}
        try:
            Experiment.parse(tree, source="This experiment")
            assert not app.error and "Builds" in " ".join(m.value for m in app.markdown)
        except ConfigError as err:
            assert app.error[0].value.replace("\\", "") == str(err)


CITY = [{"card": "city_en", "tasks": ["sentiment", "topic", "entities", "pos"]}]


def test_costs_are_said_before_training() -> None:
    app = opened("experiment")
    costs = [text.value for text in app.markdown if "**Builds**" in text.value]
    assert costs == ["**Builds** one encoder: 1 embedding and 2 blocks · **runs** 2 blocks a batch"]
    app.number_input(key="draft/0/sharing/hard/own_blocks").set_value(1).run()
    costs = [text.value for text in app.markdown if "**Builds**" in text.value]
    assert costs == [
        "**Builds** 1 embedding and 5 blocks (one encoder has 1 and 2) · "
        "**runs** 5 blocks a batch, 2.5 × one encoder"
    ]


def look_into(run: Run, *steps: int) -> None:
    """A matrix, a number and a penalty of a run, after some steps."""
    tasks = axis("task", run.experiment.tasks)
    events = []
    for step in steps:
        square = [[step / 10 * (i == j) for i in tasks.ticks] for j in tasks.ticks]
        seen = [
            Insight("square", "The <b>square</b>", "Who *takes* what.", (tasks, tasks), square),
            Insight("number", "The number", "One.", (), step / 100, chance=0.5),
        ]
        events += [Step(step, {}, {}, 0.1, 0.1, {"tie": 1 / step})]
        events += [Looked(step, [insight.to_tree() for insight in seen])]
    with (run.folder / "events.jsonl").open("a", encoding="utf-8") as file:
        file.writelines(map(to_line, events))


def run_page(run: Run) -> AppTest:
    app = page("runs")
    app.query_params["run"] = run.id
    app.run()
    assert not app.exception, app.exception
    return app


def test_a_run_shows_its_insides_and_follows_the_newest_look(finished_group: list[Run]) -> None:
    run = finished_group[0]
    assert "Inside the model" not in [head.value for head in run_page(run).subheader]
    look_into(run, 3, 4)
    app = run_page(run)
    assert "Inside the model" in [head.value for head in app.subheader]
    assert shown_matrix(app)[0][0] == pytest.approx(0.4)
    app.select_slider(key=f"insight/{run.id}/step").set_value(3).run()
    assert shown_matrix(app)[0][0] == pytest.approx(0.3)
    look_into(run, 5)
    app.run()
    assert shown_matrix(app)[0][0] == pytest.approx(0.3)  # moved by the reader
    app.select_slider(key=f"insight/{run.id}/step").set_value(-1).run()
    look_into(run, 6)
    app.run()
    assert shown_matrix(app)[0][0] == pytest.approx(0.6)  # follows again
    app.button_group(key=f"insight/{run.id}/view").set_value("Over the training").run()
    assert not app.exception
    app.button_group(key=f"insight/{run.id}/what").set_value("number").run()
    assert not app.exception and not app.select_slider
    assert figure_of(app)["layout"]["shapes"]


def figure_of(app: AppTest) -> Any:
    return json.loads(app.get("plotly_chart")[0].proto.spec)


def shown_matrix(app: AppTest) -> Any:
    return figure_of(app)["data"][0]["z"]


def test_a_sentence_is_shown_word_by_word() -> None:
    app = AppTest.from_function(sentence_script, default_timeout=60).run()
    assert not app.exception, app.exception
    assert not app.get("plotly_chart")  # folded away
    app.session_state["insight/sentence"] = True
    app.run()
    assert not app.exception, app.exception
    assert [cells["z"] for cells in figure_of(app)["data"][:1]] == [[[0.1, 0.9]]]
    app.button_group(key="insight/sentence/gates/task").set_value(1).run()
    assert [cells["z"] for cells in figure_of(app)["data"][:1]] == [[[0.2, 0.8]]]


def sentence_script() -> None:
    from mtl_core.models.insight import Insight, axis
    from mtl_core.predict.answers import Answers
    from pages._insight import show_sentence_insights

    axes = (axis("task", ("mood", "topic")), axis("expert", (1,)), axis("word", ("so", "<b>good")))
    gates = Insight("gates", "Gates", "Who.", axes, [[[0.1, 0.9]], [[0.2, 0.8]]])
    whole = Insight("whole", "Whole", "Not by word.", axes[:1], [1.0, 2.0])
    seen = [gates.to_tree(), whole.to_tree()]
    show_sentence_insights(Answers(["so", "<b>good"], {}, insights=seen))


def test_the_lesson_starts_with_one_click() -> None:
    app = opened("learn")
    app.button(key="lesson").click().run()
    runs = list(Runs())
    assert len(runs) == 1 + len(runs[-1].experiment.tasks)


def folder_form() -> AppTest:
    app = opened("data")
    app.button_group(key="data_view").set_value("Add a dataset").run()
    app.button_group(key="add_data/way").set_value("A folder here").run()
    return app


def test_a_dataset_is_opened_from_the_disk(tiny: Dataset, mtl_home: Path) -> None:
    app = folder_form()
    app.text_input(key="new_dataset/path").set_value(str(tiny.path.parent)).run()
    app.button(key="add_data/add").click().run()
    assert not app.exception
    assert (mtl_home / "data" / "tiny" / "card.yaml").is_file()
    assert app.selectbox[0].value == "tiny"


def test_files_without_a_card_are_proposed_and_added(tmp_path: Path, mtl_home: Path) -> None:
    folder = tmp_path / "letters"
    folder.mkdir()
    rows = [f"{'good' if i % 2 else 'bad'};letter {i} says so" for i in range(60)]
    (folder / "all.csv").write_bytes("\r\n".join(["mood;text", *rows]).encode())
    app = folder_form()
    app.text_input(key="new_dataset/path").set_value(str(folder)).run()
    assert not app.exception and not app.error
    app.button(key="add_data/add").click().run()
    assert not app.exception
    dataset = load_card(mtl_home / "data" / "letters")
    assert {name: spec.kind for name, spec in dataset.card.tasks.items()} == {
        "mood": "classification"
    }
    assert dataset.card.split_names == ("train", "validation", "test")
    assert app.selectbox[0].value == "letters"


def test_a_dataset_with_a_fault_is_told_in_a_box(
    make_dataset: Callable[..., Dataset], mtl_home: Path
) -> None:
    dataset = make_dataset("faulty")
    (dataset.path.parent / "train.jsonl").write_text('{"tokens": ["a"], "mood": "x"}\n{', "utf-8")
    app = folder_form()
    app.text_input(key="new_dataset/path").set_value(str(dataset.path)).run()
    assert not app.exception
    assert "train.jsonl" in app.error[0].value.replace("\\", "")
    assert not (mtl_home / "data").exists()


def test_html_in_a_dataset_is_only_text(
    make_dataset: Callable[..., Dataset], monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = make_dataset("odd")
    evil = "<img src=x onerror=alert(1)>"
    card = dataset.path.read_text("utf-8").replace("title: Tiny", f'title: "{evil}"')
    dataset.path.write_text(card.replace("mood:", f'"{evil}":', 1), "utf-8")
    monkeypatch.setenv("MTL_DATA", str(dataset.path.parents[1]))
    app = page("data")
    app.session_state["data_choices/dataset"] = "odd"
    app.run()
    assert not app.exception
    assert app.selectbox[0].value == "odd"
    assert not [html for html in app.get("html") if "<img" in html.proto.body]
    assert not [text for text in app.markdown if evil in text.value]


def test_pages_name_no_choice() -> None:
    """Pages draw every strategy, encoder and method from the config: they know none by name."""
    kinds = {part.kind_name() for parts in _families() for part in parts}
    for file in (ROOT / "pages").glob("*.py"):
        words = file.read_text("utf-8")
        named = [kind for kind in kinds if f'"{kind}"' in words]
        assert not named, (file.name, named)


def _families() -> list[tuple[type, ...]]:
    from mtl_core.config import METHODS

    return list(METHODS.values())


def test_the_ready_experiment_is_small(tiny: Dataset) -> None:
    from pages._lesson import ready_experiment

    experiment = ready_experiment(tiny)
    assert isinstance(experiment, Experiment)
    assert experiment.tasks == tuple(tiny.card.tasks)
    assert experiment.training.epochs <= 15
