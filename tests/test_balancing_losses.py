"""Methods that look at losses, by hand and against other implementations."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from mtl_core.balancing import Shared, make_balancer
from mtl_core.balancing.gradnorm import gradnorm
from mtl_core.config.balancing import Dwa, Equal, Famo, Fixed, GradNorm, Uncertainty
from tests.balancing_cases import backward, made

TWO = [[1.0, 0.0], [-1.0, 1.0]]


def stepped(balancer, losses, rows=TWO):
    return backward(balancer, rows, losses)[0].tolist()


def test_fixed_weights_by_hand():
    """L = 2a + 0.5b + penalty, a = x², b = 3x at x = 2: dL/dx = 2·4 + 0.5·3 + 1 = 10.5."""
    x = nn.Parameter(torch.tensor(2.0))
    balancer = make_balancer(Fixed(weights={"a": 2.0, "b": 0.5}), ("a", "b"))
    weights = balancer.backward({"a": x**2, "b": 3 * x}, x * 1.0, Shared({}))
    assert x.grad is not None and x.grad.item() == pytest.approx(10.5)
    assert weights.tolist() == [2.0, 0.5]


def test_tasks_left_out_of_fixed_weights_have_weight_1():
    balancer = make_balancer(Fixed(weights={"a": 2.0}), ("a", "b"))
    x = nn.Parameter(torch.tensor(1.0))
    assert balancer.backward({"b": x * 3}, None, Shared({})).tolist() == [1.0]
    assert x.grad is not None and x.grad.item() == 3.0


def test_a_task_that_trains_alone_is_not_weighed():
    balancer = make_balancer(Uncertainty(), ("a",))
    assert stepped(balancer, [4.0], [[1.0, 2.0]]) == [1.0]


def test_the_loss_of_uncertainty_weighting():
    """½ Σ e^(-s) L + ½ Σ s for L = (1, 4): 2.5 at s = 0, 3.621803 at s = -0.5."""
    values = torch.tensor([1.0, 4.0])
    for start, expected in ((0.0, 2.5), (-0.5, 3.621803)):
        balancer = made("uncertainty", 2, start=start, scale="published")
        assert balancer.total(("a", "b"), values).item() == pytest.approx(expected, abs=1e-5)


def test_uncertainty_learns_the_size_of_the_loss():
    """∂/∂s = ½ - ½ e^(-s) L is 0 where e^s = L: the weight becomes one over the loss."""
    balancer = made("uncertainty", 2, scale="published")
    optimiser = torch.optim.Adam(balancer.parameters(), lr=0.05)
    for _ in range(300):
        optimiser.zero_grad()
        weights = stepped(balancer, [0.5, 4.0])
        optimiser.step()
    assert weights == pytest.approx([0.5 / 0.5, 0.5 / 4.0], rel=0.02)


def test_imtl_l_is_twice_uncertainty_weighting_with_the_sign_turned():
    values = torch.tensor([0.3, 2.0, 5.0])
    names = ("a", "b", "c")
    one, other = made("imtl_l", 3), made("uncertainty", 3, scale="published")
    with torch.no_grad():
        one.log_scale.copy_(torch.tensor([0.2, -0.4, 1.0]))
        other.log_variance.copy_(-one.log_scale)
    found = one.total(names, values).item(), 2 * other.total(names, values).item()
    assert found[0] == pytest.approx(found[1], rel=1e-6)


def test_dynamic_weight_average_compares_the_means_of_two_epochs():
    """r = (0.8, 1), τ = 2: weights (0.950042, 1.049958); equal ones in the first two epochs."""
    balancer = make_balancer(Dwa(), ("a", "b"))
    for losses in ([[1.0, 1.0], [3.0, 5.0]], [[1.0, 4.0], [2.2, 2.0]]):  # means (2, 3), (1.6, 3)
        for step in losses:
            assert stepped(balancer, step) == [1.0, 1.0]
        balancer.next_epoch()
    assert stepped(balancer, [7.0, 7.0]) == pytest.approx([0.950042, 1.049958], abs=1e-5)


def test_dynamic_weight_average_is_the_library_s():
    from torchjd.scalarization import DWA

    theirs, ours = DWA(2.0), make_balancer(Dwa(), ("a", "b"))
    generator = torch.Generator().manual_seed(3)
    for _ in range(5):
        for _ in range(4):
            losses = torch.rand(2, generator=generator) + 0.1
            leaf = losses.clone().requires_grad_()
            theirs(leaf).backward()
            np.testing.assert_allclose(stepped(ours, losses.tolist()), leaf.grad, rtol=1e-5)
        theirs.step()
        ours.next_epoch()


def test_random_weights_are_a_softmax_of_normal_numbers():
    torch.manual_seed(4)
    drawn = torch.softmax(torch.randn(3), 0)
    torch.manual_seed(4)
    found = stepped(made("random", 3), [1.0, 2.0, 3.0], torch.eye(3))
    assert found == pytest.approx((3 * drawn).tolist(), rel=1e-5)


def test_geometric_mean_and_smooth_maximum_are_derivatives_of_their_losses():
    losses = [0.5, 2.0, 3.0]
    mean = math.prod(losses) ** (1 / 3)
    found = stepped(made("gls", 3, scale="published"), losses, torch.eye(3))
    assert found == pytest.approx([mean / (3 * loss) for loss in losses], rel=1e-5)
    parts = [math.exp(loss / 3 / 0.1) for loss in losses]
    found = stepped(made("stch", 3, mu=0.1, scale="published"), losses, torch.eye(3))
    assert found == pytest.approx([part / sum(parts) / 3 for part in parts], rel=1e-4)


def famo_by_hand(pairs, lr=0.025, decay=1e-3):
    """Algorithm 1 with Adam on the logits: effective weights c z / L for (before, after) losses."""
    logits = torch.zeros(2, requires_grad=True)
    adam = torch.optim.Adam([logits], lr=lr, weight_decay=decay)
    for before, after in pairs:
        z = torch.softmax(logits, 0)
        level = 1 / (z / before).sum()
        yield (level * z / before).detach()
        adam.zero_grad()
        z.backward(before.log() - after.log())
        adam.step()


def test_famo_learns_from_how_far_the_losses_fell():
    generator = torch.Generator().manual_seed(1)
    losses = torch.rand(13, 2, generator=generator) + 0.1
    pairs = [(losses[i], losses[i + 1]) for i in range(12)]
    same = make_balancer(Famo(scale="published"), ("a", "b"))
    later = make_balancer(Famo(scale="published", compare="next_batch"), ("a", "b"))
    for (before, after), expected in zip(pairs, famo_by_hand(pairs), strict=True):
        np.testing.assert_allclose(stepped(same, before.tolist()), expected, rtol=1e-4)
        np.testing.assert_allclose(stepped(later, before.tolist()), expected, rtol=1e-4)
        same.look_again({"a": after[0], "b": after[1]})
    assert same.looks_again and not later.looks_again


def test_gradnorm_by_hand():
    """w = (1, 1), norms (2, 1), L / L(0) = (0.5, 1), α = 1.5: targets (0.816497, 2.309401)."""
    slope, loss = gradnorm(torch.ones(2), torch.tensor([2.0, 1.0]), torch.tensor([0.5, 1.0]), 1.5)
    assert float(loss) == pytest.approx(2.492905, abs=1e-5)
    assert slope.tolist() == [2.0, -1.0]


def test_gradnorm_s_slope_is_the_derivative_of_its_loss():
    weights = torch.tensor([0.7, 1.6, 0.7], dtype=torch.float64, requires_grad=True)
    norms = torch.tensor([0.2, 3.0, 1.0], dtype=torch.float64)
    ratios = torch.tensor([0.5, 1.2, 0.9], dtype=torch.float64)
    sizes = weights * norms
    targets = (sizes.mean() * (ratios / ratios.mean()) ** 1.5).detach()
    (sizes - targets).abs().sum().backward()
    slope, _ = gradnorm(weights.detach(), norms, ratios, 1.5)
    torch.testing.assert_close(slope, weights.grad)


def test_gradnorm_turns_down_the_task_that_is_fast_and_has_the_larger_gradient():
    balancer = make_balancer(GradNorm(), ("a", "b"))
    first = stepped(balancer, [1.0, 1.0], [[2.0, 0.0], [0.0, 1.0]])
    assert first == [1.0, 1.0]
    for _ in range(40):
        weights = stepped(balancer, [0.5, 1.0], [[2.0, 0.0], [0.0, 1.0]])
    assert weights[0] < 0.6 and sum(weights) == pytest.approx(2, abs=1e-5)


def test_gradnorm_with_alpha_0_makes_gradients_equally_long():
    balancer = make_balancer(GradNorm(alpha=0.0), ("a", "b"))
    for _ in range(200):
        weights = stepped(balancer, [1.0, 1.0], [[3.0, 0.0], [0.0, 1.0]])
    assert weights == pytest.approx([0.5, 1.5], abs=0.05)


@pytest.mark.parametrize(
    "kind", ["uncertainty", "famo", "gradnorm", "random", "gls", "stch", "log"]
)
def test_the_weight_of_a_task_is_what_its_gradient_is_multiplied_by(kind):
    rows = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
    torch.manual_seed(0)
    weights, direction = backward(made(kind, 3), rows, [0.4, 2.0, 1.0])
    np.testing.assert_allclose(direction, weights, rtol=1e-6)


def test_a_penalty_is_minimised_beside_the_losses_with_weight_1():
    theta = nn.Parameter(torch.zeros(2))
    balancer = made("gls", 2)
    losses = {"a": theta[0] + 1.0, "b": theta[1] + 1.0}
    balancer.backward(losses, 5 * theta.sum(), Shared({"θ": [theta]}))
    assert theta.grad is not None and theta.grad.tolist() == [6.0, 6.0]


def test_equal_weights_are_equal():
    assert stepped(make_balancer(Equal(), ("a", "b")), [0.1, 9.0]) == [1.0, 1.0]
