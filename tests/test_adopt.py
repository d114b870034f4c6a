"""A dataset anywhere on the disk: checked as a whole, then remembered; or one sentence."""

from collections.abc import Callable
from pathlib import Path

import pytest

from mtl_core.data.adopt import adopt, open_dataset
from mtl_core.data.catalog import Catalog, Dataset, card_folders
from mtl_core.data.tasks import load_sentences
from mtl_core.errors import DataError


@pytest.mark.parametrize("ending", ["", "card.yaml"])
def test_it_is_in_the_catalogue_and_reads_the_same(
    tiny: Dataset, mtl_home: Path, ending: str
) -> None:
    added = adopt(open_dataset(f' "{tiny.path.parent / ending}" '), mtl_home)
    found = Catalog.read(card_folders(mtl_home)).find("tiny")
    assert found == added
    assert found.path.parent == mtl_home / "data" / "tiny"
    tasks = tuple(tiny.card.tasks)
    assert load_sentences(found, "test", tasks) == load_sentences(tiny, "test", tasks)


def test_again_is_no_error(tiny: Dataset, mtl_home: Path) -> None:
    adopt(tiny, mtl_home)
    assert adopt(open_dataset(str(tiny.path)), mtl_home).name == "tiny"


def test_an_adopted_card_can_be_opened_itself(tiny: Dataset, mtl_home: Path) -> None:
    added = adopt(tiny, mtl_home)
    assert adopt(open_dataset(str(added.path)), mtl_home) == added


def test_a_name_belongs_to_one_dataset(
    tiny: Dataset, make_dataset: Callable[..., Dataset], mtl_home: Path
) -> None:
    adopt(tiny, mtl_home)
    other = make_dataset("other")
    other.path.write_text(other.path.read_text("utf-8").replace("name: other", "name: tiny"))
    with pytest.raises(DataError, match="'tiny' is there already"):
        adopt(open_dataset(str(other.path)), mtl_home)


@pytest.mark.parametrize("path", ["", "  ", "/nowhere/at/all", "\0"])
def test_no_such_path_is_one_sentence(path: str) -> None:
    with pytest.raises(DataError) as caught:
        open_dataset(path)
    assert "\n" not in str(caught.value)


def test_every_split_is_checked(tiny: Dataset, mtl_home: Path) -> None:
    (tiny.path.parent / "test.jsonl").write_text('{"tokens": ["a", "b"], "tags": ["X"]}\n', "utf-8")
    with pytest.raises(DataError, match="test.jsonl line 1"):
        open_dataset(str(tiny.path))
    assert not (mtl_home / "data").exists()


def test_a_folder_that_cannot_be_written_is_one_sentence(tiny: Dataset, mtl_home: Path) -> None:
    mtl_home.mkdir()
    (mtl_home / "data").write_text("in the way", "utf-8")
    with pytest.raises(DataError, match="cannot be written"):
        adopt(tiny, mtl_home)
