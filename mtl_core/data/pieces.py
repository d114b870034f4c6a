"""Subword pieces: one tokenizer path for every encoder, and where each word begins in it.

Encoders from scratch learn their pieces from the training words; pretrained ones bring theirs.
Words that yield no piece (control signs, say) get the unknown piece, so every word has a place.
A pair of texts is one row of pieces, put together as the tokenizer's own template says.
"""

import hashlib
import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file
from tokenizers import Encoding, Tokenizer, models, pre_tokenizers, trainers
from tokenizers.processors import TemplateProcessing

from mtl_core.errors import DataError

from .files import write_atomically

PAD, UNKNOWN, SEPARATOR = "[PAD]", "[UNK]", "[SEP]"
PADS = (PAD, "<pad>")
"""What tokenizers call the padding, ours and the published ones."""
CUT_OFF = -1
"""The place of a word that lies beyond the maximum length."""


@dataclass(frozen=True)
class Encoded:
    """Sentences as pieces, one after the other: sentence i is `ids[id_ends[i]:id_ends[i + 1]]`.

    `first` holds for each word the place of its first piece within its sentence, or CUT_OFF;
    sentence i has the words `word_ends[i]:word_ends[i + 1]`. `second` holds for each sentence where
    the pieces of the second text begin, or its length where there is none.
    """

    ids: NDArray[np.int64]
    id_ends: NDArray[np.int64]
    first: NDArray[np.int64]
    word_ends: NDArray[np.int64]
    second: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.id_ends) - 1

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Pieces of each sentence."""
        return np.diff(self.id_ends)


Read = tuple[list[int], NDArray[np.int64], int]
"""A row: its pieces, the place of each word of its first text, where its second text begins."""


@dataclass(frozen=True)
class _Signs:
    """What a tokenizer puts before, between and behind the two texts of a pair."""

    before: list[int]
    between: list[int]
    behind: list[int]

    def __len__(self) -> int:
        return len(self.before) + len(self.between) + len(self.behind)


class Pieces:
    """A subword tokenizer for words that are already cut."""

    def __init__(self, tokenizer: Tokenizer, max_length: int, unknown: str = UNKNOWN) -> None:
        self.tokenizer = tokenizer
        self.max_length = max_length
        self.unknown_id = int(tokenizer.token_to_id(unknown) or 0)
        # Room for the signs that a pretrained tokenizer puts around every sentence.
        probe = tokenizer.encode([""], is_pretokenized=True)
        self.tail = _trailing_specials(probe)

    @classmethod
    def train(cls, words: Iterable[Sequence[str]], vocabulary: int, max_length: int) -> "Pieces":
        """Learn byte-pair merges (Sennrich et al., 2016) from sentences of words.

        A mark of its own opens each word. The trainer's own marks for word parts (`##`, `</w>`)
        are numbered in an order that changes from one process to the next, and the merges with
        them; without them the same words always give the same pieces.
        """
        tokenizer = Tokenizer(models.BPE(unk_token=UNKNOWN, fuse_unk=True))
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
            [pre_tokenizers.BertPreTokenizer(), pre_tokenizers.Metaspace(prepend_scheme="always")]
        )
        trainer = trainers.BpeTrainer(
            vocab_size=vocabulary,
            min_frequency=2,
            special_tokens=[PAD, UNKNOWN],
            show_progress=False,
        )
        tokenizer.train_from_iterator((" ".join(sentence) for sentence in words), trainer)
        return cls(_with_separator(tokenizer), max_length)

    @property
    def pad_id(self) -> int:
        """What fills the places behind a sentence; masked, so any piece would do."""
        found = (self.tokenizer.token_to_id(name) for name in PADS)
        return next((int(place) for place in found if place is not None), 0)

    def save(self, file: Path) -> None:
        """Write the tokenizer as JSON."""
        write_atomically(file, self.tokenizer.to_str())

    @classmethod
    def load(cls, file: Path, max_length: int) -> "Pieces":
        """Read what `save` wrote."""
        tokenizer = Tokenizer.from_file(str(file))
        return cls(tokenizer, max_length, unknown=_unknown_of(tokenizer))

    @property
    def size(self) -> int:
        """Number of different pieces."""
        return int(self.tokenizer.get_vocab_size())

    def encode(
        self, words: Sequence[Sequence[str]], seconds: Sequence[Sequence[str]] | None = None
    ) -> Encoded:
        """All sentences as pieces, or all pairs of sentences."""
        if seconds is None:
            encodings = self._encodings(words, signs=True)
            rows = [self._single(e, len(w)) for e, w in zip(encodings, words, strict=True)]
        else:
            first, second = self._encodings(words), self._encodings(seconds)
            counts = zip(map(len, words), map(len, seconds), strict=True)
            rows = [self._pair(*row) for row in zip(first, second, counts, strict=True)]
        return Encoded(
            ids=np.fromiter((i for ids, _, _ in rows for i in ids), dtype=np.int64),
            id_ends=_ends([len(ids) for ids, _, _ in rows]),
            first=np.concatenate([np.zeros(0, np.int64), *(first for _, first, _ in rows)]),
            word_ends=_ends([len(s) for s in words]),
            second=np.array([second for _, _, second in rows], dtype=np.int64),
        )

    def read_of_second(self, pair: Encoded, second: Sequence[str]) -> int:
        """How many words of the second text of one encoded pair were not cut off."""
        kept = int(pair.lengths[0] - pair.second[0]) - len(self._signs.behind)
        _, owners = self._filled(self._encodings([second])[0], len(second), 0)
        return len({owner for owner in owners[:kept] if owner is not None and owner < len(second)})

    def _encodings(self, words: Sequence[Sequence[str]], signs: bool = False) -> list[Encoding]:
        texts = [list(w) or [""] for w in words]
        return self.tokenizer.encode_batch(texts, is_pretokenized=True, add_special_tokens=signs)

    def _single(self, encoding: Encoding, words: int) -> Read:
        """One text, cut to the maximum length, with the signs around it."""
        ids, owners = self._filled(encoding, words, self.tail)
        if not ids:  # an empty sentence still needs something to look at
            ids, owners = [self.unknown_id], [None]
        if len(ids) > self.max_length:
            keep = self.max_length - self.tail
            ids = ids[:keep] + ids[len(ids) - self.tail :]
            owners = owners[:keep] + [None] * self.tail
        return ids, _places(owners, words), len(ids)

    def _pair(self, one: Encoding, two: Encoding, words: tuple[int, int]) -> Read:
        """Two texts with the signs around them; the longer one is cut first.

        An empty text is the unknown piece, so that there is something to look at in both.
        """
        ids, owners = self._filled(one, words[0], 0)
        others, _ = self._filled(two, words[1], 0)
        ids, others = ids or [self.unknown_id], others or [self.unknown_id]
        signs = self._signs
        keep, keep_others = _longest_first(len(ids), len(others), self.max_length - len(signs))
        start = [*signs.before, *ids[:keep], *signs.between]
        first = _places(owners[:keep], words[0])
        shifted = np.where(first == CUT_OFF, CUT_OFF, first + len(signs.before))
        return [*start, *others[:keep_others], *signs.behind], shifted, len(start)

    @cached_property
    def _signs(self) -> _Signs:
        """Read off a pair of probes."""
        for probe in ("a", "1", "."):
            found = self.tokenizer.encode([probe], [probe], is_pretokenized=True)
            sides = found.sequence_ids
            if 0 in sides and 1 in sides:
                break
        else:
            raise DataError("this tokenizer reads no plain letter; choose another encoder")
        one, two = sides.index(0), sides.index(1)
        one_end, two_end = one + sides.count(0), two + sides.count(1)
        signs = _Signs(found.ids[:one], found.ids[one_end:two], found.ids[two_end:])
        if self.max_length < len(signs) + 2:
            raise DataError(
                f"encoder.max_length is {self.max_length}, too little for pairs of texts with the "
                f"{len(signs)} signs around them; raise it"
            )
        return signs

    def _filled(
        self, encoding: Encoding, words: int, tail: int
    ) -> tuple[list[int], list[int | None]]:
        """The pieces of a text and the word that each belongs to; every word has one at least."""
        ids: list[int] = []
        owners: list[int | None] = []
        end = len(encoding.ids) - tail
        missing = 0  # the first word that has no place yet

        def fill(until: int) -> None:
            nonlocal missing
            for word in range(missing, until):
                ids.append(self.unknown_id)
                owners.append(word)
            missing = max(missing, until)

        for piece, owner in zip(encoding.ids[:end], encoding.word_ids[:end], strict=True):
            if owner is not None:
                fill(min(owner, words))
                missing = max(missing, owner + 1)
            ids.append(piece)
            owners.append(owner)
        fill(words)
        return ids + encoding.ids[end:], owners + [None] * tail


def _places(owners: Sequence[int | None], words: int) -> NDArray[np.int64]:
    """The place of each word's first piece, CUT_OFF for words that have none."""
    first = np.full(words, CUT_OFF, dtype=np.int64)
    for place in range(len(owners) - 1, -1, -1):
        owner = owners[place]
        if owner is not None and owner < words:
            first[owner] = place
    return first


def _longest_first(one: int, two: int, room: int) -> tuple[int, int]:
    """How many pieces of two texts are kept: the longer one gives way until both are alike."""
    if one + two <= room:
        return one, two
    short = min(one, two, room // 2)
    return (short, room - short) if one <= two else (room - short, short)


def _with_separator(tokenizer: Tokenizer) -> Tokenizer:
    """The tokenizer with one more piece, the last, between the texts of a pair.

    It stands in the vocabulary but in no merge, so no text gives it, and single texts keep their
    pieces.
    """
    tree = json.loads(tokenizer.to_str())
    tree["model"]["vocab"][SEPARATOR] = place = len(tree["model"]["vocab"])
    extended: Tokenizer = Tokenizer.from_str(json.dumps(tree))
    extended.post_processor = TemplateProcessing(
        single="$A", pair=f"$A {SEPARATOR} $B:1", special_tokens=[(SEPARATOR, place)]
    )
    return extended


def encode_cached(
    pieces: Pieces,
    words: Sequence[Sequence[str]],
    cache: Path | None,
    seconds: Sequence[Sequence[str]] | None = None,
) -> Encoded:
    """As `Pieces.encode`, remembered on the disk under the contents of tokenizer and words."""
    if cache is None:
        return pieces.encode(words, seconds)
    kind = "single" if seconds is None else "pairs"
    settings = f"2 {kind} {pieces.max_length} {pieces.tokenizer.to_str()}"
    file = cache / f"pieces-{_digest(settings, [*words, *(seconds or [])])}.safetensors"
    if file.exists():
        return Encoded(**load_file(file))
    encoded = pieces.encode(words, seconds)
    cache.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    save_file(dict(vars(encoded)), draft)
    draft.replace(file)
    return encoded


def train_cached(
    words: Sequence[Sequence[str]], vocabulary: int, max_length: int, cache: Path | None
) -> Pieces:
    """As `Pieces.train`, remembered on the disk under the words and the size."""
    if cache is None:
        return Pieces.train(words, vocabulary, max_length)
    file = cache / f"tokenizer-{_digest(f'2 {vocabulary}', words)}.json"
    if file.exists():
        return Pieces.load(file, max_length)
    pieces = Pieces.train(words, vocabulary, max_length)
    cache.mkdir(parents=True, exist_ok=True)
    pieces.save(file)
    return pieces


def _digest(settings: str, words: Sequence[Sequence[str]]) -> str:
    """A name for some words under some settings; other contents, other name."""
    digest = hashlib.sha256(settings.encode())
    digest.update("\n".join("\0".join(sentence) for sentence in words).encode("utf-8", "replace"))
    return digest.hexdigest()[:32]


def _ends(lengths: list[int]) -> NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)


def _trailing_specials(probe: Encoding) -> int:
    """How many signs the tokenizer appends to every sentence, for example [SEP]."""
    count = 0
    for special in reversed(probe.special_tokens_mask):
        if not special:
            break
        count += 1
    # A probe of nothing but specials is "[CLS] [SEP]": one of them leads.
    return count if count < len(probe.ids) else max(0, count - 1)


def _unknown_of(tokenizer: Tokenizer) -> str:
    """The unknown piece as the tokenizer's own model names it."""
    model = json.loads(tokenizer.to_str())["model"]
    return str(model.get("unk_token") or UNKNOWN)
