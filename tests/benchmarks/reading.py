"""How fast files are read, beside the usual readers of the same files.

    python -m tests.benchmarks.reading [--rounds 7]

Each round reads with one and then with the other, so that a busy machine slows both; the figure is
the median of the ratios. Goal: at most 1.5 times `pandas` and `conllu`.
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
from pathlib import Path
from typing import Any

import conllu
import pandas as pd

from mtl_core.data.layout import Layout
from mtl_core.data.reading import read_rows

SHARED = Path(__file__).resolve().parents[3] / "shared"
Read = Callable[[], Any]


def _frame(file: Path, **options: Any) -> Any:
    return pd.read_csv(file, dtype=str, keep_default_na=False, **options)


def _tables(folder: Path, rows: int) -> Iterator[tuple[str, Path, Read, Read]]:
    rng = random.Random(0)
    words = [f"wörd{i}" if i % 9 == 0 else f"word{i}" for i in range(5000)]
    lines = [
        (str(i), " ".join(rng.choices(words, k=18)), f'a "{i % 7}", quoted') for i in range(rows)
    ]
    table = folder / "table.csv"
    with table.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("id", "text", "label"), *lines])
    yield "CSV, quoted", table, lambda: read_rows(table), lambda: _frame(table)
    plain = folder / "plain.tsv"
    plain.write_text("".join("\t".join(line) + "\n" for line in [("id", "text", "label"), *lines]))
    how = Layout(kind="tsv", quoting=False)
    yield (
        "TSV, not quoted", plain, lambda: read_rows(plain, how),
        lambda: _frame(plain, sep="\t", quoting=csv.QUOTE_NONE),
    )  # fmt: skip


def _shared(folder: Path) -> Iterator[tuple[str, Path, Read, Read]]:
    for name in ("ewt/en_ewt-ud-dev.conllu.gz", "uner_zh/zh_gsd-ud-dev.conllu.gz"):
        packed = SHARED / "formats" / name
        if not packed.exists():
            print(f"left out, since ../shared is absent: {name}")
            continue
        file = folder / packed.name.removesuffix(".gz")
        file.write_bytes(gzip.decompress(packed.read_bytes()))
        yield (
            f"CoNLL-U, {file.name}", file, lambda file=file: read_rows(file),
            lambda file=file: conllu.parse(file.read_text(encoding="utf-8")),
        )  # fmt: skip


def _seconds(read: Read) -> float:
    began = time.perf_counter()
    read()
    return time.perf_counter() - began


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--rows", type=int, default=200_000)
    asked = parser.parse_args()
    worst = 0.0
    print(f"{'file':<34}{'MB':>7}{'ours s':>9}{'theirs s':>10}{'ratio':>8}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for what, file, ours, theirs in [*_tables(folder, asked.rows), *_shared(folder)]:
            pairs = [(_seconds(ours), _seconds(theirs)) for _ in range(asked.rounds)]
            ratio = statistics.median(one / other for one, other in pairs)
            mine, other = (statistics.median(column) for column in zip(*pairs, strict=True))
            size = file.stat().st_size / 1e6
            print(f"{what:<34}{size:>7.1f}{mine:>9.3f}{other:>10.3f}{ratio:>8.2f}", flush=True)
            worst = max(worst, ratio)
    return int(worst > 1.5)


if __name__ == "__main__":
    sys.exit(main())
