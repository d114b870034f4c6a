"""Adapters after the blocks, and low-rank changes inside them."""

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from scipy.special import erf

from mtl_core.config import Experiment
from mtl_core.config.encoder import BiLSTM, Pretrained, Transformer
from mtl_core.config.sharing import Adapters, Hard
from mtl_core.errors import ConfigError, ModelError
from mtl_core.models.sharing import lora

from .small_models import first_rows, make


def built(encoder=BiLSTM, **options):
    model, table = make(Adapters(**{"size": 4, **options}), encoder)
    return model, model.sharing, first_rows(table, 5)


def array(tensor):
    return tensor.detach().numpy().astype(np.float64)


def adapter_by_hand(hidden, adapter):
    normed = hidden - hidden.mean(-1, keepdims=True)
    normed = normed / np.sqrt((normed**2).mean(-1, keepdims=True) + 1e-5)
    inner = normed @ array(adapter.down.weight).T + array(adapter.down.bias)
    inner = inner * 0.5 * (1 + erf(inner / np.sqrt(2)))  # gelu
    return inner @ array(adapter.up.weight).T + array(adapter.up.bias)


def test_an_adapter_by_hand():
    _, sharing, batch = built()
    with torch.no_grad():
        for adapter in sharing.adapters[1]:
            adapter.up.weight.normal_()
    first, second = sharing.adapters[1]
    one = array(sharing.encoder.blocks[0](sharing.encoder.embed(batch), batch))
    one = one + adapter_by_hand(one, first)
    two = array(sharing.encoder.blocks[1](torch.tensor(one, dtype=torch.float32), batch))
    two = two + adapter_by_hand(two, second)
    found = sharing(batch, ("places",))["places"]
    np.testing.assert_allclose(array(found), two, atol=1e-5)


@pytest.mark.parametrize("encoder", [BiLSTM, Transformer])
def test_adapters_begin_next_to_hard_sharing_and_learn_from_the_first_step(encoder):
    model, sharing, batch = built(encoder)
    hard, _ = make(Hard, encoder)
    model.eval(), hard.eval()
    expected = hard.sharing.encoder(batch)
    for hidden in sharing(batch, model.tasks).values():
        torch.testing.assert_close(hidden, expected, atol=0.02, rtol=0)
        assert not torch.equal(hidden, expected)
    model.losses(batch)["mood"].backward()
    assert all(p.grad.any() for p in sharing.adapters[0][0].down.parameters())


def test_without_an_upward_map_it_is_hard_sharing():
    model, sharing, batch = built()
    hard, _ = make(Hard, BiLSTM)
    with torch.no_grad():
        for adapters in sharing.adapters:
            for adapter in adapters:
                adapter.up.weight.zero_()
    expected = hard.sharing.encoder(batch)
    for hidden in sharing(batch, model.tasks).values():
        torch.testing.assert_close(hidden, expected, atol=0, rtol=0)


def test_how_much_the_stream_is_changed_is_seen():
    model, sharing, batch = built()
    model(batch, model.tasks)
    assert sharing.insight() == []
    model.eval()
    model(batch, ("tags",))
    (seen,) = sharing.insight()
    assert [axis.ticks for axis in seen.axes] == [("tags",), ("1", "2")]
    hidden = sharing.encoder.blocks[0](sharing.encoder.embed(batch), batch)
    change = sharing.adapters[2][0](hidden)
    expected = (change.norm(dim=2) / hidden.norm(dim=2))[batch.mask].mean().item()
    assert seen.values[0][0] == pytest.approx(expected, abs=1e-4) and expected > 1e-3
    (by_piece,) = sharing.insight_by_piece()
    assert np.shape(by_piece.values) == (1, 2, batch.ids.shape[1])


def check_owners(model, batch):
    owned = [id(p) for e in model.owners() for p in e.parameters]
    assert sorted(owned) == sorted(id(p) for p in model.parameters() if p.requires_grad)
    for task in model.tasks:
        model.zero_grad(set_to_none=True)
        model.losses(batch)[task].backward()
        reached = {id(p) for p in model.parameters() if p.grad is not None}
        assert reached == {id(p) for e in model.owners() if task in e.tasks for p in e.parameters}


@pytest.mark.parametrize("form", ["bottleneck", "lora"])
@pytest.mark.parametrize("frozen", [False, True])
def test_who_learns_what_in_a_pretrained_encoder(tiny_bert, form, frozen):
    model, sharing, batch = built(Pretrained, form=form, frozen=frozen)
    hard, _ = make(Hard, Pretrained)
    trunk = {id(p) for e in sharing.owners() if len(e.tasks) > 1 for p in e.parameters}
    count = sum(p.numel() for p in sharing.parameters() if id(p) in trunk)
    whole = sum(p.numel() for p in hard.sharing.parameters())
    assert count == (0 if frozen else whole)
    assert len(model.shared_parameters()) == len(trunk)
    check_owners(model, batch)


def test_lora_begins_as_hard_sharing(tiny_bert):
    model, sharing, batch = built(Pretrained, form="lora")
    hard, _ = make(Hard, Pretrained)
    model.eval(), hard.eval()
    expected = hard.sharing.encoder(batch)
    for hidden in sharing(batch, model.tasks).values():
        torch.testing.assert_close(hidden, expected)


def drawn(sharing):
    """Changes that are not 0 any more."""
    with torch.no_grad():
        for name, parameter in sharing.named_parameters():
            if "lora_B" in name:
                parameter.normal_(std=0.5)


def test_lora_is_the_encoder_with_ba_added_to_its_weights(tiny_bert):
    model, sharing, batch = built(Pretrained, form="lora", size=2)
    hard, _ = make(Hard, Pretrained)
    model.eval(), hard.eval()
    drawn(sharing)
    changes = dict(sharing.named_parameters())
    out = sharing(batch, model.tasks)
    for place, task in enumerate(model.tasks):
        plain, _ = make(Hard, Pretrained)
        plain.eval()
        changed = 0
        for name, parameter in plain.sharing.named_parameters():
            stem = name.removesuffix(".weight")
            if f"{stem}.lora_A.task{place}.weight" in changes:
                a, b = (changes[f"{stem}.lora_{x}.task{place}.weight"] for x in "AB")
                assert a.shape == (2, 16) and b.shape == (16, 2)
                parameter.data += b.detach() @ a.detach()
                changed += 1
        assert changed == 4  # query and value of two blocks
        torch.testing.assert_close(out[task], plain.sharing.encoder(batch), atol=1e-5, rtol=1e-4)


def test_switching_lora_freezes_nobody(tiny_bert):
    """All tasks in one graph: each change has the gradient that its task alone gives it."""
    model, sharing, batch = built(Pretrained, form="lora")
    drawn(sharing)
    sum(model.losses(batch).values()).backward()
    together = {n: p.grad.clone() for n, p in sharing.named_parameters() if "lora_" in n}
    assert all(p.requires_grad for p in sharing.parameters())
    for place, task in enumerate(model.tasks):
        model.zero_grad(set_to_none=True)
        model.losses(batch)[task].backward()
        for name, parameter in sharing.named_parameters():
            if f".task{place}." in name:
                assert parameter.grad.any()
                torch.testing.assert_close(parameter.grad, together[name], atol=1e-7, rtol=1e-4)


def test_lora_is_saved_and_loaded(tiny_bert, tmp_path):
    model, sharing, batch = built(Pretrained, form="lora", frozen=True)
    drawn(sharing)
    model.eval()
    save_file(model.state_dict(), tmp_path / "m.safetensors")
    again, _ = make(Adapters(form="lora", size=4, frozen=True), Pretrained, seed=7)
    again.eval()
    again.load_state_dict(load_file(tmp_path / "m.safetensors"))
    expected, found = model(batch, model.tasks), again(batch, again.tasks)
    for task in model.tasks:
        torch.testing.assert_close(found[task], expected[task], atol=0, rtol=0)


def test_what_is_seen_of_lora(tiny_bert):
    _, sharing, _ = built(Pretrained, form="lora")
    assert np.all(np.array(sharing.insight()[0].values) == 0)
    drawn(sharing)
    (seen,) = sharing.insight()
    assert [axis.name for axis in seen.axes] == ["task", "block"]
    attention = sharing.encoder.blocks[1].layer.attention.self
    shares = [
        np.linalg.norm(array(m.lora_B["task2"].weight) @ array(m.lora_A["task2"].weight))
        / np.linalg.norm(array(m.base_layer.weight))
        for m in (attention.query, attention.value)
    ]
    assert seen.values[2][1] == pytest.approx(np.mean(shares), rel=1e-3)


def test_lora_without_its_package_is_one_sentence(tiny_bert, monkeypatch):
    monkeypatch.setattr(lora, "find_spec", lambda name: None)
    with pytest.raises(ModelError, match="'peft', which is not installed; run pip install"):
        built(Pretrained, form="lora")


def test_lora_needs_attention_projections():
    with pytest.raises(ConfigError, match="names no attention projections"):
        built(BiLSTM, form="lora")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"frozen": True}, "sharing.frozen would keep an encoder that was never trained"),
        ({"form": "lora"}, "sharing.form 'lora' changes what was pretrained"),
    ],
)
def test_what_only_a_pretrained_encoder_can_do(options, said):
    tree = {
        "data": [{"card": "city", "tasks": ["a", "b"]}],
        "encoder": {"kind": "bilstm"},
        "sharing": {"kind": "adapters", **options},
    }
    with pytest.raises(ConfigError, match=said):
        Experiment.parse(tree, source="x")
    tree["encoder"] = {"kind": "pretrained"}
    assert Experiment.parse(tree, source="x").sharing.kind == "adapters"


@pytest.mark.parametrize("form", ["bottleneck", "lora"])
def test_half_precision(tiny_bert, form):
    model, _, batch = built(Pretrained, form=form)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        losses = model.losses(batch)
    sum(losses.values()).backward()
    assert all(torch.isfinite(loss) for loss in losses.values())
