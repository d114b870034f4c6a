"""One sentence and the widgets that label it: buttons for labels, words to click, numbers.

What is kept where the sentence lies is the truth; each click is put there at once, and widgets begin
with it. A choice of words is let go of after it was used: its widget is then a new one.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import streamlit as st

from mtl_core.data.gold import Gold
from mtl_core.data.own_tasks import OwnTask, with_span
from mtl_core.data.spans import spans_of
from mtl_core.errors import MtlError

from ._choose import choose
from ._highlight import highlight, tagged
from ._ui import chip, colour, plain, show_error

NONE = "\N{EMPTY SET} none of these"
OUT = "\N{ERASE TO THE LEFT} take away"
GAP = "?"  # under a word that has no tag yet
_FEW = 30  # labels that lie open as buttons
_WORDS = 100  # that can be clicked at a time
FAULT = "label_editor/fault"


@dataclass(frozen=True)
class Sheet:
    """A sentence to label, wherever it is kept. `key` is another one when its widgets must begin anew."""

    key: str
    words: Sequence[str]
    second: Sequence[str]
    gold: Mapping[str, Gold]
    tasks: Mapping[str, OwnTask]
    put: Callable[[str, Gold], None]

    def widget(self, *parts: str) -> str:
        """The key of a widget that is a new one after each use of `used`."""
        return "/".join((self.key, *parts, str(st.session_state.get(f"{self.key}/used", 0))))

    def used(self) -> None:
        """Let go of what was chosen."""
        st.session_state[f"{self.key}/used"] = st.session_state.get(f"{self.key}/used", 0) + 1

    def kept(self, task: str, gold: Gold) -> None:
        """Put an answer; what was wrong with it is told when the page is drawn."""
        try:
            self.put(task, gold)
        except MtlError as err:
            st.session_state[FAULT] = str(err)


def label_editor(sheet: Sheet) -> None:
    """All tasks of a sentence: first those for the whole of it, then those for its words."""
    fault = st.session_state.pop(FAULT, None)
    if fault:
        show_error(fault)
    per_word = [name for name, task in sheet.tasks.items() if task.is_per_word]
    if not per_word or sheet.second:
        st.html(highlight(sheet.words, [], {}))
    if sheet.second:
        st.html(highlight(sheet.second, [], {}))
    for name, task in sheet.tasks.items():
        if not task.is_per_word and (sheet.second or not task.spec.pair):
            _WHOLE[task.kind](sheet, name, task)
    if per_word:
        words = _click_words(sheet)
        for name in per_word:
            _on_words(sheet, name, sheet.tasks[name], words)


# --- Answers to the whole sentence ----------------------------------------------------------------


def _label(sheet: Sheet, name: str, task: OwnTask) -> None:
    key, gold = sheet.widget(name), sheet.gold.get(name)

    def take() -> None:
        sheet.kept(name, st.session_state[key])

    options = list(task.labels)
    hint = "Click the label again to take it away."
    if len(options) <= _FEW:
        st.pills(
            plain(name),
            options,
            default=gold,
            key=key,
            format_func=plain,
            help=hint,
            on_change=take,
        )
    else:
        place = options.index(gold) if isinstance(gold, str) else None
        st.selectbox(
            plain(name), options, place, key=key, placeholder="No label yet", on_change=take,
            help="Type to search; empty it to take the label away.",
        )  # fmt: skip


def _labels(sheet: Sheet, name: str, task: OwnTask) -> None:
    key, gold = sheet.widget(name), sheet.gold.get(name)

    def take() -> None:
        chosen = list(st.session_state[key])
        if NONE in chosen and gold != []:
            chosen = [NONE]  # it was clicked just now
        others = [label for label in chosen if label != NONE]
        sheet.kept(name, others or ([] if NONE in chosen else None))
        sheet.used()

    options = [*task.labels, NONE]
    default = [NONE] if gold == [] else gold
    hint = f"Any number of labels; '{NONE}' is an answer too."
    ask = st.pills if len(options) <= _FEW else st.multiselect
    more = {"selection_mode": "multi"} if len(options) <= _FEW else {"placeholder": "No label yet"}
    ask(
        plain(name),
        options,
        default=default,
        key=key,
        format_func=plain,
        help=hint,
        on_change=take,
        **more,
    )


def _number(sheet: Sheet, name: str, task: OwnTask) -> None:
    key, gold = sheet.widget(name), sheet.gold.get(name)

    def take() -> None:
        value = st.session_state[key]
        sheet.kept(name, None if value is None else float(value))

    low, high = task.spec.range or (None, None)
    limits = "" if low is None else f" From {low:g} to {high:g}."
    st.number_input(
        plain(name), low, high, gold if isinstance(gold, float) else None, key=key, width=220,
        placeholder="No number yet", help=f"Empty it to take the number away.{limits}", on_change=take,
    )  # fmt: skip


_WHOLE = {"classification": _label, "multilabel": _labels, "regression": _number}


# --- Answers for words ----------------------------------------------------------------------------


def _click_words(sheet: Sheet) -> str:
    """The words as buttons; the key under which the places of the chosen ones stand."""
    count = len(sheet.words)
    starts = list(range(0, count, _WORDS))
    start = choose(
        "Part of the sentence", starts, lambda s: f"Words {s + 1} to {min(s + _WORDS, count)}",
        f"{sheet.key}/part", "Long sentences are labelled part by part.",
    )  # fmt: skip
    key = sheet.widget("words", str(start))
    st.pills(
        "Words: click some, then a label below",
        list(range(start, min(start + _WORDS, count))),
        selection_mode="multi",
        format_func=lambda place: plain(sheet.words[place]),
        key=key,
        help="A name or phrase reaches from the first to the last word that you click. Tags go to each "
        "clicked word; where none is clicked, to the next word that lacks one.",
    )
    return key


def _on_words(sheet: Sheet, name: str, task: OwnTask, words: str) -> None:
    gold = sheet.gold.get(name)
    tags = list(gold) if isinstance(gold, list) else []
    st.html(f'<div style="font-size:.9rem">{chip(name)}</div>{_drawn(sheet, name, task, tags)}')
    key = sheet.widget(name, "label")
    rest = [NONE, OUT] if task.kind == "spans" else [OUT]

    def take() -> None:
        label = st.session_state[key]
        chosen = sorted(st.session_state.get(words) or [])
        if label is not None:
            mark = _span if task.kind == "spans" else _tag
            mark(sheet, name, tags, chosen, label)
            sheet.used()

    ask = st.pills if len(task.labels) <= _FEW else st.selectbox
    more = {} if len(task.labels) <= _FEW else {"index": None, "placeholder": "Choose a label"}
    ask(
        f"Label for {plain(name)}", [*task.labels, *rest], key=key, format_func=plain,
        label_visibility="collapsed", on_change=take, **more,
    )  # fmt: skip


def _drawn(sheet: Sheet, name: str, task: OwnTask, tags: Sequence[str]) -> str:
    """The words with what they have so far."""
    shade = colour(name)
    if task.kind == "spans":
        spans = spans_of(tags)
        return highlight(sheet.words, spans, {label: shade for _, _, label in spans})
    shown = [tag or GAP for tag in tags] or [GAP] * len(sheet.words)
    return tagged(sheet.words, shown, shade)


def _span(sheet: Sheet, name: str, tags: list[str], chosen: list[int], label: str) -> None:
    now = tags or ["O"] * len(sheet.words)
    if label == NONE:
        sheet.kept(name, ["O"] * len(sheet.words))
    elif chosen:
        sheet.kept(name, with_span(now, chosen[0], chosen[-1] + 1, "" if label == OUT else label))
    elif label == OUT:
        sheet.kept(name, None)
    else:
        st.session_state[FAULT] = (
            "No word is chosen: click the first and the last word, then the label."
        )


def _tag(sheet: Sheet, name: str, tags: list[str], chosen: list[int], label: str) -> None:
    now = tags or [""] * len(sheet.words)
    if label == OUT and not chosen:
        sheet.kept(name, None)
        return
    if not chosen and "" not in now:
        st.session_state[FAULT] = "Every word has a tag: click those to change, then the tag."
        return
    for place in chosen or [now.index("")]:
        now[place] = "" if label == OUT else label
    sheet.kept(name, now)
