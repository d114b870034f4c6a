"""Ways to bring a dataset: files from the browser, a folder on this computer, the hub, one's own."""

from collections.abc import Callable, Sequence
from pathlib import Path

import streamlit as st

from mtl_core.config.yaml_text import written
from mtl_core.data.adopt import adopt, open_dataset
from mtl_core.data.catalog import CARD_FILE, Card, Dataset
from mtl_core.data.incoming import MOST_BYTES, MOST_FILES, keep, receive
from mtl_core.data.proposing import Proposal
from mtl_core.data.proposing.naming import name_of_files
from mtl_core.errors import MtlError
from pages import _ui
from pages._annotate import CHOSEN, annotate
from pages._presets import presets_form
from pages._proposal import corrected, preview, without_folder

KEY = "add_data"  # how the keys of these widgets begin
LOOK, ADD = "Datasets", "Add a dataset"  # the views of the page
SHOWN = f"{_ui.DATA_CHOICES}/shown"  # name of the dataset that was looked at last
UPLOAD, FOLDER, HUB, OWN = "Upload files", "A folder here", "From the hub", "Write your own"
FORMATS = (
    "Tables (CSV, TSV) with a text or a word in each row, JSON and JSON lines, Parquet, Arrow, CoNLL "
    "and CoNLL-U columns, a text per file in folders per class, parallel files, one label and text a "
    "line; also packed (gz, bz2, xz, zstd, zip)."
)


TURN = f"{KEY}/turn"  # how often the page turned by itself, and where to


def view() -> str:
    """Which view of the page is open: what the reader chose, or where the page turned to last."""
    number, first, _ = _turn()
    return str(
        st.segmented_control(
            "View",
            [LOOK, ADD],
            default=first,
            required=True,
            key=numbered(_ui.DATA_VIEW, number),
            help="Look at the datasets that are there, or bring one of your own.",
            label_visibility="collapsed",
        )
    )


def _turn() -> tuple[int, str, str]:
    number, view, way = st.session_state.get(TURN, (0, LOOK, UPLOAD))
    return int(number), str(view), str(way)


def turn_to(view: str, way: str) -> None:
    """Open a view, with new widgets: what one shows cannot be changed reliably from here."""
    st.session_state[TURN] = (_turn()[0] + 1, view, way)


def numbered(key: str, number: int | None = None) -> str:
    """The key of a widget that is a new one after each turn."""
    number = _turn()[0] if number is None else number
    return f"{key}/{number}" if number else key


def add_data() -> None:
    """All ways, one of them open."""
    ways = {UPLOAD: _upload, FOLDER: _folder, HUB: presets_form, OWN: annotate}
    way = st.segmented_control(
        "Where it comes from",
        list(ways),
        default=_turn()[2],
        required=True,
        key=numbered(f"{KEY}/way"),
        help="Whatever you bring is looked at first; nothing is added before you say so.",
        label_visibility="collapsed",
    )
    ways[way]()


def go_to_labelling(name: str) -> None:
    """When a button is pressed: open a dataset of one's own in the editor."""
    st.session_state[CHOSEN] = name
    turn_to(ADD, OWN)


def greet_added() -> None:
    """After a dataset was added: show it, and say so."""
    name = st.session_state.pop(_ui.ADDED_DATASET, None)
    if name is not None:
        st.session_state[SHOWN] = name
        turn_to(LOOK, st.session_state.get(numbered(f"{KEY}/way"), UPLOAD))
        st.toast(f"{_ui.plain(name)} can be chosen now.", icon=":material/check:")


def _upload() -> None:
    st.markdown(FORMATS)
    number = st.session_state.setdefault(f"{KEY}/number", 0)
    files = st.file_uploader(
        f"Files, up to {MOST_BYTES >> 20} MB and {MOST_FILES:,} files together",
        accept_multiple_files=True,
        max_upload_size=MOST_BYTES >> 20,
        key=f"{KEY}/files/{number}",
        help="All files of one dataset: its splits, its label names. Put folders into a zip file.",
    )
    if not files:
        return
    received: Path | None = None
    try:
        received = _received(files)
        carded = _card_in(received)
        if carded is not None:
            _as_it_stands(carded, lambda: _kept(carded.card, received))
            return
        only = _only(received)
        called = "" if only.is_file() else name_of_files([file.name for file in files])
        proposal = corrected(only, called)
        if proposal is not None:
            _offer(proposal.card, lambda: _kept(proposal.card, received), proposal)
    except MtlError as err:
        _ui.show_error(without_folder(str(err), received or Path()))


def _received(files: Sequence[st.runtime.uploaded_file_manager.UploadedFile]) -> Path:
    """The folder with the uploaded files, written once."""
    ids = [file.file_id for file in files]
    known, folder = st.session_state.get(f"{KEY}/received", ([], None))
    if ids != known or not folder.is_dir():
        folder = receive([(file.name, file) for file in files], _ui.home())
        st.session_state[f"{KEY}/received"] = (ids, folder)
    return Path(folder)


def _only(folder: Path) -> Path:
    """The file itself where there is one only."""
    inside = list(folder.iterdir())
    return inside[0] if len(inside) == 1 and inside[0].is_file() else folder


def _card_in(folder: Path) -> Dataset | None:
    return open_dataset(str(folder)) if (folder / CARD_FILE).is_file() else None


def _as_it_stands(dataset: Dataset, add: Callable[[], Dataset]) -> None:
    """A dataset that brings its card: what it will be, and no questions."""
    tasks = ", ".join(f"{name} ({spec.kind})" for name, spec in dataset.card.tasks.items())
    st.markdown(
        f"`{CARD_FILE}` among the files is used as it stands: "
        f"**{_ui.plain(dataset.label)}** with {_ui.plain(tasks)}."
    )
    preview(dataset.card, dataset, f"{KEY}/{dataset.path}")
    _offer(dataset.card, add)


def _kept(card: Card, received: Path) -> Dataset:
    added = keep(card, received, _ui.home())
    st.session_state[f"{KEY}/number"] += 1  # the next upload begins empty
    return added


def _folder() -> None:
    st.markdown(
        "A folder or file on the computer that runs this app. The files stay where they are; a "
        f"`{CARD_FILE}` beside them is used as it stands."
    )
    typed = st.text_input(
        "Path of a folder, a file or a card",
        key=f"{_ui.NEW_DATASET}/path",
        placeholder="for example ~/corpora/reviews",
        help="Press Enter and it is looked at.",
    )
    if not typed.strip():
        return
    path = Path(typed.strip().strip("\"'")).expanduser()
    try:
        if path.name == CARD_FILE or (path / CARD_FILE).is_file():
            with st.spinner("Checking every sentence", show_time=True):
                dataset = open_dataset(typed)
            _as_it_stands(dataset, lambda: adopt(dataset, _ui.home()))
            return
        proposal = corrected(path)
        if proposal is not None:
            _offer(proposal.card, lambda: adopt(proposal.dataset, _ui.home()), proposal)
    except (MtlError, OSError, ValueError) as err:
        _ui.show_error(str(err))


def _offer(card: Card, add: Callable[[], Dataset], proposal: Proposal | None = None) -> None:
    """The card as it would be saved, and the button that does it."""
    with st.expander("The card as YAML", icon=":material/code:", key=f"{KEY}/yaml"):
        st.code(written(card.model_dump(mode="json", exclude_defaults=True)), language="yaml")
    stops = proposal is not None and proposal.findings.worst == "error" and card.faults == "stop"
    if stops:
        st.markdown(
            "Training would stop at the first row that cannot be read: mend the files and upload "
            "them again, or leave out what cannot be read."
        )
    if st.button(
        f"Add {_ui.plain(card.name)}",
        type="primary",
        icon=":material/add:",
        key=f"{KEY}/add",
        disabled=stops,
        help="It can be chosen in experiments then.",
    ):
        st.session_state[_ui.ADDED_DATASET] = add().name
        st.rerun()
