"""How alike representations are: linear CKA against its definition by Gram matrices."""

import numpy as np
import pytest
import torch

from mtl_core.config.encoder import BiLSTM
from mtl_core.config.sharing import Hard, Separate
from mtl_core.models.similarity import Similarity, linear_cka

from .small_models import first_rows, make


def by_definition(x: np.ndarray, y: np.ndarray) -> float:
    """HSIC(K, L) / sqrt(HSIC(K, K) HSIC(L, L)) with linear kernels, centred as matrices."""
    centre = np.eye(len(x)) - np.full((len(x), len(x)), 1 / len(x))
    k, other = (centre @ m @ m.T @ centre for m in (x, y))
    return float(np.trace(k @ other) / np.sqrt(np.trace(k @ k) * np.trace(other @ other)))


def test_linear_cka_equals_its_definition():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(20, 5)) + 3, rng.normal(size=(20, 7))
    found = linear_cka(torch.tensor(x), torch.tensor(y))
    assert found == pytest.approx(by_definition(x, y), rel=1e-6)


def test_a_rotation_and_a_scale_change_nothing_and_a_constant_has_nothing_in_common():
    rng = np.random.default_rng(1)
    x = torch.tensor(rng.normal(size=(30, 6)))
    turned = 4 * x @ torch.tensor(np.linalg.qr(rng.normal(size=(6, 6)))[0])
    assert linear_cka(x, turned) == pytest.approx(1)
    assert linear_cka(x, torch.ones(30, 2, dtype=x.dtype)) == 0.0


def test_tasks_that_read_the_same_are_alike_and_others_less():
    found = {}
    for sharing in (Hard, Separate):
        model, table = make(sharing, BiLSTM)
        model.eval()
        with torch.inference_mode():
            model(first_rows(table, 12), model.tasks)
        (found[sharing],) = [i for i in model.insight() if i.name == "similarity"]
    assert np.allclose(found[Hard].values, 1, atol=1e-3)
    values = np.array(found[Separate].values)
    assert np.allclose(values, values.T) and (values[~np.eye(3, dtype=bool)] < 0.995).all()


def test_tasks_without_a_common_sentence_have_no_similarity():
    similarity = Similarity(("a", "b", "c"))
    mask = torch.tensor([[True, True, False]])
    hidden = torch.randn(1, 3, 4)
    similarity.note({"a": hidden, "b": hidden}, mask)
    similarity.note({"c": hidden}, mask)
    (insight,) = similarity.insight()
    assert insight.axes[0].ticks == ("a", "b")
    assert similarity.kept[0]["a"].shape == (2, 4)
    similarity.clear()
    assert similarity.insight() == []
