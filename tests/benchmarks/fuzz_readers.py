"""Broken files: mutations of real ones are proposed, loaded and reported on; nothing may crash.

    python -m tests.benchmarks.fuzz_readers            20,000 files, a few minutes
    python -m tests.benchmarks.fuzz_readers --files 500 --seed 7

A mutated file must end as a proposal or as one DataError, within 5 seconds, within the memory that
a worker has, and without a file written outside its own folder. Anything else is printed with the
number that makes it again (`--only NUMBER`). Originals are read from ../shared/formats; without it
a few small ones that are written here.
"""

import argparse
import bz2
import gzip
import io
import json
import lzma
import multiprocessing
import os
import random
import resource
import signal
import sys
import tempfile
import time
import traceback
import zipfile
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

from mtl_core.data.findings import Findings
from mtl_core.data.proposing import propose
from mtl_core.errors import DataError

SHARED = Path(__file__).resolve().parents[3] / "shared" / "formats"
MOST = 24 * 1024  # bytes of an original that are kept: faults lie in the form, not in the length
SECONDS = 5  # the longest that one file may take
MEMORY = 3 << 30  # bytes of address space that a worker has beyond what its imports take
Mutation = Callable[[bytes, random.Random], bytes]


def cut(data: bytes, rng: random.Random) -> bytes:
    return data[: rng.randrange(len(data) + 1)]


def flip(data: bytes, rng: random.Random) -> bytes:
    out = bytearray(data)
    for _ in range(rng.choice((1, 5, 50, 500))):
        if out:
            out[rng.randrange(len(out))] = rng.randrange(256)
    return bytes(out)


def swap_delimiter(data: bytes, rng: random.Random) -> bytes:
    signs = [b"\t", b",", b";", b" ", b"|", b"\n", b'"', b":", b"-", b"\r\n", b"\x00", b"{", b"["]
    one, other = rng.sample(signs, 2)
    share = rng.choice((1.0, 0.1, 0.01))
    parts = data.split(one)
    return (
        b"".join(part + (other if rng.random() < share else one) for part in parts[:-1]) + parts[-1]
    )


def recode(data: bytes, rng: random.Random) -> bytes:
    code = rng.choice(
        ["utf-16", "utf-16-le", "utf-32", "utf-8-sig", "gb18030", "shift_jis", "cp1252"]
    )
    text = data.decode("utf-8", "replace")
    if rng.random() < 0.5:
        return text.encode(code, "replace")
    lines = text.split("\n")
    place = rng.randrange(len(lines))
    return b"\n".join(
        line.encode(code if i == place else "utf-8", "replace") for i, line in enumerate(lines)
    )


def ragged(data: bytes, rng: random.Random) -> bytes:
    lines = data.split(b"\n")
    for _ in range(rng.choice((1, 3, 30))):
        place = rng.randrange(len(lines))
        cells = lines[place].split(rng.choice((b"\t", b",", b" ")))
        action = rng.randrange(4)
        if action == 0 and cells:
            cells.pop(rng.randrange(len(cells)))
        elif action == 1:
            cells.insert(rng.randrange(len(cells) + 1), b"")
        elif action == 2:
            rng.shuffle(cells)
        else:
            cells += cells
        lines[place] = b"\t".join(cells)
    return b"\n".join(lines)


def huge_field(data: bytes, rng: random.Random) -> bytes:
    place = rng.randrange(len(data) + 1)
    sign = rng.choice((b"a", b"\xff", b"[", b'"', b"{", b"\\", b"\xe4\xb8\xad", b" "))
    return data[:place] + sign * rng.choice((200_000, 2_000_000)) + data[place:]


def repeat(data: bytes, rng: random.Random) -> bytes:
    return b"".join(rng.choices(data.split(b"\n") or [b""], k=rng.choice((2, 40, 400))))


def nothing(data: bytes, rng: random.Random) -> bytes:
    return rng.choice((b"", b"\n", b"\x00" * 100, b"\xef\xbb\xbf", b"{}", b"[]", b"null", b'"'))


MUTATIONS: tuple[Mutation, ...] = (
    cut, flip, flip, swap_delimiter, swap_delimiter, recode, ragged, ragged, huge_field, repeat, nothing,
)  # fmt: skip
NAMES = (
    "train.jsonl",
    "all.json",
    "t.csv",
    "t.tsv",
    "t.conll",
    "t.conllu",
    "t.txt",
    "t.parquet",
    "t.arrow",
    "t",
)


def packed(name: str, data: bytes, rng: random.Random) -> tuple[str, bytes]:
    """Sometimes compressed, sometimes in an archive whose members climb out of it or explode."""
    way = rng.randrange(12)
    if way == 0:
        data, name = gzip.compress(data, 1), f"{name}.gz"
    elif way == 1:
        data, name = bz2.compress(data, 1), f"{name}.bz2"
    elif way == 2:
        data, name = lzma.compress(data, preset=0), f"{name}.xz"
    elif way == 3:
        data, name = _archive(name, data, rng), "all.zip"
    else:
        return name, data
    return name, flip(data, rng) if rng.random() < 0.3 else data


def _archive(name: str, data: bytes, rng: random.Random) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for member in rng.sample(
            [name, f"../{name}", f"/tmp/{name}", f"train/{name}", f"test/{name}"], 3
        ):
            archive.writestr(member, data)
        if rng.random() < 0.1:
            archive.writestr("bomb.csv", b"a,b\n" * 5_000_000)
    return out.getvalue()


def originals() -> list[tuple[str, bytes]]:
    """The first bytes of every original, with its name."""
    found = []
    for path in sorted(SHARED.rglob("*.gz")):
        with gzip.open(path) as file:
            data = file.read(MOST)
        found.append((path.name.removesuffix(".gz"), data))
    rows = [
        {"text": f"a small text {i}", "label": "ab"[i % 2], "tags": ["O", "B-x"]} for i in range(40)
    ]
    found.append(("rows.jsonl", "\n".join(map(json.dumps, rows)).encode()))
    found.append(("rows.json", json.dumps({"train": rows, "test": rows}).encode()))
    found.append(
        ("table.csv", b"text,label\n" + b"".join(b'"one, two",%d\n' % (i % 3) for i in range(40)))
    )
    return found + _columnar(rows)


def _columnar(rows: list[dict[str, Any]]) -> list[tuple[str, bytes]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    table, parquet, arrow = pa.Table.from_pylist(rows), io.BytesIO(), io.BytesIO()
    pq.write_table(table, parquet)
    with pa.ipc.new_file(arrow, table.schema) as writer:
        writer.write_table(table)
    return [("rows.parquet", parquet.getvalue()), ("rows.arrow", arrow.getvalue())]


def written(number: int, seed: int, folder: Path, seeds: Sequence[tuple[str, bytes]]) -> Path:
    """The mutated file of a number: the same one every time."""
    rng = random.Random(f"{seed}/{number}")
    name, data = rng.choice(seeds)
    for _ in range(rng.choice((1, 1, 2, 3))):
        data = rng.choice(MUTATIONS)(data, rng)
    if rng.random() < 0.3:
        name = rng.choice(NAMES)
    name, data = packed(name, data, rng)
    file = folder / name
    file.write_bytes(data)
    return file


class TooSlow(BaseException):
    """No reader may catch it."""


def _ring(number: int, frame: FrameType | None) -> None:
    raise TooSlow


def look(job: tuple[int, int]) -> tuple[int, str, float]:
    """What became of one file: "proposed", "refused", or what went wrong."""
    number, seed = job
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "inside"
        folder.mkdir()
        file = written(number, seed, folder, _SEEDS)
        before = {p: p.stat().st_mtime_ns for p in Path(name).rglob("*")}
        began = time.monotonic()
        signal.alarm(SECONDS + 5)
        try:
            outcome = _outcome(file)
        except TooSlow:
            outcome = f"hang at {''.join(traceback.format_exc(limit=-3))}"
        except BaseException:
            outcome = f"crash {traceback.format_exc(limit=-4)}"
        finally:
            signal.alarm(0)
        seconds = time.monotonic() - began
        if seconds > SECONDS and not outcome.startswith(("hang", "crash")):
            outcome = f"slow: {seconds:.1f} s"
        after = {p: p.stat().st_mtime_ns for p in Path(name).rglob("*")}
        if after != before:
            outcome = f"wrote {sorted(set(after) ^ set(before))}"
        return number, outcome, seconds


def _outcome(file: Path) -> str:
    try:
        proposal = propose(file)
    except DataError as err:
        assert "\n" not in str(err), f"an error of several lines: {err}"
        return "refused"
    assert isinstance(proposal.findings, Findings)
    return "proposed"


_SEEDS: list[tuple[str, bytes]] = []


def _start() -> None:
    _SEEDS.extend(originals())
    signal.signal(signal.SIGALRM, _ring)
    used = int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY, used + MEMORY))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--files", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", type=int, help="look at one number and show its proposal")
    asked = parser.parse_args()
    if asked.only is not None:
        _start()
        print(look((asked.only, asked.seed)))
        return 0
    jobs = [(number, asked.seed) for number in range(asked.files)]
    counts: Counter[str] = Counter()
    slowest = 0.0
    with multiprocessing.get_context("fork").Pool(os.cpu_count(), _start) as pool:
        for done, (number, outcome, seconds) in enumerate(pool.imap_unordered(look, jobs, 16), 1):
            counts[outcome.split()[0]] += 1
            slowest = max(slowest, seconds)
            if outcome not in {"proposed", "refused"}:
                print(f"file {number}: {outcome}", flush=True)
            if done % 1000 == 0:
                print(f"{done:,} files, {dict(counts)}", file=sys.stderr, flush=True)
    print(f"{asked.files:,} files: {dict(counts)}; the slowest took {slowest:.2f} s")
    return int(not {*counts} <= {"proposed", "refused"})


if __name__ == "__main__":
    sys.exit(main())
