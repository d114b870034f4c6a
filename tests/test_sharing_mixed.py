"""Scalar mixtures and task embeddings: against numpy, and where they become hard sharing."""

import numpy as np
import pytest
import torch

from mtl_core.config.encoder import BiLSTM
from mtl_core.config.sharing import Hard, ScalarMix, TaskEmbedding
from mtl_core.models.contracts import rate_of
from mtl_core.models.sharing.task_embedding import conditional_norm

from .small_models import SMALL, first_rows, make

NAMES = ("mood", "places", "tags")


def built(config):
    model, table = make(config, BiLSTM)
    return model, first_rows(table, 5)


def shake(modules, scale=1.0):
    random = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for p in modules.parameters():
            p.copy_(scale * torch.randn(p.shape, generator=random))


def test_a_scalar_mix_is_its_equation():
    model, batch = built(ScalarMix())
    sharing = model.sharing
    shake(sharing.mixes)
    below = sharing.encoder.embed(batch)
    levels = []
    for block in sharing.encoder.blocks:
        below = block(below, batch)
        levels.append(below.detach().numpy())
    found = sharing(batch, ("tags", "mood"))
    for task in found:
        mixture = sharing.mixtures[NAMES.index(task)]
        scores, scale = mixture.scores.detach().numpy(), mixture.scale.item()
        share = np.exp(scores) / np.exp(scores).sum()
        expected = scale * (share[0] * levels[0] + share[1] * levels[1])
        np.testing.assert_allclose(found[task].detach().numpy(), expected, atol=1e-6)


def test_a_scalar_mix_of_one_block_is_hard_sharing(monkeypatch):
    monkeypatch.setitem(SMALL, BiLSTM, SMALL[BiLSTM].model_copy(update={"blocks": 1}))
    mixed, batch = built(ScalarMix())
    hard, _ = built(Hard())
    torch.testing.assert_close(
        mixed(batch, mixed.tasks), hard(batch, hard.tasks), atol=1e-6, rtol=1e-6
    )


def test_a_scalar_mix_begins_as_the_mean_and_shows_what_it_became():
    model, _ = built(ScalarMix(mix_rate=3))
    mixes = model.sharing.mixes
    assert {(p.dim(), rate_of(p)) for p in mixes.parameters()} == {(1, 3.0)}
    weights, scales = model.sharing.insight()
    assert weights.values == [[0.5, 0.5]] * 3 and scales.values == [1.0] * 3
    with torch.no_grad():
        model.sharing.mixtures[1].scores.copy_(torch.log(torch.tensor([1.0, 3.0])))
        model.sharing.mixtures[1].scale.fill_(2.0)
    weights, scales = model.sharing.insight()
    assert [axis.ticks for axis in weights.axes] == [NAMES, ("1", "2")]
    assert weights.values == [[0.5, 0.5], [0.25, 0.75], [0.5, 0.5]]
    assert scales.values == [1.0, 2.0, 1.0]


def test_an_added_vector_of_nothing_is_hard_sharing_and_another_tells_the_tasks_apart():
    model, batch = built(TaskEmbedding())
    hard, _ = built(Hard())
    expected = hard.sharing(batch, NAMES)
    near = model.sharing(batch, NAMES)
    assert not torch.equal(near["mood"], near["tags"])
    torch.testing.assert_close(near, expected, atol=0.1, rtol=0)  # it begins small
    shake(model.sharing.vectors, scale=0.0)
    torch.testing.assert_close(model.sharing(batch, NAMES), expected, atol=1e-6, rtol=0)


def test_an_added_vector_enters_below_the_first_block():
    model, batch = built(TaskEmbedding())
    shake(model.sharing.vectors)
    sharing = model.sharing
    hidden = sharing.encoder.embed(batch) + sharing.vectors[2][0]
    for block in sharing.encoder.blocks:
        hidden = block(hidden, batch)
    torch.testing.assert_close(sharing(batch, ("tags",))["tags"], hidden)


def test_a_conditional_norm_is_its_equation():
    random = np.random.default_rng(0)
    hidden, vector = random.normal(size=(2, 3, 4)), random.normal(size=8)
    mean, spread = hidden.mean(2, keepdims=True), hidden.var(2, keepdims=True)
    expected = (hidden - mean) / np.sqrt(spread + 1e-5) * (1 + vector[:4]) + vector[4:]
    found = conditional_norm(torch.from_numpy(hidden), torch.from_numpy(vector))
    np.testing.assert_allclose(found.numpy(), expected, atol=1e-9)


def test_conditional_norms_stand_after_every_block():
    model, batch = built(TaskEmbedding(form="conditional"))
    shake(model.sharing.vectors)
    sharing = model.sharing
    hidden = sharing.encoder.embed(batch)
    for vector, block in zip(sharing.vectors[1], sharing.encoder.blocks, strict=True):
        hidden = conditional_norm(block(hidden, batch), vector)
    torch.testing.assert_close(sharing(batch, ("places",))["places"], hidden)


@pytest.mark.parametrize("form", ["added", "conditional"])
def test_every_form_learns_from_exactly_its_owners(form):
    model, batch = built(TaskEmbedding(form=form))
    for task in model.tasks:
        model.zero_grad(set_to_none=True)
        model.losses(batch)[task].backward()
        reached = {id(p) for p in model.parameters() if p.grad is not None}
        own = {id(p) for entry in model.owners() if task in entry.tasks for p in entry.parameters}
        assert reached == own


@pytest.mark.parametrize("form", ["added", "conditional"])
def test_likeness_of_task_vectors_is_their_cosine(form):
    model, _ = built(TaskEmbedding(form=form))
    shake(model.sharing.vectors)
    (seen,) = model.sharing.insight()
    layers = []
    for level in range(1 if form == "added" else 2):
        rows = np.stack([each[level].detach().numpy() for each in model.sharing.vectors])
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        layers.append(rows @ rows.T)
    expected = layers[0] if form == "added" else np.stack(layers)
    np.testing.assert_allclose(seen.values, expected, atol=1e-4)
    blocks = [] if form == "added" else [("1", "2")]
    assert [axis.ticks for axis in seen.axes] == [*blocks, NAMES, NAMES]


@pytest.mark.parametrize(
    "config", [ScalarMix(), TaskEmbedding(), TaskEmbedding(form="conditional")]
)
def test_another_run_may_start_from_the_trunk(config):
    model, _ = built(config)
    assert model.sharing.trunk() is model.sharing.encoder
