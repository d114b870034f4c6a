"""One encoder a task, held together by a penalty."""

from typing import Any, ClassVar, Literal

from mtl_core.config.parts import option
from mtl_core.config.picture import Picture, Sketch, block_labels

from .contract import Cost, SharingPart, Surroundings

USUAL_STRENGTHS = {"l2": 1e-3, "l1": 3e-5, "group": 1e-5, "trace": 1e-3}
"""On the sample data, a BiLSTM's encoders end about a fifth as far apart (l2) as without a tie, and
the penalty weighs about as much as one task's loss."""


class Soft(SharingPart):
    """Every task has its own encoder, and a penalty keeps the encoders alike (Duong et al., 2015).

    Use when the tasks are related but not the same: each encoder may differ where its task gains.
    Costs T encoders: T embeddings and T·B blocks; trace is the dearest norm.
    Limits: none; the first and the last tied block must be among the encoder's.
    """

    label: ClassVar[str] = "Soft sharing"

    kind: Literal["soft"] = "soft"
    norm: Literal["l2", "l1", "group", "trace"] = option(
        "l2",
        "What is penalised. l2, l1: how far the encoders are from each other, all a little or few "
        "weights much. group: weights that any task uses, so that all drop the same ones. "
        "trace: the number of directions in which the encoders lie (Yang and Hospedales, 2017).",
    )
    strength: float | None = option(
        None,
        "λ, by which the penalty is multiplied before it joins the losses; 0: no tie. Usual are "
        + ", ".join(f"{s:g} for {n}" for n, s in USUAL_STRENGTHS.items())
        + "; empty: what suits the norm.",
        ge=0,
        le=1e6,
    )
    embedding: bool = option(True, "The embeddings are tied too.")
    first_block: int = option(
        1, "The lowest block that is tied.", unit="blocks", ge=1, le=48, advanced=True
    )
    last_block: int | None = option(
        None, "The highest block that is tied; empty: the top.", ge=1, le=48, advanced=True
    )

    def arguments(self) -> dict[str, Any]:
        """The tied blocks as a pair, and the strength that suits the norm where none is given."""
        options = super().arguments()
        options["blocks"] = (options.pop("first_block"), options.pop("last_block"))
        if self.strength is None:
            options["strength"] = USUAL_STRENGTHS[self.norm]
        return options

    def picture(self, tasks: tuple[str, ...], blocks: int) -> Picture:
        """A column for each task; a tie between neighbours at every tied layer."""
        sketch = Sketch()
        layers: list[list[str]] = []  # by row, then by task
        for row, label in enumerate(["Words", "Embedding", *block_labels(blocks)]):
            below = layers[-1] if layers else None
            layers.append(
                [
                    sketch.above(below[place] if below else (), label, row, place, (task,))
                    for place, task in enumerate(tasks)
                ]
            )
        for place, task in enumerate(tasks):
            sketch.head(layers[-1][place], task, blocks + 2, place)
        for row in self._tied_rows(blocks):
            for place in range(len(tasks) - 1):
                both = layers[row][place : place + 2]
                pair = tasks[place : place + 2]
                sketch.above(both, "λ", row + 0.5, place + 0.5, pair, small=True)
        return sketch.picture()

    def _tied_rows(self, blocks: int) -> list[int]:
        if self.strength == 0:
            return []
        first, last = self.first_block, min(self.last_block or blocks, blocks)
        return [1] * self.embedding + list(range(first + 1, last + 2))

    def cost(self, tasks: int, blocks: int) -> Cost:
        """T whole encoders."""
        return Cost(tasks, tasks * blocks, tasks * blocks)

    def refusal(self, around: Surroundings) -> str | None:
        """The tied blocks are the encoder's."""
        return wrong_blocks(self.first_block, self.last_block, around.blocks)


def wrong_blocks(first: int, last: int | None, blocks: int | None) -> str | None:
    """Why these blocks cannot be tied, with the cure; None if they can or nobody knows yet."""
    if last is not None and last < first:
        return f"sharing.last_block is {last}, below sharing.first_block {first}; raise it"
    if blocks is None:
        return None
    for name, value in {"last_block": last, "first_block": first}.items():
        if value is not None and value > blocks:
            return f"sharing.{name} is {value}, but the encoder has {blocks} blocks; lower it"
    return None
