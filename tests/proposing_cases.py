"""Sentences and small files in unusual but legal forms, for whoever proposes cards for them."""

import csv
import io
import json
import random
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

NOUNS = (
    "tram",
    "hotel",
    "bakery",
    "harbour",
    "museum",
    "stadium",
    "garden",
    "library",
    "bridge",
    "kiosk",
)
PLACES = ("Rome", "Oslo", "Lima", "Bern", "Kyoto", "Accra")
GOOD, BAD = ("great", "lovely", "splendid"), ("awful", "dreary", "broken")


class Sentences:
    """Different sentences every time they are asked for, with what is right about each."""

    def __init__(self, seed: int = 0) -> None:
        self.rng = random.Random(seed)
        self.number = 0

    def row(self) -> dict[str, Any]:
        """A sentence with its mood, its place, its tokens and tags."""
        rng, self.number = self.rng, self.number + 1
        good = rng.random() < 0.5
        noun, place = rng.choice(NOUNS), rng.choice(PLACES)
        how, other = rng.choice(GOOD if good else BAD), rng.choice(NOUNS)
        tokens = ["the", noun, "in", place, "near", f"{other}{self.number}", "is", how]
        return {
            "text": " ".join(tokens),
            "tokens": tokens,
            "mood": "fine" if good else "poor",
            "pos": ["DET", "NOUN", "ADP", "PROPN", "ADP", "NOUN", "AUX", "ADJ"],
            "places": ["O", "O", "O", "B-LOC", "O", "O", "O", "O"],
            "noun": noun,
            "place": place,
        }

    def rows(self, count: int) -> list[dict[str, Any]]:
        return [self.row() for _ in range(count)]


def table(rows: Sequence[Sequence[object]], delimiter: str = ",", **options: Any) -> str:
    """Rows as a writer of CSV leaves them."""
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator="\n", **options).writerows(rows)
    return text.getvalue()


def lines(rows: Sequence[dict[str, Any]]) -> str:
    """Rows as JSON lines."""
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def blocks(
    columns: Sequence[Sequence[Sequence[str]]], *, delimiter: str = "\t", newline: str = "\n"
) -> str:
    """Sentences as blocks of lines; of each sentence its columns."""
    return newline.join(
        newline.join(delimiter.join(cells) for cells in zip(*sentence, strict=True)) + newline
        for sentence in columns
    )


def write(path: Path, text: str | bytes, encoding: str = "utf-8") -> Path:
    """Write a file with the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
    return path


def zipped(path: Path, members: dict[str, str]) -> Path:
    """A zip archive of texts."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return path
