"""Scores against independent implementations: scikit-learn, seqeval and scipy, on random draws."""

import itertools
import random
import time
import warnings

import numpy as np
import pytest
import scipy.stats
import seqeval.metrics
import sklearn.metrics
from sklearn.preprocessing import MultiLabelBinarizer

from mtl_core.data.gold import NO_ANSWER
from mtl_core.data.tasks import METRICS
from mtl_core.training.metrics import MOST_CLASSES, MOST_CONFUSED, MOST_POINTS, judge

TAGS = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]
AVERAGES = list(itertools.product(("macro", "micro"), ("precision", "recall", "f1")))


def scores(kind, gold, answered):
    return judge(kind, gold, answered).scores()


def details(kind, gold, answered):
    return judge(kind, gold, answered).details()


def random_sentences(rng, tags):
    return [[rng.choice(tags) for _ in range(rng.randint(1, 12))] for _ in range(30)]


def random_answers(rng, gold, labels):
    """Half of them right, so that there are hits to count; labels of their own as well."""
    return [g if rng.random() < 0.5 else rng.choice(labels) for g in gold]


def expected_of(average, name, gold, answered):
    score = getattr(sklearn.metrics, f"{name}_score")
    return score(gold, answered, average=average, zero_division=0)


@pytest.mark.parametrize("kind", METRICS)
def test_every_score_that_is_promised_is_there(kind):
    gold = {
        "classification": ["a", "b"],
        "multilabel": [["a"], []],
        "regression": [1.0, 2.0],
        "tagging": [["a", "b"], ["b"]],
        "spans": [["B-a", "I-a"], ["O"]],
    }[kind]
    found = scores(kind, gold, gold)
    assert set(found) == set(METRICS[kind])
    assert found.pop("mse", 0.0) == 0.0
    assert list(found.values()) == pytest.approx([1.0] * len(found))


@pytest.mark.parametrize("seed", range(20))
def test_span_scores_equal_seqeval(seed):
    rng = random.Random(seed)
    gold = random_sentences(rng, TAGS)
    answered = [random_answers(rng, sentence, [*TAGS, "B-ORG"]) for sentence in gold]
    found = scores("spans", gold, answered)
    for name in ("f1", "precision", "recall"):
        expected = getattr(seqeval.metrics, f"{name}_score")(gold, answered)
        assert found[name] == pytest.approx(expected, abs=1e-12)
    table = details("spans", gold, answered)["classes"]
    report = seqeval.metrics.classification_report(
        gold, answered, output_dict=True, zero_division=0
    )
    for label, precision, recall, f1, support in zip(
        *(table[key] for key in ("label", "precision", "recall", "f1", "support")), strict=True
    ):
        row = report[label]
        assert support == row["support"]
        expected = (row["precision"], row["recall"], row["f1-score"])
        assert (precision, recall, f1) == pytest.approx(expected, rel=1e-3)


def test_no_span_anywhere_scores_zero_without_dividing():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        nothing = scores("spans", [["O"]], [["O"]])
    assert nothing == {"f1": 0.0, "precision": 0.0, "recall": 0.0}


@pytest.mark.parametrize("seed", range(8))
def test_label_scores_equal_scikit_learn_on_the_labels_themselves(seed):
    rng = random.Random(seed)
    gold = [rng.choice("abcd") for _ in range(60)]
    answered = random_answers(rng, gold, "abce")
    found = scores("classification", gold, answered)
    assert found["accuracy"] == pytest.approx(sklearn.metrics.accuracy_score(gold, answered))
    assert found["mcc"] == pytest.approx(sklearn.metrics.matthews_corrcoef(gold, answered))
    for average, name in AVERAGES:
        expected = expected_of(average, name, gold, answered)
        assert found[f"{average}_{name}"] == pytest.approx(expected)


@pytest.mark.parametrize("gold", ["aaaa", "ab"])
def test_a_correlation_of_labels_that_is_undefined_is_0(gold):
    assert scores("classification", list(gold), ["a"] * len(gold))["mcc"] == 0.0


def test_a_label_met_only_in_test_counts_as_wrong():
    """By hand: of 4, 2 right. F1 of a: 2*2/(2+3) = 0.8, of b: 0 (never answered), of new: 0."""
    found = scores("classification", ["a", "a", "b", "new"], ["a", "a", "a", "b"])
    assert found["accuracy"] == 0.5
    assert found["macro_f1"] == pytest.approx(0.8 / 3)


def test_tag_scores_count_words_not_sentences():
    found = scores("tagging", [["N", "V"], ["N"]], [["N", "N"], ["N"]])
    assert found["accuracy"] == pytest.approx(2 / 3)


def test_a_word_that_was_cut_off_is_wrong_but_adds_no_label():
    """Of 101 words of one label, 100 right: F1 of it is 200/201, and there is no other label."""
    gold, answered = [["N"] * 101], [["N"] * 100 + [NO_ANSWER]]
    found = scores("tagging", gold, answered)
    assert found["accuracy"] == pytest.approx(100 / 101)
    assert found["macro_f1"] == pytest.approx(200 / 201)
    assert (found["micro_precision"], found["micro_recall"]) == (1.0, pytest.approx(100 / 101))
    assert details("tagging", gold, answered)["confusion"] == {
        "right": ["N"], "answered": ["N", "no answer"], "counts": [[100, 1]],
        "unit": "words",
    }  # fmt: skip


def test_tags_of_25000_words_are_scored_in_a_blink():
    rng = random.Random(0)
    gold = [[f"tag {rng.randrange(50)}" for _ in range(25)] for _ in range(1000)]
    answered = [sentence[:20] + ["tag 0"] * 5 for sentence in gold]
    began = time.perf_counter()
    judged = judge("tagging", gold, answered)
    judged.scores(), judged.details()
    assert time.perf_counter() - began < 0.1


@pytest.mark.parametrize("seed", range(8))
def test_multilabel_scores_equal_scikit_learn(seed):
    rng = random.Random(seed)

    def draw() -> list[str]:
        return sorted(rng.sample("abcde", rng.randint(0, 3)))

    gold = [draw() for _ in range(40)]
    answered = [g if rng.random() < 0.5 else draw() for g in gold]
    found = scores("multilabel", gold, answered)
    binarizer = MultiLabelBinarizer().fit(gold + answered)
    right, given = binarizer.transform(gold), binarizer.transform(answered)
    for average, name in AVERAGES:
        expected = expected_of(average, name, right, given)
        assert found[f"{average}_{name}"] == pytest.approx(expected)
    assert found["exact_match"] == pytest.approx(sklearn.metrics.accuracy_score(right, given))


def test_rows_without_any_label_count_and_divide_by_nothing():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = scores("multilabel", [[], [], ["a"]], [[], ["a"], []])
    assert found["exact_match"] == pytest.approx(1 / 3)
    assert found["micro_f1"] == found["macro_recall"] == 0.0


@pytest.mark.parametrize("seed", range(8))
def test_regression_scores_equal_scipy(seed):
    rng = np.random.default_rng(seed)
    gold = rng.integers(0, 6, 50) / 2  # with ties
    answered = gold + rng.normal(size=50)
    found = scores("regression", gold.tolist(), answered.tolist())
    assert found["pearson"] == pytest.approx(scipy.stats.pearsonr(gold, answered).statistic)
    assert found["spearman"] == pytest.approx(scipy.stats.spearmanr(gold, answered).statistic)
    assert found["mse"] == pytest.approx(sklearn.metrics.mean_squared_error(gold, answered))


@pytest.mark.parametrize("answered", [[0.1] * 3, [0.3, 0.3, 0.3]])
def test_a_correlation_of_values_that_is_undefined_is_0(answered):
    found = scores("regression", [0.1, 0.2, 0.7], answered)
    assert found["pearson"] == found["spearman"] == 0.0
    assert scores("regression", [1.0], [2.0]) == {"pearson": 0.0, "spearman": 0.0, "mse": 1.0}


@pytest.mark.parametrize("seed", range(4))
def test_the_table_and_the_matrix_equal_scikit_learn(seed):
    rng = random.Random(seed)
    gold = [rng.choice("abcd") for _ in range(80)]
    answered = random_answers(rng, gold, "abce")
    found = details("classification", gold, answered)
    names = found["confusion"]["right"]
    expected = sklearn.metrics.confusion_matrix(gold, answered, labels=names)
    assert found["confusion"]["counts"] == expected.tolist()
    table = found["classes"]
    columns = sklearn.metrics.precision_recall_fscore_support(
        gold, answered, labels=table["label"], zero_division=0
    )
    for key, column in zip(("precision", "recall", "f1", "support"), columns, strict=True):
        assert table[key] == pytest.approx(column.tolist(), rel=1e-3)
    assert table["support"] == sorted(table["support"], reverse=True)


def test_what_is_kept_of_many_labels_is_small_and_loses_no_item():
    gold = [f"label {i % 300}" for i in range(2000)]
    answered = [f"label {i % 299}" for i in range(2000)]
    found = details("classification", gold, answered)
    assert len(found["classes"]["label"]) == MOST_CLASSES
    matrix = found["confusion"]
    assert len(matrix["right"]) == len(matrix["counts"]) == MOST_CONFUSED
    assert matrix["right"][-1] == "271 other labels"
    assert sum(map(sum, matrix["counts"])) == 2000


def test_a_sample_of_values_is_shown():
    found = details("regression", [float(i) for i in range(2000)], [0.123456] * 2000)
    assert found["count"] == 2000 and len(found["points"]) == MOST_POINTS
    assert found["points"][0] == [0.0, 0.1235] and found["points"][-1] == [1999.0, 0.1235]
