"""The Experiment page offers the instruments and every mixing, and queues what was chosen."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from mtl_core.config import METHODS
from mtl_core.runs.store import Runs

from .conftest import write_dataset
from .test_pages import no_worker, opened, router_has_run  # noqa: F401


@pytest.fixture
def app(mtl_home: Path) -> AppTest:
    """The page with two datasets of 24 sentences chosen."""
    for name in ("one", "two"):
        dataset = write_dataset(mtl_home / "data" / name, name)
        card = dataset.path if dataset.path.is_file() else dataset.path / "card.yaml"
        card = dataset.path
        card.write_text(card.read_text().replace("title: Tiny", f"title: {name}"))
    app = opened("experiment")
    app.multiselect[0].set_value(["one", "two"]).run()
    assert not app.exception, app.exception
    return app


def queued(app: AppTest):
    app.button(key="train").click().run()
    assert not app.exception, app.exception
    return next(run.experiment for run in Runs() if run.experiment.only is None)


def test_untouched_no_dataset_is_changed(app: AppTest) -> None:
    assert [choice.instruments for choice in queued(app).data] == [
        {"max_rows": None, "share": {}, "noise": {}, "shuffled": ()}
    ] * 2


def test_what_is_asked_reaches_the_run_and_the_count_of_sentences(app: AppTest) -> None:
    shown = " ".join(m.value for m in app.markdown)
    assert "48 training sentences" in shown
    key = "draft/0/instruments"
    app.number_input(key=f"{key}/one/max_rows").set_value(9)
    app.number_input(key=f"{key}/two/share/mood").set_value(0.25)
    app.number_input(key=f"{key}/two/noise/tags").set_value(0.5)
    app.button_group(key=f"{key}/two/shuffled/mood/places/tags").set_value(["places"])
    app.run()
    assert "33 training sentences" in " ".join(m.value for m in app.markdown)
    one, two = queued(app).data
    assert (one.max_rows, one.share, one.noise, one.shuffled) == (9, {}, {}, ())
    assert (two.share, two.noise, two.shuffled) == ({"mood": 0.25}, {"tags": 0.5}, ("places",))


def test_own_probabilities_are_asked_for_each_dataset(app: AppTest) -> None:
    kinds = [choice.kind_name() for choice in METHODS["mixing"]]
    app.selectbox(key="draft/0/mixing/kind").set_value("explicit").run()
    assert len(app.selectbox(key="draft/0/mixing/kind").options) == len(kinds)
    key = "draft/0/mixing/explicit/probabilities"
    app.number_input(key=f"{key}/two").set_value(3.0).run()
    assert "no number for 'one'" in app.error[0].value.replace("\\", "")
    app.number_input(key=f"{key}/one").set_value(1.0).run()
    assert queued(app).mixing.probabilities == {"one": 1.0, "two": 3.0}
