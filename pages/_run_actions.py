"""What a user can do with a run: pause, resume, stop, download, delete; and how its state looks."""

import io
import zipfile
from collections.abc import Callable, Sequence
from functools import partial

import streamlit as st

from mtl_core.data.files import home
from mtl_core.errors import MtlError
from mtl_core.runs import worker
from mtl_core.runs.store import Run, State, Status

LEFT_OUT = "last"  # what only resuming needs: large, and of no use elsewhere


def ask_all(runs: Sequence[Run], what: str) -> None:
    """Tell runs to pause, resume or stop, and see that somebody listens."""
    for run in runs:
        run.ask(what)
    worker.ensure(home())


def controls(run: Run, status: Status) -> None:
    """The buttons that make sense in this state."""
    state = status.state
    if state is State.RUNNING:
        _button(run, "pause", "Pause", ":material/pause:", "Hold after the current step.")
        hint = "Score the validation data after the next step, beside the schedule."
        _button(run, "evaluate", "Evaluate now", ":material/fact_check:", hint)
    if state is State.PAUSED:
        _button(run, "resume", "Resume", ":material/play_arrow:", "Go on with the next step.")
    if state.can_resume:
        _button(run, "resume", "Resume", ":material/play_arrow:", "Go on from the last checkpoint.")
    if state.is_live:
        hint = "End training here; what was learnt so far is kept, and the run can be resumed."
        _button(run, "stop", "Stop", ":material/stop:", hint)


def _button(run: Run, what: str, label: str, icon: str, hint: str) -> None:
    asked = run.asked()
    st.button(
        label,
        key=f"{what}-{run.id}",
        icon=icon,
        help=hint,
        on_click=ask_all,
        args=([run], what),
        disabled=asked in {what, "stop"},
    )


def keep_or_delete(run: Run, on_delete: Callable[[], None] | None = None) -> None:
    """Download and delete, for a run that has ended."""
    st.download_button(
        "Download",
        data=partial(zipped, run),
        file_name=f"{run.id}.zip",
        mime="application/zip",
        key=f"download-{run.id}",
        icon=":material/download:",
        help="The run folder as a zip: experiment, events, scores and the best model.",
        on_click="ignore",
    )
    with st.popover(
        "Delete", icon=":material/delete:", key=f"delete-{run.id}", help="Remove this run."
    ):
        st.write("Delete this run with its curves and its model? This cannot be undone.")
        st.button(
            "Delete for good",
            key=f"delete-now-{run.id}",
            type="primary",
            help="Remove the run folder.",
            on_click=delete,
            args=([run], on_delete),
        )


def delete(runs: list[Run], then: Callable[[], None] | None = None) -> None:
    """Remove runs; one that is live stays and says why."""
    try:
        for run in runs:
            run.delete()
    except MtlError as err:
        st.toast(str(err), icon=":material/error:")
    if then:
        then()


def zipped(run: Run) -> bytes:
    """The run folder, without what only resuming needs."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for file in sorted(run.folder.rglob("*")):
            inner = file.relative_to(run.folder)
            if file.is_file() and inner.parts[0] != LEFT_OUT:
                archive.write(file, f"{run.id}/{inner.as_posix()}")
    return buffer.getvalue()
