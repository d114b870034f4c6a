"""Training where something is unusual: no loss, frozen parameters, other devices, bf16, memories."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torchjd.aggregation import PCDWeighting

from mtl_core.balancing import Rows, Shared
from mtl_core.config import Experiment
from mtl_core.data.catalog import Catalog
from mtl_core.training import setup, telling, trainer
from mtl_core.training.choosing import Chooser
from mtl_core.training.events import Checkpointed, Step
from mtl_core.training.plan import Choosing
from mtl_core.training.setup import prepare
from mtl_core.training.telling import watched
from mtl_core.training.watching import Sight

from .balancing_cases import NAMES, backward, made, random_rows
from .conftest import tiny_experiment, write_dataset

META = torch.device("meta")


@pytest.mark.parametrize("kind", ["gls", "log", "dwa", "famo", "gradnorm", "stch", "uncertainty"])
def test_a_task_without_any_loss_spoils_nothing(kind):
    """Of a task with a single label the loss is 0 from the first step on."""
    theta, shared_with = nn.Parameter(torch.ones(3)), made(kind, 2)
    for _ in range(3):
        theta.grad = None
        losses = {"a": 0 * theta.sum(), "b": (theta**2).sum()}
        weights = shared_with.backward(losses, None, Shared({"θ": [theta]}))
        if shared_with.looks_again:
            shared_with.look_again({name: loss.detach() for name, loss in losses.items()})
        shared_with.next_epoch()
        assert theta.grad is not None
        assert weights.isfinite().all() and theta.grad.isfinite().all()


def test_gradnorm_learns_beside_a_task_that_begins_without_any_loss():
    theta, balancer = nn.Parameter(torch.ones(2)), made("gradnorm", 3)
    for _ in range(2):
        losses = {"a": theta[0], "b": 5 * theta[0], "c": 0 * theta.sum()}
        weights = balancer.backward(losses, None, Shared({"θ": [theta]}))
    assert weights[1] < weights[2] < weights[0]


@pytest.mark.parametrize("is_all_frozen", [False, True])
def test_frozen_parameters_have_no_part_in_gradients_at_the_representation(is_all_frozen):
    """Such as the lower blocks of a pretrained encoder, or the whole of it."""
    encoder, heads = nn.Linear(3, 3), [nn.Linear(3, 1), nn.Linear(3, 1)]
    frozen = nn.Parameter(torch.ones(3), requires_grad=False)
    encoder.requires_grad_(not is_all_frozen)
    read = encoder(frozen[None])
    losses = {name: head(read).sum() for name, head in zip(NAMES, heads, strict=False)}
    own = [frozen, *(p for head in heads for p in head.parameters())]
    shared = Shared({"block 1": list(encoder.parameters())}, own, [read])
    made("pcgrad", 2, gradients="representation").backward(losses, None, shared)
    assert frozen.grad is None
    assert (encoder.weight.grad is None) == is_all_frozen
    for head in heads:
        torch.testing.assert_close(head.weight.grad, read.detach())


@pytest.mark.parametrize("kind", ["famo", "db", "excess"])
def test_memories_come_back_on_the_device_where_they_are_used(kind):
    """A state is read on the CPU, wherever the training runs."""
    before, after = made(kind, 2), made(kind, 2)
    backward(before, [[1.0, 2.0], [2.0, -1.0]])
    if before.looks_again:
        before.look_again({"a": torch.tensor(0.5), "b": torch.tensor(0.7)})
    after.load_state_dict(before.state_dict())
    again = after.state_dict()  # saved before these tasks meet again
    after.load_state_dict(again)
    found = _tensors(after.meetings.of(NAMES[:2], META))
    assert len(found) >= 2
    assert {one.device.type for one in found} == {"meta"}


def _tensors(module: nn.Module) -> list[Tensor]:
    optimiser = getattr(module, "_optimizer", None)
    moments: list[Any] = []
    if optimiser is not None:
        moments = [each for state in optimiser.state.values() for each in state.values()]
    flat: list[Any] = [*module.parameters(), *module.buffers(), *vars(module).values()]
    flat += [m for m in moments if isinstance(m, Tensor) and m.dim()]  # the count stays at home
    for rows in (getattr(module, "squares", []), getattr(module, "means", [])):
        flat += [one for row in rows for one in row]
    return [one for one in flat if isinstance(one, Tensor)]


def test_the_main_task_s_method_remembers_lengths_in_one_unit():
    """The running mean is of the gradients' norms, also where all of them become longer."""
    balancer = made("pcd", 3, tau=0.5, beta=0.5, scale="published")
    plain = PCDWeighting(tau=0.5, beta=0.5)
    for seed, size in enumerate((1.0, 30.0, 0.2)):
        rows = size * random_rows(seed, 3)
        weights, _ = backward(balancer, rows)
        wanted = plain(rows.double() @ rows.double().T)
        np.testing.assert_allclose(weights, wanted.numpy(), rtol=1e-3, atol=1e-4)
        resumed = made("pcd", 3, tau=0.5, beta=0.5, scale="published")
        resumed.load_state_dict(balancer.state_dict())
        balancer = resumed


def test_g_of_bf16_gradients_is_as_exact_as_they_are():
    rows = random_rows(0, 2, size=64).bfloat16()
    found = Rows(("a", "b"), [rows[0]], [[row] for row in rows]).gramian()
    torch.testing.assert_close(found, rows.float() @ rows.float().T)


class _SinglePrecision(Tensor):
    """A tensor of a device that has no double precision."""

    def double(self, *args: Any, **kwargs: Any) -> Tensor:
        raise TypeError("this device has no float64")

    def cpu(self, *args: Any, **kwargs: Any) -> Tensor:
        return self.as_subclass(Tensor)


def test_what_is_seen_is_told_where_the_device_has_no_double_precision(monkeypatch):
    gramians = torch.tensor([[[1.0, -1.0], [-1.0, 2.0]]]).as_subclass(_SinglePrecision)
    step = torch.tensor([1.0, 1.0, 1.0, 3.0]).as_subclass(_SinglePrecision)
    told = watched(1, Sight(("a", "b"), ("all",), gramians, step), rate=0.1)
    assert told.cosines == {"all": [[1.0, -0.7071], [-0.7071, 1.0]]}
    gramian = Rows.gramian
    monkeypatch.setattr(Rows, "gramian", lambda s: gramian(s).as_subclass(_SinglePrecision))
    weights, _ = backward(made("mgda", 2), [[1.0, 0.0], [-1.0, 1.0]])
    np.testing.assert_allclose(weights, [1.2, 0.8], rtol=1e-4)


def test_gains_over_twins_below_zero_are_shares_of_their_size():
    """A correlation can be negative."""
    twins = {"a": -0.5, "b": 0.5}
    chooser = Chooser(Choosing(by="gain", twins=twins), ("a", "b"))
    chooser.judge(1, {"a": -0.25, "b": 0.75}, {}, {})
    assert chooser.joint.value == pytest.approx(0.5)


@pytest.fixture
def experiment(tmp_path) -> Experiment:
    one = write_dataset(tmp_path / "one", "one", seed=0)
    training = {"epochs": 1, "batch_size": 8, "device": "cpu"}
    return tiny_experiment(one, balancing={"kind": "equal"}, training=training)


def test_all_losses_are_looked_at_before_a_state_is_kept(experiment, tmp_path, monkeypatch):
    """On a GPU losses are fetched some steps at a time; one may be no number meanwhile."""
    monkeypatch.setattr(telling, "report_seconds", lambda device: 1e9)
    monkeypatch.setattr(trainer, "SAVE_SECONDS", -1.0)
    prepared = prepare(experiment, Catalog.read([]))
    told, kept = [], []
    for event in trainer.train(prepared.parts, prepared.plan, tmp_path):
        if isinstance(event, Step):
            told.append(event.step)
        if isinstance(event, Checkpointed):
            assert told == [*range(1, event.step + 1)]
            kept.append(event.step)
    assert kept == [*range(1, prepared.plan.steps + 1)]


def test_a_task_that_is_not_drawn_in_the_first_epoch_is_validated_at_the_end(experiment):
    """A twin of a tiny dataset; no distance between validations is 0."""
    feed = SimpleNamespace(steps=3, epoch_steps=0)
    plan = setup._plan(experiment, feed, torch.device("cpu"), {})  # type: ignore[arg-type]
    assert plan.evaluate_every == 3
