"""The process that trains one run: a session of its own, its output in the run's log.txt.

Light to import, so that the worker can name `main`; what it needs is imported by the fork server.
"""

import contextlib
import os
import sys
from pathlib import Path

from .store import Run

NICENESS = 10
"""Training gives way to the web server and to predictions; it costs nothing where they rest."""


def main(folder: str, home: str) -> None:
    """Train the run of a folder."""
    os.environ["MTL_HOME"] = home
    _detach(Path(folder))
    from mtl_core.errors import RunError

    from .execute import execute

    try:
        execute(Run(Path(folder)))
    except RunError as err:
        sys.stderr.write(f"{err}\n")


def _detach(folder: Path) -> None:
    """Own session, own log, lower priority."""
    if hasattr(os, "setsid"):
        with contextlib.suppress(PermissionError):  # started cold, it leads its session already
            os.setsid()
        os.nice(NICENESS)
    log = os.open(folder / "log.txt", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(log, 1)
    os.dup2(log, 2)


if __name__ == "__main__":
    main(*sys.argv[1:])
