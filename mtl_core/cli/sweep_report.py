"""What `mtl sweep` prints at its end: one document for scripts, or sentences for people."""

from dataclasses import asdict
from typing import Any

import typer

from mtl_core.analysis.results import result_of
from mtl_core.analysis.sweep import Cell, cells, split_of, verdict_on
from mtl_core.analysis.sweep_words import answers
from mtl_core.config import Experiment
from mtl_core.runs.sweeps import Member, Standing, Stored

from .output import result


def document(stored: Stored, now: Standing) -> dict[str, Any]:
    """What scripts read: the runs, each choice's numbers on each task, and the answers."""
    results = [result_of(member.run) for member in now.members]
    found = cells(stored.sweep.entries(), results, split_of(results))
    return {
        "group": stored.group,
        "name": stored.sweep.name,
        "finished": now.done,
        "planned": len(now.pairs),
        "runs": [_run(planned, member) for planned, member in now.pairs],
        "choices": [_cell(cell) for cell in found],
        "answers": [asdict(answer) for answer in answers(found, len(stored.sweep.design.seeds))],
    }


def _run(planned: Experiment, member: Member | None) -> dict[str, Any]:
    about = {"choice": planned.choice, "only": planned.only, "seed": planned.training.seed}
    if member is None:
        return {"run": None, "status": "not started", **about}
    return {**result(member.run, member.status), **about}


def _cell(cell: Cell) -> dict[str, Any]:
    """One choice on one task; differences are of scores, as they are, not in points."""
    gain, against = cell.gain, cell.against_equal
    return {
        "choice": cell.choice,
        "task": cell.task,
        "split": gain.split,
        "metric": gain.metric,
        "added_baseline": cell.entry.added,
        "scores": asdict(gain.multi) if gain.multi else None,
        "twin": asdict(gain.twin) if gain.twin else None,
        "over_twin": asdict(gain.difference) if gain.difference else None,
        "verdict": gain.verdict,
        "corrected_verdict": cell.corrected,
        "choices_compared": cell.compared,
        "equal_weights": cell.reference,
        "over_equal_weights": asdict(against) if against else None,
        "verdict_on_equal_weights": verdict_on(against),
    }


def tell(stored: Stored, now: Standing) -> None:
    """The answers, and what is left to do."""
    found = document(stored, now)
    for answer in found["answers"]:
        typer.echo(f"Did sharing help {answer['task']}, and can we tell? {answer['sentence']}")
        for note in answer["notes"]:
            typer.echo(f"  {note}")
    typer.echo(f"{now.done} of {len(now.pairs)} runs finished; group {stored.group}")
    if not now.is_complete:
        typer.echo(f"go on with: mtl sweep --resume {stored.group}")
