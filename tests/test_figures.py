"""Pictures and figures about data: everything drawn, nothing of the user's text executed."""

import xml.etree.ElementTree as ET
from collections import Counter

import pytest

from mtl_core.analysis.colours import PALETTE
from mtl_core.analysis.drawing import MOST_ROWS, architecture, fold, in_words
from mtl_core.analysis.plots import MOST_LABELS, label_distribution, length_histogram
from mtl_core.config import METHODS
from mtl_core.config.sharing import Hard, SharingPart

from .small_models import small_sharing

TASKS = ("mood", "<script>&\"'", "topic")
BLUE = PALETTE["light"][0]


@pytest.mark.parametrize("sharing", METHODS["sharing"], ids=lambda part: part.label)
@pytest.mark.parametrize("blocks", [1, 2, 12, 48])
@pytest.mark.parametrize("tasks", [TASKS[:1], TASKS])
def test_every_strategy_is_drawn(
    sharing: type[SharingPart], blocks: int, tasks: tuple[str, ...]
) -> None:
    picture = small_sharing(sharing).picture(tasks, blocks)
    places = {task: i for i, task in enumerate(tasks)}
    root = ET.fromstring(architecture(picture, places, notes=dict.fromkeys(tasks, "a <label>")))
    space = "{http://www.w3.org/2000/svg}"
    titles = [title.text or "" for title in root.iter(f"{space}title")]
    assert len(titles) == len(fold(picture).boxes)
    assert all(any(task in title for title in titles) for task in tasks)
    assert not list(root.iter(f"{space}script"))
    assert tasks[-1] in in_words(picture)


def test_weights_are_drawn() -> None:
    picture = Hard().picture(("a", "b", "c"), 1)
    drawing = architecture(picture, {"a": 0, "b": 1, "c": 2}, weights={"a": 2.5, "b": 0.0})
    assert "weight 2.5" in drawing
    assert drawing.count("stroke-dasharray") == 1
    assert "weight 1" not in drawing


def test_a_tall_picture_is_folded_and_stays_connected() -> None:
    picture = Hard().picture(("a", "b"), 30)
    folded = fold(picture)
    assert max(box.row for box in folded.boxes) + 1 == MOST_ROWS
    names = {box.name for box in folded.boxes}
    assert {name for arrow in folded.arrows for name in arrow} == names
    assert any("more blocks" in box.label for box in folded.boxes)
    rows = {box.name: box.row for box in folded.boxes}
    assert all(rows[b] == rows[a] + 1 for a, b in folded.arrows)


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
