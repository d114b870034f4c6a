"""What was found out about files that somebody brings, and how it is corrected before it is used."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import pandas as pd
import streamlit as st

from mtl_core.data.catalog import Card, Dataset, TaskKind
from mtl_core.data.findings import EXAMPLES, Finding
from mtl_core.data.layout import AtRandom, FileKind, Layout
from mtl_core.data.proposing import Overrides, Proposal, propose
from mtl_core.data.proposing.contract import Holds
from mtl_core.data.tasks import Sentences, load_sentences
from mtl_core.errors import DataError, MtlError
from pages import _ui
from pages._examples import example
from pages._looks import foreseen
from pages._truth import show_findings

KEY = "proposal"  # how the keys of these widgets begin
NO_TASK = "\N{EN DASH}"  # the kind of a column that is no task
SHOWN = 3  # example rows
_MANY = 6  # tasks that are easily corrected one by one
_APART = "bring files of different datasets one dataset after the other"
SEEMS, TASK, ANSWER = "Holds", "Task", "Kind"
ABOUT = (
    "Correct what is wrong: what a column holds, what its task is called and of which kind it is. "
    "A column that holds “unknown” is left out."
)


def corrected(path: Path, called: str = "") -> Proposal | None:
    """What is proposed for a path, with the reader's corrections; None where nothing can be.

    `called` is the name that is proposed; empty: after the path.
    """
    stamp = _stamp(path)
    key = f"{KEY}/{stamp}"
    facts = st.container()
    layout = _layout(key)
    try:
        first = _proposal(path, stamp, called, Overrides(layout=layout))
        with facts:
            st.html(_ui.small_print(_facts(first)))
        proposal = _proposal(path, stamp, called, _corrections(first, key, layout))
    except DataError as err:
        _ui.show_error(without_folder(str(err), path) if path.exists() else err)
        return None
    named = _named(proposal, key)
    shown = named or proposal
    show_findings(_findings(shown))
    preview(shown.card, shown.dataset, key)
    return named


def _findings(proposal: Proposal) -> Iterator[Finding]:
    """What was found, with the files by their own names; files that are left out are doubtful too."""
    for finding in proposal.findings:
        what = without_folder(finding.what, proposal.path)
        left_out = finding.level == "error" and proposal.card.faults == "leave_out"
        cure = ", ".join(
            filter(None, (finding.cure, "until then it is left out" if left_out else ""))
        )
        place = without_folder(finding.place, proposal.path)
        yield replace(finding, what=what, cure=cure, place=place)
    odd = [file for file in proposal.files if file.why.startswith("written otherwise")]
    if odd:
        what = f"'{odd[0].address}' is left out: {odd[0].why}"
        if len(odd) > 1:
            what = f"{len(odd)} files are left out: they are written otherwise than those that are used"
        names = tuple(file.address for file in odd) if len(odd) > 1 else ()
        yield Finding(
            "left out", "warning", what, _APART, count=len(odd), examples=names[:EXAMPLES]
        )


def without_folder(text: str, path: Path) -> str:
    """Files by their own names: the reader knows where they are, or has uploaded them."""
    folder = path if path.is_dir() else path.parent
    return text.replace(f"{folder.resolve()}/", "").replace(f"{folder}/", "")


def _stamp(path: Path) -> str:
    """Says whether the files are still the same."""
    files = [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file())[:2000]
    seen = [(str(file), file.stat().st_size, file.stat().st_mtime_ns) for file in files]
    return f"{hash(tuple(seen)):x}"


@st.cache_resource(show_spinner="Looking at every row", max_entries=8)
def _cached(path: str, stamp: str, called: str, asked: str, _overrides: Overrides) -> Proposal:
    del stamp, asked  # only part of the key
    return propose(Path(path), name=called, overrides=_overrides)


def _proposal(path: Path, stamp: str, called: str, overrides: Overrides) -> Proposal:
    return _cached(str(path), stamp, called, repr(overrides), overrides)


def _facts(proposal: Proposal) -> list[str]:
    """One line a file: what it is and what was found out about it."""
    lines = []
    for file in proposal.files[:12]:
        rows = _ui.counted(file.rows, "row") if file.rows else ""
        said = [file.split or "left out", file.format, file.encoding, rows, *file.sniffed, file.why]
        lines.append(f"{file.address}: {', '.join(filter(None, said))}")
    left = len(proposal.files) - len(lines)
    return lines + ([f"and {_ui.counted(left, 'more file')}"] if left > 0 else [])


def _layout(key: str) -> Layout | None:
    """How the files are written, where the reader knows better."""
    box = st.expander(
        "The files are written otherwise",
        key=f"{key}/layout",
        icon=":material/tune:",
        on_change="rerun",
    )
    if not box.open:
        return None
    with box, st.container(horizontal=True, vertical_alignment="bottom"):
        kind = st.selectbox(
            "Format", [k for k in get_args(FileKind) if k != "parallel"], None, key=f"{key}/format",
            placeholder="found out", help="Choose one, and the options below hold.",
        )  # fmt: skip
        delimiter = st.text_input(
            "Between columns", key=f"{key}/delimiter", placeholder="found out",
            help="The sign between two columns; \\t is a tab.", max_chars=8,
        )  # fmt: skip
        encoding = st.text_input(
            "Encoding", key=f"{key}/encoding", placeholder="UTF-8", help="For example gb18030.",
        )  # fmt: skip
        names = st.text_input(
            "Names of the columns", key=f"{key}/columns", placeholder="from the first line",
            help="With commas between them, where the file does not name its columns.",
        )  # fmt: skip
        quoting = st.toggle(
            "Quotes enclose fields", True, key=f"{key}/quoting", help="Off: they are plain text."
        )
    if kind is None:
        if any((delimiter, encoding, names, not quoting)):
            box.caption("Choose the format as well: the other fields hold together with it.")
        return None
    columns = tuple(name.strip() for name in names.split(",") if name.strip())
    try:
        return Layout(
            kind=kind, delimiter=delimiter.replace("\\t", "\t"), encoding=encoding.strip(),
            columns=columns, quoting=quoting,
        )  # fmt: skip
    except ValueError as err:
        _ui.show_error(str(err))
        return None


def _corrections(first: Proposal, key: str, layout: Layout | None) -> Overrides:
    """The columns as a table that can be corrected; only what was changed is an override."""
    st.markdown(ABOUT)
    kinds = {name: spec.kind for name, spec in first.card.tasks.items()}
    table = pd.DataFrame(
        [
            {
                "Column": column.name,
                SEEMS: column.holds,
                TASK: column.task,
                ANSWER: kinds.get(column.task, NO_TASK),
                "Examples": " · ".join(column.examples)[:200],
                "Why": column.why,
            }
            for column in first.columns
        ]
    )
    edited = st.data_editor(
        table,
        hide_index=True,
        disabled=["Column", "Examples", "Why"],
        column_config={
            SEEMS: st.column_config.SelectboxColumn(options=list(get_args(Holds)), required=True),
            TASK: st.column_config.TextColumn(max_chars=60),
            ANSWER: st.column_config.SelectboxColumn(options=[NO_TASK, *get_args(TaskKind)]),
        },
        key=f"{key}/columns-{layout!r}",
        width="stretch",
    )
    unused = dict.fromkeys(_unused(first, key), "unknown")
    return Overrides(
        layout=layout,
        divide=_divide(first, key),
        holds=_changed(table, edited, SEEMS) | unused,
        kinds=_changed(table, edited, ANSWER),
        names=_changed(table, edited, TASK),
    )


def _changed(before: pd.DataFrame, after: pd.DataFrame, column: str) -> dict[str, Any]:
    """What the reader has put into a column, by the name of the row's column."""
    rows = zip(before["Column"], before[column], after[column], strict=True)
    return {
        name: new
        for name, old, new in rows
        if isinstance(new, str)
        and new not in ("", NO_TASK)
        and new != old  # an emptied cell is NaN
    }


def _unused(first: Proposal, key: str) -> list[str]:
    """Where there are many tasks: the columns of those that are taken out in one go."""
    tasks = {column.task: column.name for column in first.columns if column.task}
    if len(tasks) <= _MANY:
        return []
    kept = st.multiselect(
        "Tasks to keep",
        list(tasks),
        default=list(tasks),
        key=f"{key}/kept",
        placeholder="Choose at least one task",
        help="The cross at the right takes all away; then choose those that you want.",
    )
    return [column for task, column in tasks.items() if task not in kept] if kept else []


def _divide(first: Proposal, key: str) -> AtRandom | None:
    """How much is cut off the training rows, where the files have no splits of their own."""
    divide = first.card.divide
    if not isinstance(divide, AtRandom):
        return None
    given = {*first.card.splits}
    with st.container(horizontal=True):
        shares = {
            split: st.number_input(
                f"Share for {split}", 0.05 if split == "validation" else 0.0, 0.4,
                float(getattr(divide, split)), 0.05, key=f"{key}/{split}", width=160,
                help="Cut off the training rows, the same ones every time; labels spread evenly.",
            )
            for split in ("validation", "test")
            if split not in given
        }  # fmt: skip
    return divide.model_copy(update=shares)


def _named(proposal: Proposal, key: str) -> Proposal | None:
    """With the name, the language and the mind about faulty rows that the reader gives it.

    None where that can be no name.
    """
    card = proposal.card
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.text_input(
            "Name", card.name, key=f"{key}/name", max_chars=64,
            help="Short: letters, digits, dots, hyphens and underscores.",
        )  # fmt: skip
        title = st.text_input("Title", card.title, key=f"{key}/title", help="What lists show.")
        language = st.text_input(
            "Language", card.language, key=f"{key}/language", width=110, help="For example en."
        )
        leave_out = st.toggle(
            "Leave out what cannot be read",
            card.faults == "leave_out",
            key=f"{key}/faults",
            help="Otherwise training stops at the first faulty row.",
        )
    tree = card.model_dump(exclude_unset=True) | {
        "name": name, "title": title, "language": language,
        "faults": "leave_out" if leave_out else "stop",
    }  # fmt: skip
    try:
        return replace(proposal, card=type(card).model_validate(tree))
    except ValueError:
        _ui.show_error(
            f"'{name}' cannot name a dataset: letters, digits, dots, hyphens and underscores, up to 64"
        )
        return None


def preview(card: Card, dataset: Dataset, key: str) -> None:
    """A few rows as the tasks read them."""
    st.markdown("##### How it will be read")
    try:
        found = _sentences(key, repr(card), dataset)
    except MtlError as err:
        _ui.show_error(without_folder(str(err), dataset.path))
        return
    places = foreseen(card.tasks)
    for row in range(min(SHOWN, len(found))):
        with st.container(border=True):
            st.html(example(card, found, row, places))


@st.cache_resource(show_spinner="Reading the rows", max_entries=4)
def _sentences(key: str, card: str, _dataset: Dataset) -> Sentences:
    del key, card  # only part of the key
    return load_sentences(_dataset, "train", tuple(_dataset.card.tasks), lambda finding: None)
