"""Hand-worked values: every method gives them, or satisfies the equation that defines it."""

import pytest

from mtl_core import balancing
from mtl_core.balancing import golden
from mtl_core.balancing.losses import FixedWeights
from mtl_core.config import METHODS
from mtl_core.config import balancing as config

KINDS = {choice: choice.kind_name() for choice in METHODS["balancing"]}
RANDOM = next(choice for choice in KINDS if choice.label == "Random weights")
BY_EQUATION = {
    config.Fixed, config.Equal, config.ImtlL, RANDOM, config.Log, config.GradDrop, config.Db,
    config.Excess, config.Pcd,
}  # fmt: skip
"""Methods for which there are no values to compare with."""
SUMS = {config.Fixed, config.Equal, config.ImtlL}
"""Methods that are the plain sum, at least in their first step."""


@pytest.mark.parametrize("choice", KINDS, ids=KINDS.values())
def test_hand_worked_values_come_out(choice: type[config.BalancingPart]) -> None:
    found = golden.verdict(KINDS[choice])
    by_equation = choice in BY_EQUATION
    assert found.passes is (None if by_equation else True), found
    assert found.words.startswith("definition holds: " if by_equation else "gives the hand-worked")


def test_every_method_has_hand_worked_values_or_an_equation() -> None:
    assert set(golden.GOLDEN) == set(METHODS["balancing"])
    assert {c for c, one in golden.GOLDEN.items() if one.equation} == BY_EQUATION


@pytest.mark.parametrize(
    "choice", [one for one in KINDS if one not in SUMS], ids=lambda one: one.kind_name()
)
def test_a_plain_sum_in_a_methods_place_is_found_out(
    choice: type[config.BalancingPart], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(golden, "gradnorm", lambda weights, norms, *_: (norms, norms.sum()))
    monkeypatch.setitem(balancing.BALANCING, choice, lambda tasks, **_: FixedWeights(tasks))
    found = golden.verdict(KINDS[choice])
    assert found.passes is False and "not" in found.short
