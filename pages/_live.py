"""The live chart: learning curves that grow while a run trains, without losing the reader's zoom.

The browser keeps the curves; each call sends it only what is new since the last one. What was
sent is remembered per chart and browser session. Where the browser finds a message missing (a
reloaded page, a dropped message) it asks for everything again. The drawing is done by the
component in `mtl_core/analysis/live_chart`. This module knows nothing of runs or tasks.
"""

import math
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from zlib import crc32

import numpy as np
import streamlit as st

YOUNG = 100  # points of a line up to which every message holds all of them
POINTS = 500  # of one series in one message: more cannot be told apart on a screen
_WATCHED = 10_000  # latest points in which a rewritten past (a resumed run) is noticed
_COMPONENT = "mtl-core.live_chart"

Message = dict[str, Any]


@dataclass(frozen=True)
class Line:
    """One curve. `name` is its identity; a new colour or label does not make it another curve."""

    name: str
    label: str
    colour: str
    steps: Sequence[float]
    values: Sequence[float]
    dash: tuple[int, ...] = ()
    markers: bool = False

    def __post_init__(self) -> None:
        if len(self.steps) != len(self.values):
            raise ValueError(
                f"line '{self.name}' has {len(self.steps)} steps but {len(self.values)} values"
            )


@dataclass(frozen=True)
class Sent:
    """What the browser has of one line, remembered as its end and a checksum before that end."""

    count: int = 0
    step: float = math.nan
    value: float = math.nan
    checksum: int = 0


@dataclass
class Stream:
    """The messages to one chart in one browser session, numbered so that a gap is noticed."""

    epoch: str = field(default_factory=lambda: secrets.token_hex(4))
    number: int = 0
    face: dict[str, Any] = field(default_factory=dict)
    sent: dict[str, Sent] = field(default_factory=dict)
    latest: Message = field(default_factory=dict)


def live_chart(  # noqa: PLR0913 - one keyword for each thing a chart shows
    lines: Sequence[Line],
    *,
    key: str,
    title: str,
    x_label: str,
    y_label: str,
    height: int = 260,
    marks: Sequence[tuple[float, str]] = (),
    alt: str = "",
    smoothing: bool = False,
) -> None:
    """Draw `lines`; call it on every tick of a fragment with all that is known so far."""
    face = {
        "title": title,
        "x": x_label,
        "y": y_label,
        "height": height,
        "alt": alt or f"{title}: {y_label} against {x_label}",
        "smoothing": smoothing,
        "marks": [[_step(at), label] for at, label in marks],
        "lines": [
            {"name": line.name, "label": line.label, "colour": line.colour}
            | ({"dash": list(line.dash)} if line.dash else {})
            | ({"markers": True} if line.markers else {})
            for line in lines
        ],
    }
    stream = st.session_state.setdefault(_place(key), Stream())
    if _is_young(lines) and _has_news(stream, face, lines):
        # Two messages may melt into one while the page is being built; the first points must not
        # wait until the browser has noticed and asked again, so they are all sent each time.
        stream = st.session_state[_place(key)] = Stream()
    message = next_message(stream, face, lines)
    _component()(
        key=key,
        data={"key": key, **message},
        on_resend_change=lambda: st.session_state.pop(_place(key), None),
    )


def preload() -> None:
    """Fetch the chart's scripts ahead, out of sight: the first curve then appears at once."""
    with st.container(key="live-chart-preload"):
        st.html("<style>.st-key-live-chart-preload { display: none }</style>")
        # The same first message in every run of the page: were one lost, the chart would ask for
        # it again, and a run of the page that a click has just begun would be cut short by that.
        st.session_state[_place("preload")] = Stream(epoch="preload")
        live_chart([], key="preload", title="", x_label="", y_label="")


def _is_young(lines: Sequence[Line]) -> bool:
    return max((len(line.steps) for line in lines), default=0) < YOUNG


def _has_news(stream: Stream, face: dict[str, Any], lines: Sequence[Line]) -> bool:
    known = sum(sent.count for sent in stream.sent.values())
    return stream.number > 0 and (face != stream.face or known != sum(len(x.steps) for x in lines))


def next_message(stream: Stream, face: dict[str, Any], lines: Sequence[Line]) -> Message:
    """What the browser needs to know now. With nothing new it is the message of the last time."""
    points = []
    sent: dict[str, Sent] = {}
    for place, line in enumerate(lines):
        if line.name in sent:
            raise ValueError(f"two lines of one chart are named '{line.name}'")
        entry, sent[line.name] = _news(line, stream.sent.get(line.name))
        if entry:
            points.append({"line": place, **entry})
    stream.sent = sent
    if stream.latest.get("empty") and not points and face == stream.face:
        return stream.latest
    message: Message = {"epoch": stream.epoch, "number": stream.number}
    if stream.number == 0:
        message["full"] = True
    if face != stream.face:
        message["face"] = stream.face = face
    if points:
        message["points"] = points
    elif "face" not in message:
        message["empty"] = True
    stream.number += 1
    stream.latest = message
    return message


def min_max(values: "np.ndarray[Any, Any]", limit: int = POINTS) -> "np.ndarray[Any, Any]":
    """Places of at most `limit` values that draw the same curve.

    The first and the last are kept, and the least and the greatest of each stretch between, so
    that no spike is lost. A stretch without any finite value keeps one: the gap stays visible.
    """
    count = len(values)
    if count <= limit:
        return np.arange(count)
    inner = values[1:-1]
    low, high = _stretches(inner, limit, math.inf), _stretches(inner, limit, -math.inf)
    starts = np.arange(len(low)) * low.shape[1]
    places = np.concatenate(([-1], starts + low.argmin(1), starts + high.argmax(1), [count - 2]))
    return np.unique(places) + 1


def _stretches(inner: "np.ndarray[Any, Any]", limit: int, missing: float) -> "np.ndarray[Any, Any]":
    """The values cut into rows of equal length, with `missing` for what is not finite."""
    rows = (limit - 2) // 2
    width = -(-len(inner) // rows)
    rows = -(-len(inner) // width)
    table = np.full(rows * width, missing)
    table[: len(inner)] = np.where(np.isfinite(inner), inner, missing)
    return table.reshape(rows, width)


def _local_means(
    values: "np.ndarray[Any, Any]", places: "np.ndarray[Any, Any]"
) -> "np.ndarray[Any, Any]":
    """For each kept place the mean of the values around it: what smoothing must go by.

    The least and the greatest alone would pull a smoothed curve to the middle of its noise.
    """
    edges = np.concatenate(([0], (places[1:] + places[:-1] + 1) // 2))
    finite = np.isfinite(values)
    totals = np.add.reduceat(np.where(finite, values, 0.0), edges)
    counts = np.add.reduceat(finite.astype(float), edges)
    return np.divide(totals, counts, out=np.full(len(totals), math.nan), where=counts > 0)


def _news(line: Line, sent: Sent | None) -> tuple[dict[str, Any] | None, Sent]:
    """The points of a line that the browser lacks, and what it will have then."""
    count = len(line.steps)
    whole = sent is None or not _continues(line, sent)
    start = 0
    if sent is not None and not whole:
        start = sent.count
        if start and not _same(line.values[start - 1], sent.value):
            start -= 1  # the last point was replaced
    if not whole and start == count:
        return None, sent or Sent()
    entry = _points(line, start)
    if whole and sent is not None:
        entry["anew"] = True  # the browser drops what it has of this line first
    return (entry if count or "anew" in entry else None), _remember(line)


def _points(line: Line, start: int) -> dict[str, Any]:
    """Steps and values from `start` on, thinned where there are too many of them."""
    steps, values = line.steps[start:], np.asarray(line.values[start:], dtype=float)
    if len(values) <= POINTS:
        return {"x": [_step(step) for step in steps], "y": [_value(value) for value in values]}
    places = min_max(values)
    return {
        "x": [_step(steps[place]) for place in places],
        "y": [_value(value) for value in values[places]],
        "mean": [_value(value) for value in _local_means(values, places)],
    }


def _continues(line: Line, sent: Sent) -> bool:
    """Whether what was sent still is the beginning of the line, but for its last value."""
    last = sent.count - 1
    if last < 0:
        return True
    if len(line.steps) <= last or line.steps[last] != sent.step:
        return False
    return _checksum(line, last) == sent.checksum


def _remember(line: Line) -> Sent:
    last = len(line.steps) - 1
    if last < 0:
        return Sent()
    return Sent(last + 1, line.steps[last], line.values[last], _checksum(line, last))


def _checksum(line: Line, end: int) -> int:
    watched = slice(max(0, end - _WATCHED), end)
    return crc32(np.ascontiguousarray(line.values[watched], dtype=float).tobytes())


def _same(one: float, other: float) -> bool:
    return one == other or (one != one and other != other)


def _step(step: float) -> float:
    """Whole steps without a decimal point: fewer bytes."""
    return int(step) if float(step).is_integer() else float(f"{step:.9g}")


def _value(value: float) -> float | None:
    """Six digits are more than a chart can show; what is not finite is a gap (JSON has no NaN)."""
    return float(f"{value:.6g}") if math.isfinite(value) else None


def _place(key: str) -> str:
    return f"_live_chart/{key}"


@cache
def _component() -> Any:
    """Registered on first use: Streamlit knows the packaged files only while an app runs."""
    return st.components.v2.component(_COMPONENT, js="live_chart.js", css="live_chart.css")
