"""Pairs of texts: one row of pieces as the tokenizer's own template says, cut longest first."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, pre_tokenizers, processors

from mtl_core.data.batching import make_table
from mtl_core.data.pieces import CUT_OFF, SEPARATOR, Pieces, encode_cached, train_cached
from mtl_core.data.tasks import Sentences, Task
from mtl_core.errors import DataError

WORDS = ["the", "tram", "tramway", "hotel", "in", "Port", "naïve", "#", "unseenword", "..."]
TEXTS = st.lists(st.sampled_from(WORDS), min_size=1, max_size=12)
PAIRS = st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=5)
ENTAILS = Task("entails", "classification", ("no", "yes"), "accuracy", pair=True)


@pytest.fixture(scope="module")
def wordpiece(tmp_path_factory):
    """A BERT tokenizer as transformers makes one."""
    from transformers import BertTokenizerFast

    file: Path = tmp_path_factory.mktemp("wordpiece") / "vocab.txt"
    known = ["the", "tram", "##way", "hotel", "in", "port", "nai", "##ve", "#", ".", "un"]
    file.write_text("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *known]), "utf-8")
    return BertTokenizerFast(str(file))


@pytest.fixture(scope="module")
def learnt() -> Pieces:
    return Pieces.train([WORDS[:-2]] * 3, vocabulary=60, max_length=14)


def pieces_of(tokenizer, max_length: int) -> Pieces:
    backend = Tokenizer.from_str(tokenizer.backend_tokenizer.to_str())
    backend.no_truncation()
    backend.no_padding()
    return Pieces(backend, max_length)


def row(encoded, i: int):
    ids = encoded.ids[encoded.id_ends[i] : encoded.id_ends[i + 1]]
    first = encoded.first[encoded.word_ends[i] : encoded.word_ends[i + 1]]
    return ids.tolist(), first.tolist(), int(encoded.second[i])


@settings(max_examples=60)
@given(PAIRS, st.integers(5, 40))
def test_ids_and_segments_equal_those_of_transformers(wordpiece, pairs, max_length):
    words, seconds = [one for one, _ in pairs], [two for _, two in pairs]
    encoded = pieces_of(wordpiece, max_length).encode(words, seconds)
    batch = make_table("d", Sentences(words, {}, seconds), [], encoded, 0).batch(
        np.arange(len(pairs))
    )
    expected = wordpiece(
        words, seconds, is_split_into_words=True, truncation="longest_first",
        max_length=max_length, padding=True, return_tensors="pt",
    )  # fmt: skip
    assert torch.equal(batch.ids, expected["input_ids"])
    assert torch.equal(batch.mask.long(), expected["attention_mask"])
    assert torch.equal(batch.segments, expected["token_type_ids"])
    for i in range(len(pairs)):  # the words of the first text, by transformers' own alignment
        owners = expected.word_ids(i)
        own = [o if s == 0 else None for o, s in zip(owners, expected.sequence_ids(i), strict=True)]
        places = [own.index(w) if w in own else CUT_OFF for w in range(len(words[i]))]
        assert row(encoded, i)[1] == places


@settings(max_examples=60)
@given(st.lists(st.text(max_size=5), max_size=9), st.lists(st.text(max_size=5), max_size=9))
def test_both_texts_keep_something_and_the_length_is_bounded(learnt, one, two):
    ids, first, second = row(learnt.encode([one], [two]), 0)
    separator = learnt.tokenizer.token_to_id(SEPARATOR)
    assert len(ids) <= 14 and 2 <= second < len(ids) and ids[second - 1] == separator
    assert separator not in ids[: second - 1] + ids[second:]
    seen = [place for place in first if place != CUT_OFF]
    assert seen == sorted(set(seen)) and all(place < second - 1 for place in seen)
    alone, other = (learnt.encode([text]) for text in (one, two))
    if len(alone.ids) + len(other.ids) < 14:  # nothing is cut: the texts as they are alone
        assert ids[: second - 1] == alone.ids.tolist() and ids[second:] == other.ids.tolist()


@given(st.integers(1, 30), st.integers(1, 30), st.integers(3, 40))
def test_the_longer_text_gives_way_first(learnt, one, two, max_length):
    """Against dropping one piece after the other from the text that is longer at that moment."""
    short = Pieces(learnt.tokenizer, max_length)
    ids, _, second = row(short.encode([["#"] * one], [["#"] * two]), 0)
    width = len(learnt.encode([["#"]]).ids)
    left = [one * width, two * width]
    while sum(left) > max_length - 1:
        left[0 if left[0] > left[1] or (left[0] == left[1] and one <= two) else 1] -= 1
    assert (second - 1, len(ids) - second) == tuple(left)


def test_single_texts_have_the_same_pieces_as_without_a_separator(learnt):
    """The separator is the last piece, in no merge: taking it away changes nothing."""
    import json

    tree = json.loads(learnt.tokenizer.to_str())
    assert tree["model"]["vocab"].pop(SEPARATOR) == learnt.size - 1
    plain = Pieces(Tokenizer.from_str(json.dumps(tree | {"post_processor": None})), 14)
    sentences = [WORDS, ["[SEP]", "the", SEPARATOR], ["[", "SEP", "]"], [""], []]
    with_it, without = learnt.encode(sentences), plain.encode(sentences)
    assert all(np.array_equal(getattr(with_it, k), getattr(without, k)) for k in vars(with_it))
    assert with_it.second.tolist() == with_it.lengths.tolist()


def test_the_separator_survives_saving_and_the_cache(learnt, tmp_path):
    learnt.save(tmp_path / "t.json")
    loaded = Pieces.load(tmp_path / "t.json", 14)
    train_cached([WORDS], 60, 14, tmp_path)
    cached = train_cached([WORDS], 60, 14, tmp_path)
    again = Pieces.train([WORDS], 60, 14)
    pair = ([["the", "tram"]], [["hotel"]])
    assert loaded.encode(*pair).ids.tolist() == learnt.encode(*pair).ids.tolist()
    assert cached.encode(*pair).ids.tolist() == again.encode(*pair).ids.tolist()


def test_the_cache_knows_pairs_from_single_texts(learnt, tmp_path):
    one, two = [["the", "tram"]], [["hotel"]]
    found = [
        encode_cached(learnt, one, tmp_path),
        encode_cached(learnt, one, tmp_path, two),
        encode_cached(learnt, two, tmp_path, one),
        encode_cached(learnt, one + two, tmp_path),
    ]
    assert len(list(tmp_path.iterdir())) == 4
    again = encode_cached(learnt, one, tmp_path, two)
    assert all(np.array_equal(getattr(found[1], k), getattr(again, k)) for k in vars(again))


def test_segments_are_zero_for_single_texts_and_behind_a_pair(learnt):
    sentences = Sentences([["the"], ["the", "tram"]], {"entails": ["no", "yes"]}, [["in"]] * 2)
    pieces = learnt.encode(sentences.words, sentences.seconds)
    table = make_table("d", sentences, [ENTAILS], pieces, learnt.pad_id)
    batch = table.batch(np.array([0, 1]))
    assert (batch.segments[~batch.mask] == 0).all()
    lengths, seconds = pieces.lengths, pieces.second
    assert batch.segments.sum(1).tolist() == (lengths - seconds).tolist()
    assert batch.word_counts.tolist() == [1, 2] and batch.targets["entails"].tolist() == [0, 1]
    alone = make_table("d", Sentences(sentences.words, {}), [], learnt.encode(sentences.words), 0)
    assert not alone.batch(np.array([0, 1])).segments.any()


def test_buckets_see_the_pieces_of_both_texts(learnt):
    encoded = learnt.encode([["the"], ["the"]], [["in"], ["tram", "hotel"]])
    assert encoded.lengths.tolist() == [len(row(encoded, i)[0]) for i in range(2)]
    assert encoded.lengths[1] > encoded.lengths[0]


def test_too_little_room_for_a_pair_is_one_sentence(wordpiece):
    with pytest.raises(DataError, match="max_length is 4, too little for pairs .* 3 signs"):
        pieces_of(wordpiece, 4).encode([["the"]], [["the"]])


def test_two_signs_between_the_texts_as_roberta_has_them():
    tokenizer = Tokenizer(models.WordLevel({"a": 0, "b": 1, "<s>": 2, "</s>": 3}, unk_token="a"))
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 3), ("<s>", 2))
    ids, first, second = row(Pieces(tokenizer, 9).encode([["a", "b"]], [["b"]]), 0)
    expected = tokenizer.encode(["a", "b"], ["b"], is_pretokenized=True)
    assert ids == expected.ids == [2, 0, 1, 3, 3, 1, 3]
    assert (first, second) == ([1, 2], 5)


def test_a_tokenizer_without_a_template_puts_the_texts_side_by_side():
    bare = Tokenizer(models.WordLevel({"a": 0, "b": 1, "[UNK]": 2}, unk_token="[UNK]"))
    bare.pre_tokenizer = pre_tokenizers.Whitespace()
    assert row(Pieces(bare, 9).encode([["a"]], [["b", "a"]]), 0) == ([0, 1, 0], [0], 1)
