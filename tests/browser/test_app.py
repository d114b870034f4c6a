"""The main job in a real browser: start, watch, stop, resume, compare, ask; nothing shown is lost.

Screenshots go to tests/browser/screenshots (not committed), to be looked at by eye.
"""

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from mtl_core.runs.store import Run, Runs, State

from .conftest import ROOT, Server, serve

SCREENSHOTS = Path(__file__).with_name("screenshots")
WIDE = {"width": 1400, "height": 900}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    home = tmp_path_factory.mktemp("home")
    yield home
    for process in psutil.process_iter(["environ"]):
        with contextlib.suppress(psutil.Error):
            belongs = (process.info["environ"] or {}).get("MTL_HOME") == str(home)
            if belongs and process.pid != os.getpid():
                process.kill()


@pytest.fixture(scope="module")
def server(home: Path) -> Iterator[Server]:
    server = serve(ROOT / "app.py", MTL_HOME=str(home))
    yield server
    server.process.kill()
    server.process.wait()


def runs_of(home: Path) -> list[Run]:
    """Oldest first."""
    return list(Runs(home / "runs"))[::-1]


def until(condition: Callable[[], object], seconds: float = 120.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)


def picture(page: Any, name: str) -> None:
    """A screenshot of the whole page in each theme."""
    SCREENSHOTS.mkdir(exist_ok=True)
    for theme in ("dark", "light"):
        page.emulate_media(color_scheme=theme)
        page.wait_for_timeout(400)
        page.screenshot(path=SCREENSHOTS / f"{name}-{theme}.png", full_page=True)


def chart(page: Any, which: int = 0) -> dict[str, str]:
    """What a live chart says of itself."""
    return page.locator(".live-chart").nth(which).evaluate("chart => ({...chart.dataset})")


def points(page: Any) -> int:
    page.locator(".live-chart").first.wait_for(timeout=20_000)
    return int(chart(page)["points"])


def button(page: Any, name: str) -> Any:
    return page.get_by_role("button", name=name, exact=True)


def test_the_main_job_from_the_first_page_to_the_last(
    home: Path, server: Server, new_page: Callable[..., Any]
) -> None:
    page = new_page(viewport=WIDE, color_scheme="light")
    page.goto(server.address)
    button(page, "Start the experiment").wait_for(timeout=30_000)
    picture(page, "1-learn")

    # Set up: all four tasks and their twins, two epochs.
    button(page, "Make my own").click()
    epochs = page.get_by_label("Epochs")
    epochs.wait_for()
    epochs.fill("2")
    epochs.press("Enter")
    start = button(page, "Train 5 runs")
    start.wait_for()
    page.get_by_text("90 steps a run").or_(page.get_by_text("steps a run")).first.wait_for()
    picture(page, "2-experiment")
    start.click()

    # Watch.
    until(lambda: points(page) > 8)
    run = runs_of(home)[0]
    assert run.id in page.url
    seen = points(page)
    picture(page, "3-running")

    # Stop; what was drawn stays. Resume; it grows on.
    button(page, "Stop").click()
    until(lambda: run.status().state is State.STOPPED)
    button(page, "Resume").wait_for()
    assert points(page) >= seen
    seen = points(page)
    until(lambda: len(runs_of(home)) == 5)
    button(page, "Resume").click()
    until(lambda: all(r.status().state is State.FINISHED for r in runs_of(home)))
    page.get_by_text("Scores of the best checkpoint").wait_for(timeout=20_000)
    assert points(page) == 4 * run.status().steps > seen
    page.reload()
    until(lambda: points(page) > 0)
    picture(page, "4-finished")
    page.get_by_role("link", name="All runs").click()
    page.get_by_text("Every training, newest first").wait_for()
    picture(page, "5-runs")

    # Compare: every task beside its twin, and no winner from one seed.
    page.get_by_role("link", name="Compare").first.click()
    page.get_by_text("Did training together help?").wait_for()
    page.get_by_text("one seed: cannot tell").first.wait_for(timeout=20_000)
    picture(page, "6-compare")

    # Ask, with text that would like to be HTML.
    page.get_by_role("link", name="Predict").first.click()
    sentence = page.get_by_label("Your sentence")
    sentence.fill('Mia <img src=x onerror="window.hacked=1"> liked Oslo \U0001f600')
    page.get_by_text("onerror").first.wait_for(timeout=30_000)
    assert page.locator("mark, .answers").count() >= 0 and page.locator("img[src=x]").count() == 0
    assert page.evaluate("window.hacked") is None
    sentence.fill("Lena said the noodles at Kiku were not as bad as she had feared.")
    page.wait_for_timeout(1500)
    picture(page, "7-predict")
    for text in ("", "word " * 10_000):
        sentence.fill(text)
        page.wait_for_timeout(1500)
        assert page.get_by_text("Traceback").count() == 0
        assert sentence.is_visible()

    page.get_by_role("link", name="Data").first.click()
    page.get_by_text("City life (English)").first.wait_for(timeout=20_000)
    page.wait_for_timeout(1500)
    picture(page, "8-data")
    assert page.get_by_text("Traceback").count() == 0


def test_a_killed_web_server_a_reload_and_a_second_reader_lose_nothing(
    home: Path, new_page: Callable[..., Any]
) -> None:
    server = serve(ROOT / "app.py", MTL_HOME=str(home))
    page = new_page(viewport=WIDE)
    page.goto(f"{server.address}/experiment")
    epochs = page.get_by_label("Epochs")
    epochs.wait_for(timeout=30_000)
    epochs.fill("30")
    epochs.press("Enter")
    page.get_by_text("Train the single-task twins too").click()
    button(page, "Train").wait_for()
    button(page, "Train").click()
    until(lambda: points(page) > 8)
    run, seen = runs_of(home)[-1], points(page)

    os.kill(server.process.pid, signal.SIGKILL)
    server.process.wait()
    step = run.status().step
    until(lambda: run.status().step > step)  # training goes on without a server

    port = int(server.address.rsplit(":", 1)[1])
    server = serve(ROOT / "app.py", port=port, MTL_HOME=str(home))
    page.reload()
    until(lambda: points(page) >= seen)
    other = new_page(viewport=WIDE)
    other.goto(page.url)
    until(lambda: points(other) >= seen)
    other.close()
    button(page, "Stop").click()
    until(lambda: run.status().state is State.STOPPED)
    server.process.kill()
