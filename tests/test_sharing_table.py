"""Every strategy: what it costs, draws and says of itself is what it builds and runs."""

import typing
from collections import Counter
from typing import Any, Literal

import pytest
import torch
from torch import nn

from mtl_core.config import METHODS, SharingPart
from mtl_core.config.encoder import BiLSTM, Pretrained
from mtl_core.config.sharing import Surroundings
from mtl_core.models.contracts import Block
from mtl_core.models.model import MultiTaskModel, build_model
from mtl_core.models.sources import ENCODERS

from .small_models import DATASETS, SMALL, TASKS, WORDS, first_rows, make, small_sharing

BLOCKS = SMALL[BiLSTM].blocks
"""Of the pretrained one too."""
AROUND = Surroundings(tuple(t.name for t in TASKS), DATASETS, BLOCKS, 16, is_pretrained=False)


def every_form() -> list[SharingPart]:
    """Each strategy as the tests use it, and with every other word that an option may be."""
    found: list[SharingPart] = []
    for choice in METHODS["sharing"]:
        usual = small_sharing(choice)  # type: ignore[arg-type]
        found.append(usual)
        for name, field in choice.model_fields.items():
            words = typing.get_args(field.annotation)
            if typing.get_origin(field.annotation) is Literal and name != "kind":
                others = [word for word in words if word != getattr(usual, name)]
                found += [usual.model_copy(update={name: word}) for word in others]
    return found


def form_id(config: SharingPart) -> str:
    usual = small_sharing(type(config))
    changed = [str(v) for k, v in config if getattr(usual, k) != v]
    return "-".join([config.kind_name(), *changed])


FORMS = every_form()
for_every_form = pytest.mark.parametrize("config", FORMS, ids=form_id)
for_some_tasks = pytest.mark.parametrize("count", [1, 2, 3])


def reader(config: SharingPart) -> type:
    """An encoder that the strategy can have."""
    return BiLSTM if config.refusal(AROUND) is None else Pretrained


def built(config: SharingPart, count: int) -> tuple[MultiTaskModel, int]:
    """A model of the first tasks, and the number of its pieces."""
    torch.manual_seed(0)
    source, encoder = ENCODERS[reader(config)], SMALL[reader(config)]
    pieces = source.pieces(encoder, WORDS)
    architecture = source.architecture(encoder)
    model = build_model(
        make_encoder=lambda: source.encoder(encoder, pieces.size, architecture, fresh=True),
        sharing=config,
        tasks=TASKS[:count],
        datasets=DATASETS,
    )
    return model, pieces.size


@pytest.fixture(scope="module")
def batches(tiny_bert):
    tables = {kind: make(METHODS["sharing"][0], kind)[1] for kind in (BiLSTM, Pretrained)}  # type: ignore[arg-type]
    return {kind: first_rows(table, 4) for kind, table in tables.items()}


@pytest.fixture
def batch(batches, config):
    return batches[reader(config)]


@for_some_tasks
@for_every_form
def test_it_builds_and_runs_what_it_says_that_it_costs(config, count, batch):
    model, pieces = built(config, count)
    cost = config.cost(count, BLOCKS)
    modules = list(model.sharing.modules())
    blocks = [module for module in modules if isinstance(module, Block)]
    tables = [m for m in modules if isinstance(m, nn.Embedding) and m.num_embeddings == pieces]
    calls: list[Any] = []
    for block in blocks:
        block.register_forward_hook(lambda module, given, out: calls.append(module))
    hidden = model.sharing(batch, model.tasks)
    assert set(hidden) == set(model.tasks)
    found = {"blocks": len(blocks), "embeddings": len(tables), "passes": len(calls)}
    assert found == {name: getattr(cost, name) for name in found}


@for_some_tasks
@for_every_form
def test_its_picture_shows_what_it_builds(config, count):
    names = tuple(task.name for task in TASKS[:count])
    picture = config.picture(names, BLOCKS)
    boxes = Counter(box.name for box in picture.boxes)
    assert max(boxes.values()) == 1
    assert {end for arrow in picture.arrows for end in arrow} <= set(boxes)
    assert len(set(picture.arrows)) == len(picture.arrows)
    heads = [box for box in picture.boxes if box.label in names and box.tasks == (box.label,)]
    assert [head.label for head in heads] == list(names)
    top = max(box.row for box in picture.boxes)
    assert all(head.row == top for head in heads)
    drawn = [box for box in picture.boxes if box.label.startswith("Block")]
    cost = config.cost(count, BLOCKS)
    assert len(drawn) == cost.blocks
    assert sum(box.label == "Embedding" for box in picture.boxes) == cost.embeddings


@for_some_tasks
@for_every_form
def test_its_picture_leads_from_the_words_to_every_head(config, count):
    names = tuple(task.name for task in TASKS[:count])
    picture = config.picture(names, BLOCKS)
    rows = {box.name: box.row for box in picture.boxes}
    assert all(rows[a] < rows[b] for a, b in picture.arrows)
    reached = {box.name for box in picture.boxes if box.row == 0}
    for _ in picture.boxes:
        reached |= {b for a, b in picture.arrows if a in reached}
    assert reached == set(rows)
    serves = {task for box in picture.boxes for task in box.tasks}
    assert serves == set(names)


@for_every_form
def test_it_learns_in_half_precision(config, batch):
    model, _ = built(config, 3)
    with torch.autocast("cpu", torch.bfloat16):
        terms = [*model.losses(batch).values(), *model.sharing.penalties().values()]
    assert all(term.dtype == torch.float32 for term in terms)
    torch.stack(terms).sum().backward()
    for parameter in model.parameters():
        assert parameter.grad is None or parameter.grad.isfinite().all()


@for_some_tasks
@for_every_form
def test_what_can_be_seen_fits_its_axes(config, count, batch):
    model, _ = built(config, count)
    model.eval()
    with torch.inference_mode():
        model(batch, model.tasks)
    for seen in model.sharing.insight():
        shape = tuple(len(axis.ticks) for axis in seen.axes)
        assert torch.tensor(seen.values).shape == shape, seen.name
        assert torch.tensor(seen.values).isfinite().all()
        assert seen.title and seen.help


@pytest.mark.parametrize("choice", METHODS["sharing"], ids=lambda choice: choice.kind_name())
def test_it_says_when_to_use_it_what_it_costs_and_what_it_cannot_do(choice):
    summary, *lines = choice.help_lines()
    assert summary.endswith(".")
    for word in ("Use when", "Costs", "Limits"):
        assert sum(line.startswith(word) for line in lines) == 1, word
    assert choice.label
    assert all(field.description for name, field in choice.model_fields.items() if name != "kind")
