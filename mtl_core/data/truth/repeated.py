"""Texts that stand in several splits, and texts with several answers."""

from collections import defaultdict
from collections.abc import Iterator

from mtl_core.data.findings import EXAMPLES, Finding
from mtl_core.data.gold import Gold

from .corpus import Corpus
from .prints import Leaks, found_in
from .words import counted, spread

Answer = str | float | tuple[str, ...]


def leak_findings(corpus: Corpus, leaking: dict[str, Leaks]) -> Iterator[Finding]:
    """Texts of a dataset that stand in its own training data, by split."""
    for split, leaks in leaking.items():
        total = counted(len(corpus.splits[split]), f"{split} text")
        stand = "stands" if len(leaks.exact) == 1 else "stand"
        if leaks.exact:
            yield Finding(
                code="leak",
                level="warning",
                what=f"{len(leaks.exact):,} of {total} {stand} word for word in the training data",
                cure="runs show their scores without them too; data of your own is better divided "
                "anew, so that a text lies in one split only",
                place=corpus.place(split),
                count=len(leaks.exact),
                examples=corpus.excerpts({split: leaks.exact}),
            )
        if leaks.alike:
            yield Finding(
                code="leak alike",
                level="warning",
                what=f"{len(leaks.alike):,} {'more ' if leaks.exact else ''}of {total} "
                f"{'is' if len(leaks.alike) == 1 else 'are'} in the training data but for blanks, "
                "case and signs",
                cure="runs show their scores without them too",
                place=corpus.place(split),
                count=len(leaks.alike),
                examples=corpus.excerpts({split: leaks.alike}),
            )
    yield from _chosen_on_test(corpus)


def _chosen_on_test(corpus: Corpus) -> Iterator[Finding]:
    """Validation texts decide which checkpoint is tested."""
    if not {"validation", "test"} <= corpus.splits.keys():
        return
    rows = found_in(set(corpus.prints["validation"].exact), corpus.prints["test"].exact)
    if rows:
        yield Finding(
            code="test in validation",
            level="note",
            what=f"{len(rows):,} of {counted(len(corpus.splits['test']), 'test text')} "
            f"{'stands' if len(rows) == 1 else 'stand'} in the validation data, which chooses the "
            "checkpoint",
            place=corpus.place("test"),
            count=len(rows),
            examples=corpus.excerpts({"test": rows}),
        )


def contradiction_findings(corpus: Corpus, task: str) -> Iterator[Finding]:
    """The same text with different answers: inside a split, then between training and another."""
    answers = {split: _answers(corpus, task, split) for split in corpus.splits}
    torn = {
        split: [found for found in by_text.values() if len(found) > 1]
        for split, by_text in answers.items()
    }
    counts = {split: len(found) for split, found in torn.items() if found}
    if counts:
        every = [(split, found) for split in counts for found in torn[split]]
        yield Finding(
            code="contradiction",
            level="warning",
            what=f"{counted(len(every), 'text')} ({spread(counts)}) "
            f"{'has' if len(every) == 1 else 'have'} different answers of task '{task}' inside a "
            f"split, in {sum(len(rows) for _, found in every for rows in found.values()):,} rows",
            cure="no model can answer all of them rightly; agree on one answer for each",
            place=corpus.name,
            count=len(every),
            examples=tuple(_with_answers(corpus, *one) for one in every[:EXAMPLES]),
        )
    yield from _contradicted(corpus, task, answers)


def _contradicted(
    corpus: Corpus, task: str, answers: "dict[str, dict[int, dict[Answer, list[int]]]]"
) -> Iterator[Finding]:
    """Rows whose text is in the training data, but never with their answer."""
    taught = answers["train"]
    rows = {
        split: sorted(
            row
            for mark, found in answers[split].items()
            if mark in taught
            for answer, its_rows in found.items()
            if answer not in taught[mark]
            for row in its_rows
        )
        for split in corpus.evaluated
    }
    counts = {split: len(found) for split, found in rows.items() if found}
    if counts:
        many = sum(counts.values())
        yield Finding(
            code="contradiction between splits",
            level="warning",
            what=f"{counted(many, 'text')} ({spread(counts)}) {'stands' if many == 1 else 'stand'} "
            f"in the training data with another answer of task '{task}'",
            cure="who knows the training data by heart answers them wrongly; agree on one answer",
            place=corpus.name,
            count=many,
            examples=corpus.excerpts(rows),
        )


def _answers(corpus: Corpus, task: str, split: str) -> dict[int, dict[Answer, list[int]]]:
    """By mark of the text: its answers, and the rows of each. Rows without an answer are left out."""
    found: dict[int, dict[Answer, list[int]]] = defaultdict(dict)
    marks, gold = corpus.prints[split].exact, corpus.splits[split].gold[task]
    for row, (mark, answer) in enumerate(zip(marks, gold, strict=True)):
        if answer is not None:
            found[mark].setdefault(_hashable(answer), []).append(row)
    return found


def _hashable(gold: Gold) -> Answer:
    assert gold is not None
    return tuple(gold) if isinstance(gold, list) else gold


def _with_answers(corpus: Corpus, split: str, answers: dict[Answer, list[int]]) -> str:
    """A text with its answers."""
    shown = (" ".join(answer) if isinstance(answer, tuple) else f"{answer}" for answer in answers)
    first = next(iter(answers.values()))[0]
    return f"{corpus.excerpt(split, first)} → {' / '.join(text[:60] or 'none' for text in shown)}"
