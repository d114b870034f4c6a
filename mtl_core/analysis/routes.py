"""Ways of the arrows of a drawing: straight up where nothing stands in between, else around it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

CLEAR = 3.0  # pixels that an arrow keeps from what it passes
LANE = 8.0  # pixels from the side of a box to the way around it
BESIDE = (0.0, 3.0, -3.0, 5.0, -5.0)  # arrows to different boxes go side by side
HEAD = 6.0  # length of an arrow's point
_ROUND = 8.0  # radius of a corner
_LOOKS = 24  # places of a curve that are tried

Point = tuple[float, float]


@dataclass(frozen=True)
class Spot:
    """Where a box is: its centre and its size. Downwards is positive."""

    x: float
    y: float
    wide: float
    tall: float

    @property
    def left(self) -> float:
        return self.x - self.wide / 2

    @property
    def right(self) -> float:
        return self.x + self.wide / 2

    @property
    def top(self) -> float:
        return self.y - self.tall / 2

    @property
    def bottom(self) -> float:
        return self.y + self.tall / 2

    def holds(self, point: Point) -> bool:
        """Whether a point lies on the box, or nearly so."""
        x, y = point
        inside = self.left - CLEAR < x < self.right + CLEAR
        return inside and self.top - CLEAR < y < self.bottom + CLEAR


@dataclass(frozen=True)
class Route:
    """An arrow: the path of its line, and the corners of its point."""

    line: str
    point: tuple[Point, Point, Point]

    @property
    def head(self) -> str:
        """The point as a path."""
        (a, b), (c, d), (e, f) = self.point
        return f"M{a:.1f} {b:.1f}L{c:.1f} {d:.1f}L{e:.1f} {f:.1f}Z"


@dataclass
class Router:
    """Finds the ways between boxes, one after the other."""

    spots: Sequence[Spot]
    _lanes: dict[int, list[Spot]] = field(default_factory=dict)
    used: list[float] = field(default_factory=list)
    """How far to the left and right arrows go around boxes."""

    def route(self, start: Spot, end: Spot) -> Route:
        """From the top of one box to the bottom of another; from side to side in the same row."""
        if abs(start.y - end.y) < 1:
            return self._sideways(start, end)
        between = [s for s in self.spots if end.bottom < s.y < start.top]
        straight = _bend((start.x, start.top), (end.x, end.bottom + HEAD - 1))
        if not any(spot.holds(p) for spot in between for p in _points(*straight)):
            return Route(f"M{_at(straight[0])}{_curve(straight)}", _upwards(end))
        return self._around(start, end, between)

    def _sideways(self, start: Spot, end: Spot) -> Route:
        way = 1 if end.x > start.x else -1
        x1 = start.right if way > 0 else start.left
        x2 = end.left if way > 0 else end.right
        tip = x2 - way
        head = ((tip - way * HEAD, end.y - 4), (tip, end.y), (tip - way * HEAD, end.y + 4))
        line = f"M{x1:.1f} {start.y:.1f}H{tip - way * (HEAD - 1):.1f}"
        passed = (s for s in self.spots if min(x1, x2) < s.x < max(x1, x2))
        if any(abs(spot.y - start.y) < spot.tall / 2 for spot in passed):
            high = min(start.top, end.top) - 14
            line = f"M{start.x:.1f} {start.top:.1f}C{start.x:.1f} {high:.1f} {end.x:.1f} {high:.1f}"
            return Route(f"{line} {end.x:.1f} {end.top - HEAD + 1:.1f}", _downwards(end))
        return Route(line, head)

    def _around(self, start: Spot, end: Spot, between: Sequence[Spot]) -> Route:
        """Up a lane beside the boxes that stand in between."""
        lane = self._lane(start, end, between)
        high, low = min(s.top for s in between) - 2, max(s.bottom for s in between) + 2
        row = [s for s in self.spots if abs(s.y - start.y) < s.tall / 2 and s is not start]
        side = start.right if lane > start.x else start.left
        is_free = not any(min(side, lane) < s.x < max(side, lane) for s in row)
        if not start.left < lane < start.right and is_free:
            turn = min(_ROUND, abs(lane - side)) * (1 if lane > side else -1)
            first = f"M{side:.1f} {start.y:.1f}H{lane - turn:.1f}Q{lane:.1f} {start.y:.1f} "
            first += f"{lane:.1f} {start.y - _ROUND:.1f}"
        else:
            bend = _bend((start.x, start.top), (lane, low))
            first = f"M{_at(bend[0])}{_curve(bend)}"
        last = _bend((lane, high), (end.x, end.bottom + HEAD - 1))
        return Route(f"{first}V{high:.1f}{_curve(last)}", _upwards(end))

    def _lane(self, start: Spot, end: Spot, between: Sequence[Spot]) -> float:
        """The nearest free way up; arrows to different boxes do not cover each other."""
        tried = {x for s in between for x in (s.left - LANE, s.right + LANE)}
        free = [x for x in tried if not any(s.left < x < s.right for s in between)]
        lane = min(free, key=lambda x: (abs(start.x - x) + abs(x - end.x), -x))
        goals = self._lanes.setdefault(round(lane), [])
        if end not in goals:
            goals.append(end)
        lane += BESIDE[goals.index(end) % len(BESIDE)]
        self.used.append(lane)
        return lane


Bend = tuple[Point, Point, Point, Point]


def _bend(start: Point, end: Point) -> Bend:
    """A curve that leaves and arrives upright."""
    (x1, y1), (x2, y2) = start, end
    middle = (y1 + y2) / 2
    return start, (x1, middle), (x2, middle), end


def _curve(bend: Bend) -> str:
    return f"C{_at(bend[1])} {_at(bend[2])} {_at(bend[3])}"


def _at(point: Point) -> str:
    return f"{point[0]:.1f} {point[1]:.1f}"


def _points(a: Point, b: Point, c: Point, d: Point) -> Iterable[Point]:
    """Places along a Bézier curve."""
    for i in range(1, _LOOKS):
        t = i / _LOOKS
        parts = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3)
        x, y = (sum(p * q[k] for p, q in zip(parts, (a, b, c, d), strict=True)) for k in (0, 1))
        yield x, y


def _upwards(end: Spot) -> tuple[Point, Point, Point]:
    tip = end.bottom + 1
    return (end.x - 4, tip + HEAD), (end.x, tip), (end.x + 4, tip + HEAD)


def _downwards(end: Spot) -> tuple[Point, Point, Point]:
    tip = end.top - 1
    return (end.x - 4, tip - HEAD), (end.x, tip), (end.x + 4, tip - HEAD)
