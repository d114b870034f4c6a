"""The truth about data, as a page shows it: what is doubtful, then the plain facts.

show_truth(report)          findings and facts of a dataset, or of a combination
show_findings(findings)     findings alone, as of files that were just read
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import streamlit as st

from mtl_core.data.findings import LEVELS, Finding
from mtl_core.data.truth import LabelFacts, Overlap, Report, TextFacts
from pages._ui import counted, level_badge, safe

_LIST = "list-style:none;margin:0;padding:0;display:flex;flex-direction:column;gap:.6rem"
_ROW = "display:grid;grid-template-columns:5.2rem 1fr;gap:.2rem .6rem;align-items:start"
_QUIET = "font-size:.9rem;line-height:1.5;color:color-mix(in srgb,currentColor 78%,transparent)"
_BREAKS = "overflow-wrap:anywhere"
_EXAMPLE = f"font-size:.85rem;{_BREAKS};margin:.1rem 0"
OPEN = 6  # findings that are not folded away
_WORD = re.compile(r"[a-z][a-z'-]*[,:]?")  # of plain English, no file's or column's name
_LINE = re.compile(r" (line|row) \d+$")
MOST_LABELS = 3  # of a task that the table names


def show_truth(report: Report) -> None:
    """Everything that a report holds."""
    show_findings(report.findings)
    if report.texts:
        with st.expander("Facts and figures", icon=":material/table_chart:"):
            _texts(report.texts)
            _labels(report.labels)
            _overlaps(report.overlaps)


def show_findings(findings: Iterable[Finding]) -> None:
    """The gravest first; notes, and what would make the list long, are folded away."""
    found = sorted(findings, key=lambda finding: LEVELS.index(finding.level))
    if not found:
        st.success("Nothing doubtful was found.", icon=":material/verified:")
        return
    shown = [finding for finding in found if finding.level != "note"][:OPEN]
    folded = found[len(shown) :]
    html = _list(shown)
    if folded:
        levels = Counter(finding.level for finding in folded)
        title = ", ".join(counted(levels[level], level) for level in LEVELS if levels[level])
        html += _unfolds(f"{title}{' more' if shown else ''}", _list(folded), is_open=not shown)
    st.html(html)


def _unfolds(title: str, html: str, *, is_open: bool = False) -> str:
    return (
        f'<details{" open" if is_open else ""} style="margin-top:.7rem">'
        f'<summary style="cursor:pointer">{safe(title)}</summary>'
        f'<div style="margin-top:.6rem">{html}</div></details>'
    )


def _list(findings: Sequence[Finding]) -> str:
    return f'<ol style="{_LIST}">{"".join(map(_item, findings))}</ol>' if findings else ""


def _item(finding: Finding) -> str:
    """One finding: how grave, what, where, what to do, and examples to unfold."""
    lines = [f"<div>{safe(_sentence(finding.what))}</div>"]
    if finding.cure:
        lines.append(f'<div style="{_QUIET}">{safe(_sentence(finding.cure))}</div>')
    place = _where(finding)
    if finding.examples:
        rows = "".join(f'<li style="{_EXAMPLE}">{safe(one)}</li>' for one in finding.examples)
        lines.append(
            f'<details style="{_QUIET};{_BREAKS}"><summary style="cursor:pointer">'
            f"{place}{' · ' if place else ''}{_of(len(finding.examples), finding.count)}</summary>"
            f'<ul style="margin:.2rem 0 0;padding-left:1.2rem">{rows}</ul></details>'
        )
    elif place:
        lines.append(f'<div style="{_QUIET};{_BREAKS}">{place}</div>')
    return f'<li style="{_ROW}"><div>{level_badge(finding.level)}</div><div>{"".join(lines)}</div></li>'


def _where(finding: Finding) -> str:
    """The place; of faults in lines how many there are too, where no examples say so."""
    place = safe(finding.place)
    if not _LINE.search(finding.place):
        return place
    many = finding.count > 1 and not finding.examples
    return f"<code>{place}</code>{f' and {finding.count - 1:,} more' if many else ''}"


def _of(shown: int, count: int) -> str:
    """How many examples, of how many."""
    return counted(shown, "example") + (f" of {count:,}" if count > shown else "")


def _sentence(text: str) -> str:
    """With a capital, unless it begins with a name, and a stop."""
    first = text.split(maxsplit=1)[0] if text.strip() else ""
    if _WORD.fullmatch(first):
        text = f"{text[:1].upper()}{text[1:]}"
    return f"{text}{'' if text.endswith(('.', '!', '?')) else '.'}"


def _texts(facts: Sequence[TextFacts]) -> None:
    st.markdown("**Texts**, lengths in words")
    cut = any(fact.cut_rows for fact in facts)
    rows: list[dict[str, Any]] = []
    for fact in facts:
        row: dict[str, Any] = {
            "dataset": fact.dataset,
            "split": fact.split,
            "texts": fact.rows,
            "mean": fact.mean,
            "median": fact.median,
            "95 %": fact.percentile,
            "longest": fact.longest,
            "repeated": fact.repeated,
            "in training data": None if fact.split == "train" else fact.seen,
        }
        rows.append(row | ({"cut": fact.cut_rows, "words cut": fact.cut_words} if cut else {}))
    st.dataframe(
        rows,
        hide_index=True,
        column_config={
            "mean": st.column_config.NumberColumn(format="%.1f"),
            "median": st.column_config.NumberColumn(format="%.1f"),
            "95 %": st.column_config.NumberColumn(help="95 % of the texts have no more words."),
            "repeated": st.column_config.NumberColumn(
                help="Texts that stand further up in the same split, word for word."
            ),
            "in training data": st.column_config.NumberColumn(
                help="Texts that stand in training data of any of these datasets: runs show their "
                "scores without them too."
            ),
        },
        alt="Number and lengths of the texts of each split",
    )


def _labels(facts: Sequence[LabelFacts]) -> None:
    st.markdown("**Labels**")
    st.dataframe(
        [_label_row(fact) for fact in facts],
        hide_index=True,
        column_config={
            "share": st.column_config.ProgressColumn(
                min_value=0, max_value=1, format="percent", help="Of the most frequent label."
            ),
            "entropy": st.column_config.NumberColumn(format="%.2f", help="In bits."),
            "evenness": st.column_config.ProgressColumn(
                min_value=0,
                max_value=1,
                format="percent",
                help="The entropy as a share of what as many labels could have at most.",
            ),
        },
        alt="Labels of each task in each split",
    )


def _label_row(fact: LabelFacts) -> dict[str, Any]:
    several = ", ".join(f"{label} {count:,}" for label, count in _first(fact.counts))
    if fact.kind == "regression" and fact.mean is not None:
        several = f"{fact.low:g} to {fact.high:g}, mean {fact.mean:.2f} ± {fact.deviation:.2f}"
    return {
        "dataset": fact.dataset,
        "task": fact.task,
        "split": fact.split,
        "labelled": fact.labelled,
        "labels": len(fact.counts) or None,
        "most frequent": several,
        "share": fact.share,
        "entropy": fact.entropy,
        "evenness": fact.evenness,
    }


def _first(counts: dict[str, int]) -> list[tuple[str, int]]:
    return list(counts.items())[:MOST_LABELS]


def _overlaps(facts: Sequence[Overlap]) -> None:
    if not facts:
        return
    st.markdown("**Words in common** of the training texts")
    share = st.column_config.ProgressColumn(min_value=0, max_value=1, format="percent")
    st.dataframe(
        [
            {
                "of the words of": fact.other,
                "known from": fact.one,
                "share": fact.known,
                "different words in common": fact.jaccard,
            }
            for fact in facts
        ],
        hide_index=True,
        column_config={"share": share, "different words in common": share},
        alt="How much of the words of each dataset is known from the others",
    )
