"""From words to batches: pieces, alignment, padding, buckets, and the order over the steps."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtl_core.data.batching import IGNORED, Table, bucketed, make_table
from mtl_core.data.catalog import Catalog
from mtl_core.data.mixing import Epoch, Feed
from mtl_core.data.mixing.schedules import joint, proportional
from mtl_core.data.pieces import CUT_OFF, Pieces, encode_cached, train_cached
from mtl_core.data.tasks import Sentences, Task
from mtl_core.training.setup import prepare

from .conftest import tiny_experiment

WORDS = [["the", "tram", "stops"], ["trams", "stop", "here", "often"], ["the", "hotel"]] * 3


@pytest.fixture(scope="module")
def pieces() -> Pieces:
    return Pieces.train(WORDS, vocabulary=60, max_length=12)


def sentence(encoded, i):
    ids = encoded.ids[encoded.id_ends[i] : encoded.id_ends[i + 1]]
    first = encoded.first[encoded.word_ends[i] : encoded.word_ends[i + 1]]
    return ids, first


def test_each_word_begins_where_its_first_piece_stands(pieces):
    encoded = pieces.encode([["trams", "unseen", "the"]])
    ids, first = sentence(encoded, 0)
    for word, (start, end) in zip(
        ["trams", "unseen", "the"], zip(first, [*first[1:], len(ids)], strict=True), strict=True
    ):
        alone = pieces.encode([[word]]).ids
        assert list(ids[start:end]) == list(alone)


@given(st.lists(st.lists(st.text(max_size=8), max_size=6), max_size=4))
def test_any_words_have_a_place_or_are_cut_off(sentences):
    pieces = Pieces.train(WORDS, vocabulary=60, max_length=12)
    encoded = pieces.encode(sentences)
    assert len(encoded) == len(sentences)
    for i, words in enumerate(sentences):
        ids, first = sentence(encoded, i)
        assert 1 <= len(ids) <= 12 and len(first) == len(words)
        seen = [place for place in first if place != CUT_OFF]
        assert seen == sorted(set(seen)) and all(0 <= place < len(ids) for place in seen)
        assert list(first[len(seen) :]) == [CUT_OFF] * (len(words) - len(seen))


@pytest.mark.parametrize("word", ["", " "])
def test_a_word_without_a_piece_becomes_the_unknown_piece(pieces, word):
    ids, first = sentence(pieces.encode([["the", word, "tram"]]), 0)
    assert ids[first[1]] == pieces.unknown_id
    assert list(first) == [0, 1, 2]


def test_same_words_same_pieces_in_every_process():
    code = (
        "from mtl_core.data.catalog import load_card, sample_folder\n"
        "from mtl_core.data.pieces import Pieces\n"
        "from mtl_core.data.tasks import load_sentences\n"
        "city = load_card(sample_folder() / 'city_en')\n"
        "words = load_sentences(city, 'train', ('topic',)).words\n"
        "print(Pieces.train(words, 3000, 99).tokenizer.to_str())"
    )
    command = [sys.executable, "-c", code]
    found = {subprocess.run(command, capture_output=True, check=True).stdout for _ in range(3)}
    assert len(found) == 1


def test_the_cache_gives_back_what_was_encoded_and_notices_other_words(pieces, tmp_path):
    fresh = encode_cached(pieces, WORDS, tmp_path)
    assert len(list(tmp_path.iterdir())) == 1
    again = encode_cached(pieces, WORDS, tmp_path)
    assert all(np.array_equal(getattr(fresh, k), getattr(again, k)) for k in vars(fresh))
    encode_cached(pieces, WORDS[:2], tmp_path)
    assert len(list(tmp_path.iterdir())) == 2


def test_a_tokenizer_from_the_cache_cuts_as_the_trained_one(tmp_path):
    trained = train_cached(WORDS, 60, 12, tmp_path)
    again = train_cached(WORDS, 60, 12, tmp_path)
    assert again.tokenizer.to_str() == trained.tokenizer.to_str()
    assert again.unknown_id == trained.unknown_id and len(list(tmp_path.iterdir())) == 1
    train_cached(WORDS, 50, 12, tmp_path)
    assert len(list(tmp_path.iterdir())) == 2


def test_a_second_run_of_the_same_data_tokenises_nothing(tiny, tmp_path, monkeypatch):
    first = prepare(tiny_experiment(tiny), Catalog.read([]), tmp_path)

    def refuse(*args):
        raise AssertionError("it was tokenised again")

    monkeypatch.setattr(Pieces, "encode", refuse)
    monkeypatch.setattr(Pieces, "train", refuse)
    second = prepare(tiny_experiment(tiny), Catalog.read([]), tmp_path)
    one, two = (next(iter(p.parts.feed.tables.values())).encoded for p in (first, second))
    assert all(np.array_equal(getattr(one, key), getattr(two, key)) for key in vars(one))


def table(pieces: Pieces, name: str = "d", task: str = "tags", words=WORDS) -> Table:
    gold = [[w[0].upper() for w in sentence] for sentence in words]
    labels = tuple(sorted({tag for tags in gold for tag in tags}))
    sentences = Sentences([list(w) for w in words], {task: list(gold)})
    tasks = [Task(task, "tagging", labels, "accuracy")]
    return make_table(name, sentences, tasks, pieces.encode(words), pieces.pad_id)


def test_a_batch_holds_each_sentence_padded(pieces):
    whole = table(pieces)
    batch = whole.batch(np.array([1, 2]))
    for row, i in enumerate([1, 2]):
        ids, first = sentence(whole.encoded, i)
        assert batch.lengths[row] == len(ids) == int(batch.mask[row].sum())
        assert batch.ids[row, : len(ids)].tolist() == list(ids)
        assert batch.first[row, : len(first)].tolist() == list(first)
        assert batch.word_counts[row] == len(WORDS[i]) == int(batch.words[row].sum())
        labels = [sorted({w[0].upper() for s in WORDS for w in s})[k]
                  for k in batch.targets["tags"][row, : len(first)].tolist()]  # fmt: skip
        assert labels == [word[0].upper() for word in WORDS[i]]
    assert (batch.targets["tags"][1, 2:] == IGNORED).all()


def test_words_cut_off_have_no_target(pieces):
    short = Pieces(pieces.tokenizer, max_length=2)
    words = [["the", "the", "the", "the"]]
    batch = table(short, words=words).batch(np.array([0]))
    assert batch.targets["tags"].tolist() == [[0, 0, IGNORED, IGNORED]]
    assert batch.words.tolist() == [[True, True, False, False]]
    assert batch.word_counts.tolist() == [4]


def test_labels_that_training_lacks_are_ignored_in_targets(pieces):
    sentences = Sentences([["the"], ["tram"]], {"mood": ["new", None]})
    tasks = [Task("mood", "classification", ("old",), "accuracy")]
    encoded = pieces.encode(sentences.words)
    assert make_table("d", sentences, tasks, encoded, 0).targets["mood"].tolist() == [IGNORED] * 2


@given(st.lists(st.integers(1, 40), min_size=1, max_size=300), st.integers(1, 16))
def test_buckets_hold_every_row_once(lengths, size):
    batches = bucketed(np.array(lengths), size, np.random.default_rng(0))
    assert sorted(row for batch in batches for row in batch) == list(range(len(lengths)))
    assert all(1 <= len(batch) <= size for batch in batches)


def test_joint_takes_one_batch_of_each_and_proportional_each_batch_once():
    rng = np.random.default_rng(0)
    epoch = Epoch({"a": 9, "b": 20}, batch_size=4)  # 3 and 5 batches
    assert joint(epoch, rng) == [{"a": None, "b": None}] * 5
    steps = [name for step in proportional(epoch, rng) for name in step]
    assert len(steps) == 8 and steps.count("a") == 3
    assert steps != sorted(steps)  # mixed, not one dataset after the other


def feed(pieces, mixing, only=None, **options) -> Feed:
    tables = {
        "a": table(pieces, "a", "tags", WORDS),
        "b": table(pieces, "b", "other", WORDS * 2),
    }
    settings = {"batch_size": 4, "seed": 1, "epochs": 3, **options}
    return Feed(tables=tables, mixing=mixing, only=only, **settings)


@pytest.mark.parametrize("mixing", [joint, proportional])
@pytest.mark.parametrize("task", ["tags", "other"])
@pytest.mark.parametrize("limit", [None, 7])
def test_a_twin_sees_the_very_batches_of_its_task(pieces, mixing, task, limit):
    together = feed(pieces, mixing, limit=limit)
    alone = feed(pieces, mixing, only=task, limit=limit)
    expected = [b for step in together.batches() for b in step if task in b.targets]
    found = [b for step in alone.batches() for b in step]
    assert len(found) == alone.steps == len(expected)
    for one, other in zip(found, expected, strict=True):
        assert one.ids.tolist() == other.ids.tolist()
        assert set(one.targets) == {task}
        assert one.targets[task].tolist() == other.targets[task].tolist()


@pytest.mark.parametrize("mixing", [joint, proportional])
def test_the_feed_goes_on_where_it_stopped_and_depends_on_the_seed(pieces, mixing):
    def ids(f, start=0):
        return [[b.ids.tolist() for b in step] for step in f.batches(start)]

    whole = ids(feed(pieces, mixing))
    assert len(whole) == feed(pieces, mixing).steps
    assert ids(feed(pieces, mixing), start=5) == whole[5:]
    assert ids(feed(pieces, mixing, seed=2)) != whole
    assert whole[: len(whole) // 3] != whole[len(whole) // 3 : 2 * (len(whole) // 3)]
