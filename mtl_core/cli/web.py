"""`mtl app`: the web app."""

import os
import subprocess
import sys
from pathlib import Path

import typer

import mtl_core
from mtl_core.data.files import home


def web_app(context: typer.Context) -> None:
    """Open the web app; further options go to `streamlit run`, for example --server.port 8600."""
    script = _script()
    # Streamlit reads its settings and theme beside the script; runs stay where the user is.
    environment = {**os.environ, "MTL_HOME": str(home())}
    command = [sys.executable, "-m", "streamlit", "run", str(script), *context.args]
    raise typer.Exit(subprocess.call(command, env=environment))


def _script() -> Path:
    """The app in the checkout, or the copy inside the installed package."""
    package = Path(mtl_core.__file__).resolve().parent
    checkout = package.parent / "app.py"
    return checkout if checkout.is_file() else package / "_app" / "app.py"
