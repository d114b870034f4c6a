"""The words of the training data, kept in the run folder where typed text is cut into them.

Only datasets whose card says `segmentation: known` have any; runs without them have no such file.
"""

import json
from collections.abc import Mapping
from pathlib import Path

from mtl_core.data.files import write_atomically
from mtl_core.data.known_words import KnownWords
from mtl_core.errors import RunError

FILE = "words.json"

Lexicons = Mapping[str, KnownWords]
"""By the name of the dataset."""


def save(lexicons: Lexicons, folder: Path) -> None:
    """Write them into a run folder; nothing where there are none."""
    if lexicons:
        tree = {name: known.counts for name, known in lexicons.items()}
        write_atomically(folder / FILE, json.dumps(tree, ensure_ascii=False))


def load(dataset: str, folder: Path) -> KnownWords:
    """Those of a dataset. Raises RunError where they are missing or damaged."""
    try:
        tree = json.loads((folder / FILE).read_text(encoding="utf-8"))
        return KnownWords({str(word): int(times) for word, times in tree[dataset].items()})
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as err:
        raise RunError(f"{folder / FILE} is missing or damaged; train the run again") from err
