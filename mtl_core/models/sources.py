"""From an encoder's config to its tokenizer and to the encoder itself: the table ENCODERS."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from mtl_core.config.encoder import CNN, Average, BiLSTM, Pretrained, Transformer
from mtl_core.config.parts import Part
from mtl_core.data.pieces import Pieces, train_cached

from .contracts import Encoder
from .encoders import AverageEncoder, BiLSTMEncoder, CNNEncoder, TransformerEncoder
from .pretrained.tuning import freeze, slow_down

Words = Sequence[Sequence[str]]


class EncoderSource(Protocol):
    """How one kind of encoder comes into being."""

    def pieces(self, config: Any, words: Words, cache: Path | None = None) -> Pieces:
        """The tokenizer; one from scratch learns its pieces from the training words."""

    def architecture(self, config: Any) -> str:
        """What a saved run must keep to build the encoder again, besides its config."""

    def encoder(self, config: Any, pieces: int, architecture: str, fresh: bool) -> Encoder:
        """A new encoder; `fresh` starts from pretrained weights where there are any."""


@dataclass(frozen=True)
class FromScratch:
    """Pieces learnt from the training words, weights drawn at random."""

    build: type[Encoder]

    def pieces(self, config: Any, words: Words, cache: Path | None = None) -> Pieces:
        return train_cached(words, config.vocabulary, config.max_length, cache)

    def architecture(self, config: Any) -> str:
        del config  # the config says it all
        return ""

    def encoder(self, config: Any, pieces: int, architecture: str, fresh: bool) -> Encoder:
        del architecture, fresh
        arguments = config.arguments()
        for name in ("vocabulary", "max_length"):
            del arguments[name]
        return self.build(pieces=pieces, **arguments)


class FromPretrained:
    """Pieces and weights of a published model.

    What loads them is imported when it is needed: it takes a second, which runs with an encoder
    from scratch do not wait for.
    """

    def pieces(self, config: Any, words: Words, cache: Path | None = None) -> Pieces:
        from .pretrained.loading import load_pieces

        del words, cache
        return load_pieces(config.model, config.max_length)

    def architecture(self, config: Any) -> str:
        from .pretrained.loading import load_config

        return load_config(config.model, config.max_length, config.blocks)

    def encoder(self, config: Any, pieces: int, architecture: str, fresh: bool) -> Encoder:
        from .pretrained.loading import build

        del pieces
        encoder = build(
            architecture=architecture,
            weights=config.model if fresh else None,
            blocks=config.blocks,
            dropout=config.dropout,
            pooling=config.pooling,
        )
        slow_down(encoder, config.layer_decay)
        freeze(encoder, config.frozen)
        return encoder


ENCODERS: dict[type[Part], EncoderSource] = {
    BiLSTM: FromScratch(BiLSTMEncoder),
    CNN: FromScratch(CNNEncoder),
    Transformer: FromScratch(TransformerEncoder),
    Average: FromScratch(AverageEncoder),
    Pretrained: FromPretrained(),
}
