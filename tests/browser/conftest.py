"""A real Chromium, and the app (or any script) served as a user would start it."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import pytest

ROOT = Path(__file__).parents[2]
NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM = next(filter(None, map(shutil.which, NAMES)), None)
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here drives a browser; where there is none, say so and skip."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.slow)
            if CHROMIUM is None:
                item.add_marker(pytest.mark.skip(reason=f"no Chromium here ({', '.join(NAMES)})"))


@dataclass
class Server:
    """A Streamlit server and where it answers."""

    process: "subprocess.Popen[bytes]"
    address: str


def serve(script: Path, port: int = 0, **environment: str) -> Server:
    """Start a script's web server and wait until it answers."""
    if not port:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", str(script), f"--server.port={port}"]
        + ["--server.address=127.0.0.1", "--server.headless=true", "--server.fileWatcherType=none"]
        + ["--browser.gatherUsageStats=false"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert process.poll() is None, "the app did not start"
        try:
            with urlopen(f"{address}/_stcore/health", timeout=1):
                return Server(process, address)
        except (URLError, OSError):
            time.sleep(0.1)
    raise AssertionError("the app did not answer")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """The browser, one for all tests."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def profiles(chromium: Any) -> Iterator[dict[str, Any]]:
    """Browser profiles by their options: what the app is made of is fetched once for each."""
    found: dict[str, Any] = {}
    yield found
    for profile in found.values():
        profile.close()


@pytest.fixture
def new_page(chromium: Any, profiles: dict[str, Any]) -> Iterator[Callable[..., Any]]:
    """Opens pages, each a reader of its own; fails the test if one threw a script error."""
    pages: list[Any] = []
    errors: list[str] = []

    def opened(**options: Any) -> Any:
        if str(options) not in profiles:
            profiles[str(options)] = chromium.new_context(**options)
        page = profiles[str(options)].new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        pages.append(page)
        return page

    yield opened
    for page in pages:
        page.close()
    assert not errors


def until(condition: Callable[[], Any], seconds: float = 120.0) -> Any:
    """What a condition says once it holds."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.2)
    return found


@pytest.fixture
def server(home: Path) -> Iterator[Server]:
    """The app with a home of its own, which the test's file says."""
    server = serve(ROOT / "app.py", MTL_HOME=str(home))
    yield server
    server.process.kill()
    server.process.wait()
