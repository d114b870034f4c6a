"""Generated tasks whose relatedness is a number: a dial from -1 over 0 to 1.

After the synthetic data of Ma et al. (KDD 2018, section 3.2, the paper of MMoE), carried over into
text. Every word of a made-up language has a hidden vector; a sentence is drawn at random, and x is
the scaled sum of the vectors of its words. With orthogonal directions u1, u2, ... of length 1

    w1 = c u1        wi = c (p u1 + sqrt(1 - p²) ui)        p: the relatedness
    y  = wᵀx + sin(wᵀx) + sin(2 wᵀx) + noise

and a sentence's label is the part of the distribution in which its y lies (or y itself, or for tags
the same of each word by itself). The hidden vectors are made so that over the vocabulary the values
of two directions correlate exactly as the directions do; so p is not only asked for, it is there.
The paper draws phases for the sines. Here they are 0, so that -1 means the exact opposite.

What can sharing do at p below 0? With a head of its own for each task nothing else than at -p: if
the helper's classes are turned around, its data is that of -p, and a head can turn them around. So
with `heads: own` a relatedness of -1 helps as much as 1, and 0 is the middle, where it does not help.
With `heads: one` the tasks bear one name in separate datasets, so one head answers for both. Then the
sign counts: below 0 the helper teaches the opposite of what is asked, and sharing must hurt. Already
at 0 it is no matter of indifference, since the helper's labels are noise to the task.
"""

import json
import math
import shutil
import tempfile
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from mtl_core.config.parts import Part, option
from mtl_core.config.relatedness import HELPER, MAIN, ROWS, Heads
from mtl_core.config.yaml_text import written
from mtl_core.errors import DataError

from .catalog import CARD_FILE, SPLITS, Card, Dataset, TaskSpec, load_card

Numbers = NDArray[np.float64]
CLASSES = "ABCDE"
"""Names of the classes, from the least y to the greatest."""
_DIMENSIONS = 8  # of the hidden vectors; at least as many as tasks
_SCALE = 3.0  # c: wᵀx then has this standard deviation
_SINES = (1.0, 2.0)
_SHORTEST, _LONGEST = 6, 10  # words
_WORDS, _DIRECTIONS, _DRAWN = 1, 2, 3  # seeds: each thing that is drawn has its own
_SYLLABLES = [consonant + vowel for consonant in "bdfgklmnprstvz" for vowel in "aeiou"]
PAPER = "After the synthetic data of Ma et al. (KDD 2018, section 3.2), in text."


class Related(Part):
    """What to generate: two tasks or more over sentences of a made-up language."""

    relatedness: float = option(
        0.5, "p: how much of each helper's direction is the main task's.", ge=-1, le=1
    )
    kind: Literal["classification", "tagging", "regression"] = option(
        "classification", "A class a sentence, a class a word, or a number a sentence."
    )
    heads: Heads = option(
        "own",
        "own: one dataset with all tasks on the same sentences, a head each. one: a dataset each, "
        "in which the task has the same name, so that one head answers for all.",
    )
    tasks: int = option(2, "The main task and its helpers.", unit="tasks", ge=2, le=5)
    classes: int = option(2, "Classes, all equally frequent.", ge=2, le=len(CLASSES))
    train: int = option(ROWS, "Training rows.", unit="rows", ge=10, le=100_000)
    validation: int = option(500, "Validation rows.", unit="rows", ge=10, le=100_000)
    test: int = option(1000, "Test rows.", unit="rows", ge=10, le=100_000)
    vocabulary: int = option(200, "Different words.", unit="words", ge=20, le=2000)
    noise: float = option(
        0.1, "Standard deviation of the noise, in shares of that of y without it.", ge=0, le=10
    )
    seed: int = option(0, "Another seed gives another language.", ge=0, le=2**31 - 1)

    @property
    def names(self) -> list[str]:
        """The tasks, the main one first."""
        helpers = [HELPER, *(f"{HELPER}_{number}" for number in range(2, self.tasks))]
        return [MAIN, *helpers]

    @property
    def said(self) -> str:
        """The parameters, as the card records them."""
        return ", ".join(f"{name}={value}" for name, value in self.model_dump().items())


def write_related(folder: Path, asked: Related) -> list[Dataset]:
    """Write the dataset, or with one head a dataset for each task in a folder of its own.

    What lies there already is kept where it is the same. Raises DataError where it is anything else.
    """
    cards = _cards(folder, asked)
    if folder.exists():
        try:
            found = [load_card(folder / place) for place in cards]
        except DataError:
            found = []
        if [dataset.card for dataset in found] == list(cards.values()):
            return found
        raise DataError(f"{folder}: there is something else already; name a new folder")
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        for number, (place, card) in enumerate(cards.items()):
            _write(draft / place, card, _rows_of(asked, number))
        draft.chmod(0o755)
        draft.rename(folder)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    return [load_card(folder / place) for place in cards]


def _cards(folder: Path, asked: Related) -> dict[str, Card]:
    """The cards by their place in the folder."""
    shared: dict[str, Any] = {
        "language": "art",
        "licence": "CC0 1.0",
        "source": f"{PAPER} Generated with {asked.said}",
    }
    name = _name(folder, asked)
    if asked.heads == "own":
        tasks = {task: _task(asked, task) for task in asked.names}
        return {"": Card(**_about(asked, name), **shared, splits=_files(), tasks=tasks)}
    found = {}
    for task in asked.names:
        about = _about(asked, f"{name}_{task}") | {"title": f"Related tasks, {task}"}
        # What is asked is what the helper's rows do to the main task: it alone is scored.
        above = "" if task == MAIN else f"../{MAIN}/"
        splits: dict[str, Any] = {s: f"{'' if s == 'train' else above}{s}.jsonl" for s in SPLITS}
        found[task] = Card(**about, **shared, splits=splits, tasks={MAIN: _task(asked, task)})
    return found


def _name(folder: Path, asked: Related) -> str:
    """The folder's name where it can name a dataset."""
    kept = "".join(c if c.isascii() and (c.isalnum() or c in "_-.") else "_" for c in folder.name)
    return kept[:50].lstrip("-.") or f"related_{asked.relatedness:g}".replace("-", "minus_")


def _about(asked: Related, name: str) -> dict[str, Any]:
    return {
        "name": name,
        "title": f"Related tasks ({asked.relatedness:g})",
        "description": (
            f"Sentences of a made-up language. The {asked.kind} tasks have a true relatedness of "
            f"{asked.relatedness:g} with the main one: 1 is the same, 0 nothing in common, -1 the "
            "opposite."
        ),
    }


def _files() -> dict[str, Any]:
    return {split: f"{split}.jsonl" for split in SPLITS}


def _task(asked: Related, task: str) -> TaskSpec:
    what = "its own direction" if task == MAIN else f"a direction {asked.relatedness:g} related"
    column = "tokens" if asked.kind == "tagging" else "text"
    target = MAIN if asked.heads == "one" else task
    said = f"Where the text lies along {what}."
    return TaskSpec(kind=asked.kind, input=column, target=target, description=said)


def _write(folder: Path, card: Card, rows: dict[str, list[dict[str, Any]]]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    tree = card.model_dump(mode="json", exclude_defaults=True)
    (folder / CARD_FILE).write_text(written(tree), encoding="utf-8")
    for split in SPLITS:
        if card.splits[split] == f"{split}.jsonl":
            lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows[split])
            (folder / f"{split}.jsonl").write_text(lines, encoding="utf-8")


# --- What is drawn --------------------------------------------------------------------------------


def _rows_of(asked: Related, number: int) -> dict[str, list[dict[str, Any]]]:
    """The rows of each split. With one head, of dataset `number`: one task under the main one's name."""
    values, words = word_values(asked), _vocabulary(asked)
    rng = np.random.default_rng([_DRAWN, asked.seed, number])
    sizes = [getattr(asked, split) for split in SPLITS]
    lengths = rng.integers(_SHORTEST, _LONGEST + 1, sum(sizes))
    drawn = [rng.integers(len(words), size=length) for length in lengths]
    named = dict(enumerate(asked.names)) if asked.heads == "own" else {number: MAIN}
    answers = {task: _answers(asked, values[place], drawn, rng) for place, task in named.items()}
    column = "tokens" if asked.kind == "tagging" else "text"
    rows = []
    for row, places in enumerate(drawn):
        said = [words[place] for place in places]
        text = said if column == "tokens" else " ".join(said)
        rows.append({column: text, **{task: found[row] for task, found in answers.items()}})
    ends = np.cumsum(sizes)
    return {s: rows[end - size : end] for s, size, end in zip(SPLITS, sizes, ends, strict=True)}


def word_values(asked: Related) -> Numbers:
    """wᵀe for each task (task, word): over the words, mean 0, variance c², correlated as wished."""
    rng = np.random.default_rng([_DIRECTIONS, asked.seed])
    vectors = rng.standard_normal((asked.vocabulary, _DIMENSIONS))
    vectors = np.linalg.qr(vectors - vectors.mean(0))[0] * math.sqrt(asked.vocabulary)
    units = np.linalg.qr(rng.standard_normal((_DIMENSIONS, _DIMENSIONS)))[0].T
    p = asked.relatedness
    helpers = [p * units[0] + math.sqrt(1 - p * p) * unit for unit in units[1 : asked.tasks]]
    values: Numbers = _SCALE * np.array([units[0], *helpers]) @ vectors.T
    return values


def _vocabulary(asked: Related) -> list[str]:
    """Made-up words of two syllables."""
    rng = np.random.default_rng([_WORDS, asked.seed])
    count = len(_SYLLABLES)
    chosen = rng.permutation(count * count)[: asked.vocabulary]
    return [_SYLLABLES[place // count] + _SYLLABLES[place % count] for place in chosen]


def _answers(
    asked: Related, values: Numbers, drawn: list[NDArray[np.int64]], rng: np.random.Generator
) -> list[Any]:
    """What is right for each sentence under one task."""
    if asked.kind == "tagging":
        flat = _classes(asked, _noisy(asked, values[np.concatenate(drawn)], rng))
        ends = np.cumsum([len(places) for places in drawn])
        return [list(part) for part in np.split(np.array(flat), ends[:-1])]
    # The sum of n independent words has n times their variance.
    sums = np.array([values[places].sum() / math.sqrt(len(places)) for places in drawn])
    y = _noisy(asked, sums, rng)
    if asked.kind == "regression":
        return [round(float(value), 4) for value in y / y.std()]
    return _classes(asked, y)


def _noisy(asked: Related, z: Numbers, rng: np.random.Generator) -> Numbers:
    """y from wᵀx."""
    y = z + sum(np.sin(factor * z) for factor in _SINES)
    noisy: Numbers = y + asked.noise * y.std() * rng.standard_normal(len(z))
    return noisy


def _classes(asked: Related, y: Numbers) -> list[str]:
    """The part of the distribution in which each value lies; all parts are equally large."""
    edges = np.quantile(y, np.arange(1, asked.classes) / asked.classes)
    return [CLASSES[place] for place in np.searchsorted(edges, y)]
