"""Methods that look at gradients, against their defining equations and against solvers of others."""

import itertools

import numpy as np
import pytest
import torch
from scipy.optimize import minimize
from torch import nn

from mtl_core.balancing import Shared
from tests.balancing_cases import NAMES, backward, made, random_rows

SEEDS = range(4)
TASKS = (2, 3, 4)
PAIRS = list(itertools.product(TASKS, SEEDS))


def simplex_minimum(objective, tasks):
    """The minimum over weights that are not negative and sum to 1, by sequential quadratic
    programming from several starts."""
    starts = [np.full(tasks, 1 / tasks), *np.eye(tasks) * 0.9 + 0.1 / tasks]
    limits = {"type": "eq", "fun": lambda w: w.sum() - 1}
    found = [
        minimize(objective, start, bounds=[(0, 1)] * tasks, constraints=limits, tol=1e-12)
        for start in starts
    ]
    return min(found, key=lambda one: one.fun).x


def cone_minimum(gramian, lowest):
    """min vᵀGv with v ≥ lowest."""
    bounds = [(low, None) for low in lowest]
    scaled = gramian / np.trace(gramian)
    start = np.maximum(lowest, 1.0)
    return minimize(
        lambda v: v @ scaled @ v, start, jac=lambda v: 2 * scaled @ v, bounds=bounds, tol=1e-14
    ).x


@pytest.mark.parametrize(("tasks", "seed"), list(itertools.product(TASKS, SEEDS)))
def test_mgda_is_the_shortest_mean(tasks, seed):
    rows = random_rows(seed, tasks)
    gramian = (rows @ rows.T).double().numpy()
    weights, direction = backward(made("mgda", tasks, scale="published"), rows)
    best = simplex_minimum(lambda w: w @ gramian @ w, tasks)
    assert weights.sum() == pytest.approx(1, abs=1e-5) and (weights >= -1e-6).all()
    assert weights @ gramian @ weights <= 1.01 * (best @ gramian @ best)  # 250 steps of the search
    np.testing.assert_allclose(direction, weights @ rows.double().numpy(), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("tasks", "seed"), list(itertools.product(TASKS, SEEDS)))
def test_cagrad_solves_its_dual(tasks, seed):
    rows = random_rows(seed, tasks).double().numpy()
    mean = rows.mean(0)
    length = 0.5 * np.linalg.norm(mean)
    best = simplex_minimum(lambda w: (w @ rows) @ mean + length * np.linalg.norm(w @ rows), tasks)
    along = best @ rows
    _, direction = backward(made("cagrad", tasks, scale="published"), torch.tensor(rows))
    expected = mean + length * along / np.linalg.norm(along)
    np.testing.assert_allclose(direction, expected, atol=2e-3 * np.linalg.norm(mean))


@pytest.mark.parametrize(("tasks", "seed"), list(itertools.product(TASKS, SEEDS)))
def test_upgrad_and_dualproj_project_onto_the_dual_cone(tasks, seed):
    rows = random_rows(seed, tasks)
    gramian = (rows @ rows.T).double().numpy()
    weights, _ = backward(made("upgrad", tasks, scale="published"), rows)
    expected = sum(cone_minimum(gramian, unit / tasks) for unit in np.eye(tasks))
    np.testing.assert_allclose(weights, expected, rtol=2e-3, atol=2e-4)
    weights, _ = backward(made("dualproj", tasks, scale="published"), rows)
    np.testing.assert_allclose(
        weights, cone_minimum(gramian, np.full(tasks, 1 / tasks)), rtol=2e-3, atol=2e-4
    )


@pytest.mark.parametrize(
    ("tasks", "alpha", "seed"), [(t, a, s) for t, s in PAIRS for a in (0.5, 1.0, 2.0)]
)
def test_fairgrad_solves_its_equation(tasks, alpha, seed):
    rows = random_rows(seed, tasks)
    gramian = (rows @ rows.T).double().numpy()
    weights, _ = backward(made("fairgrad", tasks, alpha=alpha, scale="published"), rows)
    np.testing.assert_allclose(gramian @ weights, weights ** (-1 / alpha), rtol=1e-3)


@pytest.mark.parametrize(("tasks", "seed"), list(itertools.product(TASKS, SEEDS)))
def test_nash_bargains(tasks, seed):
    """G w ∝ 1 / w, and the step is no longer than 1 as published."""
    rows = random_rows(seed, tasks)
    gramian = (rows @ rows.T).double().numpy()
    weights, direction = backward(made("nash", tasks, scale="published"), rows)
    products = weights * (gramian @ weights)
    np.testing.assert_allclose(products, products[0], rtol=1e-3)
    assert np.linalg.norm(direction) <= 1 + 1e-5


@pytest.mark.parametrize(("tasks", "seed"), list(itertools.product(TASKS, SEEDS)))
def test_imtl_g_goes_equally_far_along_every_gradient(tasks, seed):
    rows = random_rows(seed, tasks).double().numpy()
    weights, direction = backward(made("imtl_g", tasks, scale="published"), torch.tensor(rows))
    along = rows @ direction / np.linalg.norm(rows, axis=1)
    np.testing.assert_allclose(along, along[0], rtol=1e-3)
    assert weights.sum() == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize(("tasks", "seed"), list(itertools.product(TASKS, SEEDS)))
def test_config_makes_equal_angles_and_is_as_long_as_the_projections(tasks, seed):
    rows = random_rows(seed, tasks).double().numpy()
    _, direction = backward(made("config", tasks), torch.tensor(rows))
    unit = direction / np.linalg.norm(direction)
    along = rows @ unit
    np.testing.assert_allclose(
        along / np.linalg.norm(rows, axis=1), along[0] / np.linalg.norm(rows[0]), rtol=1e-3
    )
    assert np.linalg.norm(direction) == pytest.approx(along.sum(), rel=1e-3)


@pytest.mark.parametrize(("tasks", "seed"), list(itertools.product(TASKS, SEEDS)))
def test_aligned_gradients_are_orthogonal_and_of_one_length(tasks, seed):
    """Ĵ = B J with B as in the paper has ĴĴᵀ = λ_min I; the weights are its columns' sums."""
    rows = random_rows(seed, tasks).double().numpy()
    values, vectors = np.linalg.eigh(rows @ rows.T)
    transform = np.sqrt(values[0]) * vectors @ np.diag(values**-0.5) @ vectors.T
    np.testing.assert_allclose(
        transform @ rows @ (transform @ rows).T, values[0] * np.eye(tasks), atol=1e-8
    )
    weights, _ = backward(made("aligned", tasks), torch.tensor(rows))
    np.testing.assert_allclose(weights, transform.sum(0), rtol=1e-3)


def surgery(rows, orders):
    """PCGrad on whole vectors: task i meets the others in the order `orders[i]`."""
    total = np.zeros(rows.shape[1])
    for i, order in enumerate(orders):
        moved = rows[i].copy()
        for j in order:
            product = moved @ rows[j]
            if product < 0:
                moved -= product / (rows[j] @ rows[j]) * rows[j]
        total += moved
    return total


@pytest.mark.parametrize("seed", SEEDS)
def test_pcgrad_is_one_of_the_orders_that_the_paper_draws_from(seed):
    rows = random_rows(seed, 3).double().numpy()
    others = [[p for p in itertools.permutations(range(3)) if p[0] == i] for i in range(3)]
    orders = itertools.product(*[[p[1:] for p in own] for own in others])
    possible = [surgery(rows, order) for order in orders]
    for draw in range(6):
        torch.manual_seed(draw)
        _, direction = backward(made("pcgrad", 3), torch.tensor(rows))
        assert min(np.abs(direction - one).max() for one in possible) < 1e-4


def test_gradvac_remembers_how_well_tasks_agree():
    """Two steps by hand on whole vectors; with two tasks nothing is drawn."""
    beta, usual = 0.5, np.zeros((2, 2))
    balancer = made("gradvac", 2, beta=beta)
    for seed in range(5):
        rows = random_rows(seed, 2).double().numpy()
        total = np.zeros(8)
        for i, j in ((0, 1), (1, 0)):
            moved, other = rows[i].copy(), rows[j]
            norms = np.linalg.norm(moved), np.linalg.norm(other)
            now, aim = moved @ other / norms[0] / norms[1], usual[i, j]
            if now < aim:
                factor = norms[0] * (aim * np.sqrt(1 - now**2) - now * np.sqrt(1 - aim**2))
                moved += factor / (norms[1] * np.sqrt(1 - aim**2)) * other
            usual[i, j] = (1 - beta) * aim + beta * now
            total += moved
        _, direction = backward(balancer, torch.tensor(rows))
        np.testing.assert_allclose(direction, total, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(("tasks", "seed"), list(itertools.product(TASKS, SEEDS)))
def test_pcd_moves_the_main_gradient_as_little_as_the_others_need(tasks, seed):
    """One step, so that each running mean is the gradient's own square; main task c or the last."""
    rows = random_rows(seed, tasks).double().numpy()
    main = tasks - 1
    units = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    limits = [
        {"type": "ineq", "fun": lambda d, j=j: units[j] @ d - 0.02}
        for j in range(tasks)
        if j != main
    ]
    best = minimize(
        lambda d: 0.5 * ((d - units[main]) ** 2).sum(), units.mean(0), constraints=limits, tol=1e-12
    ).x
    _, direction = backward(
        made("pcd", tasks, main=NAMES[main], scale="published"), torch.tensor(rows)
    )
    expected = best / np.linalg.norm(best) * np.linalg.norm(rows[main])
    np.testing.assert_allclose(direction, expected, atol=2e-3 * np.linalg.norm(rows[main]))


@pytest.mark.parametrize("leak", [0.0, 0.3])
def test_graddrop_keeps_one_sign_in_each_coordinate(leak):
    rows = random_rows(0, 3)
    torch.manual_seed(5)
    draws = torch.rand(8).double().numpy()
    torch.manual_seed(5)
    _, direction = backward(made("graddrop", 3, leak=leak), rows)
    exact = rows.double().numpy()
    positive = 0.5 * (1 + exact.sum(0) / np.abs(exact).sum(0)) > draws
    kept = np.where(positive, exact > 0, exact < 0)
    np.testing.assert_allclose(
        direction, ((leak + (1 - leak) * kept) * exact).sum(0), rtol=1e-4, atol=1e-5
    )


@pytest.mark.parametrize("leak", [0.0, 0.3])
def test_graddrop_and_excess_risks_are_the_library_s(leak):
    """Which wants all gradients in one piece."""
    from torchjd.aggregation import ExcessMTLWeighting, GradDrop

    theirs, ours = ExcessMTLWeighting(0.05), made("excess", 3, step_size=0.05, scale="published")
    for seed in range(5):
        rows = random_rows(seed, 3)
        torch.manual_seed(seed)
        direction = GradDrop(leak=torch.full((3,), leak))(rows)
        torch.manual_seed(seed)
        found = backward(made("graddrop", 3, leak=leak), rows)[1]
        np.testing.assert_allclose(found, direction, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(backward(ours, rows)[0], theirs(rows), rtol=1e-4)


def test_graddrop_passes_over_the_rows_of_a_table_that_no_task_reaches(monkeypatch):
    monkeypatch.setattr("mtl_core.balancing.rows.LARGE", 1)
    table = nn.Parameter(torch.zeros(6, 2))
    signs = torch.tensor([[1.0, -1.0], [2.0, 3.0]])
    losses = {"a": (table[[1, 4]] * signs).sum(), "b": (-2 * table[4]).sum()}
    made("graddrop", 2).backward(losses, None, Shared({"embedding": [table]}))
    assert table.grad is not None and not table.grad[[0, 2, 3, 5]].any()
    assert table.grad[1].tolist() == [1.0, -1.0]
    assert table.grad[4, 0] in (2.0, -2.0) and table.grad[4, 1] in (3.0, -2.0)


def test_excess_risks_by_hand():
    """Two steps; the first one's risk is the yardstick of the second."""
    balancer = made("excess", 3, step_size=0.5, scale="published")
    weights, sums, first = np.full(3, 1 / 3), np.zeros((3, 8)), None
    for seed in range(3):
        rows = random_rows(seed, 3).double().numpy()
        sums += rows**2
        risk = (rows**2 / np.sqrt(sums + 1e-7)).sum(1)
        first, relative = (risk, risk) if first is None else (first, risk / (first + 1e-7))
        weights = weights * np.exp(0.5 * relative)
        weights /= weights.sum()
        found, direction = backward(balancer, torch.tensor(rows))
        np.testing.assert_allclose(found, weights, rtol=1e-4)
        np.testing.assert_allclose(direction, weights @ rows, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("sigma", [0.0, 0.5])
def test_dual_balancing_by_hand(sigma):
    balancer = made("db", 2, beta=0.9, sigma=sigma)
    running = None
    for step, seed in enumerate(range(3), 1):
        rows = random_rows(seed, 2).double().numpy()
        losses = np.array([0.5, 3.0]) * step
        logs = rows / (losses[:, None] + 1e-8)
        kept = 0.9 / step**sigma
        running = logs if running is None else logs + kept * (running - logs)
        norms = np.linalg.norm(running, axis=1)
        expected = (norms.max() / norms) @ running
        _, direction = backward(balancer, torch.tensor(rows), list(losses))
        np.testing.assert_allclose(direction, expected, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("kind", ["mgda", "imtl_g", "random"])
def test_smoothing_is_a_running_mean_of_the_weights(kind):
    """CR-MOGM: λ = a λ + (1 - a) λ̂, the first being λ̂ itself."""
    plain, smooth = made(kind, 3), made(kind, 3, smoothing=0.9)
    running = None
    for seed in range(4):
        rows = random_rows(seed, 3)
        torch.manual_seed(seed)
        now, _ = backward(plain, rows)
        running = now if running is None else 0.9 * running + 0.1 * now
        torch.manual_seed(seed)
        found, direction = backward(smooth, rows)
        np.testing.assert_allclose(found, running, rtol=1e-4)
        np.testing.assert_allclose(direction, running @ rows.double().numpy(), rtol=1e-3, atol=1e-4)
