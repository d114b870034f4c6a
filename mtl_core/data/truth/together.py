"""What is doubtful about a combination of datasets that train together."""

from collections.abc import Iterator, Sequence

from mtl_core.data.findings import Finding
from mtl_core.data.tasks import agreed, task_of
from mtl_core.errors import DataError

from .corpus import Corpus
from .prints import found_in
from .words import counted

UNEQUAL = 10
"""Training data that is so many times as large drowns the other."""


def combination_findings(corpora: Sequence[Corpus]) -> Iterator[Finding]:
    """Between each two datasets, and about the tasks that several of them have."""
    yield from _tasks(corpora)
    for tested in corpora:
        for trained in corpora:
            if tested is not trained:
                yield from _leaks(tested, trained)
    yield from _sizes(corpora)


def _tasks(corpora: Sequence[Corpus]) -> Iterator[Finding]:
    """What training would refuse: cards that differ, tasks that have nothing to teach."""
    for task in dict.fromkeys(task for corpus in corpora for task in corpus.specs):
        holders = [corpus for corpus in corpora if task in corpus.specs]
        try:
            spec = agreed(task, [corpus.specs[task] for corpus in holders])
            task_of(task, spec, [corpus.training for corpus in holders])
        except DataError as err:
            yield Finding("task", "error", str(err), place=", ".join(c.name for c in holders))


def _leaks(tested: Corpus, trained: Corpus) -> Iterator[Finding]:
    known = set(trained.prints["train"].letters)
    for split in tested.evaluated:
        rows = found_in(known, tested.prints[split].letters)
        if rows:
            one = len(rows) == 1
            yield Finding(
                code="leak between",
                level="warning",
                what=f"{counted(len(rows), f'{split} text')} of {_named(tested)} "
                f"{'is a training text' if one else 'are training texts'} of {_named(trained)}, "
                "but for blanks, case and signs",
                cure="trained together, the second teaches what the first is tested on; runs show "
                "their scores without them too",
                place=tested.place(split),
                count=len(rows),
                examples=tested.excerpts({split: rows}),
            )


def _named(corpus: Corpus) -> str:
    """A dataset with its tasks."""
    return f"{corpus.name} ({', '.join(corpus.specs)})"


def _sizes(corpora: Sequence[Corpus]) -> Iterator[Finding]:
    """Mixed in proportion, a small dataset is seldom seen."""
    rows = {corpus.name: len(corpus.training) for corpus in corpora}
    total, most = sum(rows.values()), max(rows.values(), default=0)
    small = [name for name, count in rows.items() if count * UNEQUAL < most]
    for name in small:
        yield Finding(
            code="unequal sizes",
            level="note",
            what=f"{name} has {counted(rows[name], 'training text')}, the largest dataset {most:,}: "
            f"mixed in proportion, one batch in {round(total / rows[name]):,} is {name}'s",
            cure="choose temperature or uniform mixing if it is to count for more",
            place=name,
            count=rows[name],
        )
