"""How fast files are read, beside the usual readers of the same files.

    python -m tests.benchmarks.reading [--processes 3] [--rounds 5] [--together]

Each file is read in processes of its own: what was read before changes what memory costs, for all who
read, and with it the figures by up to a half (`--together` shows it). Each round reads with one and
then with the other, so that a busy machine slows both; the figure is the median of all ratios.

"read" is what the libraries give when they are just called: a frame, or sentences; ours are rows that
are made when they are looked at. "as text" is beside pandas reading what we read, texts as they are
written: left to itself it makes numbers of labels, and nothing of "NA" and "null". "as rows" is with
all rows made: for pandas as a list of dicts.
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
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from inspect import signature
from itertools import islice
from math import isnan, nan
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import conllu
import pandas as pd

from mtl_core.data.layout import Layout
from mtl_core.data.reading import read_rows

SHARED = Path(__file__).resolve().parents[3] / "shared"
TIMES = 30  # how often the rows of a small original are repeated
BARE: dict[str, Any] = {"sep": "\t", "header": None, "quoting": csv.QUOTE_NONE}
ORIGINALS: tuple[tuple[str, dict[str, Any], Layout], ...] = (
    ("agnews_small/test.csv.head.gz", {"header": None}, Layout(kind="csv", header=False)),
    ("emobank/emobank.csv.head.gz", {}, Layout(kind="csv")),
    ("chnsenticorp/dev.tsv.gz", {"sep": "\t"}, Layout(kind="tsv", quoting=False)),
    ("goemotions/dev.tsv.gz", BARE, Layout(kind="tsv", header=False, quoting=False)),
)
JSON_LINES = ("snips", "goemotions")
CONLLU = ("ewt/en_ewt-ud-dev.conllu.gz", "uner_zh/zh_gsd-ud-dev.conllu.gz")
Read = Callable[[], Any]
Times = list[list[tuple[float, float]]]
"""Seconds, ours and theirs: read, as text, as rows."""


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


def _write(folder: Path, rows: int) -> None:
    """The files of all cases."""
    rng = random.Random(0)
    words = [f"wörd{i}" if i % 9 == 0 else f"word{i}" for i in range(5000)]
    lines = [
        (str(i), " ".join(rng.choices(words, k=18)), f'a "{i % 7}", quoted') for i in range(rows)
    ]
    for name, end in (("quoted", ""), ("two lines", "\nand on")):
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            filled = ((number, text + end, label) for number, text, label in lines)
            csv.writer(file).writerows([("id", "text", "label"), *filled])
    plain = "".join("\t".join(line) + "\n" for line in [("id", "text", "label"), *lines])
    (folder / "plain.tsv").write_text(plain, encoding="utf-8")
    frame = pd.DataFrame(lines, columns=["id", "text", "label"])
    frame.to_parquet(folder / "table.parquet")
    frame.to_feather(folder / "table.arrow")
    if not SHARED.exists():
        print("real files left out, since ../shared is absent")
        return
    for name, _, _ in ORIGINALS:
        first, newline, rest = _unpacked("formats", name).partition(b"\n")
        for times in (1, TIMES):
            (folder / _original(name, times)).write_bytes(first + newline + rest * times)
    for name in JSON_LINES:
        (folder / f"{name}.jsonl").write_bytes(_unpacked("data", f"{name}/train.jsonl.gz"))
    for name in CONLLU:
        (folder / Path(name).stem).write_bytes(_unpacked("formats", name))


def _cases(folder: Path) -> Iterator[Case]:
    """Made tables; tables of ../shared, as they are and with their rows repeated; other formats."""
    yield _frame("CSV, quoted", folder / "quoted.csv", pd.read_csv)
    yield _frame("CSV, cells of two lines", folder / "two lines.csv", pd.read_csv)
    read = partial(pd.read_csv, sep="\t", quoting=csv.QUOTE_NONE)
    yield _frame("TSV, not quoted", folder / "plain.tsv", read, Layout(kind="tsv", quoting=False))
    yield _frame("Parquet", folder / "table.parquet", pd.read_parquet)
    yield _frame("Arrow", folder / "table.arrow", pd.read_feather)
    if not SHARED.exists():
        return
    for name, options, layout in ORIGINALS:
        for times in (1, TIMES):
            shown = f"{name.partition('/')[0]}{f', rows × {times}' if times > 1 else ''}"
            read = partial(pd.read_csv, **options)
            yield _frame(shown, folder / _original(name, times), read, layout)
    for name in JSON_LINES:
        read = partial(pd.read_json, lines=True)
        yield _frame(f"JSON lines, {name}", folder / f"{name}.jsonl", read)
    for name in CONLLU:
        file = folder / Path(name).stem
        theirs = partial(lambda file: conllu.parse(file.read_text(encoding="utf-8")), file)
        yield Case(f"CoNLL-U, {file.name}", file, partial(read_rows, file), theirs)


def _original(name: str, times: int) -> str:
    """What the file is called."""
    return f"{times} {name.replace('/', ' ').removesuffix('.gz')}"


def _unpacked(folder: str, name: str) -> bytes:
    return gzip.decompress((SHARED / folder / name).read_bytes())


def _seconds(read: Read) -> float:
    began = time.perf_counter()
    read()
    return time.perf_counter() - began


def _measured(folder: Path, place: int, rounds: int) -> Times:
    """What a case takes in this process."""
    case = next(islice(_cases(folder), place, None))
    ways = [(case.ours, case.theirs), (case.ours, case.as_text)]
    ways.append((lambda: list(case.ours()), lambda: case.rows(case.theirs())))
    return [
        [(_seconds(ours), _seconds(theirs)) for _ in range(rounds)] if theirs else []
        for ours, theirs in ways
    ]


def _measured_apart(folder: Path, place: int, rounds: int) -> Times:
    """The same in a process of its own."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(_measured, folder, place, rounds).result()


def _ratio(pairs: list[tuple[float, float]]) -> float:
    return statistics.median(one / other for one, other in pairs) if pairs else nan


def _tell(case: Case, times: Times) -> float:
    """Print a line; the ratio of reading alone."""
    ours, theirs = (statistics.median(column) for column in zip(*times[0], strict=True))
    ratios = [_ratio(pairs) for pairs in times]
    print(
        f"{case.name:<34}{case.file.stat().st_size / 1e6:>6.1f}{1000 * ours:>10.1f}{1000 * theirs:>11.1f}"
        + "".join(f"{'' if isnan(ratio) else format(ratio, '.2f'):>10}" for ratio in ratios),
        flush=True,
    )
    return ratios[0]


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--processes", type=int, default=3)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--together", action="store_true", help="all files in one process")
    asked = parser.parse_args()
    measured = _measured if asked.together else _measured_apart
    print(f"{'':<61}{'ours / theirs':>30}")
    columns = (("ours ms", 10), ("theirs ms", 11), ("read", 10), ("as text", 10), ("as rows", 10))
    print(f"{'file':<34}{'MB':>6}" + "".join(f"{name:>{width}}" for name, width in columns))
    ratios = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _write(folder, asked.rows)
        for place, case in enumerate(_cases(folder)):
            times = [measured(folder, place, asked.rounds) for _ in range(asked.processes)]
            ratios.append(_tell(case, [sum(of, []) for of in zip(*times, strict=True)]))
    return int(max(ratios) > 1.5)


if __name__ == "__main__":
    sys.exit(main())
