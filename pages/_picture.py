"""The picture of the model that will be trained, with its legend."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import streamlit as st

from mtl_core.analysis.colours import TaskColours
from mtl_core.analysis.drawing import LINE, architecture, in_words
from mtl_core.analysis.folding import with_few_tasks
from mtl_core.config import Picture, SharingPart
from mtl_core.data.catalog import TaskSpec

from ._ui import chip, home

USUAL_BLOCKS = 12
"""Of an encoder whose files are not here: what it would cost is said for so many."""
_ANSWERS: Mapping[str, str] = {
    "classification": "a label a sentence",
    "multilabel": "any labels a sentence",
    "regression": "a number a sentence",
    "tagging": "a tag a word",
    "spans": "names and phrases",
}


def answer_words(spec: TaskSpec) -> str:
    """What a task answers, in the fewest words."""
    words = _ANSWERS[spec.kind]
    return words.replace("sentence", "pair") if spec.pair else words


def model_picture(sharing: SharingPart, tasks: Sequence[str], blocks: int | None) -> Picture:
    """What the strategy makes of these tasks; an encoder of unknown depth is one box.

    Of many tasks some are drawn, and one for the rest.
    """
    drawn = with_few_tasks(lambda some: sharing.picture(some, blocks or 1), tasks)
    if blocks is not None:
        return drawn
    boxes = (replace(b, label="All blocks") if b.label == "Block 1" else b for b in drawn.boxes)
    return Picture(tuple(boxes), drawn.arrows)


def show_model(
    sharing: SharingPart,
    tasks: Sequence[str],
    *,
    blocks: int | None,
    notes: Mapping[str, str] | None = None,
    weights: Mapping[str, float] | None = None,
) -> None:
    """Draw the model of a sharing strategy; what is shared is grey, the rest has task colours.

    With `weights`, the losses' weights, comes a legend: it is then the reader's own model.
    """
    colours = TaskColours(home())
    picture = model_picture(sharing, tasks, blocks)
    places = {task: colours.place(task) for task in tasks}
    drawing = architecture(picture, places, notes=notes, weights=weights)
    st.image(drawing, width="content", alt=in_words(picture))
    if weights is not None:
        st.html(picture_legend(picture, tasks))


def cost_words(sharing: SharingPart, tasks: int, blocks: int | None) -> str:
    """What the strategy takes, beside what one encoder for all tasks would take."""
    depth = blocks or USUAL_BLOCKS
    cost = sharing.cost(tasks, depth)
    built = f"{_some(cost.embeddings, 'embedding')} and {_some(cost.blocks, 'block')}"
    passes = f"{_some(cost.passes, 'block')} a batch"
    if (cost.embeddings, cost.blocks) == (1, depth):
        built = f"one encoder: {built}"
    else:
        built = f"{built} (one encoder has 1 and {depth})"
    if cost.passes != depth:
        passes += f", {cost.passes / depth:.1f} × one encoder"
    words = f"**Builds** {built} · **runs** {passes}"
    return words if blocks else f"With {depth} blocks, say: {words}"


def _some(count: float, what: str) -> str:
    return f"{count:g} {what}{'' if count == 1 else 's'}"


def picture_legend(picture: Picture, tasks: Sequence[str]) -> str:
    """HTML: what the colours mean; "shared" only where something is."""
    shared = any(len(box.tasks) > 1 for box in picture.boxes)
    parts = [chip(task) for task in tasks]
    if shared:
        parts.append(
            '<span style="display:inline-flex;align-items:center;gap:.45em;white-space:nowrap">'
            f'<span style="width:.8em;height:.8em;border-radius:.2em;flex:none;'
            f'border:1.5px solid {LINE};background:color-mix(in srgb,{LINE} 25%,transparent)">'
            "</span><span>shared by several tasks</span></span>"
        )
    return (
        '<div style="display:flex;flex-wrap:wrap;gap:.3rem 1.1rem;font-size:.9rem">'
        f"{''.join(parts)}</div>"
    )
