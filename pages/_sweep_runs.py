"""Sweeps as screens read them: cached, and matched with their runs."""

from pathlib import Path

import streamlit as st

from mtl_core.analysis.results import result_of
from mtl_core.analysis.sweep import Cell, cells, split_of
from mtl_core.data.files import home
from mtl_core.errors import MtlError
from mtl_core.runs import worker
from mtl_core.runs.store import Runs
from mtl_core.runs.sweeps import Member, Standing, Stored, Sweeps, standing

from ._ui import run_list


def sweep_list() -> tuple[list[Stored], list[str]]:
    """The sweeps, newest first, and a sentence about each file that cannot be read."""
    found, problems = [], []
    for group in Sweeps():
        try:
            found.append(open_sweep(group))
        except (MtlError, OSError) as err:
            problems.append(str(err))
    return found, problems


def open_sweep(group: str) -> Stored:
    """The sweep of this group. Raises MtlError where there is none or it cannot be read."""
    path = Sweeps().path(group) if Sweeps().has(group) else None
    stamp = path.stat().st_mtime_ns if path else 0
    return _stored(str(Sweeps().folder), group, stamp)


@st.cache_resource(show_spinner=False, max_entries=100)
def _stored(folder: str, group: str, stamp: int) -> Stored:
    del stamp  # only part of the key
    return Sweeps(Path(folder)).get(group)


def sweep_name(group: str) -> str:
    """What people call the sweep of this group; "" where it is none, or cannot be read."""
    try:
        return open_sweep(group).sweep.name if Sweeps().has(group) else ""
    except (MtlError, OSError):
        return ""


def standing_of(stored: Stored) -> Standing:
    """How far the sweep is now."""
    found, _ = run_list()
    members = [Member(r.run, r.status) for r in found if r.group == stored.group]
    return standing(stored, members)


def cells_of(stored: Stored, now: Standing) -> list[Cell]:
    """Each choice on each task, as far as runs have finished; worked out again when one has."""
    stamp = tuple((m.run.id, m.status.state.value) for m in now.members)
    return _cells(str(Sweeps().folder), stored.group, stamp, stored, now)


@st.cache_resource(show_spinner=False, max_entries=20)
def _cells(
    folder: str, group: str, stamp: tuple[tuple[str, str], ...], _stored: Stored, _now: Standing
) -> list[Cell]:
    del folder, group, stamp  # only part of the key
    results = [result_of(member.run) for member in _now.members]
    return cells(_stored.sweep.entries(), results, split_of(results))


def queue_missing(stored: Stored, now: Standing) -> None:
    """Runs for what is planned and has none, and a worker to train them."""
    runs = Runs()
    for planned in now.missing:
        runs.create(planned)
    worker.ensure(home())
