"""From an experiment to the parts of its training: data, tokenizer, model, balancer.

This and `restore` in predict are the only places that unfold a config into plain arguments.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import torch

from mtl_core.balancing import make_balancer
from mtl_core.config import DataChoice, Experiment
from mtl_core.data.batching import Table, make_table
from mtl_core.data.catalog import Catalog, Dataset
from mtl_core.data.counting import count_labels
from mtl_core.data.instruments import instrumented
from mtl_core.data.known_words import KnownWords
from mtl_core.data.mixing import MIXING, Feed
from mtl_core.data.pieces import Pieces, encode_cached
from mtl_core.data.split_rows import SplitRows
from mtl_core.data.tasks import Sentences, Task, agreed, load_sentences, spec_of, task_of
from mtl_core.errors import ConfigError
from mtl_core.models.contracts import MakeEncoder
from mtl_core.models.model import build_model
from mtl_core.models.sources import ENCODERS

from .devices import choose_device, choose_precision, seed_everything, use_threads
from .evaluation import Evaluator, Labelled
from .lexicon import Lexicons
from .manifest import Manifest, Reading
from .plan import Choosing, Parts, Plan
from .restore import load_pieces, started
from .unseen import Seen, seen_rows


@dataclass(frozen=True)
class Prepared:
    """Everything that `train` wants, and what a saved model must keep to answer later."""

    parts: Parts
    plan: Plan
    manifest: Manifest
    pieces: Pieces
    lexicons: Lexicons


@dataclass(frozen=True)
class Corpus:
    """A dataset of the experiment with its sentences, by split, as they stand in its files."""

    dataset: Dataset
    choice: DataChoice
    splits: dict[str, Sentences]
    seen: Seen = field(default_factory=dict)

    @property
    def tasks(self) -> tuple[str, ...]:
        """The tasks that are chosen of it."""
        return self.choice.tasks


def prepare(
    experiment: Experiment,
    catalog: Catalog,
    cache: Path | None = None,
    phase: Callable[[str], None] = lambda name: None,
    find_run: Callable[[str], Path] = Path,
    twins: Mapping[str, float] | None = None,
) -> Prepared:
    """Read, check and build. Raises MtlError; `phase` is told what is being done.

    `find_run` gives the folder of a run by its name: of one that this run starts from. `twins` are
    the main validation scores of the single-task twins, for runs that are chosen by their gain.
    """
    balancer = make_balancer(experiment.balancing, experiment.tasks)  # a solver may be missing
    device = choose_device(experiment.training.device)
    use_threads(experiment.threads)
    seed_everything(experiment.training.seed, device)
    phase("loading data")
    corpora = _corpora(experiment, catalog)
    tasks = _tasks(corpora, experiment.all_tasks)
    phase("preparing the tokenizer")
    source = ENCODERS[type(experiment.encoder)]
    architecture = source.architecture(experiment.encoder)
    of = experiment.pieces_of or experiment.sharing.start
    if of:
        pieces = load_pieces(find_run(of), experiment.encoder.max_length)
    else:
        training = [words for corpus in corpora for words in corpus.splits["train"].texts]
        pieces = source.pieces(experiment.encoder, training, cache)
    phase("tokenising")
    labelled = [_encode(corpus, tasks, pieces, cache) for corpus in corpora]
    phase("building the model")
    trained = [tasks[name] for name in experiment.tasks]
    make_encoder: MakeEncoder = partial(
        source.encoder, experiment.encoder, pieces.size, architecture, fresh=True
    )
    if experiment.sharing.start:
        make_encoder = started(make_encoder, find_run(experiment.sharing.start))
    tables = [splits["train"].table for splits in labelled]
    model = build_model(
        make_encoder=make_encoder,
        sharing=experiment.sharing,
        tasks=trained,
        datasets=[corpus.dataset.name for corpus in corpora],
        heads=experiment.heads,
        counts={task.name: count_labels(task, tables) for task in trained},
    ).to(device)
    feed = _feed(experiment, tables)
    parts = Parts(
        model=model,
        balancer=balancer,
        feed=feed,
        evaluator=_evaluator(trained, labelled, device),
        device=device,
    )
    readings = tuple(Reading.of(corpus.dataset, corpus.tasks) for corpus in corpora)
    manifest = Manifest(tasks=tuple(trained), readings=readings, architecture=architecture)
    plan = _plan(experiment, feed, device, twins or {})
    return Prepared(parts, plan, manifest, pieces, _lexicons(corpora))


def _lexicons(corpora: list[Corpus]) -> Lexicons:
    """The training words of the datasets whose typed text is to be cut into known ones."""
    return {
        corpus.dataset.name: KnownWords.of(corpus.splits["train"].texts)
        for corpus in corpora
        if corpus.dataset.card.segmentation == "known"
    }


def _corpora(experiment: Experiment, catalog: Catalog) -> list[Corpus]:
    """Read all datasets, and see which rows of one stand in training data of any."""
    found = [_load(catalog.find(choice.card), choice) for choice in experiment.data]
    seen = seen_rows([corpus.splits for corpus in found])
    return [replace(corpus, seen=rows) for corpus, rows in zip(found, seen, strict=True)]


def _load(dataset: Dataset, choice: DataChoice) -> Corpus:
    """Read the splits that the card names."""
    rows = SplitRows(keep=True)
    splits = dataset.card.split_names
    found = {split: load_sentences(dataset, split, choice.tasks, rows=rows) for split in splits}
    return Corpus(dataset, choice, found)


def _tasks(corpora: list[Corpus], names: tuple[str, ...]) -> dict[str, Task]:
    """Each task with its labels; one that stands in several datasets has the labels of all."""
    tasks: dict[str, Task] = {}
    for name in names:
        holders = [corpus for corpus in corpora if name in corpus.tasks]
        specs = [spec_of(corpus.dataset, name) for corpus in holders]
        tasks[name] = task_of(name, agreed(name, specs), [c.splits["train"] for c in holders])
    return tasks


def _encode(
    corpus: Corpus, tasks: dict[str, Task], pieces: Pieces, cache: Path | None
) -> dict[str, Labelled]:
    chosen = [tasks[name] for name in corpus.tasks]
    name = corpus.dataset.name
    found: dict[str, Labelled] = {}
    training = instrumented(corpus.splits["train"], chosen, **corpus.choice.instruments)
    for split, sentences in {**corpus.splits, "train": training}.items():
        encoded = encode_cached(pieces, sentences.words, cache, sentences.seconds)
        table: Table = make_table(name, sentences, chosen, encoded, pieces.pad_id)
        found[split] = Labelled(table, sentences, corpus.seen.get(split))
    return found


def _feed(experiment: Experiment, tables: list[Table]) -> Feed:
    training, mixing = experiment.training, experiment.mixing
    return Feed(
        tables={choice.card: t for choice, t in zip(experiment.data, tables, strict=True)},
        mixing=partial(MIXING[type(mixing)], **mixing.arguments()),
        batch_size=training.batch_size,
        seed=training.seed,
        epochs=training.epochs,
        limit=training.steps,
        only=experiment.only,
    )


def _evaluator(
    tasks: list[Task], labelled: list[dict[str, Labelled]], device: torch.device
) -> Evaluator:
    names = {task.name for task in tasks}
    splits: dict[str, list[Labelled]] = {}
    for found in labelled:
        for split in ("validation", "test"):
            if split in found and names & set(found[split].table.targets):
                splits.setdefault(split, []).append(found[split])
    return Evaluator(tasks, splits, device)


WATCH_STEPS = 25
"""For each task, between two looks at the gradients: a look costs about a backward pass a task."""


def _plan(
    experiment: Experiment, feed: Feed, device: torch.device, twins: Mapping[str, float]
) -> Plan:
    training = experiment.training
    steps = feed.steps
    if not steps:
        raise ConfigError(
            f"task '{experiment.only}' gets no batch in this training; raise training.epochs or "
            "training.steps"
        )
    return Plan(
        steps=steps,
        evaluate_every=training.evaluate_every or min(steps, feed.epoch_steps or steps),
        learning_rate=experiment.learning_rate,
        weight_decay=training.weight_decay,
        warmup=training.warmup,
        decay=training.decay,
        clip=training.clip,
        watch_every=_watch_every(experiment),
        choosing=_choosing(experiment, twins),
        rest=experiment.mixing.rest if len(experiment.tasks) > 1 else None,
        autocast=choose_precision(training.precision, device),
    )


def _watch_every(experiment: Experiment) -> int:
    given = experiment.training.watch_every
    return WATCH_STEPS * len(experiment.tasks) if given is None else given


def _choosing(experiment: Experiment, twins: Mapping[str, float]) -> Choosing:
    """What the options mean: with "each" the joint best, which answers typed text, is by the mean."""
    training = experiment.training
    lacking = [task for task in experiment.tasks if task not in twins]
    if training.best_by == "gain" and lacking:
        raise ConfigError(
            f"training.best_by is gain, but the single-task twin of '{lacking[0]}' has not finished "
            "in the same group; train the twins too, or choose another best_by"
        )
    own = training.best_by == "each"
    return Choosing(
        by="mean" if own else training.best_by,
        main=training.main_task,
        twins=dict(twins),
        own=own,
        patience=training.patience,
        each=training.stopping == "each",
        keep=training.keep,
    )
