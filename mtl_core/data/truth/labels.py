"""What is doubtful about the labels of a task."""

from collections import Counter
from collections.abc import Iterator
from math import sqrt

from mtl_core.data.catalog import TaskKind
from mtl_core.data.findings import EXAMPLES, Finding

from .corpus import Corpus
from .facts import LabelFacts
from .words import counted, percent

FEW = 5
"""A label with fewer training examples is rare."""
MOST = 0.9
"""A label with a larger share stands for the whole task."""
SMALL = 100
"""Scores on fewer items say little."""
_Z = 1.959964  # of a 95 % interval
_UNITS: dict[TaskKind, str] = {
    "classification": "text",
    "multilabel": "text",
    "regression": "text",
    "tagging": "word",
    "spans": "span",
}


def label_findings(
    corpus: Corpus, facts: list[LabelFacts], known: dict[str, Counter[str]]
) -> Iterator[Finding]:
    """All of one dataset's tasks; `known` are the training labels of each, of all datasets."""
    for fact in facts:
        place = corpus.place(fact.split)
        if fact.split == "train":
            yield from _rare(fact, known[fact.task], place)
            yield from _one_sided(fact, place)
            yield from _partial(fact, place)
        else:
            yield from _never_learnt(corpus, fact, known[fact.task], place)
            yield from _small(fact, place)


def _rare(fact: LabelFacts, known: Counter[str], place: str) -> Iterator[Finding]:
    rare = [label for label in fact.counts if known[label] < FEW]
    if rare:
        yield Finding(
            code="rare label",
            level="note",
            what=f"{counted(len(rare), 'label')} of task '{fact.task}' "
            f"{'has' if len(rare) == 1 else 'have'} fewer than {FEW} training examples",
            cure="collect more, or join them with others; they hardly can be learnt, and weigh as "
            "much as any other in a macro average",
            place=place,
            count=len(rare),
            examples=tuple(f"{label} ({known[label]})" for label in rare[-EXAMPLES:]),
        )


def _one_sided(fact: LabelFacts, place: str) -> Iterator[Finding]:
    """One label only, or nearly so."""
    if fact.kind not in ("classification", "tagging", "multilabel") or fact.share is None:
        return
    if len(fact.counts) == 1 and fact.kind != "multilabel":
        yield Finding(
            code="constant task",
            level="warning",
            what=f"task '{fact.task}' has the label '{fact.majority}' in all its training data, "
            "so there is nothing to learn",
            cure="correct its target in the card, or leave the task out",
            place=place,
            count=fact.items,
        )
    elif fact.share > MOST:
        unit = _UNITS[fact.kind]
        yield Finding(
            code="imbalance",
            level="warning",
            what=f"'{fact.majority}' is right for {percent(fact.share)} of the {unit}s of task "
            f"'{fact.task}': whoever always answers it has that accuracy",
            cure="judge the task by macro F1 (metric: macro_f1 in the card)",
            place=place,
            count=fact.counts[fact.majority],
        )


def _partial(fact: LabelFacts, place: str) -> Iterator[Finding]:
    without = fact.rows - fact.labelled
    if without:
        yield Finding(
            code="partial labels",
            level="note",
            what=f"{without:,} of {counted(fact.rows, 'training row')} "
            f"({percent(without / fact.rows)}) have no answer of task '{fact.task}'",
            cure="they train the other tasks alone",
            place=place,
            count=without,
        )


def _never_learnt(
    corpus: Corpus, fact: LabelFacts, known: Counter[str], place: str
) -> Iterator[Finding]:
    unknown = {label: count for label, count in fact.counts.items() if label not in known}
    if not unknown:
        return
    unit = "time" if fact.kind == "multilabel" else _UNITS[fact.kind]
    yield Finding(
        code="label never learnt",
        level="warning",
        what=f"{counted(len(unknown), 'label')} of task '{fact.task}' "
        f"{'stands' if len(unknown) == 1 else 'stand'} in the {fact.split} data but not in the "
        f"training data ({counted(sum(unknown.values()), unit)}): no model can answer it, so it "
        "counts as wrong",
        cure="see whether it is spelt otherwise in the training data, or give training examples",
        place=place,
        count=len(unknown),
        examples=tuple(f"{label} ({count})" for label, count in unknown.items())[:EXAMPLES],
    )


def _small(fact: LabelFacts, place: str) -> Iterator[Finding]:
    items = fact.labelled if fact.kind == "multilabel" else fact.items
    if not 0 < items < SMALL:
        return
    unit = _UNITS[fact.kind]
    yield Finding(
        code="small test" if fact.split == "test" else "small validation",
        level="warning" if fact.split == "test" else "note",
        what=f"task '{fact.task}' is scored on {counted(items, unit)} only: the 95 % interval of an "
        f"accuracy there is up to {100 * interval_width(items):.0f} points wide",
        cure="do not judge small differences by it; give more data, or train more seeds",
        place=place,
        count=items,
    )


def interval_width(count: int) -> float:
    """Of Wilson's 95 % interval of a share of one half: the widest that there is."""
    return _Z / sqrt(count + _Z**2)
