"""What must hold of every method: permutation, scaling, no conflict where that is promised, gradients
of any size, one task alone."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from mtl_core.balancing import Shared, make_balancer
from mtl_core.config.balancing import CaGrad
from mtl_core.config.balancing.gradients import GradientPart
from mtl_core.errors import ConfigError, RunError
from tests.balancing_cases import CHOICES, NAMES, backward, made, random_rows

GRADIENT = sorted(kind for kind, one in CHOICES.items() if issubclass(one, GradientPart))
LOSSES = (0.5, 2.0, 1.0, 3.0)
ORDERED = {"pcgrad", "gradvac", "random"}
"""Draw an order or weights at random: another order of the tasks meets other draws."""
AGREE = {"mgda", "nash", "fairgrad", "upgrad", "dualproj", "config"}
"""Their papers promise that no task's loss rises."""

cases = st.tuples(st.integers(0, 10_000), st.integers(2, 4))


@pytest.mark.parametrize("kind", sorted(CHOICES.keys() - ORDERED))
@settings(max_examples=8)
@given(cases)
def test_the_order_of_the_tasks_does_not_matter(kind, case):
    seed, tasks = case
    rows, losses = random_rows(seed, tasks), LOSSES[:tasks]
    order = np.random.default_rng(seed).permutation(tasks)
    options = {"main": NAMES[0]} if kind == "pcd" else {}
    torch.manual_seed(seed)
    weights, direction = backward(made(kind, tasks, **options), rows, losses)
    # The main task keeps its name, so it moves to where it stands now.
    moved = {"main": NAMES[int(np.flatnonzero(order == 0)[0])]} if options else {}
    torch.manual_seed(seed)
    again, same = backward(
        made(kind, tasks, **moved), rows[order], [losses[place] for place in order]
    )
    size = np.linalg.norm(direction)
    np.testing.assert_allclose(same, direction, atol=3e-3 * size)
    if kind != "graddrop":  # whose weights are only the nearest ones
        np.testing.assert_allclose(again, weights[order], rtol=0.02, atol=0.02)


@pytest.mark.parametrize("kind", sorted(set(GRADIENT) - {"excess", "pcd", "graddrop"}))
@settings(max_examples=6)
@given(cases, st.sampled_from([1e-6, 1e-3, 1e3, 1e6]))
def test_gradients_in_other_units_get_the_same_weights(kind, case, unit):
    seed, tasks = case
    rows = random_rows(seed, tasks)
    torch.manual_seed(seed)
    weights, _ = backward(made(kind, tasks), rows)
    torch.manual_seed(seed)
    again, _ = backward(made(kind, tasks), rows * unit)
    np.testing.assert_allclose(again, weights, rtol=2e-3, atol=2e-3)


@pytest.mark.parametrize("kind", sorted(k for k, one in CHOICES.items() if one.ignores_scale))
@settings(max_examples=6)
@given(cases)
def test_a_method_that_ignores_scale_goes_the_same_way_when_one_loss_is_multiplied(kind, case):
    seed, tasks = case
    rows, losses = random_rows(seed, tasks), np.array(LOSSES[:tasks])
    scale = np.ones(tasks)
    scale[0] = 7.0
    _, direction = backward(made(kind, tasks), rows, list(losses))
    scaled = rows * torch.tensor(scale, dtype=torch.float32)[:, None]
    _, other = backward(made(kind, tasks), scaled, list(losses * scale))
    cosine = direction @ other / np.linalg.norm(direction) / np.linalg.norm(other)
    assert cosine == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("kind", sorted(AGREE))
@settings(max_examples=20)
@given(cases)
def test_no_task_s_loss_rises(kind, case):
    seed, tasks = case
    rows = random_rows(seed, tasks)
    _, direction = backward(made(kind, tasks), rows)
    exact = rows.double().numpy()
    along = exact @ direction / np.linalg.norm(exact, axis=1) / np.linalg.norm(direction)
    assert along.min() > -0.01


@settings(max_examples=20)
@given(st.integers(0, 10_000))
def test_pcgrad_leaves_no_conflict_between_two_tasks(seed):
    rows = random_rows(seed, 2)
    _, direction = backward(made("pcgrad", 2), rows)
    assert (rows.double().numpy() @ direction).min() > -1e-4 * float(rows.norm()) ** 2


@settings(max_examples=20)
@given(cases)
def test_the_main_task_s_helpers_gain(case):
    """With PCD every auxiliary task gains at least τ of its own gradient, and the main task most."""
    seed, tasks = case
    rows = random_rows(seed, tasks)
    _, direction = backward(made("pcd", tasks), rows)
    along = rows.double().numpy() @ direction
    assert along.min() > -1e-4 * float(rows.norm()) ** 2


@pytest.mark.parametrize("size", [1e-8, 1.0, 1e8])
@pytest.mark.parametrize("tasks", [2, 3])
@pytest.mark.parametrize("kind", sorted(CHOICES))
def test_steps_are_finite_whatever_the_gradients_size(kind, tasks, size):
    balancer = made(kind, tasks)
    for seed in range(3):
        weights, direction = backward(balancer, random_rows(seed, tasks) * size, LOSSES[:tasks])
        assert np.isfinite(weights).all() and np.isfinite(direction).all()
        assert direction.any()


@pytest.mark.parametrize("kind", sorted(CHOICES))
def test_without_any_gradient_nothing_moves(kind):
    _, direction = backward(made(kind, 3), torch.zeros(3, 4), LOSSES[:3])
    assert not direction.any()


@pytest.mark.parametrize("kind", GRADIENT)
def test_parallel_and_opposite_gradients_are_no_trouble(kind):
    """G is singular there."""
    for rows in ([[1.0, 2.0], [2.0, 4.0]], [[1.0, 2.0], [-1.0, -2.0]], [[0.0, 0.0], [1.0, 0.0]]):
        weights, direction = backward(made(kind, 2), rows)
        assert np.isfinite(weights).all() and np.isfinite(direction).all()


@pytest.mark.parametrize("kind", sorted(CHOICES))
def test_tasks_that_agree_and_are_alike_get_the_weight_1_each(kind):
    """The convention: whichever method, the learning rate means the same."""
    torch.manual_seed(0)
    gradient = torch.tensor([[0.6, 0.8]])
    mean = np.mean(
        [
            backward(made(kind, 3), gradient.repeat(3, 1))[1]
            for _ in range(200 if kind == "random" else 1)
        ],
        axis=0,
    )
    np.testing.assert_allclose(mean, 3 * gradient[0].numpy(), rtol=0.01)


@pytest.mark.parametrize("kind", sorted(CHOICES))
def test_one_task_alone_is_plain_training(kind):
    weights, direction = backward(made(kind, 1), [[3.0, -4.0]], [0.7])
    assert weights.tolist() == [1.0] and direction.tolist() == [3.0, -4.0]


@pytest.mark.parametrize("kind", GRADIENT)
def test_a_task_alone_in_a_step_is_trained_plainly(kind):
    weights, direction = backward(made(kind, 3), [[3.0, -4.0]], [0.7])
    assert weights.tolist() == [1.0] and direction.tolist() == [3.0, -4.0]


@pytest.mark.parametrize("kind", GRADIENT)
def test_own_parameters_follow_their_own_gradient_and_penalties_stay_outside(kind):
    theta, own = nn.Parameter(torch.zeros(2)), [nn.Parameter(torch.ones(())) for _ in range(2)]
    balancer = made(kind, 2)
    rows = torch.tensor([[1.0, 0.0], [-1.0, 1.0]])
    losses = {n: r @ theta + 3 * p for n, r, p in zip(NAMES, rows, own, strict=False)}
    torch.manual_seed(0)
    balancer.backward(losses, 10 * theta.sum(), Shared({"θ": [theta]}, own))
    assert [p.grad.item() for p in own if p.grad is not None] == [3.0, 3.0]
    torch.manual_seed(0)
    _, direction = backward(made(kind, 2), rows, [3.0, 3.0])
    assert theta.grad is not None
    np.testing.assert_allclose(theta.grad.numpy() - 10, direction, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    "kind", [k for k in GRADIENT if "gradients" in CHOICES[k].model_fields and k != "graddrop"]
)
def test_gradients_at_the_representation_weigh_what_comes_through_it(kind):
    """z = Wθ is what both tasks read; with W orthogonal both places see the same G."""
    turn = torch.linalg.qr(torch.randn(4, 4, generator=torch.Generator().manual_seed(0)))[0]
    rows = random_rows(1, 2, size=4)
    found = []
    for place in ("parameters", "representation"):
        theta = nn.Parameter(torch.zeros(4))
        read = turn @ theta
        losses = {n: (r @ turn.T) @ read + 1 for n, r in zip(NAMES, rows, strict=False)}
        torch.manual_seed(0)
        balancer = made(kind, 2, gradients=place)
        balancer.backward(losses, None, Shared({"θ": [theta]}, [], [read]))
        assert theta.grad is not None
        found.append(theta.grad.numpy())
    np.testing.assert_allclose(found[1], found[0], rtol=1e-3, atol=1e-4)


def test_a_gradient_that_is_not_finite_is_a_sentence():
    with pytest.raises(RunError, match="the gradient of task 'a' is not finite"):
        backward(made("mgda", 2), [[float("inf"), 0.0], [0.0, 1.0]])


def test_a_missing_solver_is_a_sentence_with_the_cure(monkeypatch):
    monkeypatch.setattr(
        "mtl_core.config.balancing.contract.find_spec",
        lambda name: None if name == "cvxpy" else object(),
    )
    with pytest.raises(ConfigError, match="cagrad needs cvxpy; install with: pip install cvxpy$"):
        make_balancer(CaGrad(), ("a", "b"))
    assert not any(one.missing() for k, one in CHOICES.items() if k != "cagrad")


@pytest.mark.parametrize("kind", sorted(set(GRADIENT) - {"graddrop", "db", "excess"}))
def test_a_task_without_a_gradient_does_not_stop_the_others(kind):
    """Its weight is 1, and the others are combined as if it were not there."""
    rows = random_rows(2, 2)
    torch.manual_seed(0)
    weights, direction = backward(made(kind, 2), rows)
    torch.manual_seed(0)
    more, same = backward(made(kind, 3), torch.cat([rows, torch.zeros(1, 8)]))
    np.testing.assert_allclose(same, direction, rtol=1e-5)
    assert more.tolist() == [*weights.tolist(), 1.0]


def test_the_last_shared_block_is_one():
    """Connections between blocks come after it in the list, and are not meant."""
    places = {name: [nn.Parameter(torch.ones(1))] for name in ("embedding", "block 1", "block 2")}
    between = {"connections": [nn.Parameter(torch.ones(1))]}
    assert Shared(places | between).last == places["block 2"]
    places["block 2"][0].requires_grad_(False)
    assert Shared(places | between).last == places["block 1"]
    assert Shared(between).last == between["connections"] and Shared({}).last == []
