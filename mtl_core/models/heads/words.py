"""Heads with an answer for each word, from its first piece (Devlin et al., 2019, section 5.3)."""

import torch
from torch import Tensor, nn

from mtl_core.data.batching import Batch
from mtl_core.data.counting import Counts
from mtl_core.data.gold import NO_ANSWER, Gold
from mtl_core.data.spans import to_bio
from mtl_core.data.tasks import Task
from mtl_core.models.contracts import Output

from .contract import Head
from .crf import LinearChain
from .losses import CrossEntropy


class EachForItself(nn.Module):
    """Every word's tag is chosen without regard to the others'. Compare LinearChain."""

    def __init__(
        self, tags: int, *, class_weights: str, label_smoothing: float, counts: Counts | None
    ) -> None:
        super().__init__()
        self.cross_entropy = CrossEntropy(
            tags, class_weights=class_weights, label_smoothing=label_smoothing, counts=counts
        )

    def loss(self, logits: Tensor, target: Tensor, words: Tensor) -> Tensor:
        """The mean over labelled words."""
        del words
        loss: Tensor = self.cross_entropy(logits, target)
        return loss

    def probabilities(self, logits: Tensor, words: Tensor) -> Tensor:
        """Of each tag at each word: (batch, word, tag)."""
        del words
        return logits.float().softmax(-1)

    def best(self, logits: Tensor, words: Tensor) -> Tensor:
        """The number of each word's tag: (batch, word)."""
        del words
        return logits.argmax(-1)


class WordHead(Head):
    """One tag for each word, chosen as its `decoder` does."""

    def __init__(
        self, output: Output, task: Task, decoder: EachForItself | LinearChain, missing: str
    ) -> None:
        """`missing` is the answer for a word that was cut off."""
        super().__init__(output, task, output.width)
        self.decoder = decoder
        self.missing = missing

    def forward(self, hidden: Tensor, batch: Batch) -> Tensor:
        index = batch.first[:, :, None].expand(-1, -1, hidden.shape[2])  # (batch, word, hidden)
        logits: Tensor = self.classify(self.dropout(hidden.gather(1, index)))
        return logits

    def loss(self, logits: Tensor, target: Tensor, batch: Batch) -> Tensor:
        return self.decoder.loss(logits, target, batch.words)

    def probabilities(self, logits: Tensor, batch: Batch) -> Tensor:
        return self.decoder.probabilities(logits, batch.words)

    def best(self, logits: Tensor, batch: Batch) -> Tensor:
        """The number of each word's tag, (batch, word), also for words that were not read."""
        return self.decoder.best(logits, batch.words)

    def decode(self, logits: Tensor, batch: Batch) -> list[Gold]:
        found = torch.where(batch.words, self.best(logits, batch).to(batch.words.device), -1)
        names = [*self.task.outputs, self.missing]  # -1 is the last one
        return [
            [names[tag] for tag in row[:count]]
            for row, count in zip(found.tolist(), batch.word_counts.tolist(), strict=True)
        ]


class TaggingHead(WordHead):
    """A tag for each word."""

    def __init__(
        self,
        output: Output,
        task: Task,
        *,
        class_weights: str = "none",
        label_smoothing: float = 0.0,
        counts: Counts | None = None,
    ) -> None:
        decoder = EachForItself(
            len(task.outputs),
            class_weights=class_weights,
            label_smoothing=label_smoothing,
            counts=counts,
        )
        super().__init__(output, task, decoder, NO_ANSWER)


class SpanHead(WordHead):
    """BIO tags, always legal ones: a softmax's are read as `to_bio` reads any tags."""

    def __init__(
        self,
        output: Output,
        task: Task,
        *,
        class_weights: str = "none",
        label_smoothing: float = 0.0,
        decoder: str = "softmax",
        counts: Counts | None = None,
    ) -> None:
        words: EachForItself | LinearChain
        if decoder == "crf":
            words = LinearChain(task.outputs)
        else:
            words = EachForItself(
                len(task.outputs),
                class_weights=class_weights,
                label_smoothing=label_smoothing,
                counts=counts,
            )
        super().__init__(output, task, words, "O")

    def decode(self, logits: Tensor, batch: Batch) -> list[Gold]:
        return [to_bio(tags) for tags in super().decode(logits, batch) if isinstance(tags, list)]
