"""Heads: what each kind reads, learns and answers, against independent sources and by hand."""

import json

import numpy as np
import pytest
import sklearn.metrics
import torch
from sklearn.utils.class_weight import compute_class_weight
from torch.nn import functional

from mtl_core.config import Experiment, HeadOptions
from mtl_core.config.head import FITTING
from mtl_core.data.batching import IGNORED, Batch
from mtl_core.data.catalog import Catalog, load_card
from mtl_core.data.choosing import settle
from mtl_core.data.counting import Counts, count_labels
from mtl_core.data.gold import NO_ANSWER
from mtl_core.data.spans import spans_of, to_bio
from mtl_core.data.tasks import METRICS, Task
from mtl_core.errors import ConfigError
from mtl_core.models.contracts import Output
from mtl_core.models.heads import HEADS, POOLINGS, make_head
from mtl_core.models.heads.texts import best_threshold
from mtl_core.predict.reading_out import answer_of
from mtl_core.training.setup import prepare

from .conftest import make_rows, write_rows
from .table_of_strategies import check

WIDTH = 4
TASKS = {
    "classification": Task("mood", "classification", ("fine", "poor", "odd"), "accuracy"),
    "multilabel": Task("topics", "multilabel", ("food", "city", "rain"), "micro_f1"),
    "regression": Task("stars", "regression", (), "pearson", low=1.0, high=5.0),
    "tagging": Task("tags", "tagging", ("N", "V"), "accuracy"),
    "spans": Task("places", "spans", ("LOC",), "f1"),
}
GIVEN = [
    ("classification", HeadOptions()),
    ("classification", HeadOptions(class_weights="balanced", label_smoothing=0.2)),
    ("multilabel", HeadOptions()),
    ("multilabel", HeadOptions(class_weights="balanced", label_smoothing=0.2, threshold=None)),
    ("regression", HeadOptions()),
    ("tagging", HeadOptions()),
    ("tagging", HeadOptions(class_weights="balanced", label_smoothing=0.2)),
    ("spans", HeadOptions()),
    ("spans", HeadOptions(decoder="crf")),
]
COUNTS = Counts((3, 1, 6), 10)
IDS = [f"{kind}-{'-'.join(options.given) or 'plain'}" for kind, options in GIVEN]
EVERY = pytest.mark.parametrize(("kind", "options"), GIVEN, ids=IDS)


def some_batch():
    """Two rows: three words, the last one cut off, and two words. Second texts have 2 pieces, 1."""
    return Batch(
        dataset="d",
        ids=torch.zeros(2, 5, dtype=torch.long),
        mask=torch.tensor([[1, 1, 1, 1, 1], [1, 1, 1, 1, 0]]).bool(),
        lengths=torch.tensor([5, 4]),
        first=torch.tensor([[1, 2, 0], [1, 2, 0]]),
        words=torch.tensor([[True, True, False], [True, True, False]]),
        word_counts=torch.tensor([3, 2]),
        segments=torch.tensor([[0, 0, 0, 1, 1], [0, 0, 0, 1, 0]]),
        targets={},
    )


def head_of(kind, options=None, *, pooling="mean", counts=COUNTS, **changes):
    torch.manual_seed(0)
    task = Task(**{**vars(TASKS[kind]), **changes})
    counts = Counts(counts.right[: len(task.outputs)], counts.items)
    return make_head(task, Output(WIDTH, pooling), options, counts)


TARGETS = {
    "classification": torch.tensor([2, IGNORED]),
    "multilabel": torch.tensor([[1, 0, 1], [IGNORED] * 3]),
    "regression": torch.tensor([0.75, float(IGNORED)]),
    "tagging": torch.tensor([[0, 1, IGNORED], [IGNORED] * 3]),
    "spans": torch.tensor([[1, 2, IGNORED], [IGNORED] * 3]),
}


def logits_of(head, seed=1):
    torch.manual_seed(seed)
    rows = (2, 3) if head.task.is_per_word else (2,)
    return torch.randn(*rows, len(head.task.outputs))


@EVERY
def test_shapes_and_probabilities(kind, options):
    head, batch = head_of(kind, options), some_batch()
    logits = head(torch.randn(2, 5, WIDTH), batch)
    outputs = len(head.task.outputs)
    assert logits.shape == ((2, 3, outputs) if head.task.is_per_word else (2, outputs))
    shares = head.probabilities(logits, batch)
    assert shares.shape == logits.shape and shares.dtype == torch.float32
    if kind not in {"multilabel", "regression"}:
        read = shares[batch.words] if head.task.is_per_word else shares
        torch.testing.assert_close(read.sum(-1), torch.ones(read.shape[:-1]))


@EVERY
def test_only_labelled_rows_are_learnt_from(kind, options):
    """The loss of two rows of which one is labelled is that of the one alone."""
    head, batch = head_of(kind, options), some_batch()
    logits = logits_of(head).requires_grad_()
    target = TARGETS[kind]
    loss = head.loss(logits, target, batch)
    loss.backward()
    assert not logits.grad[1].any() and logits.grad[0].any()
    changed = logits.detach().clone()
    changed[1] += 5.0
    torch.testing.assert_close(head.loss(changed, target, batch), loss.detach())


@EVERY
def test_nothing_labelled_costs_nothing_and_moves_nothing(kind, options):
    head, batch = head_of(kind, options), some_batch()
    logits = logits_of(head).requires_grad_()
    loss = head.loss(logits, torch.full_like(TARGETS[kind], IGNORED), batch)
    loss.backward()
    assert loss.item() == 0 and not logits.grad.any()


@EVERY
def test_losses_are_float32_also_under_bf16(kind, options):
    head, batch = head_of(kind, options), some_batch()
    logits = logits_of(head).bfloat16()
    found = head.loss(logits, TARGETS[kind], batch)
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, head.loss(logits.float(), TARGETS[kind], batch))
    assert head.decode(logits, batch) == head.decode(logits.float(), batch)


@EVERY
def test_a_saved_head_answers_alike_and_needs_no_counts(kind, options):
    head, batch = head_of(kind, options), some_batch()
    logits = logits_of(head)
    head.tune(logits, TARGETS[kind])
    torch.manual_seed(9)
    other = make_head(head.task, Output(WIDTH, "mean"), options)
    other.load_state_dict(head.state_dict())
    hidden = torch.randn(2, 5, WIDTH)
    pairs = [(h.probabilities(h(hidden, batch), batch), h.loss(logits, TARGETS[kind], batch))
             for h in (head, other)]  # fmt: skip
    torch.testing.assert_close(pairs[0], pairs[1], atol=0, rtol=0)
    assert head.decode(logits, batch) == other.decode(logits, batch)


def test_every_kind_has_a_head_options_and_scores():
    assert set(HEADS) == set(FITTING) == set(METRICS)


# --- Losses ---------------------------------------------------------------------------------------


def test_label_smoothing_equals_torchs():
    head, batch = head_of("classification", HeadOptions(label_smoothing=0.3)), some_batch()
    logits, target = logits_of(head), torch.tensor([2, 0])
    expected = functional.cross_entropy(logits, target, label_smoothing=0.3)
    torch.testing.assert_close(head.loss(logits, target, batch), expected)


def test_class_weights_equal_scikit_learns():
    labels = np.repeat(np.arange(3), COUNTS.right)
    expected = compute_class_weight("balanced", classes=np.arange(3), y=labels)
    for kind in ("classification", "tagging"):
        options = HeadOptions(class_weights="balanced")
        head = head_of(kind, options, labels=("a", "b", "c"))
        owner = head if kind == "classification" else head.decoder
        assert owner.cross_entropy.weights.tolist() == pytest.approx(expected.tolist())
    head, batch = head_of("classification", options), some_batch()
    logits, target = logits_of(head), torch.tensor([2, 1])
    each = functional.cross_entropy(logits, target, reduction="none")
    weighted = (each * torch.tensor(expected[[2, 1]]).float()).mean()
    torch.testing.assert_close(head.loss(logits, target, batch), weighted)


def test_a_tag_that_the_data_lacks_has_weight_1_and_disturbs_no_other():
    head = head_of("spans", HeadOptions(class_weights="balanced"), counts=Counts((8, 2, 0), 10))
    assert head.decoder.cross_entropy.weights.tolist() == pytest.approx([10 / 16, 10 / 4, 1.0])


def test_labels_of_a_row_weigh_by_the_odds_and_are_smoothed_to_a_half():
    """Each label alone, by hand: weights 7/3, 9/1, 4/6 on what is right; goals 0.9 and 0.1."""
    options = HeadOptions(class_weights="balanced", label_smoothing=0.2)
    head, batch = head_of("multilabel", options), some_batch()
    logits = logits_of(head)
    shares = logits[0].sigmoid()
    goal, weight = torch.tensor([0.9, 0.1, 0.9]), torch.tensor([7 / 3, 9.0, 4 / 6])
    expected = -(weight * goal * shares.log() + (1 - goal) * (1 - shares).log()).mean()
    torch.testing.assert_close(head.loss(logits, TARGETS["multilabel"], batch), expected)


def test_a_label_of_all_rows_or_of_none_is_not_weighted():
    options = HeadOptions(class_weights="balanced")
    head = head_of("multilabel", options, counts=Counts((10, 0, 5), 10))
    assert head.cross_entropy.weights.tolist() == [1.0, 1.0, 1.0]


def test_a_value_is_learnt_by_its_squared_error_and_answered_within_the_range():
    head, batch = head_of("regression"), some_batch()
    logits = torch.tensor([[0.5], [7.0]])
    loss = head.loss(logits, TARGETS["regression"], batch)
    assert loss.item() == pytest.approx((0.5 - 0.75) ** 2)
    assert head.decode(logits, batch) == [3.0, 5.0]
    assert head.decode(-logits, batch) == [1.0, 1.0]


def test_labels_are_counted_where_they_can_be_learnt_from(tiny):
    experiment = Experiment.parse(
        {"data": [{"card": str(tiny.path), "tasks": list(tiny.card.tasks)}],
         "encoder": {"kind": "bilstm", "hidden": 8, "embedding": 8, "max_length": 8},
         "training": {"device": "cpu"}}, source="t",
    )  # fmt: skip
    parts = prepare(experiment, Catalog.read([])).parts
    table = parts.feed.tables[str(tiny.path)]
    for task in parts.evaluator.tasks:
        targets = table.batch(np.arange(len(table))).targets[task.name]
        kept = targets[targets != IGNORED]
        expected = torch.bincount(kept, minlength=len(task.outputs)).tolist()
        assert count_labels(task, [table]) == Counts(tuple(expected), len(kept))


# --- Pooling --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", POOLINGS)
def test_pooling_reads_real_pieces_only(name):
    torch.manual_seed(0)
    pool, hidden = POOLINGS[name](WIDTH), torch.randn(2, 3, WIDTH)
    mask = torch.tensor([[True, True, False], [False, False, False]])
    found = pool(hidden, mask)
    hidden[0, 2] += 100.0
    torch.testing.assert_close(pool(hidden, mask), found)
    torch.testing.assert_close(found[0], pool(hidden[:1, :2], mask[:1, :2])[0])
    assert not found[1].any()


def test_pooling_by_hand():
    hidden = torch.tensor([[[1.0], [5.0], [9.0]]])
    mask = torch.tensor([[True, True, False]])
    plain = ("first", "mean", "max")
    assert [POOLINGS[name](1)(hidden, mask).item() for name in plain] == [1.0, 3.0, 5.0]


def test_attention_pooling_is_the_papers():
    """u = tanh(W h + b), a = softmax(v · u), s = sum of a h, piece by piece."""
    torch.manual_seed(0)
    pool, hidden = POOLINGS["attention"](WIDTH), torch.randn(1, 3, WIDTH)
    alike = [pool.query.weight[0] @ (pool.project.weight @ h + pool.project.bias).tanh()
             for h in hidden[0]]  # fmt: skip
    shares = torch.stack(alike).exp() / torch.stack(alike).exp().sum()
    expected = sum(share * h for share, h in zip(shares, hidden[0], strict=True))
    found = pool(hidden, torch.ones(1, 3, dtype=torch.bool))[0]
    torch.testing.assert_close(found, expected)


@pytest.mark.parametrize("pooling", ["mean", "first"])
def test_a_pair_is_read_text_by_text(pooling):
    head, batch = head_of("classification", pooling=pooling, pair=True), some_batch()
    hidden = torch.randn(2, 5, WIDTH)
    for row, (first, second) in enumerate([([0, 1, 2], [3, 4]), ([0, 1, 2], [3])]):
        u, v = (
            hidden[row, places[0]] if pooling == "first" else hidden[row, places].mean(0)
            for places in (first, second)
        )
        expected = head.classify(torch.cat([u, v, (u - v).abs(), u * v]))
        torch.testing.assert_close(head(hidden, batch)[row], expected)


def test_a_word_is_read_at_its_first_piece():
    head, batch = head_of("tagging"), some_batch()
    hidden = torch.randn(2, 5, WIDTH)
    out = head(hidden, batch)
    for row, word in [(0, 0), (0, 1), (1, 0), (1, 1)]:
        expected = head.classify(hidden[row, batch.first[row, word]])
        torch.testing.assert_close(out[row, word], expected)


# --- Answers --------------------------------------------------------------------------------------


def test_words_that_were_cut_off_get_no_answer():
    batch = some_batch()
    tagging = head_of("tagging")
    logits = functional.one_hot(torch.tensor([[0, 1, 1], [1, 0, 0]]), 2).float()
    assert tagging.decode(logits, batch) == [["N", "V", NO_ANSWER], ["V", "N"]]
    for decoder in ("softmax", "crf"):
        spans = head_of("spans", HeadOptions(decoder=decoder))
        logits = 9.0 * functional.one_hot(torch.tensor([[1, 2, 2], [0, 1, 0]]), 3)
        assert spans.decode(logits, batch) == [["B-LOC", "I-LOC", "O"], ["O", "B-LOC"]]


@pytest.mark.parametrize("decoder", ["softmax", "crf"])
def test_spans_are_always_legal(decoder):
    head, batch = head_of("spans", HeadOptions(decoder=decoder)), some_batch()
    for seed in range(20):
        for tags in head.decode(5 * logits_of(head, seed), batch):
            assert to_bio(tags) == tags


def test_labels_are_those_that_reach_the_threshold_sorted_by_name():
    head, batch = head_of("multilabel", HeadOptions(threshold=0.7)), some_batch()
    shares = torch.tensor([[0.71, 0.9, 0.69], [0.1, 0.2, 0.3]])
    assert head.decode(shares.logit(), batch) == [["city", "food"], []]


@pytest.mark.parametrize("seed", range(8))
def test_a_tuned_threshold_has_the_best_f1_that_any_has(seed):
    rng = np.random.default_rng(seed)
    right = rng.random(30) < 0.3
    shares = np.round(rng.random(30), 1).astype(np.float32)  # with ties
    right[0] = True
    found = best_threshold(torch.tensor(shares), torch.tensor(right))
    f1 = {
        cut: sklearn.metrics.f1_score(right, shares >= cut) for cut in np.unique(shares)
    }  # every way of cutting
    assert sklearn.metrics.f1_score(right, shares >= np.float32(found)) == max(f1.values())


def test_thresholds_are_tuned_on_labelled_rows_and_only_if_asked():
    fixed, tuned = (head_of("multilabel", HeadOptions(threshold=t)) for t in (0.5, None))
    assert (fixed.is_tuned, tuned.is_tuned) == (False, True)
    shares = torch.tensor([[0.2, 0.9, 0.6], [0.1, 0.8, 0.5], [0.9, 0.9, 0.9]])
    target = torch.tensor([[1, 1, 0], [0, 0, 0], [IGNORED] * 3])
    tuned.tune(shares.logit(), target)
    assert tuned.thresholds.tolist() == pytest.approx([0.15, 0.85, 0.5])


@EVERY
def test_what_is_shown_is_what_is_decoded(kind, options):
    head, batch = head_of(kind, options), some_batch()
    logits = 3 * logits_of(head)
    answer = answer_of(head.task, head, logits, batch)
    decoded = head.decode(logits, batch)[0]
    shares = head.probabilities(logits, batch)[0]
    if kind == "regression":
        assert (answer.value, answer.low, answer.high) == (decoded, 1.0, 5.0)
    elif head.task.is_per_word:
        assert answer.tags == decoded[:2]
        assert answer.spans == (spans_of(decoded[:2]) if kind == "spans" else [])
        assert len(answer.confidence) == 2 and all(0 < c <= 1 for c in answer.confidence)
        if options.decoder == "crf":
            named = [shares[i, head.task.outputs.index(tag)] for i, tag in enumerate(decoded[:2])]
            assert answer.confidence == pytest.approx(torch.stack(named).tolist())
    else:
        assert list(answer.probabilities.values()) == sorted(shares.tolist(), reverse=True)
        found = sorted(answer.labels) if kind == "multilabel" else answer.label
        assert found == decoded


# --- Options --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("task", "heads", "said"),
    [
        ("tags", {"decoder": "crf"}, "heads.tags.decoder: crf means nothing to a tagging task"),
        ("mood", {"threshold": None}, "heads.mood.threshold: None means nothing to a classification"),
    ],
)  # fmt: skip
def test_an_option_that_does_not_fit_the_kind_is_refused(tiny, task, heads, said):
    data = [{"card": str(tiny.path), "tasks": list(tiny.card.tasks)}]
    experiment = Experiment.parse({"data": data, "heads": {task: heads}}, source="t")
    for act in (settle, prepare):
        with pytest.raises(ConfigError, match=said):
            act(experiment, Catalog.read([]))


@pytest.mark.parametrize(
    ("heads", "said"),
    [
        ({"nobody": {}}, "'nobody' is not among the tasks of this experiment"),
        (
            {"a": {"decoder": "crf", "label_smoothing": 0.1}},
            "cannot have label_smoothing \\(0.1\\)",
        ),
        ({"a": {"decoder": "crf", "class_weights": "balanced"}}, "cannot have class_weights"),
        ({"a": {"label_smoothing": 1.0}}, "heads.a.label_smoothing: 1.0 is not usable"),
        ({"a": {"decoder": "crff"}}, "heads.a.decoder: 'crff' is not usable"),
        ({"a": {"dekoder": "crf"}}, "heads.a.dekoder: unknown key; did you mean 'decoder'"),
    ],
)
def test_wrong_options_are_one_sentence(heads, said):
    with pytest.raises(ConfigError, match=said):
        Experiment.parse({"data": [{"card": "c", "tasks": ["a", "b"]}], "heads": heads}, source="t")


def test_options_are_changed_by_key_and_kept_in_twins_and_yaml():
    experiment = Experiment.parse({"data": [{"card": "c", "tasks": ["a", "b"]}]}, source="t")
    changed = experiment.replace({"heads.a.decoder": "crf"})
    assert changed.heads == {"a": HeadOptions(decoder="crf")}
    assert changed.replace({"heads.b.threshold": None}).heads["a"].decoder == "crf"
    assert changed.twin("b").heads == changed.heads
    assert Experiment.from_yaml(changed.to_yaml()) == changed
    assert experiment.replace({"training.seed": 1}).heads == {}


# --- All together ---------------------------------------------------------------------------------


def test_every_option_trains_stops_resumes_and_is_restored(tmp_path):
    """Two cards, one of them of pairs; attention pooling; every kind of task with its options."""
    for name, kinds in {"one": "tokens", "two": "[tokens, text]"}.items():
        folder = tmp_path / name
        folder.mkdir()
        for split, count in {"train": 24, "validation": 8, "test": 8}.items():
            rows = [
                {**row, "topics": sorted({row["tokens"][1], row["mood"]} - {"poor"}),
                 "stars": float(len(row["tokens"]))}
                for row in make_rows(count, seed=len(split))
            ]  # fmt: skip
            write_rows(folder / f"{split}.jsonl", rows)
        tasks = {
            "topics": f"{{kind: multilabel, input: {kinds}, target: topics}}",
            "stars": f"{{kind: regression, input: {kinds}, target: stars, range: [0, 10]}}",
            "mood": f"{{kind: classification, input: {kinds}, target: mood}}",
        }
        if name == "one":
            tasks["places"] = "{kind: spans, input: tokens, target: places}"
        ending = "_two" if name == "two" else ""
        listed = "".join(f"  {task}{ending}: {spec}\n" for task, spec in tasks.items())
        splits = "{train: train.jsonl, validation: validation.jsonl, test: test.jsonl}"
        (folder / "card.yaml").write_text(f"name: {name}\nsplits: {splits}\ntasks:\n{listed}")
    cards = [load_card(tmp_path / name) for name in ("one", "two")]
    tree = {
        "data": [{"card": str(card.path), "tasks": list(card.card.tasks)} for card in cards],
        "encoder": {"kind": "bilstm", "hidden": 16, "embedding": 8, "blocks": 1, "dropout": 0.1,
                    "pooling": "attention"},
        "heads": {"places": {"decoder": "crf"}, "topics": {"threshold": None},
                  "topics_two": {"class_weights": "balanced"}, "mood": {"label_smoothing": 0.1},
                  "mood_two": {"class_weights": "balanced"}},
        "training": {"batch_size": 8, "learning_rate": 0.02, "device": "cpu"},
    }  # fmt: skip
    experiment = Experiment.parse(json.loads(json.dumps(tree)), source="t")
    settle(experiment, Catalog.read([]))
    check(experiment, tmp_path)
