"""From values to colours and to numbers in words: the scales of heat maps."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .colours import Theme
from .inks import DIVERGING, SEQUENTIAL
from .insights import Insight, array_of

Span = tuple[float, float]
_DARK, _LIGHT = "#10131a", "#ffffff"


def span_of(insight: Insight) -> Span:
    """Its least and its greatest value."""
    values = array_of(insight)
    finite = values[np.isfinite(values)]
    return (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)


def ends(insight: Insight, span: Span) -> Span:
    """The ends of the scale: those that the insight names, else the values'; never the same."""
    low = span[0] if insight.low is None else min(insight.low, span[0])
    high = span[1] if insight.high is None else max(insight.high, span[1])
    return (low, high) if high - low > 1e-9 else (min(low, 0.0), max(high, low + 1.0))


def writer(span: Span) -> Callable[[float], str]:
    """How numbers are written: with as many digits as tell the values apart."""
    largest = max(abs(span[0]), abs(span[1]))
    steps = ((100, 0), (10, 1), (0.1, 2), (0.01, 3), (0, 4))
    digits = next(digits for least, digits in steps if largest >= least)

    def write(value: float) -> str:
        if not math.isfinite(value):
            return ""
        return f"{round(value, digits) + 0.0:.{digits}f}".replace("-", "\N{MINUS SIGN}")

    return write


@dataclass(frozen=True)
class Scale:
    """Colours from the lowest value to the highest."""

    low: float
    high: float
    colours: tuple[str, ...]

    @classmethod
    def of(cls, insight: Insight, span: Span, theme: Theme) -> "Scale":
        """Both signs: two colours that meet at 0. Else one colour, between the ends."""
        low, high = ends(insight, span)
        if low < 0 < high:
            high = max(-low, high)
            return cls(-high, high, DIVERGING[theme])
        if low >= 0 and 0 < span[1] < high / 2:
            high = span[1]  # else a share of one in sixteen could not be told from nothing
        return cls(low, high, SEQUENTIAL[theme])

    def stops(self) -> list[list[object]]:
        """As plotly wants it: shares of the way from low to high, with their colours."""
        last = len(self.colours) - 1
        return [[place / last, colour] for place, colour in enumerate(self.colours)]

    def ink(self, value: float) -> str:
        """The text that can be read on the colour of a value: dark or light."""
        if not math.isfinite(value):
            return _DARK
        share = min(1.0, max(0.0, (value - self.low) / (self.high - self.low)))
        below = min(int(share * (len(self.colours) - 1)), len(self.colours) - 2)
        part = share * (len(self.colours) - 1) - below
        one, other = (np.array(_rgb(self.colours[below + i])) for i in (0, 1))
        light = _lightness((1 - part) * one + part * other)
        on_light, on_dark = (light + 0.05) / 0.05, 1.05 / (light + 0.05)
        return _DARK if on_light > on_dark else _LIGHT


def _rgb(colour: str) -> list[float]:
    return [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]


def _lightness(rgb: "np.ndarray[tuple[int, ...], np.dtype[np.float64]]") -> float:
    """Relative luminance (Web Content Accessibility Guidelines 2.1), 0 .. 1."""
    linear = np.where(rgb <= 0.03928, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return float(linear @ np.array([0.2126, 0.7152, 0.0722]))
