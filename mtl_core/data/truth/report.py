"""The report: everything that is to be known about data before it is trained on."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from mtl_core.data.catalog import Dataset
from mtl_core.data.findings import LEVELS, Finding, Findings
from mtl_core.data.tasks import load_sentences

from .corpus import Corpus, Load, read_corpus
from .facts import LabelFacts, Overlap, TextFacts, label_facts, overlaps, text_facts
from .labels import label_findings
from .prints import Leaks, leaks
from .repeated import contradiction_findings, leak_findings
from .texts import text_findings
from .together import combination_findings


@dataclass(frozen=True)
class Report:
    """Findings, the gravest first, and plain facts."""

    findings: tuple[Finding, ...]
    labels: tuple[LabelFacts, ...]
    texts: tuple[TextFacts, ...]
    overlaps: tuple[Overlap, ...]

    def to_tree(self) -> dict[str, Any]:
        """As plain data for JSON."""
        return asdict(self)


def report(
    datasets: Sequence[tuple[Dataset, Sequence[str]]],
    *,
    max_words: int | None = None,
    load: Load = load_sentences,
) -> Report:
    """Look at one dataset, or at several that are to train together, each with its chosen tasks.

    What cannot be read is a finding too, so nothing is raised for bad data. `max_words` asks what a
    maximum length would cut; `load` reads a split and tells faults to its last argument.
    """
    told = Findings()
    read = [read_corpus(dataset, tasks, load, told) for dataset, tasks in datasets]
    corpora = [corpus for corpus in read if corpus is not None]
    known = _training_labels(corpora)
    found = [*told, *combination_findings(corpora)]
    labels: list[LabelFacts] = []
    texts: list[TextFacts] = []
    for corpus in corpora:
        leaking = _leaking(corpus, corpora)
        own = [label_facts(corpus, t, s) for t in corpus.specs for s in corpus.splits]
        for split in corpus.splits:
            seen = len(leaking[split].rows) if split in leaking else 0
            texts.append(text_facts(corpus, split, max_words=max_words, seen=seen))
        labels += own
        found += leak_findings(corpus, leaking)
        found += label_findings(corpus, own, known)
        found += [f for task in corpus.specs for f in contradiction_findings(corpus, task)]
        found += text_findings(corpus, max_words)
        found += _without_test(corpus)
    found.sort(key=lambda finding: LEVELS.index(finding.level))
    return Report(tuple(found), tuple(labels), tuple(texts), tuple(overlaps(corpora)))


def _training_labels(corpora: Sequence[Corpus]) -> dict[str, Counter[str]]:
    """Of each task, over all datasets that have it: what a model of them can answer."""
    known: dict[str, Counter[str]] = {}
    for corpus in corpora:
        for task, spec in corpus.specs.items():
            known.setdefault(task, Counter())
            known[task] += corpus.training.label_counts(task, spec.kind)
    return known


def _leaking(corpus: Corpus, corpora: Sequence[Corpus]) -> dict[str, Leaks]:
    """By split that scores come from: the rows that stand in training data of any dataset."""
    others = [other.prints["train"] for other in corpora if other is not corpus]
    own = corpus.prints["train"]
    return {split: leaks(own, others, corpus.prints[split]) for split in corpus.evaluated}


def _without_test(corpus: Corpus) -> list[Finding]:
    if "test" in corpus.dataset.card.split_names:
        return []
    return [
        Finding(
            "no test data",
            "note",
            "there is no test data, so scores come from the data that chose the checkpoint",
            "give a test split, or let divide cut one off",
            place=corpus.name,
        )
    ]
