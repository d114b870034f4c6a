"""The playground: the trainer's own path over a plane, and what is drawn of it."""

import io
import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from streamlit.testing.v1 import AppTest

from mtl_core import balancing
from mtl_core.analysis.figures_playground import FIRST_FRAMES, playground_figure
from mtl_core.analysis.playground import cosines, distance, heights, pareto_set, summary
from mtl_core.balancing import golden
from mtl_core.config import METHODS
from mtl_core.config import balancing as config
from mtl_core.errors import ConfigError
from mtl_core.predict.lessons import reply
from mtl_core.predict.service import Checked, serve
from mtl_core.training import playground
from mtl_core.training.plane import EPOCH, LANDSCAPES, TASKS, Setting, Walk
from mtl_core.training.playground import walk
from mtl_core.training.stepping import Descent

KINDS = [choice.kind_name() for choice in METHODS["balancing"]]
START = {"x": -0.5, "y": -1.8}


def gradients(x: float, y: float) -> np.ndarray:
    """Of the two bowls, worked out by hand: (task, 2)."""
    return np.array([[10 * (x + 1), 4 * (y + 0.5)], [0.3 * (x - 1), y - 0.5]])


def made(kind: str, **changes: Any) -> Setting:
    return Setting.parse({**START, "balancing": {"kind": kind}, **changes})


@pytest.fixture(scope="module")
def steep_set() -> np.ndarray:
    return pareto_set(LANDSCAPES["steep"])


# --- The walk -------------------------------------------------------------------------------------


def test_equal_weights_walk_as_a_loop_by_hand_does() -> None:
    found = walk(made("equal", learning_rate=0.02, steps=30))
    place = np.array([START["x"], START["y"]])
    for step in range(30):
        assert found.points[step] == pytest.approx(place, abs=1e-5)
        assert np.array(found.gradients[step]) == pytest.approx(gradients(*place), abs=1e-4)
        place = place - 0.02 * gradients(*place).sum(axis=0)
    assert found.points[-1] == pytest.approx(place, abs=1e-5)
    assert found.steps == 30 and len(found.points) == len(found.losses) == 31
    assert found.weights == [[1.0, 1.0]] * 30


def test_adamw_is_the_optimiser_of_the_trainer() -> None:
    found = walk(made("equal", learning_rate=0.05, steps=5, optimiser="adamw"))
    place = torch.nn.Parameter(torch.tensor([START["x"], START["y"]]))
    adam = torch.optim.AdamW([place], lr=0.05, weight_decay=0.0)
    for _ in range(5):
        adam.zero_grad()
        sum(LANDSCAPES["steep"].losses(torch, place[0], place[1])).backward()
        adam.step()
    assert found.points[-1] == pytest.approx(place.tolist(), abs=1e-5)


def test_every_step_is_one_of_the_trainers_descent(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Descent] = []
    step = Descent.step

    def spied(self: Descent, *args: Any, **kwargs: Any) -> Any:
        seen.append(self)
        return step(self, *args, **kwargs)

    monkeypatch.setattr(Descent, "step", spied)
    walk(made("pcgrad", steps=3))
    assert len(seen) == 3
    assert [p.shape for p in seen[0].places[playground.PLACE]] == [(2,)]
    assert type(seen[0].balancer) is type(balancing.make_balancer(config.PcGrad(), TASKS))


def test_pcgrad_steps_along_the_two_projected_gradients() -> None:
    x, y = -0.9, 0.2
    one, two = gradients(x, y)
    assert one @ two < 0
    wanted = one - (one @ two) / (two @ two) * two + two - (one @ two) / (one @ one) * one
    found = walk(made("pcgrad", x=x, y=y, steps=1, learning_rate=0.01))
    assert found.directions[0] == pytest.approx(wanted, abs=1e-4)
    assert found.points[1] == pytest.approx([x, y] - 0.01 * wanted, abs=1e-5)


def test_mgda_stops_on_the_pareto_set(steep_set: np.ndarray) -> None:
    found = walk(made("mgda", steps=150))
    one, two = gradients(*found.points[-1])
    cosine = one @ two / np.linalg.norm(one) / np.linalg.norm(two)
    assert cosine == pytest.approx(-1, abs=1e-3)  # nowhere to go for both
    assert np.linalg.norm(found.directions[-1]) < 1e-2 * np.linalg.norm(found.directions[0])
    assert distance(steep_set, found.points[-1]) < 0.02


def test_what_methods_are_told_in_a_run_they_are_told_here() -> None:
    """The losses after the step, and the ends of epochs."""
    assert walk(made("famo", steps=2)).weights[0] != walk(made("famo", steps=2)).weights[1]
    weights = walk(made("dwa", steps=2 * EPOCH + 1)).weights
    assert weights[: 2 * EPOCH] == [[1.0, 1.0]] * (2 * EPOCH) and weights[-1] != [1.0, 1.0]
    learnt = walk(made("uncertainty", steps=2)).weights
    assert learnt[0] != learnt[1]


@pytest.mark.parametrize("kind", KINDS)
def test_every_method_walks(kind: str) -> None:
    found = walk(made(kind, landscape="valley", x=-8.5, y=7.5, steps=4))
    assert found.steps == 4 and not found.ended
    assert np.isfinite(found.points).all() and np.isfinite(found.weights).all()


def test_the_seed_decides_where_a_method_draws() -> None:
    drawing = next(choice for choice in METHODS["balancing"] if choice.label == "Random weights")
    kind = drawing.kind_name()
    first, again, other = (walk(made(kind, steps=3, seed=seed)) for seed in (0, 0, 1))
    assert first == again and first.weights != other.weights


def test_a_walk_that_leaves_the_plane_ends_there() -> None:
    found = walk(made("equal", learning_rate=1.0))
    assert "lower the learning rate" in found.ended
    assert 0 < found.steps < 20 and len(found.points) == found.steps + 1
    assert np.abs(found.points).max() <= 5 * LANDSCAPES["steep"].edge


def test_a_slow_method_is_cut_short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(playground, "PATIENCE", -1.0)
    found = walk(made("equal"))
    assert found.steps == 0 and len(found.points) == 1 and "long" in found.ended


def test_a_setting_that_cannot_be_is_refused_in_a_sentence() -> None:
    for changes, said in (
        ({"landscape": "moon"}, "no landscape 'moon'; allowed: steep"),
        ({"balancing": {"kind": "pcd", "main": "mood"}}, "no task 'mood'"),
        ({"learning_rate": -1}, "learning_rate"),
    ):
        with pytest.raises(ConfigError, match=said):
            Setting.parse({**START, **changes})


# --- The ground -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", LANDSCAPES)
def test_a_landscape_is_the_same_for_arrays_and_tensors_and_positive(name: str) -> None:
    ground = LANDSCAPES[name]
    points = np.random.default_rng(0).uniform(-ground.edge, ground.edge, (200, 2))
    drawn = np.stack(ground.losses(np, points[:, 0], points[:, 1]))
    given = torch.tensor(points)
    descended = torch.stack(ground.losses(torch, given[:, 0], given[:, 1]))
    assert drawn == pytest.approx(descended.numpy())
    assert drawn.min() > 0


def test_the_valley_is_that_of_the_paper() -> None:
    """Values worked out by hand from the formula, 21 higher."""
    losses = LANDSCAPES["valley"].losses
    assert losses(np, 3.0, 0.0) == (21.0, 21.0)
    weight = np.tanh(4.0)
    assert losses(np, 7.0, -8.0) == pytest.approx((21 - 20 * weight, 21 - 0.4 * weight))
    upper, bend = np.tanh(1.0), np.tanh(2.0)
    first = 6 + np.log(abs(-3.5 + bend))
    second = 6 + np.log(abs(3.5 - bend))
    assert losses(np, 0.0, 2.0) == pytest.approx((21 + upper * first, 21 + upper * second))


def test_gradients_never_conflict_where_the_bowls_agree() -> None:
    place = torch.randn(50, 2, requires_grad=True)
    both = LANDSCAPES["agree"].losses(torch, place[:, 0], place[:, 1])
    one, two = (torch.autograd.grad(loss.sum(), place)[0] for loss in both)
    assert ((one * two).sum(1) > 0).all()


def test_on_the_pareto_set_of_the_bowls_gradients_are_opposite(steep_set: np.ndarray) -> None:
    for point in steep_set[1:-1]:
        one, two = gradients(*point)
        assert one @ two / np.linalg.norm(one) / np.linalg.norm(two) == pytest.approx(-1, abs=1e-4)
    assert steep_set[0] == pytest.approx([1, 0.5], abs=0.02)
    assert steep_set[-1] == pytest.approx([-1, -0.5], abs=0.02)


def test_no_point_beats_the_pareto_set_of_the_valley() -> None:
    ground = LANDSCAPES["valley"]
    best = np.stack(ground.losses(np, *pareto_set(ground).T), axis=1)
    others = np.random.default_rng(1).uniform(-10, 10, (4_000, 2))
    losses = np.stack(ground.losses(np, *others.T), axis=1)
    beaten = (losses[:, None] < best[None] - 1e-2).all(axis=2)
    assert not beaten.any()


def test_one_point_is_best_where_the_bowls_agree() -> None:
    assert pareto_set(LANDSCAPES["agree"]) == pytest.approx(np.zeros((1, 2)), abs=1e-9)


def test_distance_is_to_the_line_through_the_points() -> None:
    line = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]])
    assert distance(line, [0.5, 0.25]) == pytest.approx(0.25)
    assert distance(line, [2.0, 2.0]) == pytest.approx(np.sqrt(2))
    assert distance(line[:1], [3.0, 4.0]) == pytest.approx(5.0)


# --- What is shown --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def drawn(steep_set: np.ndarray) -> tuple[Walk, Walk, Any]:
    setting = made("pcgrad", steps=60)
    found, plain = walk(setting), walk(setting.plain)
    land = heights(setting.ground), steep_set
    return found, plain, playground_figure(found, plain, setting.ground, land, "dark")


def test_the_arrows_point_downhill_at_every_step(drawn: tuple[Walk, Walk, Any]) -> None:
    found, _, figure = drawn
    steps = [int(frame.name) for frame in figure.frames]
    assert steps[:FIRST_FRAMES] == list(range(FIRST_FRAMES)) and steps[-1] == 60
    for frame in figure.frames[:-1]:
        step = int(frame.name)
        downhill = [*found.gradients[step], found.directions[step]]
        lengths = []
        for arrow, uphill in zip(frame.data[:3], downhill, strict=True):
            along = np.array([arrow.x[1] - arrow.x[0], arrow.y[1] - arrow.y[0]])
            assert along @ uphill == pytest.approx(-np.linalg.norm(along) * np.linalg.norm(uphill))
            lengths.append(np.linalg.norm(along) / np.linalg.norm(uphill))
        assert lengths == pytest.approx([lengths[0]] * 3)  # one scale for the three
    assert not figure.frames[-1].data[2].x  # no step is made at the end


def test_the_slider_tells_conflict_and_weights(drawn: tuple[Walk, Walk, Any]) -> None:
    found, _, figure = drawn
    labels = {step.args[0][0]: step.label for step in figure.layout.sliders[0].steps}
    cosine = cosines(found)
    for step in (0, 20):
        assert f"cosine {cosine[step]:+.2f}" in labels[str(step)]
        assert ("conflict" in labels[str(step)]) == (cosine[step] < 0)
        assert f"weights {found.weights[step][0]:.3g}" in labels[str(step)]
    assert "weights" not in labels["60"]


def test_the_summary_counts_conflicts_and_knows_the_pareto_set() -> None:
    ground, best = LANDSCAPES["steep"], np.array([[0.0, 0.0]])
    gone = Walk(
        points=[[1.0, 1.0], [0.5, 0.5], [0.0, 0.0]],
        losses=[[3.0, 3.0], [2.0, 2.0], [0.25, 0.5]],
        gradients=[[[1.0, 0.0], [-1.0, 1.0]], [[1.0, 0.0], [1.0, 1.0]], [[0.0, 0.0], [0.0, 0.0]]],
        directions=[[1.0, 1.0], [1.0, 1.0]],
        weights=[[1.0, 1.0], [1.0, 1.0]],
    )
    lines = summary(gone, gone, ground, best)
    assert "0.25 and 0.5" in lines[0] and "1 of 2 steps" in lines[1]
    assert "ends on the Pareto set" in lines[2]
    assert "better for both" in summary(gone, gone, ground, best + 1)[2]


class InThisProcess:
    """The prediction service without its process."""

    def walk(self, setting: Setting) -> Walk:
        return walk(setting)

    def golden(self) -> dict[str, Checked]:
        found = reply({"golden": True})["golden"]
        return {kind: Checked(**one) for kind, one in found.items()}


@pytest.fixture
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    from pages import _methods, _playground

    cached = (_playground._walk, _playground._figure, _methods._golden)
    for page in (_methods, _playground):
        monkeypatch.setattr(page, "predictor", InThisProcess)
    for one in cached:
        one.clear()
    yield
    for one in cached:
        one.clear()


def playground_script() -> None:
    from pages._playground import show_playground

    show_playground()


def opened_playground() -> AppTest:
    app = AppTest.from_function(playground_script, default_timeout=60)
    app.session_state["playground/steep/steps"] = 7
    app.run()
    assert not app.exception, app.exception
    return app


def methods_script() -> None:
    from pages._methods import show_methods

    show_methods()


def test_the_page_walks_as_the_reader_chooses(in_this_process: None) -> None:
    app = opened_playground()
    chart = json.loads(app.get("plotly_chart")[0].proto.spec)
    assert len(chart["frames"]) == 8
    assert any("After 7 steps" in text.value for text in app.markdown)
    app.number_input(key="playground/steep/steps").set_value(5)
    app.selectbox(key="playground/balancing/kind").set_value("equal").run()
    assert not app.exception, app.exception
    said = [text.value.replace("\\", "") for text in app.markdown if "After 5 steps" in text.value]
    losses = walk(made("equal", steps=5)).losses[-1]
    assert f"the losses are {losses[0]:.3g} and {losses[1]:.3g}" in said[0]


def test_a_missing_solver_is_told_with_the_cure(
    in_this_process: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(config.CaGrad, "packages", ("not_a_package_at_all",))
    with pytest.raises(ConfigError, match="install with: pip install not_a_package_at_all"):
        walk(made("cagrad"))
    assert "pip install" in reply({"walk": made("cagrad").model_dump(mode="json")})["error"]
    app = opened_playground()
    app.selectbox(key="playground/balancing/kind").set_value("cagrad").run()
    assert not app.exception and "pip install" in app.error[0].value
    assert golden.check("cagrad") is None and "pip install" in golden.verdict("cagrad").words


def test_the_table_has_every_method_and_its_verdict(in_this_process: None) -> None:
    app = AppTest.from_function(methods_script, default_timeout=60).run()
    assert not app.exception, app.exception
    table = app.dataframe[0].value
    assert list(table["Method"]) == [choice.label for choice in METHODS["balancing"]]
    verdicts = dict(zip(KINDS, table["Hand-worked values"], strict=True))
    assert verdicts["pcgrad"] == "✓ come out" and verdicts["equal"] == "✓ definition holds"
    assert not [one for one in verdicts.values() if one.startswith("✗")]
    assert app.latex[0].value.strip("$\n") == config.Fixed.formula


def test_the_service_answers_lessons_line_by_line() -> None:
    asked = [
        {"about": "lessons", "walk": made("equal", steps=2).model_dump(mode="json")},
        {"about": "lessons", "walk": {"landscape": "moon"}},
    ]
    sink = io.StringIO()
    serve(io.StringIO("".join(json.dumps(one) + "\n" for one in asked)), sink)
    first, second = map(json.loads, sink.getvalue().splitlines())
    assert Walk(**first["walk"]) == walk(made("equal", steps=2))
    assert "no landscape 'moon'" in second["error"]
