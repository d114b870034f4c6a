"""Soft sharing and its penalties, and orthogonality: against numpy, brute force and hand-worked values."""

import itertools

import numpy as np
import pytest
import torch
from torch.nn import functional

from mtl_core.config import Experiment
from mtl_core.config.encoder import BiLSTM
from mtl_core.config.sharing import Separate, Soft
from mtl_core.errors import ConfigError
from mtl_core.models.contracts import Scene, rate_of, scale_rate
from mtl_core.models.sharing import SHARING
from mtl_core.models.sharing.distances import (
    PENALTIES,
    group,
    orthogonality,
    relative_distance,
    trace,
)

from .small_models import TASKS, first_rows, make

SHAPES = ((3, 20), (3, 1), (3, 7))


def stacks(shapes=SHAPES, seed=0):
    random = torch.Generator().manual_seed(seed)
    return [torch.randn(shape, generator=random).requires_grad_() for shape in shapes]


def brute_force(norm, arrays):
    """Written weight by weight and pair by pair."""
    total = 0.0
    for stack in arrays:
        count, weights = stack.shape
        if norm == "trace":
            total += np.linalg.svd(stack, compute_uv=False).sum()
        elif norm == "group":
            total += sum(
                np.sqrt(sum(stack[t, i] ** 2 for t in range(count))) for i in range(weights)
            )
        else:
            power = {"l1": 1, "l2": 2}[norm]
            for a, b in itertools.combinations(range(count), 2):
                total += (
                    sum(abs(stack[a, i] - stack[b, i]) ** power for i in range(weights)) / count
                )
    return total


@pytest.mark.parametrize("norm", PENALTIES)
def test_a_penalty_is_what_its_definition_says(norm):
    given = stacks()
    expected = brute_force(norm, [s.detach().double().numpy() for s in given])
    assert PENALTIES[norm](given).item() == pytest.approx(expected, rel=1e-5)
    with torch.autocast("cpu", torch.bfloat16):
        assert PENALTIES[norm](given).item() == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("norm", PENALTIES)
def test_a_penalty_has_the_gradient_of_finite_differences(norm):
    given = [s.detach().double().requires_grad_() for s in stacks()]
    PENALTIES[norm](given).backward()
    step = 1e-6
    for stack, place in [(given[0], (1, 4)), (given[2], (2, 0))]:
        nudge = torch.zeros_like(stack)
        nudge[place] = step
        sides = [[s + sign * nudge if s is stack else s for s in given] for sign in (1, -1)]
        up, down = (PENALTIES[norm](side).item() for side in sides)
        assert stack.grad[place].item() == pytest.approx((up - down) / (2 * step), abs=1e-5)


@pytest.mark.parametrize("norm", PENALTIES)
@pytest.mark.parametrize("rows", ["equal", "zero", "one task"])
def test_where_tasks_agree_the_gradient_is_finite_and_keeps_them_together(norm, rows):
    row = torch.zeros(1, 9) if rows == "zero" else torch.randn(1, 9)
    stack = row.repeat(1 if rows == "one task" else 4, 1).requires_grad_()
    PENALTIES[norm]([stack]).backward()
    assert stack.grad.isfinite().all()
    torch.testing.assert_close(stack.grad, stack.grad[:1].expand_as(stack), atol=1e-6, rtol=0)
    if norm in ("l1", "l2") or rows == "zero":
        assert not stack.grad.any()


def test_the_gradient_of_the_trace_norm_is_u_vt():
    stack = stacks(((4, 30),))[0]
    trace([stack]).backward()
    u, _, vt = np.linalg.svd(stack.detach().numpy(), full_matrices=False)
    np.testing.assert_allclose(stack.grad.numpy(), u @ vt, atol=1e-5)


def test_the_group_norm_lets_go_of_a_weight_in_all_tasks_together():
    """With w = (3, 4) the gradient is w / 5."""
    stack = torch.tensor([[3.0, 0.0], [4.0, 0.0]], requires_grad=True)
    group([stack]).backward()
    assert stack.grad.tolist() == [[pytest.approx(0.6), 0.0], [pytest.approx(0.8), 0.0]]


def test_relative_distance_by_hand():
    one, two = [torch.tensor([3.0, 4.0])], [torch.tensor([-3.0, -4.0])]
    turned = [torch.tensor([4.0, -3.0])]
    assert relative_distance(one, one) == 0.0
    assert relative_distance(one, two) == pytest.approx(2.0)
    assert relative_distance(one, turned) == pytest.approx(2**0.5)
    assert relative_distance([torch.zeros(2)], [torch.zeros(2)]) == 0.0


def test_orthogonality_is_1_for_features_in_step_0_for_unrelated_ones():
    mask = torch.tensor([[True, True], [True, True]])
    steady = torch.tensor([2.0, 0.0, 0.0]).expand(2, 2, 3)
    in_step = torch.tensor([0.0, -5.0, 0.0]).expand(2, 2, 3)
    by_turns = torch.tensor([[1.0, -1.0], [-1.0, 1.0]])[:, :, None] * in_step
    assert orthogonality(steady, 3 * steady, mask).item() == pytest.approx(1.0)
    assert orthogonality(steady, in_step, mask).item() == pytest.approx(1.0)
    assert orthogonality(steady, by_turns, mask).item() == pytest.approx(0.0)


def test_orthogonality_is_the_frobenius_norm_of_its_definition():
    mask = torch.tensor([[True, True], [True, False]])
    random = torch.Generator().manual_seed(1)
    a, b = (torch.randn(2, 2, 3, generator=random) for _ in "ab")
    rows = [[x[i, j] / x[i, j].norm() for i, j in [(0, 0), (0, 1), (1, 0)]] for x in (a, b)]
    product = sum(torch.outer(p, q) for p, q in zip(*rows, strict=True))
    expected = product.square().sum().item() / 9
    assert orthogonality(a, b, mask).item() == pytest.approx(expected, rel=1e-5)


def test_orthogonality_depends_neither_on_padding_nor_on_the_size_of_the_batch():
    random = torch.Generator().manual_seed(1)
    a, b = (torch.randn(3, 4, 6, generator=random) for _ in "ab")
    mask = torch.ones(3, 4, dtype=torch.bool)
    expected = orthogonality(a, b, mask)
    longer = [functional.pad(x, (0, 0, 0, 2), value=9.0) for x in (a, b)]
    real = functional.pad(mask, (0, 2))
    torch.testing.assert_close(orthogonality(*longer, real), expected)
    twice = [torch.cat([x, x]) for x in (a, b)]
    torch.testing.assert_close(orthogonality(*twice, torch.cat([mask, mask])), expected)
    silent = torch.zeros(3, 4, 6, requires_grad=True)
    orthogonality(silent, b, mask).backward()
    assert silent.grad.isfinite().all()


def soft(*, seed=0, **options):
    model, table = make(Soft(**options), BiLSTM, seed=seed)
    return model, first_rows(table, 6)


def move_apart(model):
    random = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for p in model.sharing.parameters():
            p.add_(0.2 * torch.randn(p.shape, generator=random))


def step(model, batch, optimiser):
    optimiser.zero_grad()
    (sum(model.losses(batch).values()) + sum(model.sharing.penalties().values())).backward()
    optimiser.step()


def distances(model):
    columns = [list(column.parameters()) for column in model.sharing.columns]
    return [relative_distance(a, b) for a, b in itertools.combinations(columns, 2)]


def test_all_encoders_begin_with_the_same_weights_and_keep_their_rates():
    model, _ = soft()
    assert distances(model) == [0.0, 0.0, 0.0]

    def make_encoder():
        encoder = model.sharing.columns[0].__class__(
            pieces=5, embedding=4, hidden=4, blocks=1, dropout=0.0, pooling="mean"
        )
        scale_rate(encoder.blocks.parameters(), 0.5)
        return encoder

    sharing = SHARING[Soft](make_encoder, Scene(TASKS, ("d",)), **Soft().arguments())
    for column in sharing.columns:
        assert {rate_of(p) for p in column.blocks.parameters()} == {0.5}


def test_without_strength_it_is_separate_training():
    model, batch = soft(strength=0.0)
    apart, _ = make(Separate, BiLSTM)
    apart.load_state_dict(model.state_dict())
    for each in (model, apart):
        optimiser = torch.optim.Adam(each.parameters(), lr=1e-2)
        for _ in range(4):
            step(each, batch, optimiser)
    torch.testing.assert_close(model.state_dict(), apart.state_dict(), atol=0, rtol=0)


@pytest.mark.parametrize("strength", [0.0, 1e4])
def test_a_huge_strength_makes_the_encoders_equal(strength):
    model, batch = soft(strength=strength)
    move_apart(model)
    assert min(distances(model)) > 0.3
    optimiser = torch.optim.SGD(model.parameters(), lr=2e-5)
    for _ in range(40):
        step(model, batch, optimiser)
    assert max(distances(model)) < 1e-4 if strength else min(distances(model)) > 0.3


@pytest.mark.parametrize(
    ("options", "tied"),
    [
        ({}, {"embedding", "blocks.0", "blocks.1"}),
        ({"embedding": False}, {"blocks.0", "blocks.1"}),
        ({"last_block": 1}, {"embedding", "blocks.0"}),
        ({"first_block": 2}, {"embedding", "blocks.1"}),
    ],
)
@pytest.mark.parametrize("norm", PENALTIES)
def test_only_the_chosen_layers_are_tied(norm, options, tied):
    model, _ = soft(norm=norm, strength=2.0, **options)
    move_apart(model)
    penalty = model.sharing.penalties()["distance"]
    penalty.backward()
    column = model.sharing.columns[1]
    found = {name for name, p in column.named_parameters() if p.grad is not None}
    expected = {n for n, _ in column.named_parameters() if any(n.startswith(t) for t in tied)}
    assert found == expected
    arrays = [
        np.stack([dict(c.named_parameters())[n].detach().double().numpy().ravel() for c in model.sharing.columns])
        for n in expected
    ]  # fmt: skip
    assert penalty.item() == pytest.approx(2.0 * brute_force(norm, arrays), rel=1e-4)


def test_the_penalty_is_none_of_the_tasks_losses():
    model, batch = soft(strength=5.0)
    move_apart(model)
    model.losses(batch)["mood"].backward()
    assert all(p.grad is None for p in model.sharing.columns[1].parameters())


def test_distances_are_seen_layer_by_layer():
    model, _ = soft()
    with torch.no_grad():
        for p in model.sharing.columns[2].blocks[1].parameters():
            p.mul_(-1)
    (seen,) = model.sharing.insight()
    assert [axis.ticks for axis in seen.axes] == [
        ("embedding", "block 1", "block 2"), *[("mood", "places", "tags")] * 2,
    ]  # fmt: skip
    values = np.array(seen.values)
    assert values.shape == (3, 3, 3) and not values[:2].any()
    np.testing.assert_allclose(values[2], [[0, 0, 2], [0, 0, 2], [2, 2, 0]])


def test_one_task_alone_is_tied_to_nothing():
    torch.manual_seed(0)
    encoder = make(Separate, BiLSTM)[0].sharing.encoders[0]
    sharing = SHARING[Soft](lambda: encoder, Scene(TASKS[:1], ("d",)), **Soft().arguments())
    assert sharing.penalties() == {} and sharing.insight() == []


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"first_block": 3}, "sharing.first_block is 3, but the encoder has 2 blocks; lower it"),
        ({"last_block": 4}, "sharing.last_block is 4, but the encoder has 2 blocks; lower it"),
        (
            {"first_block": 2, "last_block": 1},
            "sharing.last_block is 1, below sharing.first_block 2; raise it",
        ),
    ],
)
def test_blocks_that_are_not_there_are_refused_in_one_sentence(options, said):
    with pytest.raises(ConfigError, match=said):
        soft(**options)
    tree = {"data": [{"card": "c", "tasks": ["a"]}], "sharing": {"kind": "soft", **options}}
    with pytest.raises(ConfigError, match=said):
        Experiment.parse({**tree, "encoder": {"kind": "bilstm", "blocks": 2}}, source="x")


def test_a_strength_of_its_own_suits_each_norm_unless_one_is_given():
    usual = {norm: Soft(norm=norm).arguments()["strength"] for norm in PENALTIES}
    assert usual["l2"] > usual["l1"] > 0 and usual["trace"] > usual["group"] > 0
    assert Soft(norm="l1", strength=0).arguments()["strength"] == 0
    assert soft(strength=0)[0].sharing.penalties() == {}
