"""Text of any language: signs stay whole, and typed text is cut as the training data is."""

import gzip
import json
from itertools import accumulate, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtl_core.data.catalog import load_card
from mtl_core.data.known_words import KnownWords
from mtl_core.data.tasks import load_sentences
from mtl_core.data.text import (
    cut,
    joined,
    segmentation_of_texts,
    segmentation_of_tokens,
)
from mtl_core.errors import RunError
from mtl_core.predict.answering import Answerer
from mtl_core.runs.execute import execute
from mtl_core.runs.store import Runs
from mtl_core.training.lexicon import FILE
from pages._highlight import highlight

from .conftest import SHARED, tiny_experiment, write_rows

FAMILY = "\U0001f469\u200d\U0001f469\u200d\U0001f467"


@pytest.mark.parametrize(
    ("text", "segmentation", "words"),
    [
        ("हिन्दी में लिखो।", "words", ["हिन्दी", "में", "लिखो", "।"]),
        ("مَرْحَبًا بالعالم؟", "words", ["مَرْحَبًا", "بالعالم", "؟"]),
        ("می\u200cخواهم", "words", ["می\u200cخواهم"]),
        ("저는 서울에 가요.", "words", ["저는", "서울에", "가요", "."]),
        ("cafe\u0301s too", "words", ["cafe\u0301s", "too"]),
        (f"{FAMILY}ok\U0001f1e9\U0001f1ea!", "words", [FAMILY, "ok", "\U0001f1e9\U0001f1ea", "!"]),
        ("ที่นี่ดี ๑๒", "characters", ["ที่", "นี่", "ดี", "๑๒"]),
        ("नमस्ते", "characters", ["न", "म", "स्ते"]),
        ("価格は１２００円、Ｔシャツ", "characters",
         ["価", "格", "は", "１２００", "円", "、", "Ｔ", "シ", "ャ", "ツ"]),
        ("我用 iPhone 付了1,000元，naïve吗？", "characters",
         ["我", "用", "iPhone", "付", "了", "1,000", "元", "，", "naïve", "吗", "？"]),
        ("သွား\u200bမယ်", "words", ["သွား", "မယ်"]),
    ],
    ids=["Hindi", "Arabic", "Persian", "Korean", "accents", "emoji", "Thai", "Devanagari",
         "Japanese", "Chinese", "Burmese"],
)  # fmt: skip
def test_signs_stay_whole(text, segmentation, words):
    assert cut(text, segmentation) == words


KNOWN = KnownWords.of(
    [
        ["我", "在", "北京", "大学", "学习", "。"],
        ["北京", "的", "大学生", "用", "iPhone", "。"],
        ["他", "2004", "年", "来", "北京", "，", "在", "上海", "学习", "。"],
    ]
)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("我在上海学习。", ["我", "在", "上海", "学习", "。"]),
        ("北京大学生来上海", ["北京", "大学生", "来", "上海"]),
        ("1999年，我用Android。", ["1999", "年", "，", "我", "用", "Android", "。"]),
        ("在 北京 大学", ["在", "北京", "大学"]),
        (" \u3000\n", []),
        ("", []),
    ],
)
def test_known_words_are_found_again(text, words):
    assert cut(text, "known", KNOWN) == words


def test_frequent_words_win_over_long_ones():
    known = KnownWords.of([["研究", "生命", "起源"]] * 20 + [["研究生"]])
    assert known.cut("研究生命起源") == ["研究", "生命", "起源"]


def test_latin_words_are_cut_where_the_training_data_cuts_them():
    assert KnownWords.of([[*"看NBA比赛20"]]).cut("看 CBA 1999") == [*"看CBA1999"]


def test_japanese_and_thai_are_cut_as_their_tokens():
    japanese = KnownWords.of([["東京", "に", "行き", "ます", "。"], ["大阪", "が", "好き", "です"]])
    assert japanese.cut("大阪に行きます。") == ["大阪", "に", "行き", "ます", "。"]
    thai = KnownWords.of([["ฉัน", "รัก", "กรุงเทพ"], ["แมว", "กิน", "ปลา"]])
    assert thai.cut("แมวรักฉัน") == ["แมว", "รัก", "ฉัน"]


def test_a_text_of_a_known_dataset_without_tokens_is_cut_by_character():
    assert cut("我爱北京", "known") == [*"我爱北京"]
    assert KnownWords({}).cut("我爱 a,b") == ["我", "爱", "a", ",", "b"]


@given(st.text(max_size=40), st.sampled_from(["words", "characters", "known"]))
def test_nothing_but_gaps_is_lost(text, segmentation):
    words = cut(text, segmentation, KNOWN)
    assert not any(word != "".join(word.split()) or not word for word in words)
    gaps = {"\u200b"}
    left = [sign for sign in text if not sign.isspace() and sign not in gaps]
    assert [*"".join(words)] == [*"".join(left).encode("utf-8", "replace").decode()]


@pytest.mark.parametrize(
    ("rows", "segmentation"),
    [
        ([["我", "爱", "北京"]], "known"),
        ([[*"我爱看", "NBA"]], "characters"),
        ([[*"我看NBA"]], "known"),
        ([["東京", "に", "パリ", "New", "York"]], "known"),
        ([["서울에", "가요"]], "words"),
        ([["مرحبا"]], "words"),
        ([["a", "b"]], "words"),
        ([], "words"),
    ],
)
def test_how_typed_text_is_cut_is_told_from_tokens(rows, segmentation):
    assert segmentation_of_tokens(iter(rows)) == segmentation


def test_how_texts_are_cut_is_told_from_their_script():
    assert segmentation_of_texts(["这个酒店很好, ok"]) == "characters"
    assert segmentation_of_texts(["สวัสดีครับ"]) == "characters"
    assert segmentation_of_texts(["서울 is fine", "नमस्ते"]) == "words"


def test_words_are_joined_as_their_script_writes_them():
    assert joined(["我", "爱", "北京", "。"]) == "我爱北京。"
    assert joined(["แมว", "กิน"]) == "แมวกิน"
    assert joined(["in", "New", "York"]) == "in New York"
    assert joined([]) == ""
    assert "我用New York的手机" in highlight(
        ["我", "用", "New", "York", "的", "手机"], [], {}, joiner=""
    )
    assert "看NBA" in highlight([*"看NBA"], [], {}, joiner="")
    assert "ฉันรัก" in highlight(["ฉัน", "รัก"], [], {})


CARD = """\
name: chinese
segmentation: known
splits: {train: train.jsonl, validation: train.jsonl}
tasks:
  places: {kind: spans, input: tokens, target: places}
"""


@pytest.fixture
def chinese(tmp_path):
    rows = [
        {"tokens": [who, "在", where, verb], "places": ["O", "O", "B-LOC", "O"]}
        for who in ("我", "他们")
        for where in ("北京", "上海", "哈尔滨")
        for verb in ("学习", "工作")
    ]
    write_rows(tmp_path / "train.jsonl", rows)
    (tmp_path / "card.yaml").write_text(CARD)
    return load_card(tmp_path)


@pytest.mark.slow
def test_a_run_answers_typed_text_cut_as_its_training_data_is(chinese):
    run = Runs().create(tiny_experiment(chinese, training__epochs=1))
    execute(run)
    trained = load_sentences(chinese, "train", ("places",)).words
    answerer = Answerer(run)
    for words in trained:
        answers = answerer.answer("".join(words))
        assert answers.words == words and len(answers.tasks["places"].tags) == 4
    assert json.loads((run.folder / FILE).read_text())["chinese"]["哈尔滨"] == 4
    (run.folder / FILE).unlink()
    with pytest.raises(RunError, match=r"words\.json is missing or damaged; train the run again"):
        Answerer(run)


def test_a_run_that_parts_words_at_blanks_keeps_no_words(tiny):
    run = Runs().create(tiny_experiment(tiny, training__epochs=1))
    execute(run)
    assert not (run.folder / FILE).exists()
    assert Answerer(run).answer("the tram").words == ["the", "tram"]


def _found(gold: list[list[str]], cuts: list[list[str]]) -> float:
    """F1 of words, by where they begin and end."""

    def places(words: list[str]) -> set[tuple[int, int]]:
        ends = [0, *accumulate(map(len, words))]
        return set(pairwise(ends))

    pairs = [(places(right), places(found)) for right, found in zip(gold, cuts, strict=True)]
    hits = sum(len(right & found) for right, found in pairs)
    return 2 * hits / sum(len(right) + len(found) for right, found in pairs)


@pytest.mark.slow
@pytest.mark.skipif(not SHARED.is_dir(), reason="the real corpora (../shared) are not here")
@pytest.mark.parametrize(
    ("name", "least", "by_character"),
    [("uner_zh", 0.91, 0.44), ("ud_zh", 0.80, 0.44), ("weibo_ner", 0.99, 0.95)],
)
def test_known_words_come_near_the_cuts_of_real_treebanks(name, least, by_character):
    def tokens(split: str) -> list[list[str]]:
        path = SHARED / "data" / name / f"{split}.jsonl.gz"
        with gzip.open(path, "rt", encoding="utf-8") as file:
            return [["".join(t.split()) for t in json.loads(line)["tokens"]] for line in file]

    known, test = KnownWords.of(tokens("train")), tokens("test")
    assert _found(test, [cut("".join(words), "known", known) for words in test]) > least
    assert _found(test, [cut("".join(words), "characters") for words in test]) < by_character
