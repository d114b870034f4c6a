"""A linear-chain conditional random field over the tags of spans.

Lafferty, McCallum and Pereira (2001), "Conditional Random Fields"; with neural emissions as in
Lample et al. (2016), "Neural Architectures for Named Entity Recognition", section 2.2:

    score(tags) = start[tag 1] + sum of emission[word, tag] + sum of move[tag, next tag] + end[last]

Tags that BIO forbids in a row have no place in the model: neither in the sum over all tag
sequences, nor in what is decoded. Emissions are (batch, word, tag) in float32; `words` (batch,
word) marks the words that were read, always the first ones of a sentence.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from mtl_core.data.batching import IGNORED
from mtl_core.data.spans import may_follow

FORBIDDEN = -1e30
"""The score of what cannot be. Finite, so that no gradient is ever infinity minus infinity."""

NOTHING = -80.0
"""Beside a score that is so much larger, another adds nothing in float32."""


class LogSumExp(torch.autograd.Function):
    """log(sum(exp(scores))) over an axis.

    As torch's own, but several times faster on a CPU, where the exponential of what is forbidden
    is slow: no exponent below NOTHING is ever taken.
    """

    @staticmethod
    def forward(ctx: Any, scores: Tensor, axis: int) -> Tensor:
        most = scores.amax(axis, keepdim=True)
        parts = (scores - most).clamp_(min=NOTHING).exp_()
        total = parts.sum(axis, keepdim=True)
        ctx.save_for_backward(parts, total)
        ctx.axis = axis
        return (total.log() + most).squeeze(axis)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        parts, total = ctx.saved_tensors
        return parts * (gradients[0].unsqueeze(ctx.axis) / total), None


def log_sum_exp(scores: Tensor, axis: int) -> Tensor:
    """See LogSumExp."""
    found: Tensor = LogSumExp.apply(scores, axis)
    return found


class LinearChain(nn.Module):
    """Scores of tag sequences; all of it vectorised over the sentences of a batch."""

    moves_forbidden: Tensor
    start_forbidden: Tensor

    def __init__(self, tags: Sequence[str]) -> None:
        super().__init__()
        self.moves = nn.Parameter(torch.zeros(len(tags), len(tags)))  # (tag, next tag)
        self.start = nn.Parameter(torch.zeros(len(tags)))
        self.end = nn.Parameter(torch.zeros(len(tags)))
        moves = [[not may_follow(before, tag) for tag in tags] for before in tags]
        start = [not may_follow("O", tag) for tag in tags]
        self.register_buffer("moves_forbidden", torch.tensor(moves), persistent=False)
        self.register_buffer("start_forbidden", torch.tensor(start), persistent=False)

    def loss(self, logits: Tensor, target: Tensor, words: Tensor) -> Tensor:
        """The negative log-likelihood of all sentences over the number of labelled words."""
        every = self.negative_log_likelihood(logits.float(), target, words)
        return every.sum() / (target != IGNORED).sum().clamp(min=1)

    def negative_log_likelihood(self, emissions: Tensor, target: Tensor, words: Tensor) -> Tensor:
        """Of each sentence: (batch,). 0 where no word of it is labelled.

        `target` (batch, word) may be IGNORED at some of the words: all that they may be is summed
        over, so the likelihood is the one of the tags that are known.
        """
        known = target != IGNORED
        labelled = known.any(1)
        partly = labelled & (words & ~known).any(1)
        right = self._path_score(emissions, target.clamp(min=0), words)
        if partly.any():
            tags = torch.arange(emissions.shape[2], device=target.device)
            out = known[partly, :, None] & (target[partly, :, None] != tags)  # (batch, word, tag)
            among_these = emissions[partly].masked_fill(out, FORBIDDEN)
            right = right.masked_scatter(partly, self.log_partition(among_these, words[partly]))
        return (self.log_partition(emissions, words) - right) * labelled

    def log_partition(self, emissions: Tensor, words: Tensor) -> Tensor:
        """The logarithm of the sum over all tag sequences of exp(score): (batch,)."""
        return log_sum_exp(self._forward(emissions, words)[-1] + self.end, 1)

    def probabilities(self, emissions: Tensor, words: Tensor) -> Tensor:
        """The marginal of each tag at each word, by forward-backward: (batch, word, tag).

        0 for all tags at words that were not read.
        """
        emissions = emissions.float()
        before = torch.stack(self._forward(emissions, words), 1)  # (batch, word, tag)
        after = torch.stack(self._backward(emissions, words), 1)
        every = log_sum_exp(before[:, -1] + self.end, 1)  # (batch,)
        return (before + after - every[:, None, None]).exp() * words[:, :, None]

    @torch.no_grad()
    def best(self, emissions: Tensor, words: Tensor) -> Tensor:
        """The likeliest tag sequence, by Viterbi's algorithm: (batch, word), on the CPU.

        What it says of words that were not read means nothing.
        """
        emissions, words = emissions.float().cpu(), words.cpu()
        start, moves, end = (scores.cpu() for scores in self._scores())
        stay = torch.arange(emissions.shape[2]).expand(emissions.shape[0], -1)  # (batch, tag)
        score = start + emissions[:, 0]
        came_from = []
        for word in range(1, emissions.shape[1]):
            reached, source = (score[:, :, None] + moves).max(1)
            is_read = words[:, word, None]
            score = torch.where(is_read, reached + emissions[:, word], score)
            came_from.append(torch.where(is_read, source, stay))
        tag = (score + end).argmax(1, keepdim=True)  # (batch, 1)
        path = [tag]
        for source in reversed(came_from):
            tag = source.gather(1, tag)
            path.append(tag)
        return torch.cat(path[::-1], 1)

    def _scores(self) -> tuple[Tensor, Tensor, Tensor]:
        """Of the first tag (tag,), of each move (tag, next tag) and of the last tag (tag,)."""
        start = self.start.masked_fill(self.start_forbidden, FORBIDDEN)
        return start, self.moves.masked_fill(self.moves_forbidden, FORBIDDEN), self.end

    def _forward(self, emissions: Tensor, words: Tensor) -> list[Tensor]:
        """Per word, log of the sum over all ways to come to each of its tags: (batch, tag) each.

        Behind a sentence's last word its value is carried on.
        """
        start, moves, _ = self._scores()
        reached = [start + emissions[:, 0]]
        for word in range(1, emissions.shape[1]):
            before = reached[-1]
            now = log_sum_exp(before[:, :, None] + moves, 1) + emissions[:, word]
            reached.append(torch.where(words[:, word, None], now, before))
        return reached

    def _backward(self, emissions: Tensor, words: Tensor) -> list[Tensor]:
        """Per word, log of the sum over all ways to go on from each of its tags: (batch, tag)."""
        _, moves, end = self._scores()
        to_come = [end.expand(len(emissions), -1)]
        for word in range(emissions.shape[1] - 1, 0, -1):
            after = to_come[-1]
            now = log_sum_exp(moves + (emissions[:, word] + after)[:, None, :], 2)
            to_come.append(torch.where(words[:, word, None], now, after))
        return to_come[::-1]

    def _path_score(self, emissions: Tensor, tags: Tensor, words: Tensor) -> Tensor:
        """The score of one tag sequence a sentence: (batch,)."""
        start, moves, end = self._scores()
        said = emissions.gather(2, tags[:, :, None])[:, :, 0]  # (batch, word)
        moved = moves[tags[:, :-1], tags[:, 1:]] * words[:, 1:]
        last = tags.gather(1, words.sum(1, keepdim=True).clamp(min=1) - 1)[:, 0]
        return start[tags[:, 0]] + (said * words).sum(1) + moved.sum(1) + end[last]
