"""The main job in a real browser: start, watch, stop, resume, compare, ask; nothing shown is lost.

With MTL_PICTURES=1 screenshots go to tests/browser/screenshots (not committed), to be looked at
by eye.
"""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mtl_core.runs.store import Run, Runs, State
from tests.conftest import kill_all_of

from .conftest import ROOT, Server, serve, until

SCREENSHOTS = Path(__file__).with_name("screenshots")
WIDE = {"width": 1400, "height": 900}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    home = tmp_path_factory.mktemp("home")
    yield home
    kill_all_of(home)


@pytest.fixture(scope="module")
def server(home: Path) -> Iterator[Server]:
    server = serve(ROOT / "app.py", MTL_HOME=str(home))
    yield server
    server.process.kill()
    server.process.wait()


def runs_of(home: Path) -> list[Run]:
    """Oldest first."""
    return list(Runs(home / "runs"))[::-1]


def picture(page: Any, name: str) -> None:
    """A screenshot of the whole page in each theme, where they are wanted."""
    if not os.environ.get("MTL_PICTURES"):
        return
    SCREENSHOTS.mkdir(exist_ok=True)
    page.set_viewport_size({**WIDE, "height": 2200})  # the page scrolls inside its window
    for theme in ("dark", "light"):
        page.emulate_media(color_scheme=theme)
        page.wait_for_timeout(400)
        page.screenshot(path=SCREENSHOTS / f"{name}-{theme}.png")
    page.set_viewport_size(WIDE)


def chart(page: Any, which: int = 0) -> dict[str, str]:
    """What a live chart says of itself."""
    return page.locator(".live-chart").nth(which).evaluate("chart => ({...chart.dataset})")


def points(page: Any) -> int:
    page.locator(".live-chart").first.wait_for(timeout=20_000)
    return int(chart(page)["points"])


def button(page: Any, name: str) -> Any:
    return page.get_by_role("button", name=name, exact=True)


def set_epochs(page: Any, count: int) -> None:
    field = page.get_by_role("spinbutton", name="Epochs")
    field.wait_for(timeout=30_000)
    field.fill(str(count))
    field.press("Enter")


def learn_and_set_up(page: Any, address: str) -> None:
    """From the first page to a click on Train: two tasks, their twins, one epoch."""
    page.goto(address)
    button(page, "Start the experiment").wait_for(timeout=30_000)
    picture(page, "1-learn")
    button(page, "Make my own").click()
    set_epochs(page, 1)
    button(page, "Train 5 runs").wait_for()
    page.wait_for_timeout(500)
    picture(page, "2-experiment")
    button(page, "topic · a label a sentence").click()
    button(page, "entities · names and phrases").click()
    button(page, "Train 3 runs").click()


def watch_stop_and_resume(page: Any, home: Path) -> None:
    """What was drawn stays when the run stops, and grows when it goes on."""
    until(lambda: points(page) > 8)
    run = runs_of(home)[0]
    assert run.id in page.url
    seen = points(page)
    button(page, "Stop").click()
    until(lambda: run.status().state is State.STOPPED)
    button(page, "Resume").wait_for(timeout=20_000)
    assert points(page) >= seen
    seen = points(page)
    button(page, "Resume").click()
    until(lambda: points(page) > seen)
    picture(page, "3-running")
    until(lambda: all(r.status().state is State.FINISHED for r in runs_of(home)), 300)
    page.get_by_text("Scores of the best checkpoint").wait_for(timeout=20_000)
    assert points(page) == 2 * run.status().steps > seen
    page.reload()
    until(lambda: points(page) > 0)
    picture(page, "4-finished")
    page.get_by_role("link", name="All runs").click()
    page.get_by_text("Every training, newest first").wait_for()
    page.wait_for_timeout(500)
    picture(page, "5-runs")


def compare(page: Any) -> None:
    """Every task beside its twin, and no winner from one seed."""
    page.get_by_role("link", name="Compare").first.click()
    page.get_by_text("Did training together help?").wait_for()
    page.get_by_text("one seed: cannot tell").first.wait_for(timeout=20_000)
    picture(page, "6-compare")


def ask(page: Any) -> None:
    """Typed text is answered by every task; text that would like to be HTML stays text."""
    page.get_by_role("link", name="Predict").first.click()
    sentence = page.get_by_role("textbox", name="Your sentence")
    sentence.wait_for(timeout=20_000)
    sentence.fill('Mia <img src=x onerror="window.hacked=1"> liked Oslo \U0001f600')
    page.get_by_text("onerror").last.wait_for(timeout=30_000)
    page.wait_for_timeout(1000)
    assert page.locator("img[src=x]").count() == 0
    assert page.evaluate("window.hacked") is None
    for text in ("", "word " * 10_000):
        sentence.fill(text)
        page.wait_for_timeout(1500)
        assert page.get_by_text("Traceback").count() == 0 and sentence.is_visible()
    page.get_by_text("256 words at most").first.wait_for(timeout=20_000)
    sentence.fill("Lena said the noodles at Kiku were not as bad as she had feared.")
    page.get_by_text("noodles").last.wait_for(timeout=20_000)
    page.wait_for_timeout(1500)
    picture(page, "7-predict")


def look_at_data(page: Any) -> None:
    page.get_by_role("link", name="Data").first.click()
    page.get_by_text("City life (English)").first.wait_for(timeout=20_000)
    page.wait_for_timeout(1500)
    picture(page, "8-data")
    assert page.get_by_text("Traceback").count() == 0


def test_the_main_job_from_the_first_page_to_the_last(
    home: Path, server: Server, new_page: Callable[..., Any]
) -> None:
    page = new_page(viewport=WIDE)
    learn_and_set_up(page, server.address)
    watch_stop_and_resume(page, home)
    compare(page)
    ask(page)
    look_at_data(page)


def test_a_method_is_stepped_over_two_losses(server: Server, new_page: Callable[..., Any]) -> None:
    page = new_page(viewport=WIDE)
    page.goto(server.address)
    page.get_by_text("Playground: a method on two losses").click()
    said = page.locator(".js-plotly-plot .slider-label").first
    said.wait_for(timeout=60_000)
    assert (said.text_content() or "").startswith("step 0: cosine")
    picture(page, "playground")
    page.locator(".updatemenu-button", has_text="Play").click()
    until(lambda: "(conflict)" in (said.text_content() or ""), 30)
    page.get_by_text("ends on the Pareto set").wait_for()


def test_a_killed_web_server_a_reload_and_a_second_reader_lose_nothing(
    home: Path, server: Server, new_page: Callable[..., Any]
) -> None:
    page = new_page(viewport=WIDE)
    page.goto(f"{server.address}/experiment")
    set_epochs(page, 30)
    page.get_by_text("Train the single-task twins too").click()
    button(page, "Train").click()
    until(lambda: points(page) > 8)
    run, seen = runs_of(home)[-1], points(page)

    os.kill(server.process.pid, signal.SIGKILL)
    server.process.wait()
    step = run.status().step
    until(lambda: run.status().step > step)  # training goes on without a server

    port = int(server.address.rsplit(":", 1)[1])
    second = serve(ROOT / "app.py", port=port, MTL_HOME=str(home))
    page.reload()
    until(lambda: points(page) >= seen)
    page.get_by_role("link", name="Compare").first.wait_for()  # the menu is there too
    other = new_page(viewport=WIDE)
    other.goto(page.url)
    until(lambda: points(other) >= seen)
    other.close()
    button(page, "Stop").click()
    until(lambda: run.status().state is State.STOPPED)
    second.process.kill()
