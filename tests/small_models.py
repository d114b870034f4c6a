"""Small models of every kind, for tests that go through all combinations."""

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import torch

from mtl_core.config import METHODS, SharingPart
from mtl_core.config.encoder import CNN, Average, BiLSTM, Transformer
from mtl_core.config.sharing import Transfer
from mtl_core.data.batching import Batch, Table, make_table
from mtl_core.data.pieces import Pieces
from mtl_core.data.tasks import Sentences, Task
from mtl_core.models.model import MultiTaskModel, build_model
from mtl_core.models.sources import ENCODERS

from .conftest import make_rows

SMALL: dict[type, Any] = {
    BiLSTM: BiLSTM(hidden=16, embedding=8, dropout=0.0),
    CNN: CNN(hidden=16, kernel=3, dropout=0.0),
    Transformer: Transformer(hidden=16, heads=2, dropout=0.0),
    Average: Average(hidden=16, embedding=16, blocks=2, dropout=0.0),
}
"""A small encoder of each kind; those with files of their own are added by fixtures."""
SHARING_OPTIONS: dict[type[SharingPart], dict[str, Any]] = {Transfer: {"source": "a run"}}
"""What a strategy's test needs that its defaults do not give."""
TASKS = (
    Task("mood", "classification", ("fine", "poor"), "accuracy"),
    Task("places", "spans", ("LOC",), "f1"),
    Task("tags", "tagging", ("ADJ", "ADP", "AUX", "DET", "NOUN", "PROPN"), "accuracy"),
)
ROWS = make_rows(12)
WORDS = [row["tokens"] for row in ROWS]
DATASETS = ("d", "e")
PAIRS = list(itertools.product(METHODS["sharing"], METHODS["encoder"]))


def pair_id(pair: tuple[Any, ...]) -> str:
    """For example "hard-bilstm"."""
    return "-".join(choice.kind_name() for choice in pair)


def small_sharing(choice: type[SharingPart]) -> SharingPart:
    """The strategy as the tests use it."""
    return choice(**SHARING_OPTIONS.get(choice, {}))


def make(
    sharing: SharingPart | type[SharingPart], encoder: type, *, seed: int = 0
) -> tuple[MultiTaskModel, Table]:
    """A small model of three tasks, and twelve sentences for it; batches come from dataset "d"."""
    torch.manual_seed(seed)
    config, source = SMALL[encoder], ENCODERS[encoder]
    pieces: Pieces = source.pieces(config, WORDS)
    architecture = source.architecture(config)
    model = build_model(
        make_encoder=lambda: source.encoder(config, pieces.size, architecture, fresh=True),
        sharing=small_sharing(sharing) if isinstance(sharing, type) else sharing,
        tasks=TASKS,
        datasets=DATASETS,
    )
    gold: dict[str, Any] = {task.name: [row[task.name] for row in ROWS] for task in TASKS}
    sentences = Sentences(WORDS, gold)
    return model, make_table("d", sentences, TASKS, pieces.encode(WORDS), pieces.pad_id)


def first_rows(table: Table, count: int) -> Batch:
    """The first rows as a batch."""
    return table.batch(np.arange(count))


def write_tiny_bert(folder: Path) -> None:
    """A BERT of 2 layers in a local folder, as anybody would bring one."""
    import transformers

    words = sorted({word.lower() for sentence in WORDS for word in sentence})
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    (folder / "vocab.txt").write_text("\n".join([*special, *words, "##s"]))
    transformers.BertTokenizer(str(folder / "vocab.txt")).save_pretrained(folder)
    torch.manual_seed(0)
    config = transformers.BertConfig(
        vocab_size=len(words) + 6, hidden_size=16, num_hidden_layers=2, num_attention_heads=2,
        intermediate_size=32, max_position_embeddings=64,
    )  # fmt: skip
    transformers.BertModel(config).save_pretrained(folder)
