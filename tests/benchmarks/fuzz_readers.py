"""Broken files: mutations of real ones are proposed, loaded and reported on; nothing may crash.

    python -m tests.benchmarks.fuzz_readers            20,000 datasets, about a quarter of an hour
    python -m tests.benchmarks.fuzz_readers --files 500 --seed 7

A mutated dataset must end as a proposal with its report or as one DataError, in one line, within 5
seconds of processor time, within the memory that a worker has, and without a file written anywhere. Anything else is
printed with the number that makes it again (`--only NUMBER`). Originals are read from
../shared/formats; without it a few small ones that are made here.
"""

import argparse
import multiprocessing
import os
import random
import re
import resource
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from pathlib import Path
from types import FrameType
from typing import Any

from mtl_core.data.catalog import Dataset
from mtl_core.data.findings import Tell
from mtl_core.data.proposing import Proposal, propose
from mtl_core.data.tasks import Sentences
from mtl_core.data.truth import report
from mtl_core.errors import DataError

from .mutations import Files, mutated, originals, packed

SECONDS = 5  # the longest that one dataset may take
MEMORY = 3 << 30  # bytes of address space that a worker has beyond what its imports take
LONGEST = 400  # signs of an error
GOOD = ("proposed", "refused")


@dataclass(frozen=True)
class Outcome:
    """What became of a dataset: "proposed", "refused", or what went wrong; then why, and how long."""

    number: int
    what: str
    why: str
    seconds: float
    memory: int  # bytes, the most that its worker ever had


def written(number: int, seed: int, folder: Path, seeds: list[tuple[str, Files]]) -> Path:
    """The mutated dataset of a number, the same one every time: a file, or the folder of several."""
    rng = random.Random(f"{seed}/{number}")
    _, files = rng.choice(seeds)
    files = packed(mutated(files, rng), folder.parent / "climbed", rng)
    for name, data in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    return folder if len(files) > 1 or rng.random() < 0.2 else file


class TooSlow(BaseException):
    """No reader may catch it."""


def _ring(number: int, frame: FrameType | None) -> None:
    raise TooSlow


def look(number: int, seed: int, seeds: list[tuple[str, Files]]) -> Outcome:
    """Make a dataset, propose a card for it and report on it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "inside"
        folder.mkdir()
        path = written(number, seed, folder, seeds)
        before = _state(Path(name))
        _Writes.seen.clear()
        began = time.process_time()
        signal.setitimer(signal.ITIMER_PROF, 2 * SECONDS)
        signal.alarm(20 * SECONDS)
        _Writes.watched = True
        try:
            what, why = _looked_at(path)
        except TooSlow:
            what, why = "hang", "".join(traceback.format_exc(limit=-6))
        except BaseException:
            what, why = "crash", traceback.format_exc(limit=-6)
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
            signal.alarm(0)
            _Writes.watched = False
        seconds = time.process_time() - began
        if seconds > SECONDS and what in GOOD:
            what = "slow"
        if _Writes.seen or _state(Path(name)) != before:
            what, why = "wrote", f"{_Writes.seen} {_state(Path(name)).keys() ^ before.keys()}"
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        return Outcome(number, what, why, seconds, memory)


def _state(folder: Path) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*")}


def _looked_at(path: Path) -> tuple[str, str]:
    read: dict[str, Sentences] = {}
    try:
        proposal = propose(path, keep=read)
    except DataError as err:
        said = str(err)
        if len(said.splitlines()) != 1 or len(said) > LONGEST + len(str(path)):
            return "unreadable", f"an error of {len(said)} signs: {said[:1000]!r}"
        return "refused", said
    return _judged(proposal, read)


def _judged(proposal: Proposal, read: dict[str, Sentences]) -> tuple[str, str]:
    """The report must be made too, of what was read as `mtl data check` does, and every sentence be
    one line."""

    def load(dataset: Dataset, split: str, tasks: Sequence[str], tell: Tell) -> Sentences:
        return read[split]

    truth = report([(proposal.dataset, tuple(proposal.card.tasks))], load=load)
    for finding in (*proposal.findings, *truth.findings):
        if len(finding.sentence.splitlines()) != 1 or len(finding.sentence) > 3 * LONGEST:
            return (
                "unreadable",
                f"a finding of {len(finding.sentence)}: {finding.sentence[:1000]!r}",
            )
    return "proposed", proposal.card.layout.kind if proposal.card.layout else ""


class _Writes:
    """What was opened for writing while a dataset was looked at."""

    watched = False
    seen: list[str] = []

    @classmethod
    def note(cls, event: str, args: tuple[Any, ...]) -> None:
        if not cls.watched:
            return
        flags = os.O_WRONLY | os.O_RDWR | os.O_CREAT
        writes = event == "open" and isinstance(args[2], int) and args[2] & flags
        if writes or event in ("os.mkdir", "os.rename", "os.remove", "os.link", "os.symlink"):
            cls.seen.append(f"{event} {args[0]!r}")


def _work(pipe: Connection, numbers: range, seed: int) -> None:
    """Look at these numbers, and say before each which it is: a worker may be killed by it."""
    sys.addaudithook(_Writes.note)
    signal.signal(signal.SIGALRM, _ring)
    signal.signal(signal.SIGPROF, _ring)
    seeds = originals()
    used = int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY, used + MEMORY))
    for number in numbers:
        pipe.send(number)
        pipe.send(look(number, seed, seeds))


@dataclass
class _Worker:
    """One process, started anew where a dataset ended it."""

    numbers: range
    seed: int
    doing: int = -1
    pipe: Connection = field(init=False)

    def start(self) -> None:
        self.pipe, theirs = multiprocessing.Pipe(duplex=False)
        context = multiprocessing.get_context("fork")
        context.Process(target=_work, args=(theirs, self.numbers, self.seed), daemon=True).start()
        theirs.close()

    def heard(self) -> Outcome | None:
        """What it says next; None where it only begins with the next one. Raises EOFError."""
        said = self.pipe.recv()
        if isinstance(said, int):
            self.doing = said
            return None
        return said


def outcomes(count: int, seed: int, processes: int) -> Iterator[Outcome]:
    """Of all numbers, as they come."""
    share = -(-count // processes)
    parts = [range(at, min(at + share, count)) for at in range(0, count, share)]
    workers = [_Worker(part, seed) for part in parts]
    done = {id(worker): -1 for worker in workers}
    for worker in workers:
        worker.start()
    while workers:
        ready = wait([worker.pipe for worker in workers])
        for worker in [worker for worker in workers if worker.pipe in ready]:
            try:
                said = worker.heard()
            except EOFError:
                if worker.doing > done[id(worker)]:
                    yield Outcome(worker.doing, "killed", "its process ended", 0.0, 0)
                worker.numbers = range(worker.doing + 1, worker.numbers.stop)
                if worker.numbers:
                    worker.start()
                else:
                    workers.remove(worker)
                continue
            if said is not None:
                done[id(worker)] = said.number
                yield said


def _kind_of(why: str) -> str:
    """A refusal without what differs between files."""
    said = re.sub(r"(/\S*/inside\S*?|[^\s:]+): ", "", why, count=1)
    said = re.sub(r"'[^']*'|\([^)]*\)|\d+", "…", said)
    return said[:70]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--files", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--only", type=int, help="look at one number and show what it becomes")
    parser.add_argument("--keep", type=Path, help="with --only: write its files into this folder")
    asked = parser.parse_args()
    if asked.only is not None:
        if asked.keep:
            print(written(asked.only, asked.seed, asked.keep.resolve(), originals()))
        else:
            signal.signal(signal.SIGALRM, _ring)
            signal.signal(signal.SIGPROF, _ring)
            print(*vars(look(asked.only, asked.seed, originals())).values())
        return 0
    counts: Counter[str] = Counter()
    refusals: Counter[str] = Counter()
    slowest, memory = 0.0, 0
    for done, found in enumerate(outcomes(asked.files, asked.seed, asked.processes), 1):
        counts[found.what] += 1
        slowest, memory = max(slowest, found.seconds), max(memory, found.memory)
        if found.what == "refused":
            refusals[_kind_of(found.why)] += 1
        elif found.what != "proposed":
            print(
                f"number {found.number}: {found.what} {found.seconds:.1f} s {found.why}", flush=True
            )
        if done % 1000 == 0:
            print(f"{done:,} of them, {dict(counts)}", file=sys.stderr, flush=True)
    for kind, count in refusals.most_common(20):
        print(f"{count:7,} refused: {kind}")
    print(
        f"{counts.total():,} mutated datasets: {dict(counts)}; the slowest took {slowest:.2f} s, "
        f"the most memory of a worker was {memory >> 20:,} MB"
    )
    return int(not {*counts} <= {*GOOD})


if __name__ == "__main__":
    sys.exit(main())
