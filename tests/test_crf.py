"""The linear chain against plain enumeration of every tag sequence."""

import itertools
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mtl_core.data.batching import IGNORED
from mtl_core.data.spans import bio_tags, to_bio
from mtl_core.models.heads.crf import LinearChain

TAGS = bio_tags(("X", "Y"))  # O, B-X, I-X, B-Y, I-Y
LENGTHS = (4, 1, 3, 0)
LONGEST = max(LENGTHS)


def is_legal(tags):
    """Said anew, in words of its own: reading the tags as BIO changes nothing."""
    names = [TAGS[tag] for tag in tags]
    return to_bio(names) == names


def chain_and_emissions(seed=0, scale=2.0):
    torch.manual_seed(seed)
    chain = LinearChain(TAGS)
    for scores in (chain.moves, chain.start, chain.end):
        torch.nn.init.normal_(scores, std=scale)
    words = torch.arange(LONGEST)[None] < torch.tensor(LENGTHS)[:, None]
    return chain, scale * torch.randn(len(LENGTHS), LONGEST, len(TAGS)), words


def score_of(chain, emissions, tags):
    """By the definition, in double precision."""
    start, moves, end = (x.detach().double().numpy() for x in (chain.start, chain.moves, chain.end))
    rows = emissions.double().numpy()
    inside = sum(rows[word, tag] for word, tag in enumerate(tags))
    between = sum(moves[a, b] for a, b in itertools.pairwise(tags))
    return start[tags[0]] + inside + between + end[tags[-1]]


def every_path(chain, emissions, length):
    """All legal tag sequences with their scores."""
    paths = itertools.product(range(len(TAGS)), repeat=length)
    return {path: score_of(chain, emissions, path) for path in paths if is_legal(path)}


def log_sum(scores):
    most = max(scores)
    return most + math.log(sum(math.exp(score - most) for score in scores))


ROWS = [(seed, row) for seed in (0, 1) for row, length in enumerate(LENGTHS) if length]


@pytest.mark.parametrize(("seed", "row"), ROWS)
def test_partition_marginals_and_best_path_equal_enumeration(seed, row):
    chain, emissions, words = chain_and_emissions(seed)
    paths = every_path(chain, emissions[row], LENGTHS[row])
    everything = log_sum(paths.values())
    assert chain.log_partition(emissions, words)[row].item() == pytest.approx(everything, abs=1e-4)
    expected = np.zeros((LONGEST, len(TAGS)))
    for path, score in paths.items():
        for word, tag in enumerate(path):
            expected[word, tag] += math.exp(score - everything)
    found = chain.probabilities(emissions, words)[row].detach().numpy()
    np.testing.assert_allclose(found, expected, atol=1e-5)
    best = chain.best(emissions, words)[row, : LENGTHS[row]].tolist()
    assert tuple(best) == max(paths, key=lambda path: paths[path])


@pytest.mark.parametrize(("seed", "row"), ROWS)
@pytest.mark.parametrize("known", ["all", "none but the last", "every other"])
def test_the_likelihood_equals_enumeration_also_where_tags_are_unknown(seed, row, known):
    chain, emissions, words = chain_and_emissions(seed)
    length = LENGTHS[row]
    gold = {4: [1, 2, 0, 3], 3: [3, 4, 1], 1: [0]}[length]
    is_known = {
        "all": [True] * length,
        "none but the last": [word == length - 1 for word in range(length)],
        "every other": [word % 2 == 0 for word in range(length)],
    }[known]
    target = torch.full((len(LENGTHS), LONGEST), IGNORED)
    target[row, :length] = torch.tensor(
        [tag if kept else IGNORED for tag, kept in zip(gold, is_known, strict=True)]
    )
    paths = every_path(chain, emissions[row], length)
    fitting = [
        score
        for path, score in paths.items()
        if all(not k or p == g for p, g, k in zip(path, gold, is_known, strict=True))
    ]
    found = chain.negative_log_likelihood(emissions, target, words)
    assert found[row].item() == pytest.approx(log_sum(paths.values()) - log_sum(fitting), abs=1e-4)
    assert [loss for i, loss in enumerate(found.tolist()) if i != row] == [0, 0, 0]


def test_the_gradient_is_expected_minus_observed_and_finite():
    """Of the negative log-likelihood by the emissions: marginals minus the right tags."""
    chain, emissions, words = chain_and_emissions()
    emissions.requires_grad_()
    target = torch.tensor([[1, 2, 0, 3], [0, *[IGNORED] * 3], [3, 4, 1, IGNORED], [IGNORED] * 4])
    chain.negative_log_likelihood(emissions, target, words).sum().backward()
    right = torch.nn.functional.one_hot(target.clamp(min=0), len(TAGS)) * words[:, :, None]
    with torch.no_grad():
        expected = chain.probabilities(emissions, words) - right
    torch.testing.assert_close(emissions.grad, expected, atol=1e-5, rtol=1e-5)
    assert all(torch.isfinite(p.grad).all() for p in chain.parameters())
    assert not chain.moves.grad[chain.moves_forbidden].any()


@given(
    scores=st.lists(st.floats(-1e6, 1e6, width=32), min_size=30, max_size=30),
    moves=st.lists(st.floats(-1e6, 1e6, width=32), min_size=25, max_size=25),
)
@settings(max_examples=40)
def test_no_scores_whatever_lead_to_an_illegal_tag(scores, moves):
    chain = LinearChain(TAGS)
    chain.moves.data = torch.tensor(moves).reshape(5, 5)
    emissions = torch.tensor(scores).reshape(1, 6, 5)
    words = torch.ones(1, 6, dtype=torch.bool)
    assert is_legal(chain.best(emissions, words)[0].tolist())
    shares = chain.probabilities(emissions, words)
    assert torch.isfinite(shares).all()
    assert not shares[0, 0, chain.start_forbidden].any()


def test_padding_changes_nothing():
    chain, emissions, words = chain_and_emissions()
    more = torch.nn.functional.pad(emissions, (0, 0, 0, 3), value=7.0)
    more_words = torch.nn.functional.pad(words, (0, 3))
    target = torch.where(words, 0, IGNORED)
    more_target = torch.nn.functional.pad(target, (0, 3), value=IGNORED)
    pairs = [
        (chain.log_partition(emissions, words), chain.log_partition(more, more_words)),
        (chain.probabilities(emissions, words), chain.probabilities(more, more_words)[:, :LONGEST]),
        (
            chain.negative_log_likelihood(emissions, target, words),
            chain.negative_log_likelihood(more, more_target, more_words),
        ),
    ]
    for found, padded in pairs:
        torch.testing.assert_close(found, padded)
    best, longer = chain.best(emissions, words), chain.best(more, more_words)[:, :LONGEST]
    assert torch.equal(best[words], longer[words])


def test_nothing_labelled_costs_nothing_and_moves_nothing():
    chain, emissions, words = chain_and_emissions()
    emissions.requires_grad_()
    loss = chain.negative_log_likelihood(
        emissions, torch.full((len(LENGTHS), LONGEST), IGNORED), words
    ).sum()
    loss.backward()
    assert loss.item() == 0 and not emissions.grad.any()
    assert not any(p.grad.any() for p in chain.parameters())
