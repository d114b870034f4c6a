"""Label sentences of one's own: choose or create a dataset, add sentences, label them one by one."""

from collections.abc import Callable, Sequence

import streamlit as st

from mtl_core.data.annotating import Annotations, OwnRow
from mtl_core.data.own_tasks import Need
from mtl_core.errors import MtlError

from ._label_editor import FAULT, Sheet, label_editor
from ._new_dataset import more_tasks, new_dataset
from ._ui import PAGES, chip, counted, home, plain, show_error, small_print

KEY = "annotate"  # how the keys of these widgets begin
CHOSEN, ROW, VERSION = f"{KEY}/chosen", f"{KEY}/row", f"{KEY}/version"
FULL, PART = "\N{BLACK CIRCLE}", "\N{CIRCLE WITH LEFT HALF BLACK}"  # how far a sentence is labelled
EMPTY = "\N{WHITE CIRCLE}"
_SHOWN = 70  # letters of a sentence in the list
_LISTED = 1000  # sentences that a list can hold
_SAFE = 50  # labelled sentences below which scores mean little


@st.fragment
def annotate() -> None:
    """The editor. Every click is on the disk before the page answers."""
    names = Annotations.names(home())
    with st.expander("New dataset of your own", icon=":material/add:", expanded=not names):
        made = new_dataset(KEY)
    if made:
        st.session_state[CHOSEN] = made
        st.rerun()  # the whole page: its list of datasets is longer now
    if not names:
        return
    try:
        own = Annotations.open(home(), _choose(names))
        rows = own.rows()
    except MtlError as err:
        show_error(err)
        return
    fault = st.session_state.pop(FAULT, None)
    if fault:
        show_error(fault)
    _add(own, rows)
    _progress(own, rows)
    if rows:
        _edit(own, rows)
    _files(own, rows)


def _choose(names: Sequence[str]) -> str:
    chosen = st.session_state.get(CHOSEN)
    place = names.index(chosen) if chosen in names else 0
    name = st.selectbox(
        "Dataset to label",
        names,
        place,
        key=f"{KEY}/dataset/{len(names)}/{chosen}",
        help="Your own datasets. They can be chosen on the Experiment page like any other.",
    )
    st.session_state[CHOSEN] = name
    return str(name)


def _add(own: Annotations, rows: Sequence[OwnRow]) -> None:
    key = f"{KEY}/texts/{own.card.name}"

    def take() -> None:
        try:
            added = own.add((st.session_state[key] or "").split("\n"))
        except MtlError as err:
            st.session_state[FAULT] = str(err)
            return
        said = (
            f"{counted(len(added), 'sentence')} added."
            if added
            else "There is no new sentence in it."
        )
        st.toast(said, icon=":material/check:")
        st.session_state[ROW] = added[0] if added else st.session_state.get(ROW)

    with (
        st.expander("Add sentences", icon=":material/playlist_add:", expanded=not rows),
        st.form(f"{KEY}/add", border=False, clear_on_submit=True),
    ):
        hint = "A tab parts the two texts of a pair. " if own.reads_pairs else ""
        st.text_area(
            "One sentence a line",
            key=key,
            height=120,
            help=f"Type or paste. {hint}Empty lines, and sentences that are there already, are passed over.",
        )
        st.form_submit_button(
            "Add", icon=":material/add:", on_click=take, help="Save these sentences."
        )


def _progress(own: Annotations, rows: Sequence[OwnRow]) -> None:
    """How much is labelled, and what each task still lacks before it can be trained."""
    done = sum(set(row.gold) == set(own.tasks) for row in rows)
    st.progress(
        done / len(rows) if rows else 0.0,
        text=f"{done} of {counted(len(rows), 'sentence')} fully labelled",
    )
    needs = own.needs()
    with st.container(horizontal=True, gap="medium"):
        for name, need in needs.items():
            st.html(chip(name, f"{name}: {need.labelled} labelled"), width="content")
    lacking: dict[str, list[str]] = {}
    for name, need in needs.items():
        if need.lacks:
            lacking.setdefault(need.lacks, []).append(name)
    if lacking:
        st.html(small_print([f"To train {', '.join(t)}: {what}." for what, t in lacking.items()]))
    _ready(needs)


def _ready(needs: dict[str, Need]) -> None:
    ready = {name: need for name, need in needs.items() if not need.lacks}
    if not ready:
        return
    few = (
        " Scores of so few sentences mean little yet."
        if min(n.labelled for n in ready.values()) < _SAFE
        else ""
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        names = ", ".join(map(plain, ready))
        st.markdown(f":material/check_circle: Can be trained: {names}.{few}", width="content")
        if st.button(
            "To the experiment",
            key=f"{KEY}/experiment",
            type="tertiary",
            icon=PAGES["experiment"].icon,
            help="Choose this dataset there, alone or together with others.",
        ):
            st.switch_page(PAGES["experiment"].file)


# --- One sentence ---------------------------------------------------------------------------------


def _edit(own: Annotations, rows: Sequence[OwnRow]) -> None:
    ids = [row.id for row in rows]
    place = ids.index(st.session_state[ROW]) if st.session_state.get(ROW) in ids else 0
    with st.container(border=True):
        row = rows[_pick(own, rows, place)]
        version = st.session_state.get(VERSION, 0)
        label_editor(
            Sheet(
                key=f"{KEY}/{row.id}/{version}",
                words=row.words,
                second=row.second,
                gold=row.gold,
                tasks=own.tasks,
                put=lambda task, gold: own.put(row.id, task, gold),
            )
        )
        _buttons(own, rows, ids.index(row.id))


def _pick(own: Annotations, rows: Sequence[OwnRow], place: int) -> int:
    """The sentence that is chosen from the list, else the one that was come to."""
    labels = len(rows[place].gold)  # its circle is part of what the list shows
    key = f"{KEY}/pick/{own.card.name}/{rows[place].id}/{len(rows)}/{labels}"
    if len(rows) > _LISTED:
        label = f"Sentence, 1 to {len(rows):,}"
        found = int(st.number_input(label, 1, len(rows), place + 1, key=key)) - 1
    else:
        found = st.selectbox(
            "Sentence",
            range(len(rows)),
            place,
            key=key,
            format_func=lambda i: _title(own, rows, i),
            help="Type to search. Filled circles: labelled for all tasks; half ones: for some.",
        )
    st.session_state[ROW] = rows[found].id
    return found


def _title(own: Annotations, rows: Sequence[OwnRow], place: int) -> str:
    row = rows[place]
    part = PART if row.gold else EMPTY
    text = row.text if len(row.text) <= _SHOWN else f"{row.text[: _SHOWN - 1]}…"
    return f"{FULL if set(row.gold) == set(own.tasks) else part} {place + 1}. {text}"


def _buttons(own: Annotations, rows: Sequence[OwnRow], place: int) -> None:
    waiting = [i for i, row in enumerate(rows) if set(row.gold) != set(own.tasks)]
    following = next(
        (i for i in [*waiting, *waiting] if i > place), waiting[0] if waiting else place
    )

    def go(to: int) -> Callable[[], None]:
        return lambda: st.session_state.update({ROW: rows[to].id})

    def delete() -> None:
        go(place + 1 if place + 1 < len(rows) else max(0, place - 1))()
        _safely(lambda: own.delete(rows[place].id))

    def undo() -> None:
        _safely(own.undo)
        st.session_state[VERSION] = st.session_state.get(VERSION, 0) + 1

    with st.container(horizontal=True, gap="small"):
        st.button(
            "Previous", key=f"{KEY}/previous", icon=":material/arrow_back:", shortcut="Alt+Up",
            disabled=place == 0, on_click=go(max(0, place - 1)), help="The sentence before.",
        )  # fmt: skip
        st.button(
            "Next", key=f"{KEY}/next", icon=":material/arrow_forward:", shortcut="Alt+Down",
            disabled=place + 1 == len(rows), on_click=go(min(place + 1, len(rows) - 1)),
            help="The sentence after it.",
        )  # fmt: skip
        st.button(
            "Next unlabelled", key=f"{KEY}/following", icon=":material/skip_next:",
            shortcut="Alt+PageDown", disabled=waiting in ([], [place]), on_click=go(following),
            help="The next sentence that lacks an answer.",
        )  # fmt: skip
        st.space("stretch")
        st.button(
            "Undo", key=f"{KEY}/undo", icon=":material/undo:", shortcut="Alt+Z",
            disabled=not own.changes, on_click=undo, help="Take back the last change of this dataset.",
        )  # fmt: skip
        st.button(
            "Delete", key=f"{KEY}/delete", icon=":material/delete:", on_click=delete,
            help="Take this sentence away; Undo brings it back.",
        )  # fmt: skip


def _safely(act: Callable[[], object]) -> None:
    try:
        act()
    except MtlError as err:
        st.session_state[FAULT] = str(err)


def _files(own: Annotations, rows: Sequence[OwnRow]) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.download_button(
            "Download JSON lines",
            own.as_json_lines,
            f"{own.card.name}.jsonl",
            "application/jsonl",
            key=f"{KEY}/download",
            icon=":material/download:",
            disabled=not rows,
            on_click="ignore",
            help="All sentences with their labels, an object a line.",
        )
        with st.popover(
            "More tasks or labels", icon=":material/new_label:", help="For this dataset."
        ):
            more_tasks(own, KEY)
    st.html(small_print([f"Kept in {own.folder}"]))
