"""What is written inside cells: spans laid over words, inline brackets, pairs, glued digits."""

import json
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtl_core.data.catalog import TaskSpec
from mtl_core.data.findings import Findings
from mtl_core.data.layout import Layout, Markup
from mtl_core.data.reading import read_rows
from mtl_core.data.reading.inline import parse_inline
from mtl_core.data.reading.offsets import (
    BadSpan,
    Span,
    ends_are_inclusive,
    spans_in,
    spans_to_tags,
    words_at,
)
from mtl_core.data.spans import spans_of, to_bio
from mtl_core.data.text import cut
from mtl_core.errors import DataError

from .conftest import write_rows


def unfold(tmp_path, rows, markup, segmentation="words", tell=None):
    """The columns of the rows that a JSON lines file with such markup gives, and what was told."""
    write_rows(tmp_path / "t.jsonl", rows)
    found = tell or Findings()
    layout = Layout(kind="jsonl", markup=markup)
    read = read_rows(tmp_path / "t.jsonl", layout, segmentation, found)
    return [row.columns for row in read], list(found)


@pytest.mark.parametrize(
    "cell",
    [
        [{"start": 3, "end": 7, "label": "PLACE"}],
        [{"start": "3", "end": 7.0, "label": "PLACE"}],
        [{"offset": 3, "length": 4, "type": "PLACE"}],
        [[3, 7, "PLACE"]],
        [["PLACE", 3, 7]],
        [{"start_char": 3, "end_char": 7, "entity": "PLACE", "text": "Lima"}],
        [{"start_offset": 3, "end_offset": 7, "tag": "PLACE"}],
        [{"value": {"start": 3, "end": 7, "text": "Lima", "labels": ["PLACE"]}, "id": "x"}],
        [
            {"was_cancelled": True, "result": []},
            {"result": [{"value": {"start": 3, "end": 7, "labels": ["PLACE"]}, "type": "labels"}]},
            {"result": [{"value": {"start": 0, "end": 2, "labels": ["WHERE"]}, "type": "labels"}]},
        ],
        {"start": [3], "end": [7], "label": ["PLACE"]},
        {"entities": [[3, 7, "PLACE"]]},
    ],
    ids=str,
)  # fmt: skip
def test_every_form_of_span_is_read(tmp_path, cell):
    row = {"text": "in Lima, now", "spans": cell}
    for written in (row, {**row, "spans": json.dumps(cell)}):
        (columns,), told = unfold(tmp_path, [written], {"spans": Markup(kind="offsets")})
        assert columns["spans_words"] == ["in", "Lima", ",", "now"]
        assert columns["spans_tags"] == ["O", "B-PLACE", "O", "O"]
        assert not told


def test_ends_that_name_the_last_character_are_seen(tmp_path):
    rows = [
        {"text": "from Lima to Oslo", "s": [[5, 8, "A"], [13, 16, "B"]]},
        {"text": "from A to Oslo", "s": [[5, 5, "A"], [10, 13, "B"]]},
    ]
    read, told = unfold(tmp_path, rows, {"s": Markup(kind="offsets")})
    assert [columns["s_tags"] for columns in read] == [["O", "B-A", "O", "B-B"]] * 2
    assert [(one.code, one.level) for one in told] == [("inclusive ends", "note")]


@given(st.text("ab. ", max_size=12), st.data())
def test_ends_are_told_apart_by_the_words_that_they_close(text, data):
    words = words_at(text, cut(text, "words"))
    chosen = data.draw(st.lists(st.sampled_from(words), max_size=4)) if words else []
    exclusive = [Span(start, end, "X") for start, end in chosen]
    assert not ends_are_inclusive([(text, exclusive)])
    # Inclusive ends of spans that stop before a sign look like exclusive ones that split the sign off.
    long = [(a, b) for a, b in chosen if text[b - 1].isalnum()]
    inclusive = [Span(start, end - 1, "X") for start, end in long]
    assert ends_are_inclusive([(text, inclusive)]) == bool(long)


def tags_by_characters(text, words, spans):
    """What `spans_to_tags` should do, character by character, without its shortcuts."""
    tags = ["O"] * len(words)
    doubts = []
    laid = []
    order = sorted(range(len(spans)), key=lambda i: (spans[i].start - spans[i].end, i))
    for i in order:
        span = spans[i]
        inside = set(range(span.start, span.end))
        touched = [w for w, (a, b) in enumerate(words) if inside & set(range(a, b))]
        covered = {c for w in touched for c in range(*words[w])}
        if not touched:
            doubts.append(("empty", span))
        elif any(tags[w] != "O" for w in touched):
            if span not in laid:
                doubts.append(("overlap", span))
        else:
            for place, w in enumerate(touched):
                tags[w] = ("I-" if place else "B-") + span.label
            laid.append(span)
            if covered - inside:
                doubts.append(("inside", span))
    return tags, doubts


@given(st.text("ab,  ", max_size=10), st.data())
def test_spans_to_tags_equals_the_slow_way(text, data):
    place = st.integers(0, len(text))
    spans = [
        Span(min(a, b), max(a, b), label)
        for a, b, label in data.draw(st.lists(st.tuples(place, place, st.sampled_from("XY")), max_size=4))
        if a != b
    ]  # fmt: skip
    words = words_at(text, cut(text, "words"))
    tags, doubts = spans_to_tags(words, spans)
    assert (tags, doubts) == tags_by_characters(text, words, spans)


def test_every_single_span_over_a_short_text():
    text = "ab c, d"
    words = words_at(text, cut(text, "words"))
    for start, end in product(range(len(text)), range(1, len(text) + 1)):
        if start < end:
            spans = [Span(start, end, "X")]
            assert spans_to_tags(words, spans) == tags_by_characters(text, words, spans)


def test_spans_that_do_not_fit_are_told_with_the_place(tmp_path):
    row = {"text": "in Limassol and Oslo", "s": [[3, 7, "A"], [3, 15, "B"], [15, 16, "C"]]}
    (columns,), told = unfold(tmp_path, [row], {"s": Markup(kind="offsets")})
    assert columns["s_tags"] == ["O", "B-B", "I-B", "O"]
    assert {(one.code, one.level) for one in told} == {
        ("overlapping spans", "warning"),
        ("span without word", "warning"),
    }
    assert "t.jsonl line 1" in told[0].place and told[0].examples == ("in [A : Lima]ssol and Osl",)
    (columns,), told = unfold(
        tmp_path, [{**row, "s": [[3, 7, "A"]]}], {"s": Markup(kind="offsets")}
    )
    assert columns["s_tags"] == ["O", "B-A", "O", "O"] and told[0].code == "span inside word"


BAD_SPANS = {
    "past the end": ([[0, 99, "A"]], "A from 0 to 99 in a text of 5 characters"),
    "backwards": ([[3, 1, "A"]], "A from 3 to 1 in a text of 5"),
    "negative": ([[-1, 2, "A"]], "A from -1 to 2"),
    "other words": ([{"start": 0, "end": 2, "label": "A", "text": "to"}], "is 'in' in the text, where the span says 'to'"),
    "no label": ([{"start": 0, "end": 2}], "a span has no label, only start, end"),
    "no end": ([{"start": 0, "label": "A"}], "a span has no end"),
    "a truth value": ([[True, 2, "A"]], "found 'True' where the place"),
    "no list": ("[1", "not valid JSON"),
    "a number": (7, "found '7' where a list of spans is expected"),
    "an odd object": ({"a": 1}, "found an object with a, no spans"),
    "ragged lists": ({"start": [1], "end": [], "label": []}, "not equally long"),
}  # fmt: skip


@pytest.mark.parametrize("fault", BAD_SPANS)
def test_bad_spans_are_errors_with_their_line(tmp_path, fault):
    cell, said = BAD_SPANS[fault]
    good = {"text": "in Rio", "s": [[0, 2, "A"]]}
    rows, told = unfold(
        tmp_path, [good, {"text": "in it", "s": cell}], {"s": Markup(kind="offsets")}
    )
    assert len(rows) == 1
    assert [one.level for one in told] == ["error"]
    assert said in told[0].what and told[0].place.endswith("t.jsonl line 2") and told[0].cure


def test_rows_without_spans_keep_their_words_and_empty_lists_are_answers(tmp_path):
    rows = [{"text": "a b"}, {"text": "a b", "s": None}, {"text": "a b", "s": []}]
    read, told = unfold(tmp_path, rows, {"s": Markup(kind="offsets")})
    assert [columns["s_words"] for columns in read] == [["a", "b"]] * 3
    assert [columns.get("s_tags") for columns in read] == [None, None, ["O", "O"]]
    assert not told


def test_offsets_over_chinese_text_cut_into_characters(tmp_path):
    row = {"body": "我在北京和NY工作", "s": [[2, 4, "LOC"], [5, 7, "LOC"]]}
    markup = {"s": Markup(kind="offsets", text="body")}
    (columns,), told = unfold(tmp_path, [row], markup, "characters")
    assert columns["s_words"] == ["我", "在", "北", "京", "和", "NY", "工", "作"]
    assert spans_of(columns["s_tags"]) == [(2, 4, "LOC"), (5, 6, "LOC")]
    assert not told


def test_inline_markup_becomes_words_and_tags(tmp_path):
    rows = [
        {"x": "wake me [date : tomorrow] at [time:5:30 pm], ok"},
        {"x": "[a b : New Port]"},
        {"x": "plain"},
        {"x": ""},
        {"x": None},
    ]
    read, told = unfold(tmp_path, rows, {"x": Markup(kind="inline")})
    assert read[0]["x_words"] == ["wake", "me", "tomorrow", "at", "5", ":", "30", "pm", ",", "ok"]
    assert spans_of(read[0]["x_tags"]) == [(2, 3, "date"), (4, 8, "time")]
    assert read[1]["x_tags"] == ["B-a b", "I-a b"]
    assert read[2]["x_tags"] == ["O"]
    assert not told and all("x_tags" not in columns for columns in read[3:])


@given(st.lists(st.tuples(st.sampled_from(["", "x", "yz"]), st.sampled_from(["a", "b c", "5:30"])), max_size=6))  # fmt: skip
def test_inline_markup_is_the_inverse_of_writing_it(parts):
    written = " ".join(f"[{label} : {words}]" if label else words for label, words in parts)
    text, spans, without = parse_inline(written)
    assert text == " ".join(words for _, words in parts)
    assert [(span.label, text[span.start : span.end]) for span in spans] == [
        part for part in parts if part[0]
    ]
    assert not without


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a [x : [y : b]]", "is not closed, or holds another"),
        ("a [x : b", "is not closed, or holds another"),
        ("a x : b]", "is not opened"),
        ("a [ : b]", "lacks its label or its words"),
        ("a [x : ]", "lacks its label or its words"),
    ],
)
def test_broken_brackets_are_errors(tmp_path, text, said):
    rows, told = unfold(tmp_path, [{"x": "fine"}, {"x": text}], {"x": Markup(kind="inline")})
    assert len(rows) == 1 and said in told[0].what and told[0].level == "error"


def test_brackets_without_a_label_are_text_and_told(tmp_path):
    row = {"x": "[sic] see [http://a.b] in [c : Rome]"}
    (columns,), told = unfold(tmp_path, [row], {"x": Markup(kind="inline")})
    assert columns["x_words"][:3] == ["[", "sic", "]"]
    assert columns["x_tags"][-1] == "B-c"
    assert [(one.level, one.examples) for one in told] == [("warning", ("[sic]",))]


def test_pairs_are_parted_at_the_last_separator(tmp_path):
    rows = [{"x": "For=O x=y=T-POS ==O"}, {"x": ["a b=O", "c=X"]}]
    read, told = unfold(tmp_path, rows, {"x": Markup(kind="pairs")})
    assert read[0]["x_words"] == ["For", "x=y", "="] and read[0]["x_tags"] == ["O", "T-POS", "O"]
    assert read[1]["x_words"] == ["a b", "c"] and read[1]["x_tags"] == ["O", "X"]
    read, told = unfold(
        tmp_path, [{"x": "a/b"}, {"x": "a/b c"}], {"x": Markup(kind="pairs", separator="/")}
    )
    assert len(read) == 1
    assert "'c' is no word and tag with '/' between them" in told[0].what


def test_prefixes_digits_and_objects(tmp_path):
    rows = [
        {"l": "HUM:ind", "w": ["科0", "技1", "201"], "o": '{"a": 1, "b": [2]}', "ls": ["A:b", "c"]}
    ]
    markup = {
        "l": Markup(kind="prefix"), "w": Markup(kind="glued"), "o": Markup(kind="json"),
        "ls": Markup(kind="prefix"),
    }  # fmt: skip
    (columns,), told = unfold(tmp_path, rows, markup)
    assert columns["l_prefix"] == "HUM" and columns["ls_prefix"] == ["A", "c"]
    assert columns["w_words"] == ["科", "技", "20"] and columns["w_digits"] == ["0", "1", "1"]
    assert columns["o.a"] == 1 and columns["o.b"] == [2]
    assert not told


@pytest.mark.parametrize(
    ("kind", "cell", "said"),
    [
        ("glued", ["科"], "'科' does not end in a digit"),
        ("json", "{a: 1}", "not valid JSON"),
        ("json", "[1]", "where an object is expected"),
        ("pairs", 7, "found '7'"),
        ("inline", ["a"], "found"),
        ("features", "a", "found 'a'"),
    ],
)
def test_cells_that_hold_something_else_are_errors(tmp_path, kind, cell, said):
    markup = {"x": Markup(kind=kind)}
    rows, told = unfold(tmp_path, [{"x": None}, {"x": cell}], markup)
    assert len(rows) == 1 and [one.level for one in told] == ["error"] and said in told[0].what


def test_features_of_words_become_columns(tmp_path):
    rows = [{"f": ["Case=Nom|Number=Sing", "_", "Case=Acc"]}, {"f": ["_"]}]
    read, _ = unfold(tmp_path, rows, {"f": Markup(kind="features", keys=("Case",))})
    assert [columns["f.Case"] for columns in read] == [["Nom", "_", "Acc"], ["_"]]
    read, _ = unfold(tmp_path, rows, {"f": Markup(kind="features")})
    assert read[0]["f.Number"] == ["Sing", "_", "_"] and set(read[1]) == {"f"}


def test_markup_of_a_column_that_markup_made(tmp_path):
    row = {"o": {"text": "in Rome", "spans": [[3, 7, "X"]]}}
    markup = {
        "o": Markup(kind="json"),
        "o.spans": Markup(kind="offsets", text="o.text"),
        "typo": Markup(kind="json"),
    }
    (columns,), told = unfold(tmp_path, [row], markup)
    assert columns["o.spans_tags"] == ["O", "B-X"]
    assert [one.what for one in told] == [
        "no row has a column 'typo', whose markup the card states"
    ]


def test_training_stops_at_a_broken_span(tmp_path):
    write_rows(tmp_path / "t.jsonl", [{"text": "a", "s": [[0, 9, "X"]]}])
    layout = Layout(kind="jsonl", markup={"s": Markup(kind="offsets")})
    with pytest.raises(DataError, match=r"t.jsonl line 1: column 's': X from 0 to 9 .*; count"):
        read_rows(tmp_path / "t.jsonl", layout)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=3), lambda s: st.lists(s, max_size=3) | st.dictionaries(st.sampled_from(["start", "end", "label", "value", "entities"]), s, max_size=3)))  # fmt: skip
def test_any_cell_is_spans_or_a_bad_span(cell):
    try:
        spans_in(cell)
    except BadSpan as err:
        assert str(err)


def test_runs_of_one_tag_are_spans():
    tags = ["O", "T-POS", "T-POS", "T-NEG", "T-POS", "O", "T-POS"]
    bio = to_bio(tags, "runs")
    assert spans_of(bio) == [(1, 3, "T-POS"), (3, 4, "T-NEG"), (4, 5, "T-POS"), (6, 7, "T-POS")]
    assert to_bio(["PER", "PER", "O", "_", "LOC"], "runs") == ["B-PER", "I-PER", "O", "O", "B-LOC"]


@given(st.lists(st.sampled_from(["O", "PER", "LOC"]), max_size=8))
def test_runs_equal_iob1_without_b(tags):
    assert to_bio(tags, "runs") == to_bio([tag if tag == "O" else f"I-{tag}" for tag in tags])


def test_of_several_tags_in_a_cell_the_first_counts():
    assert to_bio(["B-corporation,B-group", "I-corporation,I-group", "B-x,y"]) == [
        "B-corporation", "I-corporation", "B-x,y",
    ]  # fmt: skip


def test_only_spans_have_a_scheme():
    with pytest.raises(ValueError, match="a tagging task has no scheme"):
        TaskSpec(kind="tagging", input="a", target="b", scheme="runs")
