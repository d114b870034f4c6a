"""Scores against independent implementations: seqeval and scikit-learn on strings."""

import random
import warnings

import pytest
import seqeval.metrics
import sklearn.metrics

from mtl_core.training.metrics import NO_ANSWER, label_scores, span_scores, tag_scores

TAGS = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]


def random_sentences(rng: random.Random, tags: list[str]) -> list[list[str]]:
    return [[rng.choice(tags) for _ in range(rng.randint(1, 12))] for _ in range(30)]


@pytest.mark.parametrize("seed", range(20))
def test_span_scores_equal_seqeval(seed):
    rng = random.Random(seed)
    gold = random_sentences(rng, TAGS)
    # Half the tags right, so that there are hits to count; labels of its own as well.
    answered = [
        [t if rng.random() < 0.6 else rng.choice([*TAGS, "B-ORG"]) for t in s] for s in gold
    ]
    found = span_scores(gold, answered)
    for name in ("f1", "precision", "recall"):
        expected = getattr(seqeval.metrics, f"{name}_score")(gold, answered)
        assert found[name] == pytest.approx(expected, abs=1e-12)


def test_no_span_anywhere_scores_zero_without_dividing():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert span_scores([["O"]], [["O"]]) == {"f1": 0.0, "precision": 0.0, "recall": 0.0}


@pytest.mark.parametrize("seed", range(5))
def test_label_scores_equal_scikit_learn_on_the_labels_themselves(seed):
    rng = random.Random(seed)
    gold = [rng.choice("abcd") for _ in range(60)]
    answered = [g if rng.random() < 0.5 else rng.choice("abce") for g in gold]
    found = label_scores(gold, answered)
    assert found["accuracy"] == pytest.approx(sklearn.metrics.accuracy_score(gold, answered))
    expected = sklearn.metrics.f1_score(gold, answered, average="macro", zero_division=0)
    assert found["macro_f1"] == pytest.approx(expected)


def test_a_label_met_only_in_test_counts_as_wrong():
    """By hand: of 4, 2 right. F1 of a: 2*2/(2+3) = 0.8, of b: 0 (never answered), of new: 0."""
    found = label_scores(["a", "a", "b", "new"], ["a", "a", "a", "b"])
    assert found["accuracy"] == 0.5
    assert found["macro_f1"] == pytest.approx(0.8 / 3)


def test_tag_scores_count_words_not_sentences():
    found = tag_scores([["N", "V"], ["N"]], [["N", "N"], ["N"]])
    assert found["accuracy"] == pytest.approx(2 / 3)


def test_a_word_that_was_cut_off_is_wrong_but_adds_no_label():
    """Of 101 words of one label, 100 right: F1 of it is 200/201, and there is no other label."""
    found = tag_scores([["N"] * 101], [["N"] * 100 + [NO_ANSWER]])
    assert found["accuracy"] == pytest.approx(100 / 101)
    assert found["macro_f1"] == pytest.approx(200 / 201)
