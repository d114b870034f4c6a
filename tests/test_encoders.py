"""Encoders: what each one sees, and pretrained families against the library's own forward pass."""

import functools
import itertools
import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import huggingface_hub
import numpy as np
import pytest
import tokenizers
import torch
import transformers
from tokenizers import models, pre_tokenizers, processors, trainers

from mtl_core.config.encoder import CNN, Average, BiLSTM, Pretrained, Transformer
from mtl_core.config.model_files import DEPTH_KEYS, depth_of, locate, width_of
from mtl_core.data.batching import Batch, Table
from mtl_core.data.pieces import Pieces
from mtl_core.errors import ModelError
from mtl_core.models.contracts import Encoder, rate_of, trainable
from mtl_core.models.encoders.cnn import ConvolutionBlock
from mtl_core.models.pretrained.families import FAMILIES
from mtl_core.models.sources import ENCODERS
from mtl_core.training.stepping import make_optimiser

from .small_models import SMALL, WORDS

LENGTH = 40  # the rows of each tiny model's table of positions
SIZES: dict[str, Any] = {
    "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32,
    "max_position_embeddings": LENGTH, "initializer_range": 0.5,
}  # fmt: skip
PAD_FIRST = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
PAD_SECOND = ("<s>", "<pad>", "</s>", "<unk>", "<mask>")
MODELS: dict[str, tuple[tuple[str, ...], int, dict[str, Any]]] = {
    "bert": (PAD_FIRST, LENGTH, {}),
    "roberta": (PAD_SECOND, LENGTH - 2, {}),
    "xlm-roberta": (PAD_SECOND, LENGTH - 2, {"type_vocab_size": 1}),
    "camembert": (PAD_SECOND, LENGTH - 2, {}),
    "distilbert": (PAD_FIRST, LENGTH, {}),
    "electra": (PAD_FIRST, LENGTH, {"embedding_size": 8}),
    "mpnet": (PAD_SECOND, LENGTH - 2, {}),
    "albert": (PAD_FIRST, LENGTH, {"embedding_size": 8}),
    "deberta-v2": (
        PAD_FIRST,
        LENGTH,
        {"relative_attention": True, "pos_att_type": ["c2p", "p2c"], "type_vocab_size": 2},
    ),
    "gpt2": (PAD_FIRST, LENGTH, {"bos_token_id": 2, "eos_token_id": 3}),
}
"""Family: its special pieces, the most pieces that it reads, options of its config."""
WITHOUT_SEGMENTS = {"xlm-roberta", "distilbert", "mpnet", "gpt2"}


def wordpiece(special: tuple[str, ...]) -> tokenizers.Tokenizer:
    """Whole words and the family's special pieces, the unknown one among them."""
    words = sorted({word.lower() for sentence in WORDS for word in sentence})
    unknown = next(piece for piece in special if "unk" in piece.lower())
    vocabulary = {piece: i for i, piece in enumerate([*special, *words, "##s"])}
    tokenizer = tokenizers.Tokenizer(models.WordPiece(vocabulary, unk_token=unknown))
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.normalizer = tokenizers.normalizers.Lowercase()
    start, end = (special[2], special[3]) if special is PAD_FIRST else (special[0], special[2])
    tokenizer.post_processor = processors.BertProcessing(
        (end, vocabulary[end]), (start, vocabulary[start])
    )
    return tokenizer


def write_model(folder: Path, family: str) -> Path:
    """A small random model of a family, as anybody would bring one."""
    special, _, options = MODELS[family]
    tokenizer = wordpiece(special)
    named = {n: next(p for p in special if n in p.lower()) for n in ("pad", "unk", "mask")}
    transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, **{f"{name}_token": piece for name, piece in named.items()}
    ).save_pretrained(folder)
    padding = tokenizer.token_to_id(named["pad"])
    sizes = {**SIZES, "vocab_size": tokenizer.get_vocab_size(), "pad_token_id": padding}
    config = transformers.AutoConfig.for_model(family, **{**sizes, **options})
    torch.manual_seed(0)
    transformers.AutoModel.from_config(config).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A model of each family on the disk."""
    root = tmp_path_factory.mktemp("models")
    return {family: write_model(root / family, family) for family in MODELS}


@functools.cache
def pretrained(config: Pretrained) -> tuple[Encoder, Pieces]:
    """The encoder as a run builds it, in evaluation, and its tokenizer; built once for all tests."""
    source = ENCODERS[Pretrained]
    pieces = source.pieces(config, WORDS)
    made = source.encoder(config, pieces.size, source.architecture(config), True)
    return made.eval(), pieces


def scratch(config: Any) -> tuple[Encoder, Pieces]:
    """An encoder of random weights, in evaluation, and its tokenizer."""
    source = ENCODERS[type(config)]
    pieces = source.pieces(config, WORDS)
    torch.manual_seed(0)
    return source.encoder(config, pieces.size, "", True).eval(), pieces


def padded(pieces: Pieces, words: Any = WORDS, rows: int = 5) -> Batch:
    """The first sentences, which are not of one length."""
    table = Table("d", pieces.encode(words), {}, frozenset(), pieces.pad_id)
    return table.batch(np.arange(rows))


def halves(batch: Batch) -> Batch:
    """The same pieces as if a second text began in the middle of each row."""
    places = torch.arange(batch.ids.shape[1])[None, :]
    return replace(batch, segments=(batch.mask & (places >= batch.lengths[:, None] // 2)).long())


def library(folder: str, batch: Batch) -> torch.Tensor:
    """What the library makes of a batch: (batch, seq, hidden)."""
    whole = transformers.AutoModel.from_pretrained(folder, dtype=torch.float32).eval()
    more = {"token_type_ids": batch.segments} if batch.segments.any() else {}
    with torch.no_grad():
        found: torch.Tensor = whole(
            input_ids=batch.ids, attention_mask=batch.mask.long(), **more
        ).last_hidden_state
    return found


@pytest.mark.parametrize("family", MODELS)
def test_block_by_block_equals_the_librarys_own_forward_pass(folders, family):
    encoder, pieces = pretrained(Pretrained(model=str(folders[family]), max_length=32))
    single = padded(pieces)
    assert not single.mask.all()
    assert pieces.tokenizer.id_to_token(pieces.pad_id).lower() in ("[pad]", "<pad>")
    assert single.ids[~single.mask].unique().tolist() == [pieces.pad_id]
    batches = [single] if family in WITHOUT_SEGMENTS else [single, halves(single)]
    outputs = []
    for batch in batches:
        with torch.no_grad():
            outputs.append(encoder(batch)[batch.mask])
        expected = library(str(folders[family]), batch)[batch.mask]
        torch.testing.assert_close(outputs[-1], expected, atol=1e-5, rtol=1e-5)
    if len(outputs) > 1:
        assert (outputs[0] - outputs[1]).abs().max() > 0.01  # the second text does count
    assert outputs[0].shape[1] == encoder.output.width


@pytest.mark.parametrize("family", sorted(WITHOUT_SEGMENTS))
def test_a_second_text_means_nothing_to_a_family_without_segments(folders, family):
    encoder, pieces = pretrained(Pretrained(model=str(folders[family]), max_length=32))
    batch = padded(pieces)
    with torch.no_grad():
        torch.testing.assert_close(encoder(halves(batch)), encoder(batch), atol=0, rtol=0)


def test_the_packaged_model_equals_the_librarys_own_forward_pass():
    config = Pretrained()
    encoder, pieces = pretrained(config)
    batch = padded(pieces)
    with torch.no_grad():
        found = encoder(batch)
    expected = library(locate(config.model), batch)
    torch.testing.assert_close(found[batch.mask], expected[batch.mask], atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("family", MODELS)
def test_files_tell_the_depth_before_anything_is_loaded(folders, family):
    config = Pretrained(model=str(folders[family]), max_length=32)
    encoder, _ = pretrained(config)
    assert config.depth == len(encoder.blocks) == (2 if family in FAMILIES else 1)
    first = Pretrained(model=str(folders[family]), max_length=32, blocks=1)
    assert first.depth == len(pretrained(first)[0].blocks) == 1
    if family in DEPTH_KEYS:
        assert config.width == encoder.output.width


def test_depth_without_files():
    assert set(DEPTH_KEYS) == set(FAMILIES)
    assert [c().depth for c in (BiLSTM, CNN, Transformer, Average)] == [2, 2, 2, 1]
    assert (depth_of("no/such-model"), width_of("no/such-model")) == (None, None)
    assert depth_of("package:no_such_package/model") is None
    assert (Pretrained(model="no/such").depth, Pretrained(model="no/such", blocks=3).depth) == (
        None,
        3,
    )
    assert Pretrained().depth == 6 and Pretrained().width == 384


def test_depth_of_a_model_that_was_downloaded_before(tmp_path, monkeypatch):
    """In the layout of the hub's own cache."""
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))
    assert Pretrained(model="some/model").depth is None
    kept = tmp_path / "models--some--model"
    (kept / "snapshots" / "abc").mkdir(parents=True)
    (kept / "refs").mkdir()
    (kept / "refs" / "main").write_text("abc")
    transformers.DistilBertConfig(n_layers=5).save_pretrained(kept / "snapshots" / "abc")
    assert (Pretrained(model="some/model").depth, Pretrained(model="some/model").width) == (5, 768)


@pytest.mark.parametrize("family", MODELS)
def test_the_longest_input_that_is_allowed_can_be_read(folders, family):
    longest = MODELS[family][1]
    config = Pretrained(model=str(folders[family]), max_length=longest)
    encoder, pieces = pretrained(config)
    batch = padded(pieces, [["tram"] * 100], rows=1)
    assert batch.ids.shape == (1, longest)
    with torch.no_grad():
        found = encoder(batch)
    torch.testing.assert_close(found, library(config.model, batch), atol=1e-5, rtol=1e-5)
    with pytest.raises(ModelError, match=f"reads at most {longest} subwords"):
        ENCODERS[Pretrained].architecture(Pretrained(model=config.model, max_length=longest + 1))


@pytest.mark.parametrize("family", MODELS)
def test_a_saved_model_is_built_again_from_its_architecture(folders, family):
    config = Pretrained(model=str(folders[family]), max_length=32)
    encoder, pieces = pretrained(config)
    source = ENCODERS[Pretrained]
    again = source.encoder(config, pieces.size, source.architecture(config), False).eval()
    again.load_state_dict(encoder.state_dict())
    batch = padded(pieces)
    with torch.no_grad():
        torch.testing.assert_close(again(batch), encoder(batch), atol=0, rtol=0)


@pytest.mark.parametrize("family", MODELS)
def test_embedding_and_blocks_hold_every_parameter_once(folders, family):
    """So that a strategy may give blocks away one by one."""
    encoder, pieces = pretrained(Pretrained(model=str(folders[family]), max_length=32))
    parts = [encoder.embedding_parameters(), *[trainable([block]) for block in encoder.blocks]]
    ids = [id(p) for part in parts for p in part]
    assert sorted(ids) == sorted(id(p) for p in encoder.parameters())
    encoder(padded(pieces)).square().sum().backward()
    unused = [n for n, p in encoder.named_parameters() if p.grad is None]
    assert all("pooler" in name for name in unused)


def test_projections_for_low_rank_adapters(folders):
    found = {
        family: pretrained(Pretrained(model=str(folder), max_length=32))[0].lora_targets
        for family, folder in folders.items()
    }
    plain = ("query", "value")
    assert found == dict.fromkeys(MODELS, plain) | {
        "distilbert": ("q_lin", "v_lin"),
        "mpnet": ("q", "v"),
        "deberta-v2": ("query_proj", "value_proj"),
        "gpt2": (),  # its projections are no linear layers
    }
    assert scratch(SMALL[BiLSTM])[0].lora_targets == ()


@pytest.mark.parametrize(("frozen", "still"), [(0, 0), (1, 1), (2, 2), (9, 2)])
def test_frozen_blocks_and_the_embedding_below_them_do_not_learn(folders, frozen, still):
    encoder, _ = pretrained(Pretrained(model=str(folders["bert"]), max_length=32, frozen=frozen))
    learns = [bool(trainable([block])) for block in encoder.blocks]
    assert learns == [False] * still + [True] * (2 - still)
    assert bool(encoder.embedding_parameters()) == (frozen == 0)


def test_each_block_learns_slower_than_the_one_above_it(folders):
    config = Pretrained(model=str(folders["electra"]), max_length=32, layer_decay=0.5)
    encoder, _ = pretrained(config)
    rates = [{rate_of(p) for p in trainable([block])} for block in encoder.blocks]
    assert rates == [{0.5}, {1.0}]
    assert {rate_of(p) for p in encoder.embedding_parameters()} == {0.25}
    groups = make_optimiser(encoder, torch.nn.Module(), 1.0, 0.01).param_groups
    scale = {id(p): group["scale"] for group in groups for p in group["params"]}
    assert all(scale[id(p)] == rate_of(p) for p in encoder.parameters())
    assert sorted(set(scale.values())) == [0.25, 0.5, 1.0]


def test_words_of_a_byte_level_tokenizer_begin_with_their_space(tmp_path):
    """Cut words come without it; without it they would be other pieces than in pretraining."""
    bpe = tokenizers.Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    text = [" ".join(["", *words]) for words in WORDS]
    trainer = trainers.BpeTrainer(
        vocab_size=400, special_tokens=list(PAD_SECOND), show_progress=False
    )
    bpe.train_from_iterator(text, trainer)
    own = transformers.PreTrainedTokenizerFast(tokenizer_object=bpe, pad_token="<pad>")
    own.save_pretrained(tmp_path)
    options = {**SIZES, "vocab_size": 400, "pad_token_id": 1}
    transformers.RobertaConfig(**options).save_pretrained(tmp_path)
    pieces = ENCODERS[Pretrained].pieces(Pretrained(model=str(tmp_path)), WORDS)
    for words, spaced in zip(WORDS[:4], text, strict=False):
        assert pieces.encode([words]).ids.tolist() == own(spaced)["input_ids"]
    pieces.save(tmp_path / "kept.json")
    kept = Pieces.load(tmp_path / "kept.json", 32)
    assert kept.encode(WORDS).ids.tolist() == pieces.encode(WORDS).ids.tolist()
    assert kept.pad_id == pieces.pad_id == 1


@pytest.mark.parametrize(
    ("config", "said"),
    [
        (transformers.T5Config(d_model=8), "'t5' is an encoder with a decoder; take"),
        (transformers.ViTConfig(hidden_size=16), "'vit' cannot begin with the vectors of words"),
        (transformers.CLIPConfig(), "'clip' (is none of|cannot begin)"),
    ],
    ids=["t5", "vit", "clip"],
)
def test_a_family_that_is_no_text_encoder_is_refused(tmp_path, config, said):
    config.save_pretrained(tmp_path)
    with pytest.raises(ModelError, match=said):
        ENCODERS[Pretrained].architecture(Pretrained(model=str(tmp_path)))


def test_more_blocks_than_the_model_has_are_refused(folders):
    for family, has in (("bert", 2), ("albert", 1)):
        model = str(folders[family])
        with pytest.raises(ModelError, match=f"encoder.blocks is 3, but '{model}' has {has}"):
            ENCODERS[Pretrained].architecture(Pretrained(model=model, max_length=32, blocks=3))


def test_files_that_lack_weights_are_refused(folders, tmp_path):
    deeper = transformers.AutoConfig.from_pretrained(folders["bert"], num_hidden_layers=3)
    transformers.AutoModel.from_pretrained(folders["bert"]).save_pretrained(tmp_path)
    deeper.save_pretrained(tmp_path)
    source = ENCODERS[Pretrained]
    config = Pretrained(model=str(tmp_path), max_length=32)
    with pytest.raises(ModelError, match=r"no weights for 16 parts, such as 'encoder\.layer\.2"):
        source.encoder(config, 0, source.architecture(config), True)


@pytest.mark.parametrize("damage", ["cut", "other sizes", "no number"])
def test_damaged_files_are_one_sentence(folders, tmp_path, damage):
    folder = shutil.copytree(folders["bert"], tmp_path / "copy")
    source, config = ENCODERS[Pretrained], Pretrained(model=str(folder), max_length=32)
    weights, described = folder / "model.safetensors", folder / "config.json"
    tree = json.loads(described.read_text())
    if damage == "cut":
        weights.write_bytes(weights.read_bytes()[:3000])
    else:
        tree["hidden_size"] = 32 if damage == "other sizes" else "wide"
        described.write_text(json.dumps(tree))
    with pytest.raises(ModelError, match="its files are damaged or do not fit each other; copy"):
        source.encoder(config, 0, source.architecture(config), True)


def test_pretrained_pieces_are_the_models_own():
    config = Pretrained()
    pieces = ENCODERS[Pretrained].pieces(config, WORDS)
    own = transformers.AutoTokenizer.from_pretrained(locate(config.model))
    for words in WORDS[:4]:
        expected = own(words, is_split_into_words=True)["input_ids"]
        assert pieces.encode([words]).ids.tolist() == expected


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ("no/such-model", "encoder.model 'no/such-model' is not on this disk"),
        ("package:no_such_package/model", "the Python package 'no_such_package' is not installed"),
    ],
)
def test_a_model_that_cannot_be_loaded_is_one_sentence(model, said):
    with pytest.raises(ModelError, match=said):
        ENCODERS[Pretrained].pieces(Pretrained(model=model), WORDS)


@pytest.mark.parametrize("word", ["", " ", "\u0007", "\u200b", "\u00ad"])
def test_a_word_that_a_pretrained_tokenizer_drops_keeps_its_place(word, tiny_bert):
    pieces = ENCODERS[Pretrained].pieces(SMALL[Pretrained], WORDS)
    encoded = pieces.encode([["the", word, "tram"], [word]])
    assert encoded.first.tolist() == [1, 2, 3, 1]
    assert encoded.ids[2] == pieces.unknown_id and encoded.id_ends.tolist() == [0, 5, 8]


def reach(encoder: Encoder, batch: Batch, place: int) -> list[int]:
    """The places of the first row whose output depends on what enters at one place."""
    vectors = torch.randn(1, 11, encoder.input_width, requires_grad=True)
    everywhere = torch.ones(1, 11, dtype=torch.bool)
    whole = replace(batch, mask=everywhere, lengths=torch.tensor([11]))
    hidden: torch.Tensor = vectors
    for block in encoder.blocks:
        hidden = block(hidden, whole)
    (moved,) = torch.autograd.grad(hidden[0, place].sum(), vectors)
    return torch.nonzero(moved[0].abs().sum(1) > 0).flatten().tolist()


@pytest.mark.parametrize(
    ("config", "seen"),
    [
        (Average(hidden=16, embedding=8, blocks=3), [5]),
        (CNN(hidden=16, kernel=3, blocks=2), [3, 4, 5, 6, 7]),
        (CNN(hidden=16, kernel=7, blocks=1), list(range(2, 9))),
        (BiLSTM(hidden=16, embedding=8, blocks=1), list(range(11))),
        (Transformer(hidden=16, heads=2, blocks=1), list(range(11))),
    ],
    ids=lambda value: value.kind_name() if hasattr(value, "kind_name") else "",
)
def test_how_far_a_word_sees(config, seen):
    encoder, pieces = scratch(config)
    assert reach(encoder, padded(pieces, rows=1), 5) == seen


def test_a_convolution_by_hand():
    """y[i] = x[i] + relu(b + sum over k of W[k] x[i + k]), where nothing lies beyond the text."""
    torch.manual_seed(0)
    block = ConvolutionBlock(hidden=4, kernel=3, dropout=0.0)
    batch = padded(scratch(SMALL[CNN])[1], rows=2)
    length, longest = int(batch.lengths.min()), batch.ids.shape[1]
    row = int(batch.lengths.argmin())
    assert length < longest
    hidden = torch.randn(2, longest, 4)  # what stands behind the text is not 0
    weight, bias = block.convolution.weight, block.convolution.bias  # (out, in, k), (out,)
    expected = hidden[row, :length].clone()
    for i in range(length):
        near = [(k, i + k - 1) for k in range(3) if 0 <= i + k - 1 < length]
        total = bias + sum(weight[:, :, k] @ hidden[row, j] for k, j in near)
        expected[i] += total.clamp(min=0)
    torch.testing.assert_close(block(hidden, batch)[row, :length], expected)


def test_an_average_does_not_know_the_order():
    encoder, pieces = scratch(SMALL[Average])
    words = ["tram", "hotel", "weather", "food"]
    means = []
    for order in itertools.islice(itertools.permutations(words), 5):
        batch = padded(pieces, [list(order)], rows=1)
        means.append(encoder(batch).mean(1))
    for mean in means[1:]:
        torch.testing.assert_close(mean, means[0])
