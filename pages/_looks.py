"""How things look: the theme, a task's colour, a run's state. HTML is for `st.html`, escaped.

Import these from `_ui`. HTML follows the theme by itself (`light-dark`); charts ask `colour`.
"""

from collections.abc import Iterable

import streamlit as st

from mtl_core.analysis.colours import TaskColours, Theme
from mtl_core.analysis.drawing import FONT, TEXT, shade, task_shade
from mtl_core.config.parts import LEADS
from mtl_core.data.files import home
from mtl_core.data.findings import Level
from mtl_core.runs.store import State

from ._highlight import safe

_STATE_COLOURS: dict[State, tuple[str, str]] = {
    State.QUEUED: ("#5c6370", "#aab2bd"),
    State.RUNNING: ("#0b66c3", "#6cb6ff"),
    State.PAUSED: ("#8a6100", "#e3b341"),
    State.FINISHED: ("#14713d", "#56d68b"),
    State.STOPPED: ("#5c6370", "#aab2bd"),
    State.FAILED: ("#b42318", "#ff8a80"),
    State.INTERRUPTED: ("#a04a00", "#f0a060"),
}
_LEVEL_COLOURS: dict[Level, tuple[str, str]] = {
    "error": ("#b42318", "#ff8a80"),
    "warning": ("#8a6100", "#e3b341"),
    "note": ("#5c6370", "#aab2bd"),
}
_STEERED = ("#7a3fa0", "#cf9bf0")


# What the theme's settings cannot say: in dark, text on the bright primary colour must be dark.
STYLE = """<style>
[data-testid^="stBaseButton-primary"], [data-testid="stMultiSelect"] [data-tag] {
  color: light-dark(#ffffff, #10131a);
}
</style>"""


_MARK = (
    f'<g fill="none" stroke="{shade("#8b93a7", "#77809a")}" stroke-width="2">'
    '<path d="M18 28V22M18 22C18 15 7 17 7 11M18 22V11M18 22C18 15 29 17 29 11"/></g>'
    f'<rect x="9" y="27" width="18" height="9" rx="3" fill="{shade("#3b4bb8", "#8f9dff")}"/>'
    + "".join(
        f'<circle cx="{7 + 11 * i}" cy="8" r="4.5" fill="{task_shade(i)}"/>' for i in range(3)
    )
)
_SVG = '<svg xmlns="http://www.w3.org/2000/svg" style="color-scheme:light dark" '
ICON = f'{_SVG}viewBox="-2 2 40 36">{_MARK}</svg>'
LOGO = (
    f'{_SVG}viewBox="0 0 196 40" width="196" height="40" font-family="{FONT}">{_MARK}'
    f'<text x="44" y="27" font-size="19" font-weight="700" fill="{TEXT}">Multi-task lab</text></svg>'
)
"""One shared part with three tasks on it, and the app's name: both follow the theme."""


def small_print(lines: Iterable[str]) -> str:
    """HTML: quieter lines; what a line says it is about ("Use when", "Costs", "Limits") stands out."""
    return "".join(f'<div style="{_QUIET}">{_with_lead(line)}</div>' for line in lines)


_QUIET = "font-size:.9rem;line-height:1.5;color:color-mix(in srgb,currentColor 78%,transparent)"


def _with_lead(line: str) -> str:
    lead = next((lead for lead in LEADS if line.startswith(lead)), "")
    return f"<b style='font-weight:600'>{lead}</b>{safe(line[len(lead) :])}" if lead else safe(line)


def theme() -> Theme:
    """Which theme the reader sees."""
    return "dark" if st.context.theme.type == "dark" else "light"


def colour(task: str) -> str:
    """The task's colour in the present theme: for charts."""
    return TaskColours(home()).colour(task, theme())


def foreseen(tasks: Iterable[str]) -> dict[str, int]:
    """Places in the palette for tasks that may never be added: nothing remembers them."""
    return TaskColours(home()).foreseen(tasks)


def chip(task: str, text: str | None = None, place: int | None = None) -> str:
    """HTML: the task's name beside a dot of its colour, or of the colour at a place."""
    dot = task_shade(TaskColours(home()).place(task) if place is None else place)
    return (
        '<span style="display:inline-flex;align-items:center;gap:.45em;white-space:nowrap;max-width:100%">'
        f'<span style="width:.7em;height:.7em;border-radius:50%;background:{dot};flex:none"></span>'
        '<span style="overflow:hidden;text-overflow:ellipsis">'
        f"{safe(task if text is None else text)}</span></span>"
    )


def legend(tasks: Iterable[str]) -> str:
    """HTML: the tasks' chips in a row."""
    chips = "".join(chip(task) for task in tasks)
    return f'<div style="display:flex;flex-wrap:wrap;gap:.35rem 1.1rem">{chips}</div>'


def state_badge(state: State) -> str:
    """HTML: the state as a word on a tinted pill; a running one breathes a little."""
    return _pill(state.value.capitalize(), _STATE_COLOURS[state])


def steered_badge() -> str:
    """HTML: the word that tells a run whose user changed weights or learning rate on the way."""
    return _pill("Steered", _STEERED)


def level_badge(level: Level) -> str:
    """HTML: how grave a finding about data is."""
    return _pill(level.capitalize(), _LEVEL_COLOURS[level])


def _pill(word: str, colours: tuple[str, str]) -> str:
    ink = shade(*colours)
    return (
        f'<span style="display:inline-block;color:{ink};font-size:.8rem;font-weight:600;'
        f"line-height:1.5;padding:.05em .65em;border-radius:1em;"
        f'background:color-mix(in srgb,{ink} 13%,transparent)">{word}</span>'
    )
