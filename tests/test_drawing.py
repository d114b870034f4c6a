"""Pictures of models: every strategy drawn, arrows clear of boxes, nothing of user text executed."""

import re
import xml.etree.ElementTree as ET
from typing import Literal, get_args, get_origin

import numpy as np
import pytest

from mtl_core.analysis.drawing import architecture, in_words
from mtl_core.analysis.folding import MOST_COLUMNS, MOST_ROWS, columns_of, fold, with_few_tasks
from mtl_core.analysis.routes import Router, Spot
from mtl_core.config import Box, Picture, SharingPart
from mtl_core.config.picture import Sketch
from mtl_core.config.sharing import SHARING_CHOICES, Hard

TASKS = ("mood", "<script>&\"'", "topic")
MANY = tuple(f"task {i}" for i in range(16))
SIZES = [(2, 2), (4, 2), (3, 6), (16, 2), (3, 30)]
SVG = "{http://www.w3.org/2000/svg}"


def variants() -> list[tuple[str, SharingPart]]:
    """Every strategy, and with each of its switches and choices set otherwise."""
    found: list[tuple[str, SharingPart]] = []
    for choice in SHARING_CHOICES:
        found.append((choice.kind_name(), choice()))
        for name, field in choice.model_fields.items():
            values = get_args(field.annotation) if get_origin(field.annotation) is Literal else ()
            values = (True, False) if field.annotation is bool else values
            others = [value for value in values if value != field.default and name != "kind"]
            found += [(f"{choice.kind_name()}-{v}", choice(**{name: v})) for v in others]
    return [(name, sharing) for name, sharing in found if _is_new(sharing, found)]


def _is_new(sharing: SharingPart, found: list[tuple[str, SharingPart]]) -> bool:
    """Whether no earlier one has the same picture."""
    drawn = sharing.picture(TASKS, 3)
    earlier = [one for _, one in found if type(one) is type(sharing)]
    return not any(one.picture(TASKS, 3) == drawn for one in earlier[: earlier.index(sharing)])


VARIANTS = variants()
each_variant = pytest.mark.parametrize(
    "sharing", [sharing for _, sharing in VARIANTS], ids=[name for name, _ in VARIANTS]
)


@each_variant
@pytest.mark.parametrize("blocks", [1, 2, 12, 48])
@pytest.mark.parametrize("tasks", [TASKS[:1], TASKS])
def test_every_strategy_is_drawn(sharing: SharingPart, blocks: int, tasks: tuple[str, ...]) -> None:
    picture = sharing.picture(tasks, blocks)
    places = {task: i for i, task in enumerate(tasks)}
    root = ET.fromstring(architecture(picture, places, notes=dict.fromkeys(tasks, "a <label>")))
    titles = [title.text or "" for title in root.iter(f"{SVG}title")]
    assert len(titles) == len(fold(picture).boxes)
    assert all(any(task in title for title in titles) for task in tasks)
    assert not list(root.iter(f"{SVG}script"))
    assert tasks[-1] in in_words(picture)


@pytest.mark.parametrize(("tasks", "blocks"), SIZES)
@each_variant
def test_no_arrow_runs_over_a_box_and_no_box_over_another(
    sharing: SharingPart, tasks: int, blocks: int
) -> None:
    picture = with_few_tasks(lambda some: sharing.picture(some, blocks), MANY[:tasks])
    root = ET.fromstring(architecture(picture, {}))
    boxes = [_rectangle(group.find(f"{SVG}rect")) for group in root.iter(f"{SVG}g")]
    for i, one in enumerate(boxes):
        assert not [other for other in boxes[:i] if _overlap(one, other)]
    lines = [path.get("d", "") for path in root.iter(f"{SVG}path") if path.get("fill") == "none"]
    assert len(lines) == len(fold(picture).arrows)
    for line in lines:
        points = walked(line)
        assert not [box for box in boxes if _holds(box, points)], line


Rectangle = tuple[float, float, float, float]


def _rectangle(rect: ET.Element | None) -> Rectangle:
    assert rect is not None
    x, y, w, h = (float(rect.get(key, "")) for key in ("x", "y", "width", "height"))
    return x, y, x + w, y + h


def _overlap(a: Rectangle, b: Rectangle) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _holds(box: Rectangle, points: "np.ndarray") -> bool:
    low, high = np.array(box[:2]) + 1, np.array(box[2:]) - 1
    return bool(((low < points) & (points < high)).all(1).any())


def walked(path: str) -> "np.ndarray":
    """Places along a path of M, H, V, Q and C: (place, 2)."""
    found, at = [], np.zeros(2)
    for command, text in re.findall(r"([MHVQC])([^MHVQC]*)", path):
        numbers = np.array([float(n) for n in text.split()])
        if command == "H":
            numbers = np.array([numbers[0], at[1]])
        elif command == "V":
            numbers = np.array([at[0], numbers[0]])
        points = numbers.reshape(-1, 2)
        found.append(_bezier(points if command == "M" else np.vstack([at, points])))
        at = points[-1]
    return np.vstack(found)


def _bezier(points: "np.ndarray") -> "np.ndarray":
    """De Casteljau, at 41 places."""
    t = np.linspace(0, 1, 41)[:, None, None]
    curve = np.broadcast_to(points, (41, *points.shape))
    while curve.shape[1] > 1:
        curve = (1 - t) * curve[:, :-1] + t * curve[:, 1:]
    return curve[:, 0]


def test_small_boxes_are_pills_between_the_rows() -> None:
    sketch = Sketch()
    below = [sketch.box("Words", 0, i, (task,)) for i, task in enumerate("ab")]
    gate = sketch.above(below, "gate", 0.5, 0.5, ("a", "b"), small=True)
    sketch.head(gate, "a", 1, 0)
    picture = sketch.picture()
    root = ET.fromstring(architecture(picture, {"a": 0, "b": 1}))
    groups = {group.findtext(f"{SVG}text"): group for group in root.iter(f"{SVG}g")}
    words, pill, head = (_rectangle(groups[n].find(f"{SVG}rect")) for n in ("Words", "gate", "a"))
    assert pill[3] - pill[1] < words[3] - words[1] and pill[2] - pill[0] < words[2] - words[0]
    assert head[3] < pill[1] < pill[3] < words[1]
    assert "Between them: 1 × gate." in in_words(picture)


def test_arrows_go_sideways_in_a_row_and_around_what_stands_between() -> None:
    left, right = Spot(50, 50, 60, 30), Spot(150, 50, 60, 30)
    assert np.allclose(walked(Router([left, right]).route(left, right).line)[:, 1], 50)
    low, middle, high = (Spot(50, y, 60, 30) for y in (200, 120, 40))
    router = Router([low, middle, high])
    line = walked(router.route(low, high).line)
    assert tuple(line[0]) == (80, 200) and line[-1][0] == 50
    assert not _holds((20, 105, 80, 135), line) and router.used == [88.0]
    assert np.allclose(walked(router.route(low, middle).line)[:, 0], 50)


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
    assert any("26 more blocks" in box.label for box in folded.boxes)
    rows = {box.name: box.row for box in folded.boxes}
    assert all(rows[b] == rows[a] + 1 for a, b in folded.arrows)


def test_folding_keeps_one_small_box_of_a_sort_and_those_that_occur_once() -> None:
    boxes = [Box(f"block {i}", f"Block {i}", i, 0, ("a", "b")) for i in range(20)]
    boxes += [Box(f"gate {i}", "gate", i + 0.5, 0, ("a",), True) for i in range(19)]
    boxes += [Box("read", "read", 9.5, 1, ("b",), True)]
    arrows = [(f"block {i}", f"gate {i}") for i in range(19)]
    arrows += [(f"gate {i}", f"block {i + 1}") for i in range(19)] + [("block 9", "read")]
    folded = fold(Picture(tuple(boxes), tuple(arrows)))
    labels = [box.label for box in folded.boxes]
    assert labels.count("read") == 1 and "Block 9" in labels
    assert [label for label in labels if "more" in label] == ["6 more blocks", "8 more blocks"]
    assert sum("gate" in label for label in labels) == len(labels) // 2 - 1
    rows = {box.name: box.row for box in folded.boxes}
    assert all(rows[a] < rows[b] for a, b in folded.arrows)
    assert {name for arrow in folded.arrows for name in arrow} == set(rows)


@each_variant
def test_many_tasks_are_drawn_as_some_and_the_rest(sharing: SharingPart) -> None:
    picture = with_few_tasks(lambda tasks: sharing.picture(tasks, 2), MANY)
    assert columns_of(picture) <= MOST_COLUMNS + 1
    named = {task for box in picture.boxes for task in box.tasks}
    rest = next(task for task in named if task.endswith(" more"))
    assert len(named) - 1 + int(rest.split()[0]) == 16
    few = with_few_tasks(lambda tasks: sharing.picture(tasks, 2), MANY[:4])
    assert {task for box in few.boxes for task in box.tasks} == set(MANY[:4])
