"""Experiments: frozen, validated, torch-free descriptions of a run; YAML in and out.

    experiment = Experiment.from_yaml(text)
    experiment.encoder, experiment.sharing, experiment.balancing, experiment.mixing
    experiment.twins()         the matched single-task runs
    experiment.to_yaml()       reads back to an equal experiment

`METHODS` lists every choice by family: what the app's form, `mtl methods` and the tests go through.
"""

from .balancing import BALANCING_CHOICES, BalancingChoice
from .data_choice import EVERY_TASK, INSTRUMENTS, DataChoice
from .encoder import ENCODERS, EncoderChoice
from .experiment import NAMES, Experiment
from .head import HeadOptions
from .mixing import MIXING_CHOICES, MixingChoice
from .parts import Part, is_advanced, unit_of, widget_of
from .picture import Box, Picture
from .sharing import SHARING_CHOICES, Cost, SharingChoice, SharingPart
from .training import Training

METHODS: dict[str, tuple[type[Part], ...]] = {
    "encoder": ENCODERS,
    "sharing": SHARING_CHOICES,
    "balancing": BALANCING_CHOICES,
    "mixing": MIXING_CHOICES,
}

__all__ = [
    "EVERY_TASK",
    "INSTRUMENTS",
    "METHODS",
    "NAMES",
    "BalancingChoice",
    "Box",
    "Cost",
    "DataChoice",
    "EncoderChoice",
    "Experiment",
    "HeadOptions",
    "MixingChoice",
    "Part",
    "Picture",
    "SharingChoice",
    "SharingPart",
    "Training",
    "is_advanced",
    "unit_of",
    "widget_of",
]
