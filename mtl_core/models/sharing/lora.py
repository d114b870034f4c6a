"""Low-rank changes of each task's own (Hu et al., 2021, "LoRA: Low-Rank Adaptation"), by `peft`."""

import warnings
from importlib.util import find_spec
from typing import Any

import torch
from torch import Tensor, nn

from mtl_core.data.batching import Batch
from mtl_core.errors import ConfigError, ModelError
from mtl_core.models.contracts import MakeEncoder, Owned, Scene, Sharing, trainable
from mtl_core.models.insight import Insight, axis, block_axis
from mtl_core.models.watch import as_lists

from .stacks import through


class LowRankChanges(Sharing):
    """For each task, W + B A in the attention's projections of every block, with B = 0 at first.

    The scale α / r is 1. A task's stream is the whole encoder with the task's changes.
    """

    def __init__(self, make_encoder: MakeEncoder, scene: Scene, *, size: int, frozen: bool) -> None:
        super().__init__(scene)
        self.encoder = make_encoder()
        self.output = self.encoder.output
        if not self.encoder.lora_targets:
            raise ConfigError(
                "sharing.form is 'lora', but this encoder names no attention projections that "
                "could be changed; set it to bottleneck or take a pretrained encoder"
            )
        if frozen:
            self.encoder.requires_grad_(False)
        learning = trainable([self.encoder])
        self.names = tuple(f"task{place}" for place in range(len(scene.tasks)))
        _inject(self.encoder.blocks, self.names, self.encoder.lora_targets, rank=size)
        for parameter in learning:
            parameter.requires_grad_(True)  # the library has frozen all but the changes
        self._let_all_learn()

    def forward(self, batch: Batch, tasks: tuple[str, ...]) -> dict[str, Tensor]:
        embedded = self.encoder.embed(batch)
        return {task: self._stream(task, embedded, batch) for task in tasks}

    def _stream(self, task: str, embedded: Tensor, batch: Batch) -> Tensor:
        name = self.names[self.scene.names.index(task)]
        for layers in self._layers():
            for layer in layers:
                layer.set_adapter(name)
        self._let_all_learn()  # the library has just frozen those of the other tasks
        return through(self.encoder.blocks, embedded, batch)

    def _layers(self) -> list[list[Any]]:
        """The changed projections of each block."""
        return [
            [module for module in block.modules() if hasattr(module, "lora_A")]
            for block in self.encoder.blocks
        ]

    def _changes(self, name: str) -> list[nn.Parameter]:
        """A task's A and B in all blocks."""
        layers = [layer for block in self._layers() for layer in block]
        return [
            p for layer in layers for p in (layer.lora_A[name].weight, layer.lora_B[name].weight)
        ]

    def _let_all_learn(self) -> None:
        for name in self.names:
            for parameter in self._changes(name):
                parameter.requires_grad_(True)

    def owners(self) -> list[Owned]:
        own = [self._changes(name) for name in self.names]
        changes = {id(p) for parameters in own for p in parameters}
        trunk = [p for p in trainable([self.encoder]) if id(p) not in changes]
        found = [Owned(self.scene.names, trunk)]
        return found + [Owned((t,), p) for t, p in zip(self.scene.names, own, strict=True)]

    def insight(self) -> list[Insight]:
        values = [
            torch.stack([_mean_change(layers, name) for layers in self._layers()])
            for name in self.names
        ]
        return [
            Insight(
                "adapters",
                "How much each task changes the encoder",
                "The size of the task's change B A, as a share of the size of the weights that it "
                "is added to (Frobenius norms, mean over the block's projections).",
                (axis("task", self.scene.names), block_axis(len(self.encoder.blocks))),
                as_lists(torch.stack(values)),
                low=0.0,
            )
        ]


@torch.no_grad()
def _mean_change(layers: list[Any], name: str) -> Tensor:
    """The mean of ‖B A‖ / ‖W‖."""
    shares = [
        (layer.lora_B[name].weight @ layer.lora_A[name].weight).norm() / layer.weight.norm()
        for layer in layers
    ]
    return torch.stack(shares).mean()


def _inject(blocks: nn.Module, names: tuple[str, ...], targets: tuple[str, ...], rank: int) -> None:
    """Put one change for each name into the projections. Raises ModelError without the library."""
    if find_spec("peft") is None:
        raise ModelError(
            "sharing.form 'lora' needs the Python package 'peft', which is not installed; "
            'run pip install "peft>=0.18,<0.22"'
        )
    from peft import LoraConfig, inject_adapter_in_model  # slow to import, so only where it is used

    wanted = LoraConfig(r=rank, lora_alpha=rank, target_modules=[*targets])
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Already found a `peft_config`")
        for name in names:
            inject_adapter_in_model(wanted, blocks, adapter_name=name)
