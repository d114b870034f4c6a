"""Span tags: every scheme comes in right, and spans are counted as seqeval counts them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from seqeval.metrics.sequence_labeling import get_entities
from seqeval.scheme import IOB1, IOBES, Entities

from mtl_core.data.spans import NotSpans, bio_tags, spans_of, to_bio

TAGS = st.lists(st.sampled_from(["O", "B-PER", "I-PER", "B-LOC", "I-LOC", "B-a-b", "I-a-b"]))


@pytest.mark.parametrize(
    ("scheme", "tags", "bio"),
    [
        ("IOB2", "B-X I-X B-X O I-Y", "B-X I-X B-X O B-Y"),
        ("IOB1", "I-X I-X B-X O I-Y I-X", "B-X I-X B-X O B-Y B-X"),
        ("BIOES", "B-X I-X E-X S-X E-X", "B-X I-X I-X B-X B-X"),
        ("BILOU", "U-X B-X L-X U-X", "B-X B-X I-X B-X"),
        ("BMES", "B-X M-X M-X E-X S-Y O", "B-X I-X I-X I-X B-Y O"),
        ("outside in other spellings", "_ - O B-X", "O O O B-X"),
        ("hyphens in the label", "B-creative-work I-creative-work", "B-creative-work I-creative-work"),
        ("no label", "B I O", "B-SPAN I-SPAN O"),
    ],
)  # fmt: skip
def test_schemes_become_bio(scheme, tags, bio):
    assert to_bio(tags.split()) == bio.split()


def test_a_tag_of_no_scheme_is_refused_with_the_cure():
    with pytest.raises(NotSpans, match="tag 'NOUN' begins with none of .* use kind tagging"):
        to_bio(["O", "NOUN"])


@given(TAGS)
def test_spans_equal_seqevals(tags):
    expected = [(start, end + 1, label) for label, start, end in get_entities(tags)]
    assert spans_of(tags) == expected


@given(TAGS)
def test_bio_keeps_the_spans_and_is_stable(tags):
    assert spans_of(to_bio(tags)) == spans_of(tags)
    assert to_bio(to_bio(tags)) == to_bio(tags)


@given(st.lists(st.sampled_from(["O", "I-X", "B-X", "I-Y", "B-Y"]), min_size=1))
def test_iob1_equals_seqevals_strict_reading(tags):
    # In IOB1, B- may stand only between two spans of one label; keep the legal sequences.
    for before, tag in zip(["O", *tags], tags, strict=False):
        if tag[0] == "B" and before[1:] != tag[1:]:
            return
    expected = [(e.start, e.end, e.tag) for e in Entities([tags], IOB1).entities[0]]
    assert spans_of(to_bio(tags)) == expected


@given(st.lists(st.tuples(st.sampled_from("XY"), st.integers(1, 4), st.booleans()), max_size=5))
def test_bioes_equals_seqevals_strict_reading(spans):
    tags: list[str] = []
    for label, length, gap in spans:
        inner = ["B", *"I" * (length - 2), "E"] if length > 1 else ["S"]
        tags += [f"{prefix}-{label}" for prefix in inner] + ["O"] * gap
    expected = [(e.start, e.end, e.tag) for e in Entities([tags], IOBES).entities[0]]
    assert spans_of(to_bio(tags)) == expected


def test_bio_tags_lists_every_tag_once():
    assert bio_tags(["PER", "LOC"]) == ("O", "B-PER", "I-PER", "B-LOC", "I-LOC")
