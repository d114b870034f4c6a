"""From the click on Start to the first plotted point, in a real Chromium with a warm worker.

    python -m tests.benchmarks.first_point [ROUNDS]

The clock is the browser's own: it runs from the click's event to the first frame in which a live
chart holds a point. Under 1 second is promised for a model from scratch on the sample corpus.
"""

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from mtl_core.runs.store import Runs, State
from tests.browser.conftest import ARGUMENTS, CHROMIUM, ROOT, serve

WATCH = """() => {
  document.addEventListener('click', () => {
    const clicked = performance.now();
    const look = () => {
      const hosts = [...document.querySelectorAll('*')].filter(node => node.shadowRoot);
      const charts = hosts.map(host => host.shadowRoot.querySelector('.live-chart'));
      if (charts.some(chart => chart && Number(chart.dataset.points) > 0)) {
        window.firstPoint = performance.now() - clicked;
      } else requestAnimationFrame(look);
    };
    look();
  }, {once: true, capture: true});
}"""


def one_round(page: Page, address: str, runs: Runs) -> float:
    """Milliseconds; stops everything that the click has queued afterwards."""
    page.goto(address)
    button = page.get_by_role("button", name="Start the experiment")
    button.wait_for()
    time.sleep(1.0)
    page.evaluate(WATCH)
    button.click()
    page.wait_for_function("window.firstPoint > 0", timeout=60_000)
    found = float(page.evaluate("window.firstPoint"))
    for run in runs:
        if run.status().state.is_live:
            run.ask("stop")
    while any(run.status().state.is_live for run in runs):
        time.sleep(0.05)
    assert all(run.status().state is not State.FAILED for run in runs)
    return found


def main(rounds: int) -> None:
    """Print each round and the median."""
    home = tempfile.mkdtemp(prefix="mtl-first-point-")
    server = serve(ROOT / "app.py", MTL_HOME=home)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 1400, "height": 900})
        runs = Runs(Path(home) / "runs")
        page.goto(server.address)
        time.sleep(10.0)  # the worker warms up
        times = [one_round(page, server.address, runs) for _ in range(rounds)]
        browser.close()
    server.process.kill()
    os.system(f"pkill -f {home}")
    print("| round | click to first plotted point |")
    print("|---|---|")
    for number, value in enumerate(times, 1):
        print(f"| {number} | {value:.0f} ms |")
    print(f"| median | {statistics.median(times):.0f} ms |")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
