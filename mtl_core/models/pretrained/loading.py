"""From the name of a model to its tokenizer, its architecture and the encoder."""

import json
from pathlib import Path
from typing import Any

import torch
from huggingface_hub import HfApi
from huggingface_hub.errors import (
    HFValidationError,
    RepositoryNotFoundError,
    StrictDataclassError,
)
from safetensors import SafetensorError
from tokenizers import Tokenizer, normalizers
from transformers import AutoConfig, AutoModel, AutoTokenizer
from transformers.utils.logging import disable_progress_bar, set_verbosity_error

from mtl_core.config.model_files import locate
from mtl_core.data.pieces import UNKNOWN, Pieces
from mtl_core.errors import ModelError
from mtl_core.models.contracts import Encoder

from .families import FAMILIES, PretrainedEncoder
from .whole import WholeEncoder


def load_pieces(name: str, max_length: int) -> Pieces:
    """The model's own tokenizer."""
    tokenizer: Any = _load(AutoTokenizer, name)
    if not getattr(tokenizer, "is_fast", False):
        raise ModelError(
            f"encoder.model '{name}' has no tokenizer.json, and its tokenizer cannot be turned "
            "into one; take a model that has"
        )
    backend = Tokenizer.from_str(tokenizer.backend_tokenizer.to_str())
    backend.no_padding()
    backend.no_truncation()
    _open_words(backend)
    return Pieces(backend, max_length, unknown=tokenizer.unk_token or UNKNOWN)


def load_config(name: str, max_length: int, blocks: int | None) -> str:
    """The model's architecture as JSON, enough to build it again without its weights."""
    config: Any = _load(AutoConfig, name)
    family = _family(config.model_type)
    refusal = family.refusal(config)
    if refusal:
        raise ModelError(
            f"encoder.model '{name}': its family '{config.model_type}' {refusal}; "
            f"take an encoder of text, such as {', '.join(FAMILIES)}"
        )
    longest, depth = family.longest(config), family.depth(config)
    if longest is not None and max_length > longest:
        raise ModelError(
            f"encoder.max_length is {max_length}, but '{name}' reads at most "
            f"{longest} subwords; lower it"
        )
    if blocks is not None and blocks > depth:
        raise ModelError(
            f"encoder.blocks is {blocks}, but '{name}' has {depth}; lower it, or leave it empty"
        )
    return json.dumps(config.to_dict())


def build(
    *, architecture: str, weights: str | None, blocks: int | None, dropout: float, pooling: str
) -> Encoder:
    """The encoder with its pretrained weights, or with random ones that a checkpoint will replace."""
    tree = json.loads(architecture)
    family = _family(tree["model_type"])
    options = {"attn_implementation": family.attention} if family.attention else {}
    if weights is None:
        model = AutoModel.from_config(AutoConfig.for_model(**tree), **options)
    else:
        model = _load_weights(weights, **options)
    return family(model=model, blocks=blocks, dropout=dropout, pooling=pooling)


def _family(model_type: str) -> type[PretrainedEncoder]:
    return FAMILIES.get(model_type, WholeEncoder)


def _load_weights(name: str, **options: Any) -> Any:
    """The model in full precision. What has no weights in its files is not trained: refused."""
    loaded = _load(AutoModel, name, dtype=torch.float32, output_loading_info=True, **options)
    model, report = loaded
    lost = sorted(key for key in report["missing_keys"] if not key.startswith("pooler."))
    if lost:
        raise ModelError(
            f"encoder.model '{name}': its files have no weights for {len(lost)} parts, such as "
            f"'{lost[0]}'; take a model whose files are complete"
        )
    return model


def _open_words(tokenizer: Tokenizer) -> None:
    """Let every word begin with a space where the tokenizer marks beginnings by one.

    Byte-level tokenizers (Radford et al., 2019) have other pieces for a word after a space than
    for the same letters within a word, and words that are already cut come without their space.
    """
    if tokenizer.pre_tokenizer is not None and "ByteLevel" in repr(tokenizer.pre_tokenizer):
        before = [tokenizer.normalizer] if tokenizer.normalizer is not None else []
        tokenizer.normalizer = normalizers.Sequence([*before, normalizers.Prepend(" ")])


def _load(loader: Any, name: str, **options: Any) -> Any:
    """From the disk where it is there, from the hub where that can be reached."""
    place = locate(name)
    disable_progress_bar()  # of reading weights: it would stand in the middle of our own
    set_verbosity_error()  # nor its table of the parts that are not used
    try:
        return loader.from_pretrained(place, local_files_only=True, **options)
    except (OSError, ValueError) as err:
        problem = _hub_problem(place)
        if problem:
            raise ModelError(f"encoder.model '{name}' {problem}") from err
    except (RuntimeError, SafetensorError, StrictDataclassError) as err:
        raise ModelError(
            f"encoder.model '{name}': its files are damaged or do not fit each other; "
            "copy or download them again"
        ) from err
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
