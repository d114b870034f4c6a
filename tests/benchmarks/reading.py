"""How fast files are read, beside the usual readers of the same files.

    python -m tests.benchmarks.reading [--rounds 7]

Each round reads with one and then with the other, so that a busy machine slows both; the figure is
the median of the ratios. "read" is what the libraries give when they are just called: a frame, or
sentences; ours are rows that are made when they are looked at. "as text" is beside pandas reading what
we read, texts as they are written: left to itself it makes numbers of labels, and nothing of "NA" and
"null". "as rows" is with all rows made: for pandas as a list of dicts.
Goal: at most 1.5 times `pandas` and `conllu`.
"""

import argparse
import csv
import gzip
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from inspect import signature
from math import isnan, nan
from pathlib import Path
from typing import Any

import conllu
import pandas as pd

from mtl_core.data.layout import Layout
from mtl_core.data.reading import read_rows

SHARED = Path(__file__).resolve().parents[3] / "shared"
TIMES = 30  # how often the rows of a small original are repeated
Read = Callable[[], Any]


@dataclass(frozen=True)
class Case:
    """A file, and how it is read by us and by others."""

    name: str
    file: Path
    ours: Read
    theirs: Read
    as_text: Read | None = None  # by the others, where they have a choice
    rows: Callable[[Any], Any] = list  # of what the others read


def _frame(name: str, file: Path, read: Callable[..., Any], layout: Layout | None = None) -> Case:
    guesses = "keep_default_na" in signature(read).parameters
    return Case(
        name,
        file,
        partial(read_rows, file, layout),
        partial(read, file),
        partial(read, file, dtype=str, keep_default_na=False) if guesses else None,
        lambda frame: frame.to_dict("records"),
    )


def _made(folder: Path, rows: int) -> Iterator[Case]:
    rng = random.Random(0)
    words = [f"wörd{i}" if i % 9 == 0 else f"word{i}" for i in range(5000)]
    lines = [
        (str(i), " ".join(rng.choices(words, k=18)), f'a "{i % 7}", quoted') for i in range(rows)
    ]
    for name, end in (("CSV, quoted", ""), ("CSV, cells of two lines", "\nand on")):
        table = folder / f"table{len(end)}.csv"
        with table.open("w", encoding="utf-8", newline="") as file:
            filled = ((number, text + end, label) for number, text, label in lines)
            csv.writer(file).writerows([("id", "text", "label"), *filled])
        yield _frame(name, table, pd.read_csv)
    plain = folder / "plain.tsv"
    plain.write_text("".join("\t".join(line) + "\n" for line in [("id", "text", "label"), *lines]))
    read = partial(pd.read_csv, sep="\t", quoting=csv.QUOTE_NONE)
    yield _frame("TSV, not quoted", plain, read, Layout(kind="tsv", quoting=False))
    frame = pd.DataFrame(lines, columns=["id", "text", "label"])
    for kind, write, back in (
        ("parquet", frame.to_parquet, pd.read_parquet),
        ("arrow", frame.to_feather, pd.read_feather),
    ):
        file = folder / f"table.{kind}"
        write(file)
        yield _frame(kind.capitalize(), file, back)


def _originals(folder: Path) -> Iterator[Case]:
    """Tables of ../shared, as they are and with their rows repeated."""
    bare = {"sep": "\t", "header": None, "quoting": csv.QUOTE_NONE}
    for name, options, layout in (
        ("agnews_small/test.csv.head.gz", {"header": None}, Layout(kind="csv", header=False)),
        ("emobank/emobank.csv.head.gz", {}, Layout(kind="csv")),
        ("chnsenticorp/dev.tsv.gz", {"sep": "\t"}, Layout(kind="tsv", quoting=False)),
        ("goemotions/dev.tsv.gz", bare, Layout(kind="tsv", header=False, quoting=False)),
    ):
        raw = _unpacked("formats", name)
        first, newline, rest = raw.partition(b"\n")
        for times in (1, TIMES):
            file = folder / f"{times} {name.replace('/', ' ').removesuffix('.gz')}"
            file.write_bytes(first + newline + rest * times)
            shown = f"{name.partition('/')[0]}{f', rows × {times}' if times > 1 else ''}"
            yield _frame(shown, file, partial(pd.read_csv, **options), layout)


def _others(folder: Path) -> Iterator[Case]:
    for name in ("snips", "goemotions"):
        file = folder / f"{name}.jsonl"
        file.write_bytes(_unpacked("data", f"{name}/train.jsonl.gz"))
        yield _frame(f"JSON lines, {name}", file, partial(pd.read_json, lines=True))
    for name in ("ewt/en_ewt-ud-dev.conllu.gz", "uner_zh/zh_gsd-ud-dev.conllu.gz"):
        file = folder / Path(name).name.removesuffix(".gz")
        file.write_bytes(_unpacked("formats", name))
        theirs = partial(lambda file: conllu.parse(file.read_text(encoding="utf-8")), file)
        yield Case(f"CoNLL-U, {file.name}", file, partial(read_rows, file), theirs)


def _unpacked(folder: str, name: str) -> bytes:
    return gzip.decompress((SHARED / folder / name).read_bytes())


def _seconds(read: Read) -> float:
    began = time.perf_counter()
    read()
    return time.perf_counter() - began


def _ratio(pairs: Iterable[tuple[float, float]]) -> float:
    return statistics.median(one / other for one, other in pairs)


def _measured(case: Case, rounds: int) -> float:
    """Print a line; the ratio of reading alone."""
    read = [(_seconds(case.ours), _seconds(case.theirs)) for _ in range(rounds)]
    beside_text = nan
    if case.as_text:
        beside_text = _ratio((_seconds(case.ours), _seconds(case.as_text)) for _ in range(rounds))
    made = [
        (_seconds(lambda: list(case.ours())), _seconds(lambda: case.rows(case.theirs())))
        for _ in range(rounds)
    ]
    ours, theirs = (statistics.median(column) for column in zip(*read, strict=True))
    size = case.file.stat().st_size / 1e6
    print(
        f"{case.name:<34}{size:>6.1f}{1000 * ours:>10.1f}{1000 * theirs:>11.1f}{_ratio(read):>8.2f}"
        f"{'' if isnan(beside_text) else format(beside_text, '.2f'):>10}{_ratio(made):>10.2f}",
        flush=True,
    )
    return _ratio(read)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--rows", type=int, default=200_000)
    asked = parser.parse_args()
    print(f"{'':<34}{'':>6}{'':>10}{'':>11}{'ours / theirs':>28}")
    print(
        f"{'file':<34}{'MB':>6}{'ours ms':>10}{'theirs ms':>11}{'read':>8}{'as text':>10}{'as rows':>10}"
    )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        cases = [*_made(folder, asked.rows)]
        if SHARED.exists():
            cases += [*_originals(folder), *_others(folder)]
        else:
            print("real files left out, since ../shared is absent")
        ratios = [_measured(case, asked.rounds) for case in cases]
    return int(max(ratios) > 1.5)


if __name__ == "__main__":
    sys.exit(main())
