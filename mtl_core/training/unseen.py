"""Which rows of validation and test data stand in training data, so that scores can leave them out.

Where a split of the experiment has such rows, scores of all tasks are told twice: over all rows as
`task/test/metric`, and over the others as `task/test_unseen/metric`, with
`task/test_unseen/left_out`, the number of labelled rows without which they are. The checkpoint is
chosen by all validation rows either way.

Training data is all of the experiment's datasets, whatever their tasks and before instruments take
rows away. A single-task twin names the same datasets, so it leaves out the very same rows.
"""

from collections.abc import Mapping, Sequence

from mtl_core.data.tasks import Sentences
from mtl_core.data.truth import leaks, prints_of

UNSEEN = "_unseen"
"""Ends the name of a split in metric keys: without the rows that stand in training data."""
LEFT_OUT = "left_out"
"""Stands in metric keys for the number of these rows."""
Seen = dict[str, frozenset[int]]
"""By split: the rows whose text stands in training data."""


def seen_rows(datasets: Sequence[Mapping[str, Sentences]]) -> list[Seen]:
    """For each dataset of an experiment, given as its splits; without splits where none has any."""
    training = [prints_of(splits["train"]) for splits in datasets]
    found: list[Seen] = []
    for place, splits in enumerate(datasets):
        others = [prints for i, prints in enumerate(training) if i != place]
        found.append(
            {
                split: leaks(training[place], others, prints_of(sentences)).rows
                for split, sentences in splits.items()
                if split != "train"
            }
        )
    leaky = {split for seen in found for split, rows in seen.items() if rows}
    return [{split: seen[split] for split in leaky & seen.keys()} for seen in found]
