"""Files as their makers published them, through the public importer, against the converted corpora."""

import gzip
import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from mtl_core.data.findings import Findings
from mtl_core.data.layout import Layout
from mtl_core.data.proposing import Overrides, propose
from mtl_core.data.spans import spans_of
from mtl_core.data.tasks import load_sentences
from mtl_core.data.text import cut

SHARED = Path(__file__).resolve().parents[2] / "shared"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not SHARED.is_dir(), reason="the real corpora (../shared) are not here"),
]
BINARY = {"0": "negative", "1": "positive"}
Value = Callable[[Any], Any]


@dataclass(frozen=True)
class Original:
    """A published file or folder, and what its rows are in a converted corpus.

    `tasks` says which proposed task holds which converted field; `value` how a converted answer was
    written before. The rows of the `splits` are equal, or of a `head` all found among them.
    """

    path: str
    corpus: str
    splits: tuple[str, ...]
    tasks: Mapping[str, str]
    value: Mapping[str, Value] = field(default_factory=dict)
    text: str = ""
    head: bool = False
    where: Mapping[str, str] = field(default_factory=dict)
    missing: int = 0  # rows that the conversion mended by hand, or left a byte order mark in
    corrected: Overrides | None = None  # where two readings, or two test files, are as good


def turned(names: Mapping[str, str]) -> Value:
    back = {new: old for old, new in names.items()}
    return lambda label: back[label]


def runs(tags: list[str]) -> list[str]:
    return [tag if tag == "O" else f"{tag[:2]}T-{tag[2:]}" for tag in tags]


ALL = ("train", "validation", "test")
ORIGINALS = [
    Original("absa_rest14", "absa_rest14", ALL, {"tags": "aspect_sentiment"},
             {"aspect_sentiment": runs}),
    Original("btc", "btc", ("validation", "test"), {"ner": "ner"}, missing=2),
    Original(
        "cais", "cais", ("validation", "test"), {"spans": "slots", "label": "intent", "seg": "seg"}
    ),
    Original("chnsenticorp", "chnsenticorp", ("validation",), {"label": "sentiment"},
             {"sentiment": turned(BINARY)}),
    Original("clinc150", "clinc150", ALL, {"label": "intent"}),
    Original("conll2000", "conll2000", ("test",), {"pos": "pos", "chunk": "chunk"}),
    Original("emobank", "emobank", ALL, {"V": "valence", "A": "arousal", "D": "dominance"}, head=True),
    Original("ewt/en_ewt-ud-dev.conllu.gz", "ewt", ("validation",), {"upos": "upos", "xpos": "xpos"}),
    Original("ewt/en_ewt-ud-dev.iob2.gz", "ewt", ("validation",), {"ner": "ner"}),
    Original("goemotions", "goemotions", ("validation",), {"labels": "emotions"}, corrected=Overrides(
        layout=Layout(kind="tsv", columns=("text", "labels", "id"), quoting=False))),
    Original("mtl_reviews/MR.task.test.gz", "mtl_reviews", ("test",), {"label": "sentiment"},
             {"sentiment": turned(BINARY)}, where={"domain": "MR"}),
    Original("mtl_reviews/dvd.task.train.head.gz", "mtl_reviews", ("train", "validation"),
             {"label": "sentiment"}, {"sentiment": turned(BINARY)}, head=True, where={"domain": "dvd"}),
    Original("sick", "sick", ("validation", "test"),
             {"relatedness_score": "relatedness", "entailment_judgment": "entailment"},
             {"entailment": str.upper}, head=True),
    Original("snips", "snips", ALL, {"label": "intent", "seq.out": "slots"}),
    Original("sst2", "sst2", ("validation", "test"), {"label": "sentiment"},
             {"sentiment": turned(BINARY)}),
    Original("trec", "trec", ALL, {"label": "fine", "label_prefix": "coarse"}),
    Original("uner_zh/zh_gsd-ud-dev.conllu.gz", "uner_zh", ("validation",), {"upos": "upos"}),
    Original("uner_zh/zh_gsd-ud-dev.iob2.gz", "uner_zh", ("validation",), {"ner": "ner"}),
    Original("weibo_ner", "weibo_ner", ALL, {"ner": "ner"}),
    Original("wnut17", "wnut17", ALL, {"ner": "ner"}, missing=1, corrected=Overrides(splits={
        "train": ("wnut17train.conll.gz",), "validation": ("emerging.dev.conll.gz",),
        "test": ("emerging.test.annotated.gz",)})),
]  # fmt: skip


def converted(corpus: str, split: str) -> list[dict[str, Any]]:
    with gzip.open(SHARED / "data" / corpus / f"{split}.jsonl.gz", "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file.read().split("\n") if line]


def frozen(gold: Any) -> Any:
    """Tags as spans where they are some: a conversion may keep an `I-` that opens one."""
    if isinstance(gold, list) and any(tag[:2] in {"B-", "I-"} for tag in gold):
        return tuple(spans_of(gold))
    return tuple(gold) if isinstance(gold, list) else gold


def theirs(original: Original) -> Counter[Any]:
    rows: Counter[Any] = Counter()
    for split in original.splits:
        for row in converted(original.corpus, split):
            if any(row[key] != value for key, value in original.where.items()):
                continue
            if "text_a" in row:
                words = (*cut(row["text_a"], "words"), "|", *cut(row["text_b"], "words"))
            elif "tokens" in row:
                words = tuple(row["tokens"])
            else:
                words = tuple(cut(row["text"], "characters" if has_chinese(row) else "words"))
            answers = []
            for name in original.tasks.values():
                value = original.value.get(name, lambda given: given)(row[name])
                answers.append(frozen(sorted(value) if name == "emotions" else value))
            rows[words, tuple(answers)] += 1
    return rows


def has_chinese(row: dict[str, Any]) -> bool:
    return any("一" <= sign <= "鿿" for sign in row["text"])


def ours(original: Original) -> tuple[Counter[Any], Findings]:
    proposal = propose(SHARED / "formats" / original.path, overrides=original.corrected)
    rows: Counter[Any] = Counter()
    for split in proposal.card.split_names:
        found = load_sentences(proposal.dataset, split, tuple(original.tasks), proposal.findings)
        for place, words in enumerate(found.words):
            seconds = ("|", *found.seconds[place]) if found.seconds else ()
            gold = tuple(frozen(found.gold[task][place]) for task in original.tasks)
            rows[(*words, *seconds), gold] += 1
    return rows, proposal.findings


@pytest.mark.parametrize("original", ORIGINALS, ids=lambda original: original.path)
def test_an_original_has_the_rows_of_its_conversion(original: Original) -> None:
    found, findings = ours(original)
    wanted = theirs(original)
    assert not [finding.sentence for finding in findings if finding.level == "error"]
    surplus = found - wanted
    assert surplus.total() <= original.missing, next(iter(surplus))
    if not original.head:
        lacking = wanted - found
        assert lacking.total() <= original.missing, next(iter(lacking))


KINDS = {
    "sentence class": "classification", "sentence multi-label": "multilabel",
    "regression": "regression", "pair regression": "regression", "pair class": "classification",
    "token tag": "tagging", "span BIO": "spans",
}  # fmt: skip
CORPORA = sorted(path.name for path in (SHARED / "data").glob("*")) if SHARED.is_dir() else []


@pytest.mark.parametrize("corpus", [c for c in CORPORA if c != "multi30k"])
def test_a_converted_corpus_is_proposed_as_its_makers_describe_it(corpus: str) -> None:
    folder = SHARED / "data" / corpus
    proposal = propose(folder)
    meta = json.loads((folder / "meta.json").read_text())["tasks"]
    wanted = {name: KINDS.get(kind.split(" (")[0]) for name, kind in meta.items()}
    wanted = {name: kind for name, kind in wanted.items() if kind}  # texts cannot be written yet
    found = {name: spec.kind for name, spec in proposal.card.tasks.items()}
    assert wanted.items() <= found.items(), found
    assert proposal.card.split_names == ALL and proposal.card.divide is None
    splits = (
        ALL if len(converted(corpus, "train")) < 6000 else ALL[1:]
    )  # propose has read train too
    for split in splits:
        sentences = load_sentences(proposal.dataset, split, tuple(wanted))
        rows = converted(corpus, split)
        assert len(sentences) == len(rows)
        for name, kind in wanted.items():
            for gold, row in zip(sentences.gold[name], rows, strict=True):
                given = row.get(name)
                given = sorted(given) if kind == "multilabel" else given
                assert frozen(gold) == frozen(given), (name, row)
