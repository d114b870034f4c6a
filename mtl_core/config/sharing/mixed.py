"""One encoder for all tasks, of which each makes something of its own with a handful of numbers."""

from typing import ClassVar, Literal

from mtl_core.config.parts import option
from mtl_core.config.picture import Picture, Sketch, block_labels

from .contract import Cost, SharingPart


class ScalarMix(SharingPart):
    """One encoder; each task reads its own learned mixture of its layers (Peters et al., 2018).

    Use when some tasks want what lower layers know: often tagging beside classification.
    Costs one encoder, 1 embedding and B blocks, and B + 1 numbers a task.
    Limits: none; with one block it is hard sharing.
    """

    label: ClassVar[str] = "Scalar mix"

    kind: Literal["scalar_mix"] = "scalar_mix"
    mix_rate: float = option(
        10.0,
        "The mixtures learn so many times as fast as the rest: they are few, and begin even.",
        unit="times",
        gt=0,
        le=10000,
        advanced=True,
    )

    def picture(self, tasks: tuple[str, ...], blocks: int) -> Picture:
        """One column; a mix of all its blocks under each head."""
        sketch, centre = Sketch(), (len(tasks) - 1) / 2
        below = sketch.box("Words", 0, centre, tasks)
        layers = []
        for row, label in enumerate(["Embedding", *block_labels(blocks)], 1):
            below = sketch.above(below, label, row, centre, tasks)
            layers.append(below)
        for place, task in enumerate(tasks):
            mix = sketch.above(layers[1:], "mix", blocks + 2, place, (task,), small=True)
            sketch.head(mix, task, blocks + 3, place)
        return sketch.picture()

    def cost(self, tasks: int, blocks: int) -> Cost:
        """One encoder."""
        del tasks
        return Cost(1, blocks, blocks)


class TaskEmbedding(SharingPart):
    """One encoder that is told which task it serves, by a learned vector for each task.

    Use when there are many tasks, or too little data for parts of their own.
    Costs one encoder, 1 embedding and B blocks, but T·B blocks run: the encoder reads once for each task.
    Limits: none; conditional shifts what a pretrained encoder's blocks pass on, and needs training to make up for it.
    """

    label: ClassVar[str] = "Task embedding"

    kind: Literal["task_embedding"] = "task_embedding"
    form: Literal["added", "conditional"] = option(
        "added",
        "added: the task's vector is added to what enters the first block. conditional: after each "
        "block comes a layer norm whose scale and shift are the task's (Perez et al., 2018; "
        "Pilault et al., 2021).",
    )

    def picture(self, tasks: tuple[str, ...], blocks: int) -> Picture:
        """One column that every task goes through by its own small boxes."""
        sketch, centre = Sketch(), (len(tasks) - 1) / 2
        tops = [sketch.box("Words", 0, centre, tasks)]
        for row, label in enumerate(["Embedding", *block_labels(blocks)], 1):
            tops = [sketch.above(tops, label, row, centre, tasks)]
            is_told_here = row > 1 if self.form == "conditional" else row == 1
            if is_told_here:
                what = "norm" if self.form == "conditional" else "+ vector"
                tops = [
                    sketch.above(tops, what, row + 0.5, place, (task,), small=True)
                    for place, task in enumerate(tasks)
                ]
        for place, task in enumerate(tasks):
            top = tops[place] if self.form == "conditional" else tops[0]
            sketch.head(top, task, blocks + 2, place)
        return sketch.picture()

    def cost(self, tasks: int, blocks: int) -> Cost:
        """One encoder, run once for each task."""
        return Cost(1, blocks, tasks * blocks)
