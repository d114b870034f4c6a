"""What is seen of the tasks' gradients while training, against gradients taken one by one."""

import itertools
import math

import numpy as np
import pytest
import torch
from torch import nn

from mtl_core.balancing import make_balancer
from mtl_core.config.balancing import Equal, GradNorm, Mgda, PcGrad
from mtl_core.errors import RunError
from mtl_core.training.stepping import Descent, Told
from mtl_core.training.telling import Telling, watched

ROWS = torch.tensor([[1.0, 0.0, 2.0], [-1.0, 1.0, 0.5]])  # task, parameter


def seen(choice, clip=None):
    """A watched step of two tasks on two places: the first two numbers, and the third."""
    places = {
        "embedding": [nn.Parameter(torch.zeros(2))],
        "block 1": [nn.Parameter(torch.zeros(1))],
    }
    theta = torch.cat([places["embedding"][0], places["block 1"][0]])
    losses = {
        name: row @ theta + value for name, row, value in zip("ab", ROWS, (1, 4), strict=True)
    }
    parameters = [p for group in places.values() for p in group]
    optimiser = torch.optim.SGD(parameters, lr=0.0)
    descent = Descent(make_balancer(choice, ("a", "b")), optimiser, places, [], clip)
    weights, sight = descent.step(losses, watch=True)
    assert sight is not None
    return weights.double().numpy(), watched(7, sight, 0.1)


@pytest.mark.parametrize("choice", [Equal(), PcGrad(), Mgda()])
def test_norms_and_cosines_are_those_of_the_tasks_gradients(choice):
    _, event = seen(choice)
    exact = ROWS.double().numpy()
    assert event.tasks == ("a", "b") and event.step == 7
    for name, row in zip("ab", exact, strict=True):
        assert event.norms[name] == pytest.approx(np.linalg.norm(row), rel=1e-5)
    for place, part in (("all", exact), ("embedding", exact[:, :2]), ("block 1", exact[:, 2:])):
        norms = np.linalg.norm(part, axis=1)
        expected = part @ part.T / np.outer(norms, norms)
        np.testing.assert_allclose(event.cosines[place], expected, atol=1e-4)


def test_the_plain_sum_is_at_no_distance_from_itself():
    _, event = seen(Equal())
    assert event.angle == pytest.approx(0, abs=0.1) and event.length == pytest.approx(1)
    assert event.loss == pytest.approx(5) and event.effective_rate == pytest.approx(0.1)


def test_the_way_to_the_plain_sum_is_that_of_the_direction():
    weights, event = seen(Mgda())
    direction, plain = weights @ ROWS.double().numpy(), ROWS.double().sum(0).numpy()
    lengths = np.linalg.norm(direction), np.linalg.norm(plain)
    angle = math.degrees(math.acos(direction @ plain / lengths[0] / lengths[1]))
    assert event.angle == pytest.approx(angle, abs=0.05)
    assert event.length == pytest.approx(lengths[0] / lengths[1], rel=1e-4)
    assert event.effective_rate == pytest.approx(0.1 * lengths[0] / lengths[1], rel=1e-4)
    assert event.loss == pytest.approx(weights @ [1, 4], rel=1e-5)


def test_what_is_seen_does_not_depend_on_the_clipping():
    assert seen(PcGrad(), clip=0.01)[1] == seen(PcGrad())[1]


def test_a_task_that_does_not_reach_a_place_has_no_cosine_there():
    places = {"embedding": [nn.Parameter(torch.ones(2))], "block 1": [nn.Parameter(torch.ones(2))]}
    (low,), (high,) = places.values()
    losses = {"a": (low * high).sum(), "b": low.sum()}
    optimiser = torch.optim.SGD([low, high], lr=0.0)
    descent = Descent(make_balancer(Equal(), ("a", "b")), optimiser, places, [], None)
    _, sight = descent.step(losses, watch=True)
    assert sight is not None
    event = watched(1, sight, 1.0)
    assert event.cosines["block 1"] == [[1.0, None], [None, None]]
    assert event.cosines["embedding"] == [[1.0, 1.0], [1.0, 1.0]]


def test_nothing_is_seen_where_one_task_trains_or_nothing_is_shared():
    theta = nn.Parameter(torch.ones(2))
    for places, own in (({"block 1": [theta]}, []), ({}, [theta])):
        optimiser = torch.optim.SGD([theta], lr=0.0)
        descent = Descent(make_balancer(Equal(), ("a", "b")), optimiser, places, own, None)
        losses = {"a": theta.sum()} if places else {"a": theta.sum(), "b": theta.sum()}
        assert descent.step(losses, watch=True)[1] is None


@pytest.mark.parametrize("choice", [Equal(), PcGrad(), GradNorm()])
def test_shared_parameters_that_are_frozen_for_now_are_passed_over(choice):
    """As blocks that thaw later: nothing to be seen while all are frozen."""
    theta, heads = nn.Parameter(torch.ones(2)), [nn.Parameter(torch.ones(())) for _ in range(2)]
    optimiser = torch.optim.SGD([theta, *heads], lr=0.1)
    balancer = make_balancer(choice, ("a", "b"))
    descent = Descent(balancer, optimiser, {"block 1": [theta]}, heads, None)
    for frozen in (True, False):
        theta.requires_grad_(not frozen)
        losses = {n: theta.sum() * head for n, head in zip("ab", heads, strict=True)}
        _, sight = descent.step(losses, watch=True)
        assert (sight is None) is frozen
    assert theta.tolist() != [1.0, 1.0]


def test_looking_changes_nothing():
    """The weights after three steps are the same to the bit, watched or not."""
    ends = []
    for watch in (False, True):
        theta = nn.Parameter(torch.tensor([0.3, -0.7]))
        optimiser = torch.optim.AdamW([theta], lr=0.1)
        descent = Descent(
            make_balancer(Equal(), ("a", "b")), optimiser, {"block 1": [theta]}, [], 1.0
        )
        for _ in range(3):
            descent.step({"a": (theta**2).sum(), "b": (theta - 1).abs().sum()}, watch=watch)
        ends.append(theta.tolist())
    assert ends[0] == ends[1]


def test_what_is_not_told_at_a_stop_is_told_when_the_run_goes_on():
    """As on a GPU, where losses are fetched some at a time; the state passes through a file."""
    now, later = Telling(torch.device("cpu")), Telling(torch.device("cpu"))
    now._seconds = 60.0
    theta = nn.Parameter(torch.ones(2))
    optimiser = torch.optim.SGD([theta], lr=0.1)
    descent = Descent(make_balancer(Equal(), ("a", "b")), optimiser, {"block 1": [theta]}, [], None)
    for step in itertools.count(1):
        losses = {"a": (theta**2).sum(), "b": theta.sum()}
        weights, sight = descent.step(losses, watch=step == 2)
        kept = {name: loss.detach() for name, loss in losses.items()}
        now.note(step, Told(kept, {}, weights, sight), 0.1, 1.0)
        if step == 3:
            break
    assert list(now.events()) == []
    later.load(now.state())
    told = list(later.events(all_of_them=True))
    assert [event.kind for event in told] == ["step", "step", "watched", "step"]
    assert told == list(now.events(all_of_them=True))


def test_a_look_that_a_stop_cuts_off_is_told_again_with_its_step():
    now, later = Telling(torch.device("cpu")), Telling(torch.device("cpu"))
    theta = nn.Parameter(torch.ones(2))
    optimiser = torch.optim.SGD([theta], lr=0.1)
    descent = Descent(make_balancer(Equal(), ("a", "b")), optimiser, {"block 1": [theta]}, [], None)
    losses = {"a": (theta**2).sum(), "b": theta.sum()}
    weights, sight = descent.step(losses, watch=True)
    now.note(1, Told({n: v.detach() for n, v in losses.items()}, {}, weights, sight), 0.1, 1.0)
    assert next(now.events()).kind == "step"  # and then the user stops
    later.load(now.state())
    assert [event.kind for event in later.events()] == ["step", "watched"]
    assert later.state() == []


def test_a_weight_that_is_not_a_number_is_a_sentence():
    telling = Telling(torch.device("cpu"))
    telling.note(3, Told({"a": torch.ones(())}, {}, torch.tensor([math.nan])), 0.1, 1.0)
    with pytest.raises(RunError, match="the weight of task 'a' is nan at step 3"):
        list(telling.events())
