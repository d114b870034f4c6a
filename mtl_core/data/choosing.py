"""Make sure, before a run exists, that an experiment's datasets and tasks are really there."""

from pathlib import Path

from mtl_core.config import Experiment
from mtl_core.config.head import misfit
from mtl_core.errors import ConfigError, DataError

from .catalog import Catalog, Dataset
from .tasks import spec_of


def settle(experiment: Experiment, catalog: Catalog, beside: Path | None = None) -> Experiment:
    """The experiment with every card found: kept by its name, or as an absolute path.

    `beside` is the folder that relative paths may start from, besides the current one. Raises
    DataError where a card, a task or a file is missing, ConfigError where a task's head has an
    option that its kind does not know.
    """
    names = {dataset.name for dataset in catalog.datasets}
    choices = []
    found: dict[str, str] = {}
    for choice in experiment.data:
        dataset = catalog.find(choice.card, beside)
        for task in choice.tasks:
            kind = spec_of(dataset, task).kind
            why = misfit(task, kind, experiment.heads[task]) if task in experiment.heads else None
            if why:
                raise ConfigError(why)
        if dataset.card.hub is None:
            _check_files(dataset)
        if dataset.name in found:
            raise DataError(
                f"'{choice.card}' and '{found[dataset.name]}' are both called '{dataset.name}'; "
                "give one card another name"
            )
        found[dataset.name] = choice.card
        card = choice.card if choice.card in names else str(dataset.path)
        choices.append(choice.model_copy(update={"card": card}))
    cards = {old.card: new.card for old, new in zip(experiment.data, choices, strict=True)}
    update = {"data": tuple(choices), "mixing": experiment.mixing.renamed(cards)}
    return experiment.model_copy(update=update)


def _check_files(dataset: Dataset) -> None:
    """Raise DataError where a file of the card is not there."""
    for split in dataset.card.splits:
        for path in dataset.files(split):
            if not path.exists():
                raise DataError(
                    f"{dataset.path}: there is no {split} file {path}; "
                    "correct the card's splits or folder"
                )
