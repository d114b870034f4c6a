"""A published model as an embedding and blocks: one small adapter for each family."""

import copy
from typing import Any

import torch
from torch import Tensor, nn

from mtl_core.data.batching import Batch
from mtl_core.models.contracts import Block, Encoder, Output

PROJECTIONS = (
    ("query", "value"),
    ("query_proj", "value_proj"),
    ("q_proj", "v_proj"),
    ("q_lin", "v_lin"),
    ("q", "v"),
)
"""What families call the projections that Hu et al. (2022), section 4.2, adapt."""


class LayerBlock(Block):
    """One layer that takes hidden states and which pieces are real."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, hidden: Tensor, batch: Batch) -> Tensor:
        seen = batch.mask[:, None, None, :]  # (batch, head, seq, seq), broadcast
        out: Tensor = self.layer(hidden, attention_mask=seen)
        return out


class MPNetBlock(Block):
    """One layer of MPNet, with a copy of the relative positions' table.

    The published layers share that table. A copy for each, equal at the start, lets a block be
    shared, owned or frozen by itself.
    """

    def __init__(self, layer: nn.Module, encoder: Any) -> None:
        super().__init__()
        self.layer = layer
        self.bias = copy.deepcopy(encoder.relative_attention_bias)
        self.bucket = encoder.relative_position_bucket

    def forward(self, hidden: Tensor, batch: Batch) -> Tensor:
        place = torch.arange(hidden.shape[1], device=hidden.device)
        near = self.bias(self.bucket(place[None, :] - place[:, None]))  # (seq, seq, head)
        unseen = torch.zeros(batch.mask.shape, dtype=hidden.dtype, device=hidden.device)
        unseen = unseen.masked_fill(~batch.mask, torch.finfo(hidden.dtype).min)  # (batch, seq)
        out: Tensor = self.layer(
            hidden, attention_mask=unseen[:, None, None, :], position_bias=near.permute(2, 0, 1)
        )[0]
        return out


class PretrainedEncoder(Encoder):
    """What all families have in common. `blocks` keeps only the first so many."""

    attention: str | None = "sdpa"
    """The library's implementation that takes the mask of `LayerBlock`; None: the library's choice."""

    def __init__(
        self, *, model: nn.Module, blocks: int | None, dropout: float, pooling: str
    ) -> None:
        super().__init__()
        found: Any = model
        self.input_width = found.config.hidden_size
        self.output = Output(found.config.hidden_size, pooling, dropout)
        self.lora_targets = _projections(model)
        self.has_segments = (getattr(found.config, "type_vocab_size", None) or 0) > 1
        self.take(found, blocks)

    def take(self, model: Any, blocks: int | None) -> None:
        """Keep the parts of the model that are used: its embeddings and layers, not its pooler."""
        self.embeddings = model.embeddings
        self.blocks = nn.ModuleList(LayerBlock(layer) for layer in model.encoder.layer[:blocks])

    def embed(self, batch: Batch) -> Tensor:
        types = batch.segments if self.has_segments else None
        out: Tensor = self.embeddings(input_ids=batch.ids, token_type_ids=types)
        return out

    @classmethod
    def refusal(cls, config: Any) -> str:
        """Why a model of such a config cannot be an encoder here; "" where it can."""
        del config
        return ""

    @classmethod
    def depth(cls, config: Any) -> int:
        """The number of blocks of a model of such a config."""
        return int(config.num_hidden_layers)

    @classmethod
    def longest(cls, config: Any) -> int | None:
        """The most pieces that it reads; None where there is no limit."""
        return int(config.max_position_embeddings)


class BertEncoder(PretrainedEncoder):
    """BERT (Devlin et al., 2019)."""


class RobertaEncoder(PretrainedEncoder):
    """RoBERTa (Liu et al., 2019) and its kin, whose positions begin behind the padding's."""

    @classmethod
    def longest(cls, config: Any) -> int | None:
        return int(config.max_position_embeddings) - config.pad_token_id - 1


class ElectraEncoder(PretrainedEncoder):
    """ELECTRA (Clark et al., 2020): its embeddings may be narrower than its layers."""

    def take(self, model: Any, blocks: int | None) -> None:
        super().take(model, blocks)
        is_narrower = hasattr(model, "embeddings_project")
        self.project = model.embeddings_project if is_narrower else nn.Identity()

    def embed(self, batch: Batch) -> Tensor:
        out: Tensor = self.project(super().embed(batch))
        return out


class DistilBertEncoder(PretrainedEncoder):
    """DistilBERT (Sanh et al., 2019); it knows no segments."""

    def take(self, model: Any, blocks: int | None) -> None:
        self.embeddings = model.embeddings
        layers = model.transformer.layer[:blocks]
        self.blocks = nn.ModuleList(LayerBlock(layer) for layer in layers)

    def embed(self, batch: Batch) -> Tensor:
        out: Tensor = self.embeddings(batch.ids)
        return out


class MPNetEncoder(PretrainedEncoder):
    """MPNet (Song et al., 2020); it knows no segments."""

    attention = None

    def take(self, model: Any, blocks: int | None) -> None:
        self.embeddings = model.embeddings
        layers = model.encoder.layer[:blocks]
        self.blocks = nn.ModuleList(MPNetBlock(layer, model.encoder) for layer in layers)

    def embed(self, batch: Batch) -> Tensor:
        out: Tensor = self.embeddings(input_ids=batch.ids)
        return out

    @classmethod
    def longest(cls, config: Any) -> int | None:
        return int(config.max_position_embeddings) - 2  # the library's padding is always piece 1


FAMILIES: dict[str, type[PretrainedEncoder]] = {
    "bert": BertEncoder,
    "roberta": RobertaEncoder,
    "xlm-roberta": RobertaEncoder,
    "camembert": RobertaEncoder,
    "distilbert": DistilBertEncoder,
    "electra": ElectraEncoder,
    "mpnet": MPNetEncoder,
}
"""Adapters by the library's name of the family. `config/model_files.py` lists the same names."""


def _projections(model: nn.Module) -> tuple[str, ...]:
    """The names of the attention's projections; none where they are called otherwise."""
    names = {n.rpartition(".")[2] for n, m in model.named_modules() if isinstance(m, nn.Linear)}
    return next((pair for pair in PROJECTIONS if names >= set(pair)), ())
