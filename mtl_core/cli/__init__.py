"""The command line: `mtl train | sweep | runs | compare | predict | data | methods | app`.

With `--json` one JSON document goes to standard output and nothing else there. An error that the
user can mend is one line on standard error and exit code 2.
"""

import io
import sys

import typer

from mtl_core.errors import MtlError

from . import data_check, looking, sweeping, training, web
from .hub import data_hub, data_presets
from .methods import methods
from .related import related

app = typer.Typer(
    help="A laboratory for multi-task learning in natural language processing.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
data_app = typer.Typer(
    help="List datasets and check them.", no_args_is_help=True, rich_markup_mode=None
)
app.add_typer(data_app, name="data")

app.command("train")(training.train)
app.command("sweep")(sweeping.sweep)
app.command("runs")(looking.runs)
app.command("compare")(looking.compare)
app.command("predict")(looking.predict)
app.command("methods")(methods)
app.command("app", context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(
    web.web_app
)
data_app.command("list")(looking.data_list)
data_app.command("check")(data_check.data_check)
data_app.command("related")(related)
data_app.command("hub")(data_hub)
data_app.command("presets")(data_presets)


def main() -> None:
    """The entry point of `mtl`."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8")  # wherever it goes: answers hold any language
    try:
        app()
    except MtlError as err:
        sys.stderr.write(f"mtl: {' '.join(str(err).split())}\n")
        sys.exit(2)
