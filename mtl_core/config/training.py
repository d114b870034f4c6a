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
    best_by: Literal["mean", "worst", "main", "gain", "each", "last"] = option(
        "mean",
        "Which checkpoint is the best, by main validation scores: mean of the tasks, worst task, "
        "main task, mean gain over the twins in shares of theirs (twins are trained first), each "
        "task by itself (scores are then those of each task's own checkpoint), or simply the last.",
        advanced=True,
    )
    main_task: str | None = option(
        None, "The task that decides with best_by main; empty: the first task.", advanced=True
    )
    keep: Literal["best", "tasks", "all"] = option(
        "tasks",
        "Checkpoints that stay on the disk to be asked later: the best one, each task's best too, "
        "or that of every validation.",
        advanced=True,
    )
    patience: int | None = option(
        None,
        "Stop early after so many validations without improvement, which with best_by last there "
        "always is; empty: never.",
        unit="validations",
        ge=1,
        le=1000,
        advanced=True,
    )
    stopping: Literal["together", "each"] = option(
        "together",
        "What patience counts for: the best checkpoint of all tasks together, or each task, which "
        "then trains no more while the others go on.",
        advanced=True,
    )
    watch_every: int | None = option(
        None,
        "Steps between two looks at the tasks' gradients, 0 for none; empty: 25 for each task, "
        "which costs about 3 % of the time.",
        unit="steps",
        ge=0,
        le=1_000_000,
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

    def alone(self) -> "Training":
        """The same for a single task, for which all ways to tell the best are one."""
        by = "last" if self.best_by == "last" else "mean"
        return self.model_copy(update={"best_by": by, "main_task": None, "stopping": "together"})
