"""What is known of real corpora: the report finds the same leaks."""

from pathlib import Path

import pytest

from mtl_core.data.catalog import Card, Dataset
from mtl_core.data.truth import Report, report

from .conftest import SHARED

pytestmark = pytest.mark.skipif(
    not SHARED.is_dir(), reason="the real corpora (../shared) are not here"
)


def corpus(name: str, column: str = "text", **tasks: str) -> tuple[Dataset, list[str]]:
    """A converted corpus with some of its classifications, by the name of their column."""
    tree = {
        "name": name,
        "folder": str(SHARED / "data" / name),
        "segmentation": "characters" if name == "chnsenticorp" else "words",
        "splits": {split: f"{split}.jsonl.gz" for split in ("train", "validation", "test")},
        "tasks": {
            task: {"kind": "classification", "input": column, "target": target}
            for task, target in tasks.items()
        },
    }
    return Dataset(Card.model_validate(tree), Path("card.yaml")), list(tasks)


def counts(found: Report, code: str) -> dict[str, int]:
    """By place."""
    return {finding.place: finding.count for finding in found.findings if finding.code == code}


@pytest.mark.slow
def test_leaks_of_reviews_inside_and_against_other_reviews():
    found = report([corpus("mtl_reviews", sentiment="sentiment"), corpus("sst2", mood="sentiment")])
    assert counts(found, "leak") == {
        "mtl_reviews, test": 508,
        "mtl_reviews, validation": 271,
        "sst2, test": 2,
    }
    assert counts(found, "duplicate") == {"mtl_reviews": 1159, "sst2": 9}
    between = counts(found, "leak between")
    assert (between["mtl_reviews, test"], between["sst2, test"]) == (208, 191)
    said = next(f.what for f in found.findings if f.code == "leak between" and f.count == 208)
    assert said.startswith("208 test texts of mtl_reviews (sentiment) are training texts of sst2")
    sizes = [fact.rows for fact in found.texts if fact.dataset == "mtl_reviews"]
    assert sizes == [22180, 3200, 6400]


@pytest.mark.slow
def test_leaks_of_chinese_reviews():
    found = report([corpus("chnsenticorp", sentiment="sentiment")])
    assert counts(found, "leak") == {"chnsenticorp, test": 331, "chnsenticorp, validation": 338}
    assert counts(found, "duplicate") == {"chnsenticorp": 1395}


@pytest.mark.slow
def test_leaks_of_a_treebank():
    found = report([corpus("ewt", "tokens", genre="genre")])
    assert counts(found, "leak") == {"ewt, test": 94, "ewt, validation": 68}
    assert counts(found, "duplicate") == {"ewt": 1004}
