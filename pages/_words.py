"""Numbers, times and user text as people read them. Pure functions: no Streamlit in here."""

import re
import time

from mtl_core.runs.store import State, Status

_MARKS = re.compile(r"([!-/:-@\[-`{-~])")
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")


def plain(text: str) -> str:
    """User text for places that read markdown (labels, captions, boxes): shown as it is.

    >>> plain("a*b*")
    'a\\\\*b\\\\*'
    """
    visible = _UNSEEN.sub("\ufffd", text.replace("\n", " "))
    return _MARKS.sub(r"\\\1", visible)


def percent(share: float, digits: int = 1) -> str:
    """A share of 0 .. 1 as a person reads it.

    >>> percent(0.8731)
    '87.3 %'
    """
    return "–" if share != share else f"{100 * share:.{digits}f} %"


def number(count: float) -> str:
    """A count with thin groups of three digits.

    >>> number(1440)
    '1,440'
    """
    return f"{count:,.0f}"


def counted(count: int, one: str, many: str = "") -> str:
    """A count with its noun.

    >>> counted(1, "run"), counted(5, "run"), counted(2, "class", "classes")
    ('1 run', '5 runs', '2 classes')
    """
    return f"{number(count)} {one if count == 1 else many or one + 's'}"


def duration(seconds: float) -> str:
    """A length of time, as exact as one needs it.

    >>> duration(7), duration(95), duration(3 * 3600 + 600)
    ('7 s', '2 min', '3 h 10 min')
    """
    if seconds < 90:
        return f"{max(0, seconds):.0f} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min"


def time_left(status: Status) -> str:
    """How much longer a live run needs, "" where nobody can say or nothing is left."""
    left = status.seconds_left
    if left is None or status.state is not State.RUNNING:
        return ""
    return "a few seconds left" if left < 5 else f"{duration(left)} left"


def ago(moment: float, now: float | None = None) -> str:
    """How long ago a moment (seconds since the epoch) was.

    >>> ago(100, now=103), ago(0, now=7200), ago(0, now=86400 * 3)
    ('just now', '2 h ago', '3 days ago')
    """
    passed = max(0.0, (time.time() if now is None else now) - moment)
    if passed < 60:
        return "just now"
    if passed < 3600:
        return f"{passed // 60:.0f} min ago"
    if passed < 86400:
        return f"{passed // 3600:.0f} h ago"
    days = int(passed // 86400)
    return "yesterday" if days == 1 else f"{days} days ago"
