"""A shared encoder with small parts of each task's own between or inside its blocks."""

from typing import ClassVar, Literal

from mtl_core.config.parts import option
from mtl_core.config.picture import Picture, Sketch, block_labels

from .contract import Cost, SharingPart, Surroundings


class Adapters(SharingPart):
    """One encoder, and small adapters of each task's own: after each block (Houlsby et al., 2019), or inside it as low-rank changes (LoRA: Hu et al., 2021).

    Use when a pretrained encoder should serve many tasks at little cost for each one.
    Costs one encoder and T·B small adapters; it runs once for every task, T·B blocks a step.
    Limits: only a pretrained trunk can be frozen; LoRA needs a pretrained encoder and the package
    peft.
    """

    label: ClassVar[str] = "Adapters"

    kind: Literal["adapters"] = "adapters"
    form: Literal["bottleneck", "lora"] = option(
        "bottleneck",
        "bottleneck: a narrow layer after each block, added to what leaves it. lora: each task's "
        "own change, of low rank, to the attention's projections.",
    )
    size: int = option(
        32, "Width of a bottleneck, or rank of a change.", unit="units", ge=1, le=1024
    )
    frozen: bool = option(
        False, "Keep the encoder as it was pretrained; only adapters and heads learn."
    )

    def picture(self, tasks: tuple[str, ...], blocks: int) -> Picture:
        """The encoder to the right, each task's adapters to its left."""
        right = len(tasks)
        sketch = Sketch()
        ending = ", frozen" if self.frozen else ""
        words = sketch.box("Words", 0, right, tasks)
        below = [sketch.above(words, f"Embedding{ending}", 1, right, tasks)]
        for row, label in enumerate(block_labels(blocks), 2):
            if self.form == "lora":
                inside = [
                    sketch.above(below, "LoRA", row - 0.5, place, (task,), small=True)
                    for place, task in enumerate(tasks)
                ]
                below = [sketch.above([*below, *inside], f"{label}{ending}", row, right, tasks)]
                continue
            block = sketch.above(below, f"{label}{ending}", row, right, tasks)
            below = [
                sketch.above(block, "adapter", row + 0.5, place, (task,), small=True)
                for place, task in enumerate(tasks)
            ]
        for place, task in enumerate(tasks):
            own = below[place] if self.form == "bottleneck" else below
            sketch.head(own, task, blocks + 2, place)
        return sketch.picture()

    def cost(self, tasks: int, blocks: int) -> Cost:
        """One encoder, which runs for each task anew."""
        return Cost(1, blocks, tasks * blocks)

    def refusal(self, around: Surroundings) -> str | None:
        """What only a pretrained encoder can do."""
        if around.is_pretrained:
            return None
        cure = "take a pretrained encoder"
        if self.frozen:
            return (
                "sharing.frozen would keep an encoder that was never trained; set it to false or "
                f"{cure}"
            )
        if self.form == "lora":
            return (
                f"sharing.form 'lora' changes what was pretrained; set it to bottleneck or {cure}"
            )
        return None
