"""Every strategy × every encoder, with one dataset at a time."""

import pytest

from .small_models import SMALL, pair_id
from .table_of_strategies import CELLS, check, of_two_tasks

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("pair", CELLS, ids=pair_id)
def test_training_stopping_resuming_saving_and_answering(
    strategy_experiment, tiny_bert, tmp_path, pair
):
    sharing, encoder = pair
    config = SMALL[encoder].model_dump(mode="json")
    experiment = strategy_experiment(
        sharing.kind_name(),
        encoder=config,
        mixing__kind="proportional",
        training__learning_rate=0.05,
    )
    check(of_two_tasks(experiment), tmp_path)
