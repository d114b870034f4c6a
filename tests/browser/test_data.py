"""Bringing data in a real browser: upload, correct, add, train beside a sample task, ask."""

import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mtl_core.data.catalog import load_card
from mtl_core.runs.store import Runs, State
from tests.conftest import kill_all_of

from .conftest import Server, until

ROW_HEIGHT = 35  # pixels of a line of the table, which is a picture
TASK = 0.29  # where the column of the tasks lies, as a share of the table's width


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    kill_all_of(tmp_path)


def names_of_people(file: Path) -> Path:
    """CoNLL columns with Windows newlines, and one tag that belongs to no scheme."""
    rng = random.Random(1)
    blocks = []
    for _ in range(600):
        words = [(rng.choice(["Ann", "Bob", "Cem"]), "B-PER"), (rng.choice(["left", "likes"]), "O")]
        words += [(rng.choice(["Oslo", "Lima", "Kyoto"]), "B-LOC"), ("today", "O")]
        blocks.append("\r\n".join("\t".join(word) for word in words))
    blocks[7] = blocks[7].replace("B-LOC", "X-LOC")
    file.write_bytes("\r\n\r\n".join(blocks).encode())
    return file


def rename_task(page: Any, row: int, name: str) -> None:
    """In the table of columns, which is drawn on a canvas."""
    table = page.locator("[data-testid=stDataFrame] canvas").first
    table.scroll_into_view_if_needed()
    box = table.bounding_box()
    page.mouse.click(box["x"] + box["width"] * TASK, box["y"] + ROW_HEIGHT * (row + 1.5))
    page.wait_for_timeout(500)
    page.keyboard.press("Enter")  # opens the cell
    cell = page.locator("#portal textarea, #portal input").first
    cell.fill(name)
    cell.press("Enter")


def choose_dataset(page: Any, label: str) -> None:
    """On the Experiment page. An open list closes when the page scrolls, be it just after the click."""
    datasets = page.get_by_role("combobox", name="Datasets")
    datasets.scroll_into_view_if_needed()
    settled(page)
    datasets.click()
    page.get_by_role("option", name=label).click()
    page.keyboard.press("Escape")


def said(page: Any) -> str:
    """What the page says, without blanks."""
    return "".join(page.locator("[data-testid=stMain]").inner_text().split())


def settled(page: Any) -> None:
    page.locator("[data-test-script-state=notRunning]").wait_for(timeout=30_000)
    page.wait_for_timeout(500)


def test_an_upload_is_corrected_trained_beside_a_sample_task_and_asked(
    home: Path, server: Server, new_page: Callable[..., Any], tmp_path: Path
) -> None:
    page = new_page(viewport={"width": 1400, "height": 1000})
    page.goto(f"{server.address}/data")
    page.get_by_role("radio", name="Add a dataset").click()
    page.locator("input[type=file]").set_input_files(names_of_people(tmp_path / "people.conll"))
    page.get_by_text("tag 'X-LOC' begins with none of").wait_for(timeout=20_000)
    settled(page)
    rename_task(page, 1, "who_where")
    settled(page)
    title = page.get_by_role("textbox", name="Title")
    title.fill("Who goes where")
    title.press("Enter")
    settled(page)
    page.get_by_role("button", name="Add people").click()
    page.get_by_text("people can be chosen now").wait_for()
    card = load_card(home / "data" / "people").card
    assert card.title == "Who goes where" and card.tasks["who_where"].kind == "spans"
    assert card.faults == "leave_out" and card.divide is not None

    page.get_by_role("link", name="Experiment").first.click()
    epochs = page.get_by_role("spinbutton", name="Epochs")
    epochs.wait_for(timeout=30_000)
    epochs.fill("4")
    epochs.press("Enter")
    choose_dataset(page, "Who goes where")
    for task in ("topic · a label a sentence", "entities · names and phrases"):
        page.get_by_role("button", name=task, exact=True).click()
    settled(page)
    page.get_by_text("Train the single-task twins too").click()
    page.get_by_role("button", name="Train", exact=True).click()
    run = until(lambda: next(iter(Runs(home / "runs")), None))
    until(lambda: run.status().state is State.FINISHED, 180)
    assert "who_where" in run.experiment.tasks and len(run.experiment.data) == 2

    page.get_by_role("link", name="Predict").first.click()
    sentence = page.get_by_role("textbox", name="Your sentence")
    sentence.wait_for(timeout=20_000)
    sentence.fill("Bob left Kyoto today")
    page.get_by_text("who_where").first.wait_for(timeout=30_000)
    until(lambda: "Bob(PER)leftKyoto(LOC)today" in said(page), 30)
    assert page.get_by_text("Traceback").count() == 0
