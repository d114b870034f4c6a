"""Any text model without an adapter: its word embeddings, and the rest of it as one block."""

import inspect
from typing import Any

import torch
from torch import Tensor, nn
from transformers import AutoModel

from mtl_core.data.batching import Batch
from mtl_core.models.contracts import Block

from .families import PretrainedEncoder


class WholeModel(Block):
    """A whole model above its word embeddings."""

    def __init__(self, model: nn.Module, *, has_segments: bool) -> None:
        super().__init__()
        self.model = model
        self.has_segments = has_segments

    def forward(self, hidden: Tensor, batch: Batch) -> Tensor:
        more = {"token_type_ids": batch.segments} if self.has_segments else {}
        found = self.model(inputs_embeds=hidden, attention_mask=batch.mask.long(), **more)
        out: Tensor = found.last_hidden_state
        return out


class WholeEncoder(PretrainedEncoder):
    """A model as one block. A decoder is one too: each piece then sees only those before it."""

    attention = None

    def take(self, model: Any, blocks: int | None) -> None:
        del blocks  # there is only one
        self.words = model.get_input_embeddings()
        self.input_width = self.words.weight.shape[1]
        model.set_input_embeddings(nn.Identity())  # the embedding belongs to no block
        model.config.use_cache = False
        has_segments = self.has_segments and "token_type_ids" in _inputs(model)
        self.blocks = nn.ModuleList([WholeModel(model, has_segments=has_segments)])

    def embed(self, batch: Batch) -> Tensor:
        out: Tensor = self.words(batch.ids)
        return out

    @classmethod
    def refusal(cls, config: Any) -> str:
        """Models for other things than text, and those of two halves, are refused."""
        if config.is_encoder_decoder:
            return "is an encoder with a decoder"
        try:
            model = _outline(config)
            words = model.get_input_embeddings()
        except (ValueError, NotImplementedError):
            return "is none of the library's text encoders"
        reads_vectors = {"inputs_embeds", "attention_mask"} <= _inputs(model)
        if not reads_vectors or not isinstance(words, nn.Embedding):
            return "cannot begin with the vectors of words"
        return "" if getattr(config, "hidden_size", None) else "does not name its hidden_size"

    @classmethod
    def depth(cls, config: Any) -> int:
        del config
        return 1

    @classmethod
    def longest(cls, config: Any) -> int | None:
        """As many as the table of positions has room for, where there is one."""
        for name, module in _outline(config).named_modules():
            if name.endswith("position_embeddings") and isinstance(module, nn.Embedding):
                reserved = 0 if module.padding_idx is None else module.padding_idx + 1
                return module.num_embeddings - reserved
        most = getattr(config, "max_position_embeddings", None) or 0
        return most if most > 0 else None


def _outline(config: Any) -> Any:
    """The model without its numbers: nothing is read and nothing drawn."""
    with torch.device("meta"):
        return AutoModel.from_config(config)


def _inputs(model: nn.Module) -> set[str]:
    return set(inspect.signature(model.forward).parameters)
