"""Shared and private encoders: what the adversary is told, what it does, and what is shown of it."""

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from mtl_core.config import Experiment
from mtl_core.config.encoder import BiLSTM
from mtl_core.config.sharing import Adversarial
from mtl_core.errors import ConfigError
from mtl_core.models.model import build_model
from mtl_core.models.sharing.adversarial import SharedPrivate
from mtl_core.models.sharing.reversal import ramp, reverse
from mtl_core.models.sources import ENCODERS

from .small_models import SMALL, TASKS, WORDS, first_rows, make


def private(**options):
    """A small model, its strategy, and a batch of dataset "d"."""
    model, table = make(Adversarial(**options), BiLSTM)
    assert isinstance(model.sharing, SharedPrivate)
    return model, model.sharing, first_rows(table, 6)


def gradients(loss, module):
    return torch.autograd.grad(loss, list(module.parameters()), retain_graph=True)


def plain_error(sharing, batch, dataset):
    """The adversary's cross-entropy without any reversal, sentence by sentence."""
    hidden = sharing.shared(batch)
    errors = []
    for row, length in enumerate(batch.lengths.tolist()):
        logits = sharing.discriminator(hidden[row, :length].mean(0))
        errors.append(-logits.log_softmax(0)[dataset])
    return sum(errors) / len(errors)


def test_reversal_keeps_values_and_turns_gradients_round():
    x = torch.tensor([1.0, -2.0], requires_grad=True)
    out = reverse(x, 0.25)
    (out * torch.tensor([3.0, 4.0])).sum().backward()
    assert torch.equal(out, x)
    assert x.grad is not None and x.grad.tolist() == [-0.75, -1.0]


@pytest.mark.parametrize("strength", [1.0, 0.3])
def test_reversal_flips_exactly_the_discriminators_gradient_in_the_shared_encoder(strength):
    _, sharing, batch = private(adversary=0.5, orthogonality=0.0)
    sharing.strength = strength
    sharing(batch, ("mood",))
    found = sharing.penalties()["adversary"]
    plain = 0.5 * plain_error(sharing, batch, dataset=0)
    assert found.item() == pytest.approx(plain.item(), rel=1e-5)
    below = zip(gradients(found, sharing.shared), gradients(plain, sharing.shared), strict=True)
    for reversed_one, straight in below:
        assert straight.abs().max() > 0
        torch.testing.assert_close(reversed_one, -strength * straight, atol=1e-8, rtol=1e-4)
    above = gradients(found, sharing.discriminator), gradients(plain, sharing.discriminator)
    torch.testing.assert_close(*above)


def test_the_task_losses_reach_the_shared_encoder_unreversed():
    model, sharing, batch = private()
    loss = model.losses(batch)["mood"]
    sharing.strength = 0.7
    again = model.losses(batch)["mood"]
    torch.testing.assert_close(gradients(loss, sharing.shared), gradients(again, sharing.shared))


def test_the_orthogonality_penalty_by_hand_over_pairs_of_pieces():
    """‖AᵀB‖²_F = Σ_ij (a_i·a_j)(b_i·b_j), here per pair of pieces and averaged over the tasks."""
    _, sharing, batch = private(adversary=0.0, orthogonality=2.0)
    out = sharing(batch, ("mood", "tags"))
    means = []
    for hidden in out.values():
        rows = hidden.detach().numpy()[batch.mask.numpy()].astype(np.float64)
        own, shared = rows[:, :16], rows[:, 16:]
        own = own / np.linalg.norm(own, axis=1, keepdims=True)
        shared = shared / np.linalg.norm(shared, axis=1, keepdims=True)
        pairs = itertools.product(range(len(rows)), repeat=2)
        means.append(np.mean([(own[i] @ own[j]) * (shared[i] @ shared[j]) for i, j in pairs]))
    assert list(sharing.penalties()) == ["orthogonality"]
    assert sharing.penalties()["orthogonality"].item() == pytest.approx(
        2 * np.mean(means), rel=1e-4
    )


def test_a_task_reads_its_private_and_the_shared_encoder():
    model, sharing, batch = private()
    out = sharing(batch, ("places",))["places"]
    embedded = sharing.shared.embed(batch)
    own = embedded
    for block in sharing.privates[1]:
        own = block(own, batch)
    torch.testing.assert_close(out, torch.cat([own, sharing.shared(batch)], dim=2))
    assert sharing.output.width == 32 and model.head("places").classify.in_features == 32


def test_only_the_private_encoders_of_the_asked_tasks_run():
    _, sharing, batch = private()
    ran = []
    for place, blocks in enumerate(sharing.privates):
        blocks[0].register_forward_hook(lambda *_, place=place: ran.append(place))
    sharing(batch, ("tags", "mood"))
    assert sorted(ran) == [0, 2]


def test_without_an_adversary_it_is_plain_shared_private():
    model, sharing, batch = private(adversary=0.0, orthogonality=0.0)
    model.losses(batch)
    assert sharing.penalties() == {} and sharing.discriminator is None
    model.eval()
    model.losses(batch)
    assert [seen.name for seen in sharing.insight()] == ["overlap"]


def test_typed_text_comes_from_no_dataset():
    model, sharing, batch = private()
    model.eval()
    model(replace(batch, dataset="typed"), model.tasks)
    assert set(sharing.penalties()) == {"orthogonality"}
    assert [seen.name for seen in sharing.insight()] == ["overlap"]


def test_only_penalties_train_the_discriminator():
    model, sharing, batch = private()
    sum(model.losses(batch).values()).backward(retain_graph=True)
    assert all(p.grad is None for p in sharing.discriminator.parameters())
    sharing.penalties()["adversary"].backward()
    assert all(p.grad is not None for p in sharing.discriminator.parameters())


def test_the_discriminators_accuracy_is_the_mean_over_the_datasets():
    """Six sentences of d, two of e; an adversary that always says d is right half of the time."""
    model, sharing, batch = private()
    with torch.no_grad():
        sharing.discriminator.weight.zero_()
        sharing.discriminator.bias.copy_(torch.tensor([1.0, 0.0]))
    model(batch, model.tasks)  # in training, nothing is noted
    assert sharing.insight() == []
    model.eval()
    _, table = make(Adversarial(), BiLSTM)
    model(batch, model.tasks)
    assert sharing.insight()[0].values == 1.0
    model(replace(first_rows(table, 2), dataset="e"), ("mood",))
    accuracy, overlap = sharing.insight()
    assert (accuracy.axes, accuracy.values, accuracy.chance) == ((), 0.5, 0.5)
    assert overlap.axes[0].ticks == model.tasks
    assert all(0 < value < 1 for value in overlap.values)


def test_what_is_heard_in_each_word_has_the_mean_that_the_adversary_judges_by():
    model, sharing, batch = private()
    model.eval()
    model(replace(batch, dataset="typed"), model.tasks)
    (heard,) = sharing.insight_by_piece()
    assert [axis.name for axis in heard.axes] == ["dataset", "piece"]
    found = torch.tensor(heard.values)[:, batch.mask[0]]
    torch.testing.assert_close(found.sum(0), torch.ones(found.shape[1]), atol=2e-4, rtol=0)
    logits = found.clamp(1e-6).log()  # of each piece, up to a shift of both datasets
    with torch.no_grad():
        shared = sharing.shared.embed(batch)
        for block in sharing.shared.blocks:
            shared = block(shared, batch)
        judged = sharing.discriminator(shared[0][batch.mask[0]].mean(0))
    assert (logits[1] - logits[0]).mean() == pytest.approx((judged[1] - judged[0]).item(), abs=2e-3)


def test_the_reversal_rises_over_the_training():
    assert ramp(0) == 0 and ramp(1) == pytest.approx(1, abs=1e-4)
    assert ramp(0.1) == pytest.approx(math.tanh(0.5))  # 2/(1+exp(-2x)) - 1 = tanh x
    _, rising, _ = private()
    assert rising.strength == 0
    rising.advance(0.1)
    assert rising.strength == ramp(0.1)
    _, constant, _ = private(schedule="constant")
    constant.advance(0.1)
    assert constant.strength == 1


def test_one_dataset_is_refused_in_one_sentence():
    tree = {"data": [{"card": "city", "tasks": ["a", "b"]}], "sharing": {"kind": "adversarial"}}
    with pytest.raises(ConfigError, match="all tasks come from one dataset .'city'.*set it to 0"):
        Experiment.parse(tree, source="x")
    tree["sharing"]["adversary"] = 0
    assert Experiment.parse(tree, source="x").tasks == ("a", "b")


@pytest.mark.parametrize("count", [1, 2])
def test_any_number_of_tasks_and_one_dataset_at_build(count):
    pieces = ENCODERS[BiLSTM].pieces(SMALL[BiLSTM], WORDS)

    def build(**options):
        torch.manual_seed(0)
        return build_model(
            make_encoder=lambda: ENCODERS[BiLSTM].encoder(SMALL[BiLSTM], pieces.size, "", True),
            sharing=Adversarial(**options),
            tasks=TASKS[:count],
            datasets=["d"],
        )

    with pytest.raises(ConfigError, match="one dataset only"):
        build()
    model = build(adversary=0.0)
    _, table = make(Adversarial(), BiLSTM)
    batch = first_rows(table, 3)
    assert set(model(batch, model.tasks)) == {task.name for task in TASKS[:count]}
    assert len(model.sharing.privates) == count


def test_in_half_precision_penalties_stay_close():
    _, sharing, batch = private(adversary=1.0, orthogonality=1.0)
    sharing(batch, ("mood",))
    exact = {name: value.item() for name, value in sharing.penalties().items()}
    with torch.autocast("cpu", dtype=torch.bfloat16):
        sharing(batch, ("mood",))
    for name, value in sharing.penalties().items():
        assert value.dtype == torch.float32
        assert value.item() == pytest.approx(exact[name], rel=0.05)
