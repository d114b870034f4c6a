"""Cross-stitch and sluice networks: identity is separate training, and what a stitch does by hand."""

import itertools

import numpy as np
import pytest
import torch

from mtl_core.config import Experiment
from mtl_core.config.encoder import CNN, BiLSTM
from mtl_core.config.sharing import CrossStitch, Separate, Sluice
from mtl_core.errors import ConfigError
from mtl_core.models.contracts import Scene, rate_of
from mtl_core.models.sharing import SHARING
from mtl_core.models.sharing.stitch import Stitch, first_shares

from .small_models import TASKS, first_rows, make

CONNECTED = [CrossStitch, Sluice]


def built(config, encoder=BiLSTM):
    model, table = make(config, encoder)
    return model, first_rows(table, 5)


def train(model, batch, *, steps=5):
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-2)
    for _ in range(steps):
        optimiser.zero_grad()
        sum(model.losses(batch).values()).backward()
        optimiser.step()


def read_the_top_only(sharing):
    for mixture in sharing.mixtures:
        with torch.no_grad():
            mixture.zero_()
            mixture[-1] = 1.0


@pytest.mark.parametrize("encoder", [BiLSTM, CNN])
@pytest.mark.parametrize(
    "config", [CrossStitch(keep=1, stitch_rate=0), Sluice(keep=1, stitch_rate=0, orthogonality=0)]
)
def test_with_the_identity_it_is_separate_training(config, encoder):
    model, batch = built(config, encoder)
    apart, _ = built(Separate(), encoder)
    if isinstance(config, Sluice):
        read_the_top_only(model.sharing)
    torch.testing.assert_close(
        model.sharing.encoders.state_dict(), apart.sharing.encoders.state_dict(), atol=0, rtol=0
    )
    for each in (model, apart):
        train(each, batch)
    after, expected = model.state_dict(), apart.state_dict()
    torch.testing.assert_close({k: after[k] for k in expected}, expected, atol=1e-5, rtol=0)


@pytest.mark.parametrize("choice", CONNECTED)
def test_stitches_that_begin_as_the_identity_begin_as_separate_columns(choice):
    model, batch = built(choice(keep=1))
    apart, _ = built(Separate())
    if choice is Sluice:
        read_the_top_only(model.sharing)
    torch.testing.assert_close(
        model.sharing(batch, model.tasks), apart.sharing(batch, model.tasks), atol=1e-6, rtol=1e-6
    )


@pytest.mark.parametrize("choice", CONNECTED)
@pytest.mark.parametrize(("keep", "rate"), [*itertools.product([1.0, 0.8], [0.0, 10.0])])
def test_owners_are_exactly_the_tasks_whose_losses_arrive(choice, keep, rate):
    model, batch = built(choice(keep=keep, stitch_rate=rate))
    shared = bool(model.shared_parameters())
    assert shared == (keep < 1 or rate > 0)
    for task in model.tasks:
        model.zero_grad(set_to_none=True)
        model.losses(batch)[task].backward()
        reached = {id(p) for p in model.parameters() if p.grad is not None}
        own = {id(p) for entry in model.owners() if task in entry.tasks for p in entry.parameters}
        assert reached == own


def test_a_stitch_by_hand():
    """Two columns of two channels, x_a = (1, 2), x_b = (10, 20); keep 3/4: x̃_a = (3.25, 6.5)."""
    hidden = torch.tensor([[[[1.0, 2.0]]], [[[10.0, 20.0]]]])  # (column, batch, seq, hidden)
    stitch = Stitch(2, channels=1, keep=0.75, rate=1.0)
    assert stitch(hidden)[:, 0, 0].tolist() == [[3.25, 6.5], [7.75, 15.5]]
    each = Stitch(2, channels=2, keep=0.75, rate=1.0)
    torch.testing.assert_close(each(hidden), stitch(hidden))
    with torch.no_grad():  # (to, from, channel): a takes b's second channel only, b is upside down
        each.shares.copy_(torch.tensor([1.0, 0, 0, 1, 0, 0, -1, -1]))
    assert each(hidden)[:, 0, 0].tolist() == [[1.0, 20.0], [-10.0, -20.0]]
    assert each.matrix().tolist() == [[0.5, 0.5], [0.0, -1.0]]


def test_first_shares_keep_their_own_and_split_the_rest():
    expected = [[0.8, 0.1, 0.1], [0.1, 0.8, 0.1], [0.1, 0.1, 0.8]]
    np.testing.assert_allclose(first_shares(3, 0.8), expected, atol=1e-7)
    assert first_shares(1, 0.8).tolist() == [[1.0]]


@pytest.mark.parametrize("choice", CONNECTED)
def test_stitches_learn_faster_and_are_vectors_that_weight_decay_leaves_alone(choice):
    model, _ = built(choice(stitch_rate=7))
    encoders = {id(p) for p in model.sharing.encoders.parameters()}
    added = [p for p in model.sharing.parameters() if id(p) not in encoders]
    assert added and {(p.dim(), rate_of(p), p.requires_grad) for p in added} == {(1, 7.0, True)}
    fixed, _ = built(choice(stitch_rate=0))
    learning = [p for p in fixed.sharing.parameters() if p.requires_grad]
    assert {id(p) for p in learning} == {id(p) for p in fixed.sharing.encoders.parameters()}


def brute_force(sharing, batch, subspaces):
    """Column by column, subspace by subspace: what leaves each block, {(block, task): hidden}."""
    hidden = [column.embed(batch) for column in sharing.columns]
    found = {}
    for level, stitch in enumerate(sharing.stitches):
        before = [c.blocks[level](h, batch) for c, h in zip(sharing.columns, hidden, strict=True)]
        width = before[0].shape[2] // subspaces
        parts = [h[:, :, i * width : (i + 1) * width] for h in before for i in range(subspaces)]
        shares = stitch.shares.view(len(parts), len(parts), -1)
        mixed = [sum(a * part for a, part in zip(row, parts, strict=True)) for row in shares]
        hidden = [
            torch.cat(mixed[i * subspaces : (i + 1) * subspaces], 2) for i in range(len(hidden))
        ]
        found |= {(level, place): h for place, h in enumerate(hidden)}
    return found


def shake(modules):
    random = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for p in modules.parameters():
            p.copy_(torch.randn(p.shape, generator=random))


@pytest.mark.parametrize("per_channel", [True, False])
def test_cross_stitch_is_its_equation(per_channel):
    model, batch = built(CrossStitch(per_channel=per_channel))
    shake(model.sharing.connections)
    left = brute_force(model.sharing, batch, 1)
    found = model.sharing(batch, ("tags", "mood"))
    torch.testing.assert_close(found["mood"], left[1, 0], atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(found["tags"], left[1, 2], atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("subspaces", [1, 2, 4])
def test_sluice_is_its_equations(subspaces):
    model, batch = built(Sluice(subspaces=subspaces))
    sharing = model.sharing
    shake(sharing.connections), shake(sharing.mixtures)
    left = brute_force(sharing, batch, subspaces)
    found = sharing(batch, model.tasks)
    for place, task in enumerate(model.tasks):
        expected = sum(sharing.mixtures[place][level] * left[level, place] for level in (0, 1))
        torch.testing.assert_close(found[task], expected, atol=1e-5, rtol=1e-4)


def test_the_orthogonality_penalty_by_hand():
    """With a stitch that does nothing, from what leaves the blocks; in training only."""
    model, batch = built(Sluice(keep=1, stitch_rate=0, orthogonality=0.5))
    model.losses(batch)
    terms = []
    for column in model.sharing.columns:
        hidden = column.embed(batch)
        for block in column.blocks:
            hidden = block(hidden, batch)
            one, two = (
                (h / h.norm(dim=1, keepdim=True)).detach().numpy()
                for h in hidden[batch.mask].split(8, dim=1)
            )
            terms.append(np.linalg.norm(one.T @ two, "fro") ** 2 / len(one) ** 2)
    found = model.sharing.penalties()["orthogonality"]
    assert found.item() == pytest.approx(0.5 * np.mean(terms), rel=1e-4)
    found.backward()
    assert all(p.grad is not None for c in model.sharing.columns for p in c.blocks.parameters())
    model.eval()
    model.losses(batch)
    assert model.sharing.penalties() == {}


@pytest.mark.parametrize("options", [{"orthogonality": 0.0}, {"subspaces": 1}])
def test_no_orthogonality_without_strength_or_with_one_subspace(options):
    model, batch = built(Sluice(**options))
    model.losses(batch)
    assert model.sharing.penalties() == {}


def test_a_width_that_cannot_be_cut_is_refused_in_one_sentence():
    said = "sharing.subspaces is 3, which does not divide the encoder's width 16; take a divisor"
    with pytest.raises(ConfigError, match=said):
        built(Sluice(subspaces=3))
    tree = {"data": [{"card": "c", "tasks": ["a"]}], "encoder": {"kind": "bilstm", "hidden": 16}}
    with pytest.raises(ConfigError, match=said):
        Experiment.parse({**tree, "sharing": {"kind": "sluice", "subspaces": 3}}, source="x")


def test_stitches_and_mixtures_are_seen():
    names = ("mood", "places", "tags")
    model, _ = built(CrossStitch(keep=0.8))
    (stitches,) = model.sharing.insight()
    assert [axis.ticks for axis in stitches.axes] == [("1", "2"), names, names]
    np.testing.assert_allclose(stitches.values, [first_shares(3, 0.8)] * 2, atol=1e-4)
    model, _ = built(Sluice())
    with torch.no_grad():
        model.sharing.mixtures[1].copy_(torch.tensor([-0.25, 0.75]))
        model.sharing.stitches[1].shares[6 + 2] = 7.0  # to mood/2, from places/1
    stitches, mixtures = model.sharing.insight()
    parts = tuple(f"{name}/{i}" for name in names for i in (1, 2))
    assert [axis.ticks for axis in stitches.axes] == [("1", "2"), parts, parts]
    assert stitches.values[1][parts.index("mood/2")][parts.index("places/1")] == 7.0
    assert mixtures.values == [[0.5, 0.5], [-0.25, 0.75], [0.5, 0.5]]


@pytest.mark.parametrize("choice", CONNECTED)
def test_one_task_has_nobody_to_exchange_with(choice):
    encoder = built(Separate())[0].sharing.encoders[0]
    config = choice(**({"subspaces": 1} if choice is Sluice else {}))
    sharing = SHARING[choice](lambda: encoder, Scene(TASKS[:1], ("d",)), **config.arguments())
    assert not any(stitch.connects for stitch in sharing.stitches)
    assert not any(p.requires_grad for p in sharing.connections.parameters())
    assert not [seen for seen in sharing.insight() if seen.name == "stitches"]
