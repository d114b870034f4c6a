"""The report about data: small datasets worked by hand, and brute force where rows are compared."""

import json
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, entropy

from mtl_core.data.catalog import Dataset, load_card
from mtl_core.data.findings import Findings, strict
from mtl_core.data.tasks import Sentences, load_sentences
from mtl_core.data.truth import facts as truth_facts
from mtl_core.data.truth import leaks, prints_of, report
from mtl_core.data.truth.corpus import Corpus
from mtl_core.data.truth.labels import interval_width
from mtl_core.data.truth.repeated import contradiction_findings
from mtl_core.data.truth.texts import text_findings

from .conftest import write_rows

SPLITS = ("train", "validation", "test")


def written(folder: Path, name: str, tasks: str, **splits: list[dict]) -> Dataset:
    """A dataset of these rows, with its card."""
    folder.mkdir(parents=True, exist_ok=True)
    for split, rows in splits.items():
        write_rows(folder / f"{split}.jsonl", rows)
    files = ", ".join(f"{split}: {split}.jsonl" for split in splits)
    (folder / "card.yaml").write_text(f"name: {name}\nsplits: {{{files}}}\ntasks:\n{tasks}")
    return load_card(folder)


MOOD = "  mood: {kind: classification, input: text, target: mood}\n"


def moods(*pairs: tuple[str, str]) -> list[dict]:
    return [{"text": text, "mood": mood} for text, mood in pairs]


def one(found, code: str):
    """The only finding with this code."""
    (finding,) = [finding for finding in found.findings if finding.code == code]
    return finding


def codes(found) -> set[str]:
    return {finding.code for finding in found.findings}


PLENTY = [(f"a plain sentence number {i}", "fine" if i % 2 else "poor") for i in range(40)]


def test_leaks_within_a_dataset_are_told_word_for_word_and_but_for_signs(tmp_path):
    found = report(
        [
            (
                written(
                    tmp_path,
                    "d",
                    MOOD,
                    train=moods(*PLENTY, ("ok", "fine")),
                    validation=moods(("quite another text", "fine"), ("OK", "fine")),
                    test=moods(
                        PLENTY[3],
                        ("A plain sentence, number 5!", "fine"),
                        ("quite another text", "fine"),
                    ),
                ),
                ["mood"],
            )
        ]
    )
    exact, alike = one(found, "leak"), one(found, "leak alike")
    assert (exact.count, exact.level, exact.place) == (1, "warning", "d, test")
    assert exact.what == "1 of 3 test texts stands word for word in the training data"
    assert exact.examples == ("test row 1: a plain sentence number 3",)
    assert alike.count == 1 and alike.what.startswith("1 more of 3 test texts is in the training")
    assert one(found, "test in validation").count == 1
    assert [fact.seen for fact in found.texts] == [0, 0, 2]  # "OK" is too short for its letters


def test_leaks_between_datasets_both_ways(tmp_path):
    a = written(
        tmp_path / "a",
        "a",
        MOOD,
        train=moods(*PLENTY),
        validation=moods(("fresh", "fine")),
        test=moods(("the tram was late again , was n't it", "poor"), ("short one", "fine")),
    )
    b = written(
        tmp_path / "b",
        "b",
        "  tone: {kind: classification, input: text, target: mood}\n",
        train=moods(("The tram was late again, wasn't it?", "x"), ("short one", "y")),
        validation=moods(("new", "x")),
        test=moods(*[(text.replace(" ", "  "), "x") for text, _ in PLENTY[:3]]),
    )
    found = report([(a, ["mood"]), (b, ["tone"])])
    between = {f.place: f for f in found.findings if f.code == "leak between"}
    assert {place: f.count for place, f in between.items()} == {"a, test": 1, "b, test": 3}
    assert between["b, test"].what.startswith(
        "3 test texts of b (tone) are training texts of a (mood)"
    )
    assert between["a, test"].what.startswith("1 test text of a (mood) is a training text of b")
    assert "leak between" not in codes(report([(a, ["mood"])]))


def test_labels_rare_never_learnt_constant_and_one_sided(tmp_path):
    tasks = MOOD + "  same: {kind: classification, input: text, target: same}\n"
    rows = [
        {"text": f"row {i} of many", "mood": "rare" if i == 0 else "usual", "same": "x"}
        for i in range(40)
    ]
    test = [
        {"text": "one", "mood": "usual", "same": "x"},
        {"text": "two words", "mood": "new", "same": "y"},
        {"text": "three words here", "mood": "new"},
    ]
    data = written(tmp_path, "d", tasks, train=rows, validation=rows[:2], test=test)
    found = report([(data, ["mood", "same"])])
    assert one(found, "rare label").examples == ("rare (1)",)
    assert one(found, "constant task").count == 40
    never = {f.what.split("'")[1]: f for f in found.findings if f.code == "label never learnt"}
    assert never["mood"].examples == ("new (2)",) and "(2 texts)" in never["mood"].what
    assert never["same"].examples == ("y (1)",)
    one_sided = one(found, "imbalance")
    assert one_sided.count == 39 and "97.5 %" in one_sided.what
    small = [f.count for f in found.findings if f.code == "small test"]
    assert small == [3, 2]


def test_a_label_that_another_dataset_teaches_is_learnt(tmp_path):
    test = moods(("x y z", "new"))
    a = written(tmp_path / "a", "a", MOOD, train=moods(*PLENTY), validation=test, test=test)
    b = written(
        tmp_path / "b", "b", MOOD, train=moods(*[(f"b{i}", "new") for i in range(9)]),
        validation=test, test=test,
    )  # fmt: skip
    assert "label never learnt" in codes(report([(a, ["mood"])]))
    assert "label never learnt" not in codes(report([(a, ["mood"]), (b, ["mood"])]))


def test_sizes_partial_labels_and_missing_test_data(tmp_path):
    rows = moods(*PLENTY)
    del rows[0]["mood"], rows[1]["mood"]
    a = written(tmp_path / "a", "a", MOOD, train=rows, validation=rows[2:5])
    few = written(tmp_path / "f", "few", MOOD, train=rows[2:5], validation=rows[2:5])
    found = report([(a, ["mood"]), (few, ["mood"])])
    partial = one(found, "partial labels")
    assert partial.count == 2 and "(5.0 %)" in partial.what
    assert one(found, "unequal sizes").place == "few"
    assert "one batch in 14 is few's" in one(found, "unequal sizes").what  # 43 / 3
    assert [f.place for f in found.findings if f.code == "no test data"] == ["a", "few"]


def test_texts_that_are_empty_short_long_repeated_or_badly_written(tmp_path):
    odd = [
        "",
        "word",
        "w " * 513,
        "caf\u00c3\u00a9 au lait",
        "lost \ufffd sign",
        "bell \x07",
        "a<br/>b",
    ]
    texts = [text for text, _ in PLENTY]
    rows = moods(*((text, "fine") for text in [*texts, *odd, "word"]))
    data = written(tmp_path, "d", MOOD, train=rows, validation=rows[:1], test=rows[1:2])
    found = report([(data, ["mood"])])
    assert one(found, "empty text").count == 1
    assert one(found, "one word").count == 2
    assert "the longest 513" in one(found, "long text").what
    duplicate = one(found, "duplicate")
    assert duplicate.count == 1 and duplicate.level == "warning"  # 1 of 48
    for code in ("misread signs", "lost signs", "control signs", "mark-up"):
        assert one(found, code).count == 1


def test_good_signs_are_left_in_peace(tmp_path):
    good = ["SÃO PAULO é bom", "Fuß” und “Maß”", "Ñandú à la carte", "AT & T <3", "Ðat er gott"]
    rows = moods(*((text, "fine") for text in good))
    data = written(tmp_path, "d", MOOD, train=rows, validation=rows[:1], test=rows[1:2])
    assert not codes(report([(data, ["mood"])])) & {"misread signs", "mark-up", "lost signs"}


def test_what_a_maximum_length_cuts(tmp_path):
    tasks = (
        "  places: {kind: spans, input: tokens, target: places}\n"
        "  tags: {kind: tagging, input: tokens, target: tags}\n"
    )
    row = {
        "tokens": list("abcdef"),
        "places": ["B-X", "I-X", "O", "B-Y", "I-Y", "I-Y"],
        "tags": list("uvwxyz"),
    }
    short = {"tokens": ["a"], "places": ["B-X"], "tags": ["u"]}
    data = written(tmp_path, "d", tasks, train=[row, short], validation=[short], test=[row, row])
    found = report([(data, ["places", "tags"])], max_words=4)
    cut = one(found, "truncation")
    assert cut.count == 3
    assert "lose 6 words" in cut.what
    assert "3 of 8 spans of places" in cut.what and "6 tags of tags" in cut.what
    by_split = {fact.split: (fact.cut_rows, fact.cut_words) for fact in found.texts}
    assert by_split == {"train": (1, 2), "validation": (0, 0), "test": (2, 4)}
    assert "truncation" not in codes(report([(data, ["places"])], max_words=6))


@pytest.mark.parametrize(
    ("tags", "faults"),
    [
        ([["B-X", "I-X", "O"], ["O", "I-X", "I-X"], ["B-X", "I-Y", "O"]], 2),
        ([["I-X", "I-X", "O"], ["O", "I-X", "B-X"], ["I-X", "I-Y", "O"]], 0),  # IOB1
        ([["S-X", "B-Y", "E-Y"], ["O", "E-X", "O"], ["O", "O", "O"]], 1),  # BIOES
    ],
)
def test_spans_that_nothing_begins_are_counted_as_they_are_written(tmp_path, tags, faults):
    rows = [{"tokens": list("abc"), "places": one} for one in tags]
    tasks = "  places: {kind: spans, input: tokens, target: places}\n"
    data = written(tmp_path, "d", tasks, train=rows, validation=rows[:1])
    found = [f for f in report([(data, ["places"])]).findings if f.code == "tags of places"]
    assert [f.count for f in found] == ([faults] if faults else [])
    if faults:
        assert (
            found[0].place.endswith("train.jsonl line 2")
            and "I-X after O" in str(found[0].examples)
            or "E-X after O" in str(found[0].examples)
        )
    load_sentences(data, "train", ["places"], strict)  # it is no error


def test_what_cannot_be_read_is_a_finding(tmp_path):
    data = written(tmp_path, "d", MOOD, train=moods(*PLENTY), validation=moods(*PLENTY[:2]))
    (tmp_path / "validation.jsonl").unlink()
    found = report([(data, ["mood"])])
    assert one(found, "unreadable validation").level == "error"
    assert found.findings[0].level == "error"
    assert one(report([(data, ["absent"])]), "card").level == "error"
    assert report([]).findings == ()


def test_cards_that_disagree_are_a_finding(tmp_path):
    number = "  mood: {kind: regression, input: text, target: mood}\n"
    a = written(tmp_path / "a", "a", MOOD, train=moods(*PLENTY), validation=moods(*PLENTY[:2]))
    rows = [{"text": f"t {i}", "mood": i} for i in range(9)]
    b = written(tmp_path / "b", "b", number, train=rows, validation=rows[:2])
    assert one(report([(a, ["mood"]), (b, ["mood"])]), "task").level == "error"


def test_facts_of_labels_lengths_and_words(tmp_path):
    rows = moods(("a b c", "x"), ("a d", "x"), ("a", "y"), ("e e e e", "x"))
    data = written(tmp_path / "a", "a", MOOD, train=rows, validation=rows[:1])
    other = written(
        tmp_path / "b", "b", MOOD, train=moods(("a a z", "x"), ("b", "y")), validation=rows[:1]
    )
    found = report([(data, ["mood"]), (other, ["mood"])])
    label = found.labels[0]
    assert label.counts == {"x": 3, "y": 1} and label.majority == "x" and label.share == 0.75
    assert label.entropy == pytest.approx(entropy([3, 1], base=2)) == label.evenness
    text = found.texts[0]
    assert (text.rows, text.words, text.mean, text.median) == (4, 10, 2.5, 2.5)
    assert (text.percentile, text.longest, text.repeated) == (4, 4, 0)
    there, back = found.overlaps
    assert (there.one, there.other, there.known) == ("a", "b", 3 / 4)  # a, a, b of a, a, z, b
    assert (back.one, back.other, back.known) == ("b", "a", 4 / 10)  # three a and one b
    assert there.jaccard == back.jaccard == 2 / 6
    assert json.loads(json.dumps(found.to_tree()))["labels"][0]["counts"] == {"x": 3, "y": 1}


@given(st.lists(st.integers(0, 50), min_size=1, max_size=9).filter(any))
def test_entropy_is_that_of_scipy(counts):
    assert truth_facts.entropy(counts) == pytest.approx(entropy(counts, base=2), abs=1e-12)


@pytest.mark.parametrize("count", [2, 50, 98])
def test_the_interval_is_wilsons(count):
    found = binomtest(count // 2, count).proportion_ci(method="wilson")
    assert interval_width(count) == pytest.approx(found.high - found.low, abs=1e-6)


@given(st.lists(st.integers(0, 30), min_size=1, max_size=40))
def test_lengths_are_those_of_numpy(lengths):
    corpus = in_memory(train=[(["w"] * length, "x") for length in lengths])
    found = truth_facts.text_facts(corpus, "train", max_words=10, seen=0)
    assert found.median == np.median(lengths) and found.mean == pytest.approx(np.mean(lengths))
    assert sum(length <= found.percentile for length in lengths) >= 0.95 * len(lengths)
    assert sum(length < found.percentile for length in lengths) < 0.95 * len(lengths)
    assert found.cut_words == sum(max(0, length - 10) for length in lengths)


# --- Against brute force --------------------------------------------------------------------------

WORDS = ["Thanks", "thanks", "a", "rather", "rather!", "long-winded", "sentence", "."]
TEXTS = st.lists(st.sampled_from(WORDS), min_size=0, max_size=4)
ROWS = st.lists(st.tuples(TEXTS, st.sampled_from(["x", "y", None])), min_size=1, max_size=12)


def in_memory(**splits: list[tuple[list[str], str | None]]) -> Corpus:
    card = SimpleNamespace(segmentation="words")
    spec = SimpleNamespace(kind="classification")
    found = {
        split: Sentences([words for words, _ in rows], {"t": [answer for _, answer in rows]})
        for split, rows in splits.items()
    }
    return Corpus(SimpleNamespace(name="d", card=card), {"t": spec}, found)  # type: ignore[arg-type]


def letters(words: list[str]) -> str:
    return "".join(sign for sign in "".join(words).lower() if sign.isalnum())


@given(ROWS, ROWS, ROWS)
def test_leaks_are_those_of_brute_force(own, other, tested):
    found = leaks(*_prints(own), [*_prints(other)], *_prints(tested))
    exact, alike, elsewhere = set(), set(), set()
    for row, (words, _) in enumerate(tested):
        key = letters(words)
        if any(words == known for known, _ in own):
            exact.add(row)
        elif len(key) >= 20 and any(key == letters(known) for known, _ in own):
            alike.add(row)
        if len(key) >= 20 and any(key == letters(known) for known, _ in other):
            elsewhere.add(row)
    assert (found.exact, found.alike, found.elsewhere) == (exact, alike, elsewhere)
    assert found.rows == exact | alike | elsewhere


def _prints(rows):
    yield prints_of(Sentences([words for words, _ in rows], {}))


@given(ROWS, ROWS)
def test_duplicates_and_contradictions_are_those_of_brute_force(train, test):
    corpus = in_memory(train=train, test=test)
    found = Findings()
    for finding in [*contradiction_findings(corpus, "t"), *text_findings(corpus, None)]:
        found(finding)
    counts = {finding.code: finding.count for finding in found}
    duplicates = sum(
        any(rows[i][0] == rows[j][0] for j in range(i))
        for rows in (train, test)
        for i in range(len(rows))
    )
    assert counts.get("duplicate", 0) == duplicates
    torn = sum(
        len({answer for text, answer in rows if list(words) == text and answer}) > 1
        for rows in (train, test)
        for words in {tuple(text) for text, _ in rows}
    )
    assert counts.get("contradiction", 0) == torn
    against = 0
    for words, answer in test:
        taught = {label for text, label in train if text == words and label}
        against += bool(answer and taught and answer not in taught)
    assert counts.get("contradiction between splits", 0) == against


def test_pairs_are_the_same_only_as_pairs(pairs):
    found = report([(pairs, list(pairs.card.tasks))])
    rows = {split: load_sentences(pairs, split, ["same"]) for split in SPLITS}
    both = {
        s: [*zip(map(tuple, r.words), map(tuple, r.seconds), strict=True)] for s, r in rows.items()
    }
    known = Counter(both["train"])
    expected = sum(pair in known for pair in both["test"])
    assert (
        sum(f.count for f in found.findings if f.code == "leak" and "test" in f.place) == expected
    )
    assert found.texts[0].mean == np.mean([len(a) + len(b) for a, b in both["train"]])
