"""Datasets of the hub are opened here: by name where there is a network, from the disk where not.

Every fault is one sentence with its cure. The hub is asked once, and briefly: where it does not
answer, what an earlier load has left on this disk is taken.
"""

import re
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from mtl_core.data.catalog import Hub
from mtl_core.errors import DataError

SECONDS = 5.0
"""The hub has this long to answer whether a dataset is there."""
REMEMBERED = 60.0
BRING = "bring it as a local folder (`mtl data check FOLDER`)"
NO_CODE = "it needs code of its own, which is never run here"
_NAME = re.compile(r"[A-Za-z0-9][\w.-]*(/[\w.-]+)?")
_OPENING = threading.Lock()


@dataclass(frozen=True)
class Known:
    """What the hub says about a dataset: its commit, and the header of its page.

    `reached` is false where the hub gave no answer.
    """

    reached: bool = True
    commit: str | None = None
    header: dict[str, Any] = field(default_factory=dict)


_KNOWN: dict[tuple[str, str | None], tuple[float, Known]] = {}


def local_folder(path: str) -> Path | None:
    """The folder where a path is one, not the name of a dataset on the hub."""
    place = Path(path).expanduser()
    try:
        return place.resolve() if place.is_dir() else None
    except (OSError, ValueError):
        return None


def look_up(hub: Hub) -> Known:
    """What is known of a dataset. Raises DataError where the hub has none of that name."""
    folder = local_folder(hub.path)
    if folder is not None:
        return Known(header=_header(folder / "README.md"))
    if not _NAME.fullmatch(hub.path) or hub.path.startswith("buckets/"):
        raise DataError(
            f"'{hub.path[:80]}' is neither a folder here nor a name on the hub (such as owner/name); "
            "correct it"
        )
    key = (hub.path, hub.revision)
    if key not in _KNOWN or time.monotonic() - _KNOWN[key][0] > REMEMBERED:
        _KNOWN[key] = (time.monotonic(), _asked(hub))
    return _KNOWN[key][1]


def _asked(hub: Hub) -> Known:
    """Ask in a thread of its own: looking up an address may take longer than any limit."""
    answers: list[Known | DataError] = []
    thread = threading.Thread(target=lambda: answers.append(_answer(hub)), daemon=True)
    thread.start()
    thread.join(SECONDS + 1)
    answer = answers[0] if answers else Known(reached=False)
    if isinstance(answer, DataError):
        raise answer
    return answer


def _answer(hub: Hub) -> Known | DataError:
    from huggingface_hub import HfApi
    from huggingface_hub.errors import (
        GatedRepoError,
        HFValidationError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    try:
        found = HfApi().dataset_info(hub.path, revision=hub.revision, timeout=SECONDS)
    except GatedRepoError:
        return DataError(_gated(hub))
    except RevisionNotFoundError:
        return DataError(
            f"hub dataset '{hub.path}' has no revision '{hub.revision}'; correct it, or leave it out"
        )
    except (RepositoryNotFoundError, HFValidationError):
        return DataError(
            f"the hub has no dataset '{hub.path}', or it is private; correct the name, or {BRING}"
        )
    except Exception:  # whatever the network does: to the user the hub is not there
        return Known(reached=False)
    header = found.card_data.to_dict() if found.card_data else {}
    return Known(commit=found.sha, header=header)


def _gated(hub: Hub) -> str:
    return (
        f"hub dataset '{hub.path}' is gated: its owners want to be asked first; ask on its page and "
        f"log in with the hub's own command, or {BRING}"
    )


def open_split(hub: Hub, split: str) -> Any:
    """One split, as the hub's library gives it. Raises DataError in one sentence."""
    try:
        return _opened(hub, split)
    except DataError as err:
        raise DataError(
            f"hub dataset '{hub.path}', split '{split}', cannot be loaded: {err}"
        ) from err


def open_splits(hub: Hub) -> dict[str, Any]:
    """All splits by their names. Raises DataError in one sentence."""
    try:
        return dict(_opened(hub, None))
    except DataError as err:
        raise DataError(f"hub dataset '{hub.path}' cannot be loaded: {err}") from err


def _opened(hub: Hub, split: str | None) -> Any:
    folder = local_folder(hub.path)
    saved = _saved(folder, hub.name) if folder else None
    known = look_up(hub)
    try:
        if saved is not None:
            return _from_disk(saved, split)
        with _quiet(offline=not known.reached):
            return _loaded(str(folder) if folder else hub.path, hub, split)
    except DataError:
        raise
    except Exception as err:  # the library raises whatever its file systems and readers raise
        raise DataError(_sentence(err, hub, known)) from err


def _loaded(place: str, hub: Hub, split: str | None) -> Any:
    """A configuration may also be a folder, as in the copies that the hub makes of its datasets."""
    import datasets

    options: dict[str, Any] = {"split": split, "revision": hub.revision}
    try:
        return datasets.load_dataset(place, hub.name, **options)
    except ValueError as err:
        if hub.name is None or f"BuilderConfig '{hub.name}' not found" not in str(err):
            raise
        if "'default'" not in str(err):
            raise
        return datasets.load_dataset(place, data_dir=hub.name, **options)


def configurations(hub: Hub) -> list[str]:
    """The names of its configurations. Raises DataError in one sentence."""
    folder = local_folder(hub.path)
    if folder is not None:
        if _is_saved(folder):
            return ["default"]
        saved = sorted(child.name for child in folder.iterdir() if _is_saved(child))
        if saved:
            return saved
    known = look_up(hub)
    import datasets

    try:
        with _quiet(offline=not known.reached):
            place = str(folder) if folder else hub.path
            return list(datasets.get_dataset_config_names(place, revision=hub.revision))
    except Exception as err:  # as above
        why = _sentence(err, hub, known)
        raise DataError(f"hub dataset '{hub.path}' cannot be loaded: {why}") from err


def may_be_folder(hub: Hub, names: Sequence[str]) -> bool:
    """Whether a configuration that is none of these names may be a folder of its own."""
    folder = local_folder(hub.path)
    inner = folder / str(hub.name) if folder else None
    return list(names) == ["default"] and (inner is None or inner.is_dir())


def _saved(folder: Path, name: str | None) -> Path | None:
    """The folder that `save_to_disk` has written, perhaps one for each configuration."""
    inner = folder / name if name and re.fullmatch(r"[\w.-]+", name) else folder
    return next((place for place in (inner, folder) if _is_saved(place)), None)


def _is_saved(folder: Path) -> bool:
    return any((folder / name).is_file() for name in ("dataset_dict.json", "state.json"))


def _from_disk(folder: Path, split: str | None) -> Any:
    import datasets

    with _quiet(offline=False):
        found = datasets.load_from_disk(str(folder))
    splits = found if isinstance(found, datasets.DatasetDict) else {"train": found}
    if split is not None and split not in splits:
        raise DataError(f"it has no such split, only {', '.join(splits)}; correct the card")
    return splits if split is None else splits[split]


@contextmanager
def _quiet(offline: bool) -> Iterator[None]:
    """Without bars and warnings; and without the long retries where there is no network."""
    import datasets

    with _OPENING:
        datasets.disable_progress_bars()
        datasets.logging.set_verbosity_error()
        before = datasets.config.HF_HUB_OFFLINE
        datasets.config.HF_HUB_OFFLINE = before or offline
        try:
            yield
        finally:
            datasets.config.HF_HUB_OFFLINE = before


def _sentence(err: Exception, hub: Hub, known: Known) -> str:
    """Why it cannot be had, and what to do."""
    said = " ".join(str(err).split())
    folder = local_folder(hub.path)
    if folder is not None and "onfig" not in said and "Unknown split" not in said:
        return f"{said[:200].rstrip('.')}; look at it with `mtl data check {folder}`"
    if "scripts are no longer supported" in said:
        return (
            f"{NO_CODE}; try the revision refs/convert/parquet, where the hub keeps a copy without "
            f"code, or another copy of it, or {BRING}"
        )
    if "gated dataset" in said:
        return _gated(hub)
    if not known.reached:
        return (
            "the hub was not reached, and it is not on this disk; connect to the network once so "
            f"that it is kept here, or {BRING}"
        )
    if "Config name is missing" in said or "BuilderConfig" in said:
        names = re.search(r"\[.*?\]", said)
        choice = names[0][1:-1].replace("'", "") if names else "those on its page"
        return f"it has the configurations {choice}; name one of them"
    if "Unknown split" in said:
        return f"{said.rstrip('.')}; correct the card's splits"
    return f"{said[:200].rstrip('.')}; correct its files or the name, or {BRING}"


def _header(readme: Path) -> dict[str, Any]:
    """The YAML header of a README.md; empty where there is none."""
    try:
        text = readme.read_text(encoding="utf-8-sig")
        found = re.match(r"---\s*\n(.*?)\n---\s*(\n|$)", text, re.DOTALL)
        tree = yaml.safe_load(found[1]) if found else None
    except (OSError, UnicodeDecodeError, yaml.YAMLError, ValueError, RecursionError):
        return {}
    return tree if isinstance(tree, dict) else {}
