"""Experts that tasks share, and gates that decide for each piece which ones to use."""

from typing import ClassVar, Literal

from mtl_core.config.parts import option
from mtl_core.config.picture import Picture, Sketch

from .contract import Cost, SharingPart


class Experts(SharingPart):
    """Several experts, and for each task a gate that weighs them piece by piece (MMoE: Ma et al., 2018; PLE: Tang et al., 2020).

    Use when tasks are related in part: each can take from the common experts what suits it.
    Costs, as MMoE, E shared experts: E·B blocks over one embedding; as PLE with K experts a task,
    (E + T·K)·B blocks.
    Limits: none; with one shared expert and none of the tasks' own it is hard sharing.
    """

    label: ClassVar[str] = "Mixture of experts"

    kind: Literal["experts"] = "experts"
    form: Literal["mmoe", "ple"] = option(
        "mmoe",
        "mmoe: an expert is a whole stack of blocks, mixed once, at the top. ple: each task has "
        "experts of its own besides the shared ones, mixed after every block.",
    )
    shared_experts: int = option(3, "Experts that all tasks may use.", ge=1, le=16)
    task_experts: int = option(1, "With ple: experts of each task's own.", ge=0, le=8)
    balance: float = option(
        0.0,
        "Strength of a penalty on gates that use few experts on the whole (Shazeer et al., 2017); "
        "0: none.",
        ge=0,
        le=100,
        advanced=True,
    )

    def picture(self, tasks: tuple[str, ...], blocks: int) -> Picture:
        """Experts side by side, and gates where they are mixed."""
        return self._mmoe(tasks, blocks) if self.form == "mmoe" else self._ple(tasks, blocks)

    def _mmoe(self, tasks: tuple[str, ...], blocks: int) -> Picture:
        sketch = Sketch()
        centre = (len(tasks) - 1) / 2
        words = sketch.box("Words", 0, centre, tasks)
        tops = [sketch.above(words, "Embedding", 1, centre, tasks)] * self.shared_experts
        first = centre - (self.shared_experts - 1) / 2
        for block in range(blocks):
            tops = [
                sketch.above(top, f"Block {block + 1}", block + 2, first + place, tasks)
                for place, top in enumerate(tops)
            ]
        for place, task in enumerate(tasks):
            gate = sketch.above(tops, "gate", blocks + 1.5, place, (task,), small=True)
            sketch.head(gate, task, blocks + 2, place)
        return sketch.picture()

    def _ple(self, tasks: tuple[str, ...], blocks: int) -> Picture:
        own = self.task_experts
        wide = max(1, own)  # columns of a task
        right = len(tasks) * wide  # where the shared experts stand
        sketch = Sketch()
        words = sketch.box("Words", 0, right / 2, tasks)
        bottom = sketch.above(words, "Embedding", 1, right / 2, tasks)
        below, path = dict.fromkeys(tasks, bottom), bottom
        middle = right + (self.shared_experts - 1) / 2
        for block in range(blocks):
            row, label, is_top = block + 2, f"Block {block + 1}", block == blocks - 1
            shared = [
                sketch.above(path, label, row, right + i, tasks) for i in range(self.shared_experts)
            ]
            every = list(shared)
            for place, task in enumerate(tasks):
                serves = (task,) if is_top else tasks
                experts = [
                    sketch.above(below[task], label, row, place * wide + i, serves)
                    for i in range(own)
                ]
                every += experts
                centre = place * wide + (wide - 1) / 2
                gate = sketch.above(
                    [*experts, *shared], "gate", row + 0.5, centre, (task,), small=True
                )
                below[task] = gate
            if not is_top:
                path = sketch.above(every, "gate", row + 0.5, middle, tasks, small=True)
        for place, task in enumerate(tasks):
            sketch.head(below[task], task, blocks + 2, place * wide + (wide - 1) / 2)
        return sketch.picture()

    def cost(self, tasks: int, blocks: int) -> Cost:
        """All experts, each as tall as an encoder."""
        own = self.task_experts * tasks if self.form == "ple" else 0
        found = (self.shared_experts + own) * blocks
        return Cost(1, found, found)
