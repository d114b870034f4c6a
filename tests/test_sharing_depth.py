"""Tasks at their own depths: what is built, who trains what, and how answers go upwards."""

import numpy as np
import pytest
import torch

from mtl_core.config import Experiment
from mtl_core.config.encoder import BiLSTM, Pretrained, Transformer
from mtl_core.config.head import HeadOptions
from mtl_core.config.sharing import Hard, Hierarchical
from mtl_core.config.sharing.depth import depths_of
from mtl_core.data.batching import Batch, Table
from mtl_core.data.tasks import Task
from mtl_core.errors import ConfigError
from mtl_core.models.model import build_model
from mtl_core.models.sharing.hierarchical import words_of_pieces
from mtl_core.models.sources import ENCODERS

from .small_models import SMALL, WORDS, first_rows, make

LADDER = {"tags": 1, "places": 2, "mood": 3}


def built(encoder=BiLSTM, *, blocks=3, **options):
    kept = SMALL[encoder]
    SMALL[encoder] = kept.model_copy(update={"blocks": blocks})
    try:
        model, table = make(Hierarchical(**options), encoder)
    finally:
        SMALL[encoder] = kept
    return model, model.sharing, first_rows(table, 5)


@pytest.mark.parametrize(
    ("tasks", "blocks", "chosen", "expected"),
    [
        ("abc", 3, {}, [1, 2, 3]),
        ("abc", 2, {}, [1, 2, 2]),
        ("abcd", 12, {}, [1, 5, 8, 12]),
        ("a", 6, {}, [6]),
        ("abc", 6, {"b": 2}, [1, 2, 6]),
        ("abc", 6, {"a": 1, "c": 2}, [1, 6, 2]),
    ],
)
def test_tasks_left_out_are_spread_from_the_bottom_to_the_top(tasks, blocks, chosen, expected):
    assert list(depths_of(tuple(tasks), blocks, chosen).values()) == expected
    cost = Hierarchical(depths=chosen).cost(len(tasks), blocks)
    assert cost.blocks == cost.passes == max(expected)


def test_a_task_reads_what_leaves_its_block():
    _, sharing, batch = built(depths=LADDER)
    one = sharing.encoder.blocks[0](sharing.encoder.embed(batch), batch)
    two = sharing.encoder.blocks[1](one, batch)
    out = sharing(batch, ("places", "tags"))
    torch.testing.assert_close(out["tags"], one, atol=0, rtol=0)
    torch.testing.assert_close(out["places"], two, atol=0, rtol=0)


def test_blocks_above_all_tasks_are_not_built_and_none_above_those_asked_is_run():
    _, sharing, batch = built(depths={"mood": 2, "places": 1, "tags": 1})
    assert len(sharing.encoder.blocks) == 2
    ran = []
    for place, block in enumerate(sharing.encoder.blocks):
        block.register_forward_hook(lambda *_, place=place: ran.append(place))
    sharing(batch, ("tags",))
    assert ran == [0]


@pytest.mark.parametrize("encoder", [BiLSTM, Transformer])
def test_all_tasks_at_the_top_is_hard_sharing(encoder):
    tops = dict.fromkeys(LADDER, 2)
    model, sharing, batch = built(encoder, blocks=2, depths=tops, feed_labels=True)
    hard, _ = make(Hard, encoder)
    model.eval(), hard.eval()
    expected, found = hard(batch, hard.tasks), model(batch, model.tasks)
    for task in model.tasks:
        torch.testing.assert_close(found[task], expected[task], atol=0, rtol=0)
    assert sharing.trunk() is sharing.encoder
    assert built(depths=LADDER)[1].trunk() is None


def test_fed_labels_by_hand():
    """Block 2 reads h1 + Σ_l p_tags(l) e_l; block 3 also what places answers at block 2."""
    model, sharing, batch = built(depths=LADDER, feed_labels=True)
    model.eval()
    assert sharing.feeding == ("places", "tags")
    of_places, of_tags = sharing.labels
    blocks, head = sharing.encoder.blocks, model.head
    one = blocks[0](sharing.encoder.embed(batch), batch)
    from_tags = head("tags")(one, batch).softmax(-1) @ of_tags  # (batch, word, hidden)
    told = spread_by_loops(from_tags, batch)
    two = blocks[1](one + told, batch)
    from_places = head("places")(two, batch).softmax(-1) @ of_places
    three = blocks[2](two + told + spread_by_loops(from_places, batch), batch)
    out = sharing(batch, ("mood",))
    assert list(out) == ["mood"]
    torch.testing.assert_close(out["mood"], three)


def spread_by_loops(vectors, batch):
    """Each piece of a BiLSTM's batch, which has no signs, takes the vector of its word."""
    out = torch.zeros(*batch.ids.shape, vectors.shape[2])
    for row, length in enumerate(batch.lengths.tolist()):
        starts = batch.first[row][batch.words[row]].tolist()
        for word, start in enumerate(starts):
            end = starts[word + 1] if word + 1 < len(starts) else length
            out[row, start:end] = vectors[row, word]
    return out


@pytest.mark.parametrize("feed", [False, True])
def test_tasks_train_exactly_what_the_owners_say(feed):
    model, sharing, batch = built(depths=LADDER, feed_labels=feed)
    for task in model.tasks:
        model.zero_grad(set_to_none=True)
        model.losses(batch)[task].backward()
        reached = {id(p) for p in model.parameters() if p.grad is not None}
        owned = {id(p) for e in model.owners() if task in e.tasks for p in e.parameters}
        assert reached == owned
    listeners = {task: set(sharing.listeners(task)) for task in model.tasks}
    above = {"tags": {"mood", "places"}, "places": {"mood"}, "mood": set()}
    assert listeners == {t: {t} | (above[t] if feed else set()) for t in model.tasks}


def test_an_upper_loss_alone_trains_the_lower_head_it_listens_to():
    model, _, batch = built(depths=LADDER, feed_labels=True)
    logits = model(batch, ("mood",))["mood"]
    logits.square().sum().backward()
    assert all(p.grad is not None and p.grad.any() for p in model.head("tags").parameters())


def test_every_kind_of_task_can_be_fed():
    kinds = ("classification", "multilabel", "regression", "tagging", "spans")
    tasks = [Task(f"{k}.task", k, ("x", "y") * (k != "regression"), "f1") for k in kinds]
    tasks.append(Task("top", "classification", ("x", "y"), "f1"))
    pieces = ENCODERS[BiLSTM].pieces(SMALL[BiLSTM], WORDS)
    torch.manual_seed(0)
    model = build_model(
        make_encoder=lambda: ENCODERS[BiLSTM].encoder(SMALL[BiLSTM], pieces.size, "", True),
        sharing=Hierarchical(depths={t.name: 1 for t in tasks[:-1]}, feed_labels=True),
        tasks=tasks,
        datasets=["d"],
        heads={"spans.task": HeadOptions(decoder="crf")},
    )
    assert [len(e) for e in model.sharing.labels] == [2, 2, 1, 2, 5]  # O, and B and I of x and y
    assert all(0.005 < e.std() < 0.05 for e in model.sharing.labels)
    _, _, batch = built()
    model(batch, ("top",))["top"].sum().backward()
    for task in tasks[:-1]:
        assert all(p.grad is not None for p in model.head(task.name).parameters()), task


def pieces_by_word(batch: Batch) -> list[list[int]]:
    return words_of_pieces(batch).tolist()


def test_words_of_pieces_match_the_tokenizers_own(tiny_bert):
    """WordPiece cuts "trams" into tram ##s; [CLS], [SEP] and padding belong to no word."""
    words = [["the", "trams", "in", "Rome"], ["trams"], WORDS[0]]
    pieces = ENCODERS[Pretrained].pieces(SMALL[Pretrained], WORDS)
    batch = Table("d", pieces.encode(words), {}, frozenset(), pieces.pad_id).batch(np.arange(3))
    encodings = pieces.tokenizer.encode_batch(words, is_pretokenized=True)
    longest = batch.ids.shape[1]
    for row, encoding in zip(pieces_by_word(batch), encodings, strict=True):
        expected = [-1 if word is None else word for word in encoding.word_ids]
        assert row == expected + [-1] * (longest - len(expected))
    assert max(len(e.ids) for e in encodings) == longest and "##s" in encodings[0].tokens


def test_words_of_pieces_without_signs_and_the_second_text_of_a_pair():
    batch = Batch(
        dataset="d",
        ids=torch.zeros(2, 6, dtype=torch.long),
        mask=torch.tensor([[True] * 6, [True] * 3 + [False] * 3]),
        lengths=torch.tensor([6, 3]),
        first=torch.tensor([[0, 2], [0, 0]]),
        words=torch.tensor([[True, True], [True, False]]),
        word_counts=torch.tensor([2, 1]),
        segments=torch.tensor([[0, 0, 0, 0, 1, 1], [0] * 6]),
        targets={},
    )
    assert pieces_by_word(batch) == [[0, 0, 1, 1, -1, -1], [0, 0, 0, -1, -1, -1]]


def test_what_is_seen():
    model, sharing, batch = built(depths=LADDER, feed_labels=True)
    (depths,) = sharing.insight()
    assert depths.values == [[0, 0, 1], [0, 1, 0], [1, 0, 0]]  # mood, places, tags
    model.eval()
    model(batch, model.tasks)
    _, fed = sharing.insight()
    assert fed.axes[0].ticks == ("places", "tags")
    one = sharing.encoder.blocks[0](sharing.encoder.embed(batch), batch)
    told = spread_by_loops(model.head("tags")(one, batch).softmax(-1) @ sharing.labels[1], batch)
    shares = (told.norm(dim=2) / one.norm(dim=2))[batch.mask]
    assert fed.values[1] == pytest.approx(shares.mean().item(), abs=1e-4)
    (by_piece,) = sharing.insight_by_piece()
    assert np.shape(by_piece.values) == (2, batch.ids.shape[1])


@pytest.mark.parametrize(
    ("sharing", "encoder", "said"),
    [
        ({}, {"kind": "bilstm", "blocks": 1}, "the encoder has 1 block, and one block has no depths"),
        ({"depths": {"b": 3}}, {"kind": "bilstm", "blocks": 2}, "'b' after block 3, but the encoder has 2"),
        ({"depths": {"b": 0}}, {"kind": "bilstm"}, "the depth of 'b' is 0; name a block"),
        ({"depths": {"z": 1}}, {"kind": "bilstm"}, "'z' is not among the tasks"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_one_sentence(sharing, encoder, said):
    tree = {
        "data": [{"card": "city", "tasks": ["a", "b"]}],
        "encoder": encoder,
        "sharing": {"kind": "hierarchical", **sharing},
    }
    with pytest.raises(ConfigError, match=said):
        Experiment.parse(tree, source="x")


def test_one_block_is_refused_at_build_too():
    with pytest.raises(ConfigError, match="one block has no depths"):
        built(blocks=1)
    with pytest.raises(ConfigError, match="'mood' after block 9"):
        built(depths={"mood": 9})


def test_half_precision():
    model, _, batch = built(depths=LADDER, feed_labels=True)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        losses = model.losses(batch)
    sum(losses.values()).backward()
    assert all(torch.isfinite(loss) for loss in losses.values())
