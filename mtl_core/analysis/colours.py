"""Every task keeps one colour everywhere: on every page, in every chart, in every session."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mtl_core.data.files import read_json, write_atomically

Theme = Literal["light", "dark"]

# Told apart also by people with colour-blindness (after Okabe and Ito, 2008), each in a shade
# that has a contrast of at least 3:1 on its background.
PALETTE: dict[Theme, tuple[str, ...]] = {
    "light": (
        "#0072b2",
        "#c75000",
        "#00825d",
        "#b0478a",
        "#8a6d00",
        "#3a7ca5",
        "#7a4fbf",
        "#5c5c5c",
    ),
    "dark": (
        "#56a8e8",
        "#f0883e",
        "#2fc49a",
        "#e58cc4",
        "#e3c44b",
        "#8fd0f5",
        "#b79cf2",
        "#b0b6be",
    ),
}
DASHES: tuple[tuple[int, ...], ...] = ((), (7, 3), (2, 3), (9, 3, 2, 3))


@dataclass(frozen=True)
class TaskColours:
    """Remembers which place in the palette each task has, in a small file of the user's folder."""

    home: Path

    def place(self, task: str) -> int:
        """The task's place: its own from now on, the least used one where it is new."""
        places = self._known()
        if task not in places:
            places[task] = _least_used(places)
            self.home.mkdir(parents=True, exist_ok=True)
            write_atomically(self._file, json.dumps(places, indent=1, ensure_ascii=False))
        return places[task]

    def foreseen(self, tasks: Iterable[str]) -> dict[str, int]:
        """The places that tasks would get, which nothing remembers: for what may never be used."""
        places = self._known()
        found = {}
        for task in tasks:
            found[task] = places.setdefault(task, _least_used(places))
        return found

    @property
    def _file(self) -> Path:
        return self.home / "colours.json"

    def _known(self) -> dict[str, int]:
        return read_json(self._file)

    def colour(self, task: str, theme: Theme) -> str:
        """The task's colour as #rrggbb."""
        return PALETTE[theme][self.place(task)]


def _least_used(places: Mapping[str, int]) -> int:
    used = list(places.values())
    return min(range(len(PALETTE["light"])), key=lambda place: (used.count(place), place))
