"""What a dataset that is being labelled can be trained on already."""

from dataclasses import replace

from .annotating import LABELS, Annotations
from .catalog import Dataset


def lacking(dataset: Dataset) -> dict[str, str]:
    """Task -> what it still needs before it can be trained; empty where all can.

    Only sentences of one's own are labelled little by little: other datasets lack nothing.
    """
    if not (dataset.path.parent / LABELS).is_file():
        return {}
    needs = Annotations(dataset.path.parent).needs()
    return {task: need.lacks for task, need in needs.items() if need.lacks}


def ready(dataset: Dataset) -> Dataset | None:
    """The dataset with the tasks that can be trained; None where there is none yet."""
    lacks = lacking(dataset)
    if not lacks:
        return dataset
    tasks = {task: spec for task, spec in dataset.card.tasks.items() if task not in lacks}
    return (
        replace(dataset, card=dataset.card.model_copy(update={"tasks": tasks})) if tasks else None
    )
