"""Sequential transfer: a run starts from another run's encoder and subwords."""

import numpy as np
import pytest
import torch

from mtl_core.config import Experiment
from mtl_core.config.encoder import BiLSTM
from mtl_core.config.sharing import Transfer
from mtl_core.data.catalog import Catalog
from mtl_core.errors import ConfigError
from mtl_core.training.restore import restore
from mtl_core.training.setup import prepare

from .conftest import tiny_experiment
from .small_models import first_rows, make


def prepared(experiment: Experiment):
    return prepare(experiment, Catalog.read([]))


def test_the_encoder_and_the_subwords_are_the_sources(strategy_experiment, source_run):
    begun = prepared(strategy_experiment("transfer"))
    source = restore(source_run)
    assert begun.pieces.tokenizer.to_str() == source.pieces.tokenizer.to_str()
    torch.testing.assert_close(
        begun.parts.model.sharing.trunk().state_dict(),
        source.model.sharing.trunk().state_dict(),
        atol=0,
        rtol=0,
    )


def test_a_single_task_that_starts_from_a_run_has_a_twin_that_starts_afresh(tiny, source_run):
    sharing = {"kind": "transfer", "source": str(source_run)}
    experiment = tiny_experiment(tiny, sharing=sharing, encoder__blocks=2)
    one = experiment.replace({"data": [{"card": str(tiny.path), "tasks": ["mood"]}]})
    (twin,) = one.twins().values()
    assert twin.sharing.start is None and twin.twins() == {}
    multi, alone = prepared(one), prepared(twin)
    assert alone.pieces.tokenizer.to_str() == multi.pieces.tokenizer.to_str()
    batches = zip(multi.parts.feed.batches(), alone.parts.feed.batches(), strict=True)
    assert all(torch.equal(a[0].ids, b[0].ids) for a, b in batches)
    mine, fresh = multi.parts.model.sharing.trunk(), alone.parts.model.sharing.trunk()
    assert not torch.equal(mine.embedding.weight, fresh.embedding.weight)


def test_frozen_layers_learn_nothing_and_the_rest_does():
    model, table = make(Transfer(source="a run", frozen_blocks=1), BiLSTM)
    before = {n: p.detach().clone() for n, p in model.sharing.named_parameters()}
    optimiser = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], lr=1.0)
    sum(model.losses(first_rows(table, 4)).values()).backward()
    optimiser.step()
    moved = {n for n, p in model.sharing.named_parameters() if not torch.equal(p, before[n])}
    assert moved == {n for n in before if "blocks.1." in n}
    layers = {i.name: i for i in model.sharing.insight()}["moved"]
    assert layers.axes[0].ticks == ("embedding", "block 1", "block 2")
    assert layers.values[:2] == [0.0, 0.0] and layers.values[2] > 0


def test_the_distance_moved_is_the_relative_length_of_the_change():
    model, _ = make(Transfer(source="a run"), BiLSTM)
    with torch.no_grad():
        for parameter in model.sharing.encoder.blocks[0].parameters():
            parameter.mul_(1.5)
    (moved,) = model.sharing.insight()
    assert moved.values == pytest.approx([0.0, 0.5, 0.0], abs=1e-4)


def test_frozen_layers_thaw_from_the_top_at_equal_distances():
    model, _ = make(Transfer(source="a run", frozen_blocks=2, thaw=True), BiLSTM)
    encoder = model.sharing.trunk()

    def learning() -> list[bool]:
        layers = [encoder.embedding, *encoder.blocks]
        return [all(p.requires_grad for p in layer.parameters()) for layer in layers]

    found = []
    for done in np.linspace(0, 1, 9)[:-1]:
        model.sharing.advance(float(done))
        found.append(learning())
    expected = [[False, False, False]] * 2 + [[False, False, True]] * 2
    expected += [[False, True, True]] * 2 + [[True, True, True]] * 2
    assert found == expected


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"encoder.hidden": 24}, r"of another kind or size; set encoder to the same: \{'kind'"),
        ({"encoder.kind": "transformer"}, "of another kind or size"),
        ({"sharing.source": ""}, "sharing.source names no run to start from"),
        ({"sharing.frozen_blocks": 3}, "sharing.frozen_blocks is 3, but the encoder has 2"),
    ],
)
def test_what_does_not_fit_is_one_sentence(strategy_experiment, changes, said):
    with pytest.raises(ConfigError, match=said):
        prepared(strategy_experiment("transfer").replace(changes))
