"""Options of the training itself: how long, how fast, on what device, when to stop."""

from typing import ClassVar, Literal

from .parts import Part, option


class Training(Part):
    """How long and how fast to train, on what device, and which checkpoint to keep."""

    label: ClassVar[str] = "Training"

    epochs: int = option(10, "Passes over the training data.", unit="epochs", ge=1, le=1000)
    steps: int | None = option(
        None,
        "Stop after so many steps instead; empty: the epochs decide.",
        unit="steps",
        ge=1,
        le=10_000_000,
        advanced=True,
    )
    batch_size: int = option(
        32, "Sentences of each dataset in a batch.", unit="sentences", ge=1, le=1024
    )
    learning_rate: float | None = option(
        None, "Peak learning rate of AdamW; empty: the encoder's usual rate.", gt=0, le=1
    )
    weight_decay: float = option(0.01, "Decay of AdamW.", ge=0, le=1, advanced=True)
    warmup: float = option(
        0.05,
        "Share of the steps in which the learning rate rises from zero.",
        ge=0,
        lt=1,
        advanced=True,
    )
    decay: Literal["linear", "cosine", "none"] = option(
        "linear", "How the learning rate falls after the warm-up.", advanced=True
    )
    clip: float | None = option(
        1.0, "Largest norm of a step's gradient; empty: not clipped.", gt=0, le=1000, advanced=True
    )
    evaluate_every: int | None = option(
        None,
        "Steps between two validations; empty: once an epoch.",
        unit="steps",
        ge=1,
        le=1_000_000,
        advanced=True,
    )
    best_by: Literal["mean", "worst", "last"] = option(
        "mean",
        "Which checkpoint to keep: best mean of the tasks' main validation scores, best worst task, or simply the last.",
        advanced=True,
    )
    patience: int | None = option(
        None,
        "Stop early after so many validations without improvement; empty: never.",
        unit="validations",
        ge=1,
        le=1000,
        advanced=True,
    )
    seed: int = option(
        0, "Fixes the initial weights, the order of the data and the dropout.", ge=0, le=2**31 - 1
    )
    device: Literal["auto", "cuda", "mps", "cpu"] = option(
        "auto",
        "Where to train; auto takes the first of CUDA, MPS and CPU that is there.",
        advanced=True,
    )
    threads: int | None = option(
        None,
        "CPU threads; empty: as suits the encoder (one for small ones, all cores for large ones).",
        ge=1,
        le=256,
        advanced=True,
    )
    precision: Literal["auto", "fp32", "bf16"] = option(
        "auto",
        "Number format; auto uses bf16 mixed precision where the device has it.",
        advanced=True,
    )
