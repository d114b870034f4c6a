"""What can be seen into a model: kept over the steps, drawn with the right axes, scales and words."""

import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest
import torch

from mtl_core.analysis.axes import short
from mtl_core.analysis.colours import Theme
from mtl_core.analysis.figures_history import can_be_followed, history_figure
from mtl_core.analysis.figures_insight import insight_figure, sentence_figure, text_lines
from mtl_core.analysis.inks import DIVERGING, SEQUENTIAL
from mtl_core.analysis.insights import Record, Records, array_of, by_word, chosen
from mtl_core.analysis.scales import Scale, span_of, writer
from mtl_core.config import SharingPart
from mtl_core.config.encoder import BiLSTM
from mtl_core.config.sharing import SHARING_CHOICES
from mtl_core.models.insight import PIECE, WORD, Axis, Insight, axis, block_axis

from .small_models import first_rows, make

ROOT = Path(__file__).parents[1]
TASKS = axis("task", ("mood", "<b>places</b>", "tags"))


def insight(*axes: Axis, low: float | None = 0.0, sign: bool = False, **more: Any) -> Insight:
    """Values 0, 1, 2, ... in tenths; with `sign` around 0."""
    shape = tuple(len(a.ticks) for a in axes)
    values = np.arange(int(np.prod(shape))).reshape(shape) / 10 - (0.3 if sign else 0)
    return Insight("name", "Title", "Help.", axes, values.tolist(), low=low, **more)


def colour(task: str) -> str:
    return {"mood": "#ff0000", "tags": "#00ff00"}.get(task, "#0000ff")


def drawn(shown: Insight, theme: Theme = "light") -> go.Figure:
    figure = insight_figure(shown, colour, theme, span_of(shown))
    figure.to_json()  # plotly checks the rest
    return figure


def heat_maps(figure: go.Figure) -> list[go.Heatmap]:
    return [trace for trace in figure.data if isinstance(trace, go.Heatmap)]


def test_values_must_fit_the_axes() -> None:
    with pytest.raises(ValueError, match="has values"):
        array_of(Insight("a", "A", "", (TASKS,), [1.0, 2.0]))
    assert np.isnan(array_of(Insight("a", "A", "", (TASKS,), [1.0, None, 2.0]))[1])


def test_records_keep_every_step_and_the_last_look_at_a_step_holds() -> None:
    records = Records()
    for step, value in ((10, 1.0), (20, 3.0), (10, 2.0)):
        records.take(step, [Insight("a", "A", "", (), value).to_tree()])
    record = records.copies()["a"]
    assert record.steps == [10, 20] and record.span == (1.0, 3.0) and record.changes == 3
    assert [record.at(step).values for step in record.steps] == [2.0, 3.0]
    assert record.history().tolist() == [2.0, 3.0]
    records.take(30, [Insight("a", "A", "", (), 4.0).to_tree()])
    assert record.steps == [10, 20]  # what a viewer holds does not change under its hands


def test_a_record_begins_anew_where_the_axes_change() -> None:
    record = Record(insight(TASKS))
    record.put(1, insight(TASKS))
    record.put(2, insight(axis("task", ("mood",))))
    assert record.steps == [2] and record.at(2).axes[0].ticks == ("mood",)


def test_two_axes_are_a_heat_map_with_numbers_and_names() -> None:
    figure = drawn(insight(TASKS, block_axis(2), unit="share"))
    (cells,) = heat_maps(figure)
    assert np.allclose(cells.z, [[0, 0.1], [0.2, 0.3], [0.4, 0.5]])
    numbers = next(trace for trace in figure.data if trace.type == "scatter")
    assert list(numbers.text) == ["0.00", "0.10", "0.20", "0.30", "0.40", "0.50"]
    assert figure.layout.xaxis.title.text == "block"
    assert figure.layout.yaxis.title.text == "task"
    assert list(figure.layout.yaxis.ticktext)[1] == "&lt;b&gt;places&lt;/b&gt;"
    assert "task: mood<br>block: 2" in cells.hovertext[0][1]
    bar = figure.layout.coloraxis
    assert bar.colorbar.title.text == "share" and (bar.cmin, bar.cmax) == (0.0, 0.5)
    assert bar.colorscale[-1][1] == SEQUENTIAL["light"][-1]


def test_tasks_are_read_downwards_and_blocks_from_the_bottom() -> None:
    assert drawn(insight(TASKS, block_axis(2))).layout.yaxis.range == (2.5, -0.5)
    assert drawn(insight(block_axis(2), TASKS)).layout.yaxis.range == (-0.5, 1.5)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_both_signs_meet_at_the_middle_of_two_colours(theme: Theme) -> None:
    bar = drawn(insight(TASKS, block_axis(2), low=None, sign=True), theme).layout.coloraxis
    assert bar.cmin == -bar.cmax == pytest.approx(-0.3)
    assert bar.colorscale[0][1] == DIVERGING[theme][0]


def test_three_axes_are_heat_maps_side_by_side_on_one_scale() -> None:
    figure = drawn(insight(block_axis(12), TASKS, TASKS))
    assert len(heat_maps(figure)) == 12
    assert {cells.coloraxis for cells in heat_maps(figure)} == {"coloraxis"}
    titles = [note.text for note in figure.layout.annotations]
    assert titles == [f"block {i}" for i in range(1, 13)]
    columns = {a.domain for a in figure.select_xaxes()}
    rows = {a.domain for a in figure.select_yaxes()}
    assert len(columns) == 6 and len(rows) == 2


def test_sixteen_tasks_with_long_names_can_be_told_apart() -> None:
    names = axis("to task", (f"reviews of the domain {i}" for i in range(16)))
    figure = drawn(insight(names, names))
    assert not [trace for trace in figure.data if trace.type == "scatter"]  # no room for numbers
    ticks = list(figure.layout.xaxis.ticktext)
    assert len(set(ticks)) == 16 and max(map(len, ticks)) <= 18
    assert figure.layout.xaxis.tickangle != 0
    assert "reviews of the domain 11" in heat_maps(figure)[0].hovertext[11][0]
    assert short("entities") == "entities"


def test_one_axis_is_bars_in_the_tasks_colours_with_chance() -> None:
    figure = drawn(insight(TASKS, chance=0.15, unit="accuracy"))
    (bars,) = figure.data
    assert list(bars.marker.color) == ["#ff0000", "#0000ff", "#00ff00"]
    assert list(bars.text) == ["0.00", "0.10", "0.20"]
    assert figure.layout.shapes[0].x0 == 0.15 and "guessing" in figure.layout.annotations[0].text
    assert figure.layout.xaxis.title.text == "accuracy"
    assert isinstance(drawn(insight(block_axis(3))).data[0].marker.color, str)


def record_of(shown: Insight, looks: int) -> Record:
    record = Record(shown)
    for i in range(1, looks + 1):
        values = (np.asarray(shown.values) * i).tolist()
        record.put(
            10 * i, Insight(shown.name, "", "", shown.axes, values, chance=shown.chance, low=0.0)
        )
    return record


def test_a_number_is_a_line_over_the_steps_with_chance() -> None:
    figure = history_figure(
        record_of(Insight("a", "A", "", (), 0.2, chance=0.5), 3), colour, "dark"
    )
    (line,) = figure.data
    assert list(line.x) == [10, 20, 30] and np.allclose(line.y, [0.2, 0.4, 0.6], atol=1e-6)
    assert figure.layout.shapes[0].y0 == 0.5


def test_a_matrix_over_the_steps_has_a_panel_for_each_row() -> None:
    stitches = insight(block_axis(2), axis("to task", ("mood", "tags")), TASKS)
    record = record_of(stitches, 2)
    figure = history_figure(record, colour, "light")
    assert len(figure.data) == 2 * 2 * 3
    assert [note.text for note in figure.layout.annotations][:2] == [
        "block 1 · to mood",
        "block 1 · to tags",
    ]
    assert [trace.name for trace in figure.data if trace.showlegend][0] == "mood"
    assert figure.data[0].line.color == "#ff0000"
    assert np.allclose(figure.data[-1].y, [1.1, 2.2], atol=1e-6)
    assert can_be_followed(record) and not can_be_followed(record_of(stitches, 1))
    large = insight(block_axis(12), TASKS, TASKS)
    assert not can_be_followed(record_of(large, 2))


def test_words_run_from_left_to_right_and_long_texts_go_on_below() -> None:
    words = [f"word{i:02}" for i in range(40)]
    lines = text_lines(words)
    assert [words[a:b] for a, b in lines] == [words[:14], words[14:28], words[28:]]
    assert text_lines([]) == [(0, 0)] and text_lines(["x" * 500, "y"]) == [(0, 1), (1, 2)]
    shown = insight(axis("source", ("shared", "mood")), axis(WORD, words))
    figure = sentence_figure(shown, "light")
    found = heat_maps(figure)
    assert [len(cells.z[0]) for cells in found] == [14, 14, 12]
    assert np.allclose(found[1].z[0], np.arange(14, 28) / 10)
    assert all(a.range == (-0.5, 13.5) for a in figure.select_xaxes())
    assert "source: mood<br>word: word14" in found[1].hovertext[1][0]
    assert sentence_figure(insight(axis(WORD, words[:3])), "dark").data[0].z


def test_only_what_has_words_is_shown_of_a_sentence() -> None:
    word = axis(WORD, ("a", "b"))
    trees = [insight(TASKS, word).to_tree(), insight(TASKS).to_tree(), insight().to_tree()]
    assert [len(found.axes) for found in by_word(trees)] == [2]
    three = insight(TASKS, axis("expert", (1, 2)), word)
    assert chosen(three, [1]).values == np.asarray(three.values)[1].tolist()
    assert chosen(three, [1]).axes == three.axes[1:]


@pytest.mark.parametrize("sharing", SHARING_CHOICES, ids=lambda choice: choice.kind_name())
def test_what_every_strategy_shows_can_be_drawn(sharing: type[SharingPart]) -> None:
    model, table = make(sharing, BiLSTM)
    model.eval()
    with torch.no_grad():
        model.losses(first_rows(table, 4))
    record = Records()
    for shown in model.sharing.insight():
        assert shown.title and shown.help and not array_of(shown).dtype.hasobject
        if shown.axes:
            drawn(shown)
        record.take(1, [shown.to_tree()])
    for kept in record.copies().values():
        history_figure(kept, colour, "dark").to_json()
    for shown in model.sharing.insight_by_piece():
        assert shown.axes[-1].name == PIECE
        words = axis(WORD, range(array_of_pieces(shown).shape[-1]))
        by_words = replace(shown, axes=(*shown.axes[:-1], words))
        sentence_figure(chosen(by_words, [0] * (len(shown.axes) - 2)), "light").to_json()


def array_of_pieces(shown: Insight) -> "np.ndarray":
    """Before answers turn them into words, the pieces have no names."""
    return np.asarray(shown.values, dtype=float)


def test_numbers_have_as_many_digits_as_they_need() -> None:
    spans = {(0, 250): "250", (0, 31): "31.0", (-2, 1): "1.00", (0, 0.04): "0.040"}
    for span, text in spans.items():
        assert writer(span)(span[1]) == text
    assert writer((-1, 1))(-0.001) == "0.00" and writer((0, 1))(float("nan")) == ""
    assert writer((-1, 1))(-0.5) == "\N{MINUS SIGN}0.50"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_numbers_can_be_read_on_every_colour(theme: Theme) -> None:
    for sign in (False, True):
        scale = Scale.of(insight(TASKS, TASKS, low=None, sign=sign), (-0.3 * sign, 0.5), theme)
        for value in np.linspace(scale.low, scale.high, len(scale.colours)):
            place = round((value - scale.low) / (scale.high - scale.low) * 9)
            assert contrast(scale.ink(value), scale.colours[place]) > 4


def contrast(one: str, other: str) -> float:
    """WCAG 2.1, written from its definition."""

    def light(hexa: str) -> float:
        parts = [int(hexa[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((light(one), light(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_equal_values_and_small_shares_have_a_scale() -> None:
    same = Insight("a", "A", "", (TASKS,), [0.2, 0.2, 0.2])
    assert Scale.of(same, span_of(same), "light").low < Scale.of(same, span_of(same), "light").high
    shares = Insight("a", "A", "", (TASKS,), [0.1, 0.2, 0.1], low=0.0, high=1.0)
    scale = Scale.of(shares, span_of(shares), "light")
    assert (scale.low, scale.high) == (0.0, 0.2)


def test_the_scales_are_the_themes() -> None:
    config = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text("utf-8"))
    for theme in ("light", "dark"):
        assert tuple(config["theme"][theme]["chartSequentialColors"]) == SEQUENTIAL[theme]
        assert tuple(config["theme"][theme]["chartDivergingColors"]) == DIVERGING[theme]
