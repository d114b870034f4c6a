"""Encoders, sharing strategies, heads and balancers, each in every combination that is offered."""

import numpy as np
import pytest
import torch

from mtl_core.balancing import BALANCING
from mtl_core.config import METHODS
from mtl_core.config.encoder import BiLSTM
from mtl_core.data.mixing import MIXING
from mtl_core.models.sharing import SHARING
from mtl_core.models.sources import ENCODERS

from .small_models import PAIRS, make, pair_id


@pytest.fixture(scope="module", autouse=True)
def _tiny_bert(tiny_bert):
    """Every test here goes through all encoders."""


def test_the_tables_offer_exactly_what_the_config_offers():
    tables = {"sharing": SHARING, "encoder": ENCODERS, "balancing": BALANCING, "mixing": MIXING}
    assert {family: set(table) for family, table in tables.items()} == {
        family: set(choices) for family, choices in METHODS.items()
    }


@pytest.mark.parametrize("pair", PAIRS, ids=pair_id)
def test_shapes(pair):
    model, table = make(*pair)
    batch = table.batch(np.arange(5))
    logits = model(batch, model.tasks)
    words = batch.first.shape[1]
    shapes = {task: tuple(out.shape) for task, out in logits.items()}
    assert shapes == {"mood": (5, 2), "places": (5, words, 3), "tags": (5, words, 6)}
    assert all(loss.dim() == 0 for loss in model.losses(batch).values())


@pytest.mark.parametrize("pair", PAIRS, ids=pair_id)
def test_padding_changes_no_answer(pair):
    model, table = make(*pair)
    model.eval()
    rows = np.argsort(table.encoded.lengths)[[0, -1]]
    together = model(table.batch(rows), model.tasks)
    alone = model(table.batch(rows[:1]), model.tasks)
    for task, out in alone.items():
        found = together[task][:1] if out.dim() == 2 else together[task][:1, : out.shape[1]]
        torch.testing.assert_close(found, out, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("pair", PAIRS, ids=pair_id)
def test_every_parameter_learns_from_exactly_the_tasks_that_own_it(pair):
    model, table = make(*pair)
    batch = table.batch(np.arange(8))
    owners = model.owners()
    owned = [id(p) for entry in owners for p in entry.parameters]
    assert sorted(owned) == sorted(id(p) for p in model.parameters() if p.requires_grad)
    for task in model.tasks:
        model.zero_grad(set_to_none=True)
        model.losses(batch)[task].backward()
        reached = {id(p) for p in model.parameters() if p.grad is not None}
        own = {id(p) for entry in owners if task in entry.tasks for p in entry.parameters}
        assert reached == own


def test_the_modules_that_two_tasks_have_in_common():
    from mtl_core.config.sharing import Hard, Separate

    model, _ = make(Hard, BiLSTM)
    encoder = sum(p.numel() for p in model.shared_parameters())
    assert encoder == sum(p.numel() for p in model.sharing.parameters())
    apart, _ = make(Separate, BiLSTM)
    assert apart.shared_parameters() == []
    assert sum(p.numel() for p in apart.sharing.parameters()) == 3 * encoder


def test_one_task_alone_is_the_same_model_under_every_strategy():
    from mtl_core.config.sharing import Hard, Separate

    hard, table = make(Hard, BiLSTM)
    apart, _ = make(Separate, BiLSTM)
    first = apart.sharing.encoders[0]
    torch.testing.assert_close(
        list(hard.sharing.parameters()), list(first.parameters()), atol=0, rtol=0
    )
