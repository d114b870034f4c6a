"""Figures about data: everything drawn, nothing of the user's text executed."""

from collections import Counter

import pytest

from mtl_core.analysis.colours import PALETTE
from mtl_core.analysis.plots import (
    MOST_LABELS,
    label_distribution,
    length_histogram,
    value_histogram,
)

BLUE = PALETTE["light"][0]


def test_label_shares_add_up_and_rare_labels_are_put_together() -> None:
    many = Counter({f"label {i}": 100 - i for i in range(60)})
    counts = {"train": many, "test": Counter({"label 0": 1, "only in test": 3})}
    figure = label_distribution(counts, BLUE, title="Labels", unit="spans")
    assert [len(bar.y) for bar in figure.data] == [MOST_LABELS, MOST_LABELS]
    assert sum(figure.data[0].x) == pytest.approx(100)
    assert sum(figure.data[1].x) == pytest.approx(100)
    assert "41 other labels" in figure.data[0].y[-1] or "42 other" in figure.data[0].y[-1]
    assert "%" in figure.layout.xaxis.title.text
    assert figure.layout.title.text == "Labels"


def test_labels_are_text_on_the_axis() -> None:
    counts = {"train": Counter({"<b>x</b>": 1, "": 1}), "test": Counter[str]()}
    figure = label_distribution(counts, BLUE, title="Labels", unit="spans")
    assert list(figure.data[0].y) == ["(empty)", "&lt;b&gt;x&lt;/b&gt;"]
    assert figure.data[1].name == "test (none)"


@pytest.mark.parametrize("lengths", [[1, 2, 2, 3], [5], [], [1, 4000]])
def test_lengths_are_shares_of_their_split(lengths: list[int]) -> None:
    figure = length_histogram({"train": lengths, "test": [2]}, [BLUE], title="Lengths")
    assert sum(figure.data[0].y) == pytest.approx(100 if lengths else 0)
    assert sum(figure.data[1].y) == pytest.approx(100)
    assert "words" in figure.layout.xaxis.title.text


@pytest.mark.parametrize("values", [[1.0], [1.0, 2.5, 5.0], []])
def test_value_histograms_hold_every_value(values: list[float]) -> None:
    figure = value_histogram({"train": values, "test": [-2.0, 7.5]}, BLUE, title="Values")
    assert sum(figure.data[0].y) == pytest.approx(100 if values else 0)
    assert sum(figure.data[1].y) == pytest.approx(100)
    assert figure.data[0].x[0] >= -2 and figure.data[0].x[-1] <= 7.5
    assert "values" in figure.layout.yaxis.title.text
