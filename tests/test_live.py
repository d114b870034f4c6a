"""What the live chart sends: only what is new, nothing lost, no spike smoothed away."""

import math
from array import array
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from pages._live import POINTS, Line, Stream, min_max, next_message


def line(name: str, values: list[float], start: int = 1) -> Line:
    steps = array("q", range(start, start + len(values)))
    return Line(name, name.upper(), "#000", steps, array("d", values))


def face(*lines: Line) -> dict[str, Any]:
    return {"x": "step", "lines": [{"name": each.name} for each in lines]}


def tick(stream: Stream, *lines: Line) -> dict[str, Any]:
    return next_message(stream, face(*lines), lines)


@given(st.lists(st.floats(-1e6, 1e6) | st.just(math.nan), min_size=1, max_size=3000))
def test_thinning_keeps_the_ends_and_the_extremes(values: list[float]) -> None:
    array_ = np.array(values)
    places = min_max(array_, 100)
    kept = array_[places]
    assert len(places) <= 100 or len(values) <= 100
    assert (np.diff(places) > 0).all()
    assert places[0] == 0 and places[-1] == len(values) - 1
    if np.isfinite(array_).any():
        assert np.nanmin(kept) == np.nanmin(array_) and np.nanmax(kept) == np.nanmax(array_)


def test_a_long_gap_stays_a_gap() -> None:
    values = np.ones(10_000)
    values[4000:6000] = math.nan
    assert np.isnan(values[min_max(values)]).any()


def test_first_everything_then_only_what_is_new() -> None:
    stream = Stream()
    first = tick(stream, line("a", [3.0, 2.0]))
    assert first["full"] and first["face"]
    assert first["points"] == [{"line": 0, "x": [1, 2], "y": [3.0, 2.0]}]
    second = tick(stream, line("a", [3.0, 2.0, 1.0]))
    assert second == {
        "epoch": first["epoch"],
        "number": 1,
        "points": [{"line": 0, "x": [3], "y": [1.0]}],
    }


def test_nothing_new_is_the_same_message_again_so_that_the_browser_rests() -> None:
    stream = Stream()
    curve = line("a", [3.0])
    tick(stream, curve)
    quiet = tick(stream, curve)
    assert "points" not in quiet
    assert tick(stream, curve) == quiet
    assert tick(stream, line("a", [3.0, 2.0]))["number"] == quiet["number"] + 1


def test_a_later_line_comes_whole_and_a_line_taken_away_may_come_back() -> None:
    stream = Stream()
    a, b = line("a", [1.0, 2.0]), line("b", [5.0], start=2)
    tick(stream, a)
    later = tick(stream, a, b)
    assert later["points"] == [{"line": 1, "x": [2], "y": [5.0]}]
    assert [each["name"] for each in later["face"]["lines"]] == ["a", "b"]
    tick(stream, a)
    assert tick(stream, a, b)["points"] == later["points"]


def test_the_last_value_may_be_replaced() -> None:
    stream = Stream()
    tick(stream, line("a", [1.0, 2.0]))
    message = tick(stream, line("a", [1.0, 9.0, 3.0]))
    assert message["points"] == [{"line": 0, "x": [2, 3], "y": [9.0, 3.0]}]


@pytest.mark.parametrize(
    "rewritten",
    [
        [1.0, 7.0, 3.0, 4.0],  # a value in the middle, as when a run resumes from earlier
        [1.0, 2.0],  # shorter
        [],
    ],
)
def test_a_rewritten_past_is_sent_anew(rewritten: list[float]) -> None:
    stream = Stream()
    tick(stream, line("a", [1.0, 2.0, 3.0, 4.0]))
    (entry,) = tick(stream, line("a", rewritten))["points"]
    assert entry["anew"] and entry["y"] == rewritten


def test_a_new_stream_tells_everything_under_a_new_name() -> None:
    one, other = tick(Stream(), line("a", [1.0])), tick(Stream(), line("a", [1.0]))
    assert one["epoch"] != other["epoch"] and other["full"]


def test_long_lines_are_thinned_and_carry_means_for_smoothing() -> None:
    values = np.random.default_rng(0).exponential(size=50_000)  # its middle is not its mean
    values[31_234] = 99.0
    (entry,) = tick(Stream(), line("a", values.tolist()))["points"]
    assert len(entry["x"]) == len(entry["y"]) == len(entry["mean"]) <= POINTS
    assert 99.0 in entry["y"] and entry["x"][-1] == 50_000
    weights = np.gradient(np.array(entry["x"], dtype=float))
    assert np.average(entry["mean"], weights=weights) == pytest.approx(values.mean(), rel=0.05)


def test_what_is_not_a_number_is_a_gap() -> None:
    (entry,) = tick(Stream(), line("a", [1.0, math.nan, math.inf]))["points"]
    assert entry["y"] == [1.0, None, None]


def test_lengths_must_agree() -> None:
    with pytest.raises(ValueError, match="line 'a' has 2 steps but 1 values"):
        Line("a", "A", "#000", [1, 2], [1.0])


def test_names_must_differ() -> None:
    with pytest.raises(ValueError, match="two lines of one chart are named 'a'"):
        tick(Stream(), line("a", [1.0]), line("a", [2.0]))


def test_mounts_in_an_app_and_sends_increments() -> None:
    def app() -> None:
        import streamlit as st

        from pages._live import Line, live_chart

        count = st.session_state["count"] = st.session_state.get("count", 99) + 1
        values = [1.0] * count
        lines = [Line("a", "A", "#000", range(count), values)]
        live_chart(lines, key="k", title="Loss", x_label="step", y_label="nats", alt="Loss")

    test = AppTest.from_function(app, default_timeout=30).run()
    assert not test.exception
    assert test.session_state["_live_chart/k"].sent["a"].count == 100
    test.run()
    assert test.session_state["_live_chart/k"].latest["points"] == [
        {"line": 0, "x": [100], "y": [1.0]}
    ]


def test_a_young_chart_sends_all_its_points_each_time_so_that_none_is_missed() -> None:
    def app() -> None:
        import streamlit as st

        from pages._live import Line, live_chart

        count = st.session_state["count"] = st.session_state.get("count", 1) + 1
        lines = [Line("a", "A", "#000", range(count), [1.0] * count)]
        live_chart(lines, key="k", title="Loss", x_label="step", y_label="nats", alt="Loss")

    test = AppTest.from_function(app, default_timeout=30).run()
    test.run()
    latest = test.session_state["_live_chart/k"].latest
    assert latest["full"] and latest["points"][0]["x"] == [0, 1, 2]


def test_a_preloaded_chart_never_asks_for_anything() -> None:
    def app() -> None:
        from pages._live import preload

        preload()

    test = AppTest.from_function(app, default_timeout=30).run()
    first = test.session_state["_live_chart/preload"].latest
    assert first["full"] and first["number"] == 0
    assert test.run().session_state["_live_chart/preload"].latest == first


def test_the_component_travels_with_its_licence() -> None:
    import mtl_core

    assets = Path(mtl_core.__file__).parent / "analysis" / "live_chart"
    assert "MIT License" in (assets / "uPlot.LICENSE").read_text()
    for asset in ("live_chart.js", "live_chart.css", "uPlot.esm.js"):
        assert (assets / asset).is_file()
