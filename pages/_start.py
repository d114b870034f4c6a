"""From a click on Train to queued runs: nothing heavy happens in between."""

from mtl_core.config import Experiment
from mtl_core.errors import MtlError
from mtl_core.runs import worker
from mtl_core.runs.store import Run, Runs

from ._ui import go_to_run, home, show_error


def planned(experiment: Experiment, *, with_twins: bool, seeds: int) -> list[Experiment]:
    """All runs in the order of the queue: for each seed the experiment and its twins."""
    first = experiment.training.seed
    runs: list[Experiment] = []
    for seed in range(first, first + seeds):
        now = experiment if seeds == 1 else experiment.replace({"training.seed": seed})
        runs += now.family() if with_twins else [now]
    return runs


def queue(experiments: list[Experiment]) -> Run:
    """Create the runs as one group, see to it that a worker lives; the first run comes back."""
    runs = Runs().create_group(experiments)
    worker.ensure(home())
    return runs[0]


def train(experiments: list[Experiment]) -> None:
    """Queue and open the first run; what goes wrong is told in a box."""
    try:
        run = queue(experiments)
    except (MtlError, OSError) as err:
        show_error(f"The runs cannot be written: {err}")
        return
    go_to_run(run.id, run.group)
