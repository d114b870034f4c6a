"""The live chart in a real browser: it draws, it does not flicker, it keeps what the reader did."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from .conftest import serve

APP = Path(__file__).with_name("live_chart_app.py")
CHART = ".live-chart"


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    server = serve(APP)
    yield server.address
    server.process.terminate()
    server.process.wait(timeout=10)


@pytest.fixture
def page(new_page: Callable[..., Any], address: str) -> Any:
    page = new_page(viewport={"width": 900, "height": 700})
    page.goto(address)
    page.get_by_text("waiting for the first step").wait_for()
    return page


def train(page: Any) -> None:
    page.get_by_role("button", name="train", exact=True).click()


def seen(page: Any) -> dict[str, str]:
    """What the chart says of itself in its data-... attributes."""
    return page.locator(CHART).evaluate("chart => ({...chart.dataset})")


def wait_for_points(page: Any, more_than: int = 0) -> int:
    page.wait_for_function(
        "([path, least]) => {"
        "  const hosts = [...document.querySelectorAll('*')].filter(node => node.shadowRoot);"
        "  const charts = hosts.map(host => host.shadowRoot.querySelector(path));"
        "  return charts.some(chart => chart && Number(chart.dataset.points) > least);"
        "}",
        arg=[CHART, more_than],
        timeout=8000,
    )
    return int(seen(page)["points"])


def zoom(page: Any) -> dict[str, str]:
    box = page.locator(".u-over").bounding_box()
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * 0.2, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.6, middle, steps=3)
    page.mouse.up()
    page.wait_for_timeout(50)
    return seen(page)


def test_draws_soon_and_reads_labels_as_text(page: Any) -> None:
    assert seen(page)["points"] == "0"
    begun = time.monotonic()
    train(page)
    points = wait_for_points(page)
    assert time.monotonic() - begun < 2  # the promise is 1; a busy machine gets twice that
    assert not page.get_by_text("waiting for the first step").is_visible()
    plot = page.get_by_role("img", name="Loss of two tasks against step")
    assert plot.is_visible()
    wait_for_points(page, points)
    table = page.locator(f"{CHART} table")
    assert "onerror" in table.inner_text() and page.locator(f"{CHART} img").count() == 0
    assert page.title() != "run"


def test_zoom_and_hidden_curves_outlive_new_data_in_the_same_nodes(page: Any) -> None:
    train(page)
    wait_for_points(page, 20)
    page.evaluate(
        "path => { const host = [...document.querySelectorAll('*')].find("
        "  node => node.shadowRoot?.querySelector(path));"
        "window.chart = host.shadowRoot.querySelector(path);"
        "window.canvas = window.chart.querySelector('canvas'); }",
        CHART,
    )
    page.locator(CHART).get_by_role("button", name="tone").focus()
    page.keyboard.press("Enter")
    zoomed = zoom(page)
    assert zoomed["zoomed"] == "true" and zoomed["hidden"] == "tone/train/loss"
    wait_for_points(page, int(zoomed["points"]) + 8)  # more than one tick later
    later = seen(page)
    for kept in ("xmin", "xmax", "zoomed", "hidden"):
        assert later[kept] == zoomed[kept]
    assert page.evaluate("window.chart.isConnected && window.canvas.isConnected")

    page.get_by_role("button", name="reset zoom").click()
    page.wait_for_timeout(50)
    whole = seen(page)
    assert whole["zoomed"] == "false" and float(whole["xmin"]) == 1
    assert float(whole["xmax"]) > float(zoomed["xmax"])
    assert not page.get_by_role("button", name="reset zoom").is_visible()


def test_a_later_curve_a_lost_message_and_a_new_mount_lose_nothing(page: Any) -> None:
    train(page)
    wait_for_points(page)
    page.get_by_role("button", name="evaluate").click()
    page.get_by_role("button", name="NER, held out").wait_for(timeout=8000)
    zoomed = zoom(page)
    page.get_by_role("button", name="lose a message").click()
    wait_for_points(page, int(zoomed["points"]) + 8)
    page.get_by_text("shown").click()
    page.locator(CHART).wait_for(state="detached")
    page.get_by_text("shown").click()
    page.locator(CHART).wait_for()
    points = wait_for_points(page, int(zoomed["points"]) + 16)
    state = seen(page)
    assert state["xmax"] == zoomed["xmax"] and state["zoomed"] == "true"
    page.locator(".u-over").dblclick()
    page.wait_for_timeout(50)
    steps = float(seen(page)["xmax"])
    assert points <= 2 * steps + steps / 20 + 1  # each step once, in every curve


def test_tools_switch_scale_and_smoothing(page: Any) -> None:
    train(page)
    wait_for_points(page)
    assert seen(page)["scale"] == "linear"
    log, smooth = (page.get_by_role("button", name=name, exact=True) for name in ("log", "smooth"))
    log.click()
    assert log.get_attribute("aria-pressed") == "true"
    page.wait_for_timeout(50)
    assert seen(page)["scale"] == "log"
    smooth.click()
    assert smooth.get_attribute("aria-pressed") == "true"
    wait_for_points(page, int(seen(page)["points"]))
