"""Attention masks and attention over encoders: by hand, in numpy, and what is shown of them."""

import numpy as np
import pytest
import torch
from scipy.special import expit, softmax

from mtl_core.config.encoder import BiLSTM, Transformer
from mtl_core.config.sharing import Attention, Hard

from .small_models import first_rows, make


def built(form, encoder=BiLSTM, **options):
    model, table = make(Attention(form=form, size=5, **options), encoder)
    return model, model.sharing, first_rows(table, 5)


def array(tensor):
    return tensor.detach().numpy().astype(np.float64)


def linear(x, layer):
    return x @ array(layer.weight).T + array(layer.bias)


def normed(x, eps=1e-5):
    return (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + eps)


def mask_by_hand(read, mask):
    return expit(linear(np.maximum(0, normed(linear(read, mask.layers[0]))), mask.layers[3]))


def test_masks_by_hand():
    _, sharing, batch = built("masks")
    u1 = sharing.encoder.embed(batch)
    p1 = sharing.encoder.blocks[0](u1, batch)
    p2 = sharing.encoder.blocks[1](p1, batch)
    first, second = sharing.masks[2]
    taken = mask_by_hand(array(u1), first) * array(p1)
    passed = np.maximum(0, normed(linear(taken, sharing.passed_on[0][0])))
    read = np.concatenate([array(p1), passed], axis=2)
    expected = mask_by_hand(read, second) * array(p2)
    found = sharing(batch, ("tags",))["tags"]
    np.testing.assert_allclose(array(found), expected, atol=1e-5)


def test_open_masks_are_hard_sharing():
    model, sharing, batch = built("masks")
    with torch.no_grad():
        for mask in sharing.masks[0]:
            mask.layers[3].weight.zero_()
            mask.layers[3].bias.fill_(40.0)  # σ(40) is 1 in single precision
    hard, _ = make(Hard, BiLSTM)
    expected = hard.sharing.encoder(batch)
    torch.testing.assert_close(sharing(batch, ("mood",))["mood"], expected, atol=0, rtol=0)


def test_sources_by_hand():
    _, sharing, batch = built("sources")
    x = sharing.shared.embed(batch)
    found = []
    for stack in [sharing.shared.blocks, *sharing.privates]:
        hidden = x
        for block in stack:
            hidden = block(hidden, batch)
        found.append(array(hidden))
    query = found[2] @ array(sharing.queries[1].weight).T
    keys = [source @ array(sharing.key.weight).T for source in found]
    scores = np.stack([(query * key).sum(-1) for key in keys], axis=-1) / np.sqrt(5)
    weights = softmax(scores, axis=-1)
    expected = sum(weights[..., s, None] * found[s] for s in range(4))
    out = sharing(batch, ("places",))["places"]
    np.testing.assert_allclose(array(out), expected, atol=1e-5)


def test_a_task_that_asks_for_nothing_hears_all_alike():
    _, sharing, batch = built("sources")
    with torch.no_grad():
        sharing.queries[0].weight.zero_()
    sharing.eval()
    sharing(batch, ("mood",))
    (matrix,) = sharing.insight()
    assert matrix.values == [[0.25] * 4]


def test_who_listens_to_whom():
    model, sharing, batch = built("sources")
    model(batch, model.tasks)
    assert sharing.insight() == [] and sharing.insight_by_piece() == []
    model.eval()
    model(batch, model.tasks)
    (matrix,) = sharing.insight()
    assert [axis.name for axis in matrix.axes] == ["task", "source"]
    assert matrix.axes[1].ticks == ("shared", "mood", "places", "tags")
    np.testing.assert_allclose(np.sum(matrix.values, axis=1), 1, atol=3e-4)
    (by_piece,) = sharing.insight_by_piece()
    assert np.shape(by_piece.values) == (3, 4, batch.ids.shape[1])
    np.testing.assert_allclose(np.sum(by_piece.values, axis=1), 1, atol=3e-4)


def test_masks_are_seen_block_by_block():
    model, sharing, batch = built("masks")
    model.eval()
    model(batch, ("mood", "tags"))
    (seen,) = sharing.insight()
    assert [axis.ticks for axis in seen.axes] == [("mood", "tags"), ("1", "2")]
    first = sharing.masks[0][0](sharing.encoder.embed(batch))
    assert seen.values[0][0] == pytest.approx(first[batch.mask].mean().item(), abs=1e-4)
    (by_piece,) = sharing.insight_by_piece()
    assert np.shape(by_piece.values) == (2, batch.ids.shape[1])
    assert np.mean(by_piece.values) == pytest.approx(np.mean([v[1] for v in seen.values]), abs=0.1)


@pytest.mark.parametrize("encoder", [BiLSTM, Transformer])
@pytest.mark.parametrize("form", ["masks", "sources"])
def test_owners_alone_and_half_precision(form, encoder):
    model, _, batch = built(form, encoder)
    for task in model.tasks:
        model.zero_grad(set_to_none=True)
        model.losses(batch)[task].backward()
        reached = {id(p) for p in model.parameters() if p.grad is not None}
        owned = {id(p) for e in model.owners() if task in e.tasks for p in e.parameters}
        assert reached == owned
    model.eval()
    alone = model(batch, ("places",))["places"]
    torch.testing.assert_close(alone, model(batch, model.tasks)["places"])
    with torch.autocast("cpu", dtype=torch.bfloat16):
        rough = model(batch, ("places",))["places"]
    torch.testing.assert_close(rough.float(), alone, atol=0.05, rtol=0.1)
