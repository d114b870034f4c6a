"""A dataset of an experiment: which of its tasks are learnt, and from how much of its training data."""

from typing import Annotated, Any, Self

from pydantic import Field, field_validator, model_validator

from .parts import Part, option

EVERY_TASK = "all"
"""Stands in metric keys for all tasks of a sentence together, so no task may bear this name."""

INSTRUMENTS = ("max_rows", "share", "noise", "shuffled")
"""The options that change a dataset's training data."""


class DataChoice(Part):
    """A dataset and the tasks to learn from it.

    Instruments show when learning together helps. They change the training data alone; validation
    and test data stay as they are. They do the same whatever the seed, and to the twins.
    Heads keep all labels of the full training data, and subwords are learnt from its full text, so
    that models stay comparable.
    """

    card: str = option(..., "Name of a dataset in the catalogue, or path of its card or folder.")
    tasks: tuple[str, ...] = option(..., "Tasks of the card to train.", min_length=1)
    max_rows: int | None = option(
        None,
        "Train on at most so many rows, the same ones whatever the seed; empty: all rows.",
        unit="rows",
        ge=1,
        le=1_000_000_000,
        advanced=True,
    )
    share: dict[str, Annotated[float, Field(ge=0.05, le=1)]] = option(
        {},
        "For each task, the share of its labelled training rows whose label is kept. The rows of a "
        "smaller share lie within those of a larger one, and all tasks keep the same sentences "
        "first. Rows without any label left are dropped; empty: all.",
        advanced=True,
    )
    noise: dict[str, Annotated[float, Field(ge=0, le=1)]] = option(
        {},
        "For each task, the share of its training labels that is replaced by another one, drawn "
        "evenly from the others: of words for tagging, of spans (they stay where they are), of the "
        "labels of each row for multilabel. Values of a regression are drawn from the other values "
        "of its data; empty: none.",
        advanced=True,
    )
    shuffled: tuple[str, ...] = option(
        (),
        "Tasks whose training labels go to other rows, so that no row has its own: as a control, "
        "what helps beside it is not the task. Tags go to sentences of as many words; where there "
        "is none, they turn within the sentence, spans as a whole.",
        widget="tasks",
        advanced=True,
    )

    @property
    def instruments(self) -> dict[str, Any]:
        """What is done to the training data, as the options of `instrumented`."""
        return {name: getattr(self, name) for name in INSTRUMENTS}

    @field_validator("tasks")
    @classmethod
    def _no_task_twice(cls, tasks: tuple[str, ...]) -> tuple[str, ...]:
        twice = sorted({task for task in tasks if tasks.count(task) > 1})
        if twice:
            raise ValueError(f"'{twice[0]}' is listed twice; name each task once")
        if EVERY_TASK in tasks:
            raise ValueError(f"a task cannot be called '{EVERY_TASK}'; rename it in the card")
        return tasks

    @model_validator(mode="after")
    def _names_are_chosen_tasks(self) -> Self:
        named = {"share": self.share, "noise": self.noise, "shuffled": self.shuffled}
        for place, tasks in named.items():
            unknown = [task for task in tasks if task not in self.tasks]
            if unknown:
                raise ValueError(
                    f"'{unknown[0]}' is not among the tasks of this dataset "
                    f"({', '.join(self.tasks)}); correct {place}"
                )
        return self
