"""Experts and gates: one expert is hard sharing, gates are what the papers say, use is balanced."""

import numpy as np
import pytest
import torch

from mtl_core.config.encoder import BiLSTM, Transformer
from mtl_core.config.sharing import Experts, Hard
from mtl_core.models.sharing.gates import GATE, SHARED, Gates
from mtl_core.models.watch import Watch

from .small_models import first_rows, make


def built(encoder=BiLSTM, **options):
    model, table = make(Experts(**options), encoder)
    return model, model.sharing, first_rows(table, 5)


def weigh(sharing, name, weights):
    """Give a gate fixed weights: its selector is made 1 everywhere by the tests."""
    gate = sharing.gates.gates[sharing.gates.places[name]]
    with torch.no_grad():
        gate.weight.zero_()
        gate.weight[:, 0] = torch.log(torch.tensor(weights))


@pytest.mark.parametrize("encoder", [BiLSTM, Transformer])
@pytest.mark.parametrize("form", ["mmoe", "ple"])
def test_one_expert_and_none_of_the_tasks_own_is_hard_sharing(form, encoder):
    model, sharing, batch = built(encoder, form=form, shared_experts=1, task_experts=0)
    hard, _ = make(Hard, encoder)
    model.eval(), hard.eval()
    expected = hard.sharing.encoder(batch)
    for hidden in sharing(batch, model.tasks).values():
        torch.testing.assert_close(hidden, expected, atol=0, rtol=0)
    counted = sum(p.numel() for p in sharing.parameters())
    gates = sum(p.numel() for p in sharing.gates.parameters())
    assert counted - gates == sum(p.numel() for p in hard.sharing.parameters())


def test_mmoe_by_hand():
    """Σ_e softmax(W x)_e h_e with x the embedding, here in numpy."""
    _, sharing, batch = built(form="mmoe", shared_experts=3)
    x = sharing.embedding.embed(batch)
    experts = []
    for stack in sharing.experts:
        hidden = x
        for block in stack:
            hidden = block(hidden, batch)
        experts.append(hidden.detach().numpy())
    logits = x.detach().numpy() @ sharing.gates.gates[2].weight.detach().numpy().T
    gates = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    expected = sum(gates[:, :, e, None] * experts[e] for e in range(3))
    found = sharing(batch, ("tags",))["tags"].detach().numpy()
    np.testing.assert_allclose(found, expected, atol=1e-6)


class Constant(torch.nn.Module):
    """A block that answers with one number, and 1 in the first place for the gates to read."""

    def __init__(self, number):
        super().__init__()
        self.number, self.seen = number, None

    def forward(self, hidden, batch):
        self.seen = hidden
        out = torch.full((*hidden.shape[:2], 16), self.number)
        out[:, :, 0] = 1.0
        return out


def test_ple_with_gates_set_by_hand():
    """Level 1: shared 1, own 10 (mood), 20 (places), 30 (tags). Gates of level 1 give mood
    0.5·10 + 0.5·1 = 5.5 and the shared path 0.1·(10 + 20 + 30) + 0.7·1 = 6.7; level 2 mixes
    constants 2 (shared) and 4 (mood's own) into 0.25·4 + 0.75·2 = 2.5."""
    _, sharing, batch = built(form="ple", shared_experts=1, task_experts=1)
    low = {"shared": Constant(1.0), **{i: Constant(10.0 * (i + 1)) for i in range(3)}}
    top = {"shared": Constant(2.0), **{i: Constant(4.0) for i in range(3)}}
    sharing.shared[0] = torch.nn.ModuleList([low["shared"], top["shared"]])
    for i in range(3):
        sharing.own[i] = torch.nn.ModuleList([low[i], top[i]])
    sharing.embedding.embed = lambda batch: torch.ones(*batch.ids.shape, 8)
    weigh(sharing, (GATE, "0", "mood"), [0.5, 0.5])
    weigh(sharing, (SHARED, "0"), [0.1, 0.1, 0.1, 0.7])
    weigh(sharing, (GATE, "1", "mood"), [0.25, 0.75])
    out = sharing(batch, ("mood",))["mood"]
    np.testing.assert_allclose(top[0].seen[:, :, 1:].detach(), 5.5, rtol=1e-5)
    np.testing.assert_allclose(top["shared"].seen[:, :, 1:].detach(), 6.7, rtol=1e-5)
    np.testing.assert_allclose(out[:, :, 1:].detach(), 2.5, rtol=1e-5)
    assert top[1].seen is None, "an expert of a task that is not asked runs at the top"


def test_no_gate_of_the_shared_path_at_the_top():
    _, sharing, _ = built(form="ple")
    assert [name for name in sharing.gates.places if name[0] == SHARED] == [(SHARED, "0")]


def test_gates_add_up_to_1_and_are_seen():
    model, sharing, batch = built(form="ple", shared_experts=2, task_experts=1)
    model(batch, model.tasks)
    assert sharing.insight() == [] and sharing.insight_by_piece() == []
    model.eval()
    model(batch, model.tasks)
    gates, shared = sharing.insight()
    assert [axis.name for axis in gates.axes] == ["block", "task", "expert"]
    assert gates.axes[2].ticks == ("own 1", "shared 1", "shared 2")
    assert shared.axes[1].ticks == ("mood 1", "places 1", "tags 1", "shared 1", "shared 2")
    (by_piece,) = sharing.insight_by_piece()
    assert np.shape(by_piece.values) == (3, 3, batch.ids.shape[1])
    np.testing.assert_allclose(np.sum(gates.values, axis=2), 1, atol=2e-4)
    np.testing.assert_allclose(np.sum(shared.values, axis=1), 1, atol=4e-4)
    np.testing.assert_allclose(np.sum(by_piece.values, axis=1), 1, atol=2e-4)


def test_what_is_seen_of_mmoe_are_the_weights_of_real_pieces():
    model, sharing, batch = built(form="mmoe", shared_experts=2)
    model.eval()
    model(batch, ("places", "tags"))
    x = sharing.embedding.embed(batch)
    weights = sharing.gates.gates[1](x).softmax(2)
    (seen,) = sharing.insight()
    assert seen.axes[0].ticks == ("places", "tags")
    expected = weights[batch.mask].mean(0).detach()
    np.testing.assert_allclose(seen.values[0], expected, atol=1e-4)
    (by_piece,) = sharing.insight_by_piece()
    np.testing.assert_allclose(by_piece.values[0], weights[0].T.detach(), atol=1e-4)


def test_the_last_batch_may_be_of_other_tasks_than_the_one_before():
    model, sharing, batch = built(form="mmoe")
    _, table = make(Hard, BiLSTM)
    model.eval()
    model(first_rows(table, 12), ("mood", "tags"))
    model(first_rows(table, 1), ("places",))
    assert sharing.insight()[0].axes[0].ticks == ("mood", "places", "tags")
    assert sharing.insight_by_piece()[0].axes[0].ticks == ("places",)


def test_the_balance_penalty_by_hand():
    """Mean weights (0.75, 0.25): mean 0.5, variance 0.0625, CV² = 0.25; padding counts nothing."""
    gates = Gates({("g",): (1, 2)}, watch=Watch(), balance=2.0)
    with torch.no_grad():
        gates.gates[0].weight.copy_(torch.log(torch.tensor([[3.0], [1.0]])))
    _, table = make(Hard, BiLSTM)
    batch = first_rows(table, 5)
    selector = torch.where(batch.mask, 1.0, 50.0)[:, :, None]
    experts = [torch.zeros(*batch.ids.shape, 4)] * 2
    gates.forget()
    gates(("g",), selector, experts, batch)
    assert gates.penalties()["balance"].item() == pytest.approx(2 * 0.25, rel=1e-5)
    gates.forget()
    assert gates.penalties() == {}


def test_there_is_a_balance_penalty_only_where_it_is_asked_for():
    model, sharing, batch = built(form="ple", balance=0.1)
    model.losses(batch)
    assert set(sharing.penalties()) == {"balance"}
    plain, without, _ = built(form="ple")
    plain.losses(batch)
    assert without.penalties() == {}


@pytest.mark.parametrize("own", [0, 1])
@pytest.mark.parametrize("form", ["mmoe", "ple"])
def test_tasks_train_exactly_what_the_owners_say(form, own):
    """PLE with three blocks, so that there is a level between the bottom and the top."""
    encoder_blocks = {"form": form, "shared_experts": 2, "task_experts": own}
    model, table = make_deep(Experts(**encoder_blocks))
    batch = first_rows(table, 4)
    for task in model.tasks:
        model.zero_grad(set_to_none=True)
        model.losses(batch)[task].backward()
        reached = {id(p) for p in model.parameters() if p.grad is not None}
        owned = {id(p) for e in model.owners() if task in e.tasks for p in e.parameters}
        assert reached == owned


def make_deep(sharing):
    from . import small_models

    kept = small_models.SMALL[BiLSTM]
    small_models.SMALL[BiLSTM] = kept.model_copy(update={"blocks": 3})
    try:
        return make(sharing, BiLSTM)
    finally:
        small_models.SMALL[BiLSTM] = kept


def test_asked_alone_a_task_answers_the_same():
    model, _, batch = built(form="ple", shared_experts=1, task_experts=2)
    model.eval()
    together, alone = model(batch, model.tasks), model(batch, ("tags",))
    torch.testing.assert_close(alone["tags"], together["tags"])


@pytest.mark.parametrize("form", ["mmoe", "ple"])
def test_half_precision(form):
    model, _, batch = built(form=form, balance=0.1)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        losses = model.losses(batch)
    sum(losses.values()).backward()
    assert all(torch.isfinite(loss) for loss in losses.values())
