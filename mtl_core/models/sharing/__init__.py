"""Sharing strategies: one file each.

To add one: a config class in `config/sharing/`, a file here, a line in this table. The app's
form, the command line, the saved YAML, the help texts and the table of tests follow by themselves.
"""

from collections.abc import Callable

from mtl_core.config.parts import Part
from mtl_core.config.sharing import (
    Adapters,
    Adversarial,
    Attention,
    CrossStitch,
    Experts,
    Hard,
    Hierarchical,
    ScalarMix,
    Separate,
    Sluice,
    Soft,
    TaskEmbedding,
    Transfer,
)
from mtl_core.models.contracts import Sharing

from .adapters import build_adapters
from .adversarial import SharedPrivate
from .attention import build_attention
from .cross_stitch import CrossStitchColumns
from .experts import build_experts
from .hard import HardSharing
from .hierarchical import TasksAtDepths
from .scalar_mix import ScalarMixSharing
from .separate import SeparateEncoders
from .sluice import SluiceColumns
from .soft import SoftSharing
from .task_embedding import TaskEmbeddingSharing
from .transfer import TransferSharing

SHARING: dict[type[Part], Callable[..., Sharing]] = {
    Separate: SeparateEncoders,
    Hard: HardSharing,
    Soft: SoftSharing,
    CrossStitch: CrossStitchColumns,
    Sluice: SluiceColumns,
    Attention: build_attention,
    Adversarial: SharedPrivate,
    Experts: build_experts,
    Hierarchical: TasksAtDepths,
    Adapters: build_adapters,
    ScalarMix: ScalarMixSharing,
    TaskEmbedding: TaskEmbeddingSharing,
    Transfer: TransferSharing,
}
