"""A dataset of one's own leaves the list, and nothing is lost."""

from pathlib import Path

import pytest

from mtl_core.data.adopt import adopt, in_folder
from mtl_core.data.annotating import Annotations
from mtl_core.data.catalog import Catalog, Dataset, card_folders, load_card, sample_folder
from mtl_core.data.own_ready import lacking, ready
from mtl_core.data.own_tasks import define
from mtl_core.errors import DataError
from mtl_core.runs.removing import can_remove, remove, runs_of
from mtl_core.runs.store import Runs, State, Status
from tests.conftest import tiny_experiment


def names(home: Path) -> list[str]:
    return [dataset.name for dataset in Catalog.read(card_folders(home)).datasets]


@pytest.fixture
def own(mtl_home: Path) -> Annotations:
    tasks = {"mood": define("mood", "classification", ["fine", "poor"])}
    tasks["topic"] = define("topic", "classification", ["tram", "food"])
    return Annotations.create(mtl_home, "mine", tasks)


def test_files_that_were_not_copied_stay(tiny: Dataset, mtl_home: Path) -> None:
    added = adopt(tiny, mtl_home)
    assert can_remove(added, mtl_home) and not in_folder(added)
    place = remove(added, mtl_home)
    assert "tiny" not in names(mtl_home)
    assert place.parent == mtl_home / "trash" and (place / "card.yaml").is_file()
    assert tiny.file("train").is_file()


def test_its_own_files_lie_in_the_trash_and_the_name_is_free(
    own: Annotations, mtl_home: Path
) -> None:
    own.add(["the tram was late"])
    dataset = load_card(own.folder)
    assert in_folder(dataset)
    first = remove(dataset, mtl_home)
    assert "late" in (first / "rows.jsonl").read_text("utf-8")
    Annotations.create(mtl_home, "mine", own.tasks)
    second = remove(load_card(own.folder), mtl_home)
    assert first != second and first.is_dir() and second.is_dir()


def test_samples_stay(mtl_home: Path) -> None:
    sample = next(iter(Catalog.read([sample_folder()]).datasets))
    assert not can_remove(sample, mtl_home)
    with pytest.raises(DataError, match="no dataset of your own"):
        remove(sample, mtl_home)


@pytest.mark.parametrize("by_name", [True, False])
def test_what_a_live_run_uses_stays_until_it_has_ended(
    tiny: Dataset, mtl_home: Path, by_name: bool
) -> None:
    added = adopt(tiny, mtl_home)
    choice = [{"card": "tiny" if by_name else str(added.path), "tasks": list(tiny.card.tasks)}]
    run = Runs().create(tiny_experiment(tiny, data=choice))
    assert [one.id for one in runs_of(added, mtl_home)] == [run.id]
    with pytest.raises(DataError, match="at the moment"):
        remove(added, mtl_home)
    run.write_status(Status(state=State.FINISHED, created=0.0, updated=0.0))
    remove(added, mtl_home)
    assert "tiny" not in names(mtl_home)


def test_what_is_labelled_too_little_is_left_for_later(own: Annotations) -> None:
    dataset = load_card(own.folder)
    assert ready(dataset) is None and set(lacking(dataset)) == {"mood", "topic"}
    rows = own.add([f"the tram was late {i} times" for i in range(10)])
    for i, row in enumerate(rows):
        own.put(row, "mood", ["fine", "poor"][i % 2])
    found = ready(dataset)
    assert found is not None and list(found.card.tasks) == ["mood"]
    assert set(lacking(dataset)) == {"topic"}


def test_other_datasets_lack_nothing(tiny: Dataset) -> None:
    assert lacking(tiny) == {} and ready(tiny) is tiny
