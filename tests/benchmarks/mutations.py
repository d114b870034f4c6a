"""What the fuzzer breaks: originals as small folders of files, and the ways in which files break."""

import bz2
import gzip
import io
import json
import lzma
import random
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

SHARED = Path(__file__).resolve().parents[3] / "shared" / "formats"
MOST = 24 * 1024  # bytes of an original that are kept: faults lie in the form, not in the length
LINES = 80  # of each of several parallel files
LARGEST = 4 << 20  # bytes that a mutated file may have
Files = dict[str, bytes]
"""A dataset as its maker wrote it: bytes by the path below its folder."""
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
        sign = rng.choice((b"\t", b",", b" "))
        cells = lines[place].split(sign)
        action = rng.randrange(4)
        if action == 0 and cells:
            cells.pop(rng.randrange(len(cells)))
        elif action == 1:
            cells.insert(rng.randrange(len(cells) + 1), b"")
        elif action == 2:
            rng.shuffle(cells)
        elif len(lines[place]) < LARGEST // 32:  # the same line may be met again and again
            cells += cells
        lines[place] = (sign if rng.random() < 0.5 else b"\t").join(cells)
    return b"\n".join(lines)


def huge_field(data: bytes, rng: random.Random) -> bytes:
    place = rng.randrange(len(data) + 1)
    sign = rng.choice(
        (b"a", b"\xff", b"[", b'"', b"{", b"\\", b"\xe4\xb8\xad", b" ", b"a b ", b"1,")
    )
    return data[:place] + sign * (rng.choice((200_000, 2_000_000)) // len(sign)) + data[place:]


def repeat(data: bytes, rng: random.Random) -> bytes:
    """Some lines, many of them several times, as long as they are not too much together."""
    lines, out, size = data.split(b"\n") or [b""], [], 0
    for line in rng.choices(lines, k=rng.choice((2, 40, 400))):
        out.append(line)
        size += len(line)
        if size > LARGEST:
            break
    return b"\n".join(out)


def nothing(data: bytes, rng: random.Random) -> bytes:
    return rng.choice((b"", b"\n", b"\x00" * 100, b"\xef\xbb\xbf", b"{}", b"[]", b"null", b'"'))


MUTATIONS: tuple[Mutation, ...] = (
    cut, flip, flip, flip, swap_delimiter, swap_delimiter, recode, recode, ragged, ragged, ragged,
    huge_field, repeat, repeat, nothing,
)  # fmt: skip
NAMES = (
    "train.jsonl", "all.json", "t.csv", "t.tsv", "t.conll", "t.conllu", "t.txt", "t.parquet",
    "t.arrow", "t", "ü \n t.csv", "a#b.csv", "-.json", "train",
)  # fmt: skip


def mutated(files: Files, rng: random.Random) -> Files:
    """A copy in which one file is broken, seldom all of them, and sometimes called otherwise."""
    broken = dict(files)
    names = list(files) if rng.random() < 0.1 else [rng.choice(list(files))]
    for name in names:
        for _ in range(rng.choice((1, 1, 1, 2, 3))):
            broken[name] = rng.choice(MUTATIONS)(broken[name], rng)[:LARGEST]
    if rng.random() < (0.3 if len(files) == 1 else 0.05):
        name = rng.choice(NAMES)
        if not any(file.startswith(f"{name}/") for file in files):  # where it would be a folder too
            broken[name] = broken.pop(names[0])
    return broken


def packed(files: Files, climb: Path, rng: random.Random) -> Files:
    """Sometimes one file compressed, or all in an archive whose members climb out of it or explode."""
    way = rng.randrange(14)
    name = rng.choice(list(files))
    if way < 3:
        pack, end = (
            (lambda data: gzip.compress(data, 1), "gz"),
            (lambda data: bz2.compress(data, 1), "bz2"),
            (lambda data: lzma.compress(data, preset=0), "xz"),
        )[way]
        files = {f"{n}.{end}" if n == name else n: pack(d) if n == name else d for n, d in files.items()}  # fmt: skip
        name = f"{name}.{end}"
    elif way < 5:
        name, files = "all.zip", {"all.zip": _archive(files, climb, rng)}
    else:
        return files
    return files | {name: flip(files[name], rng)} if rng.random() < 0.3 else files


def _archive(files: Files, climb: Path, rng: random.Random) -> bytes:
    out = io.BytesIO()
    way = rng.randrange(6)
    with zipfile.ZipFile(out, "w", rng.choice((zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA))) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
            if way == 0 and name == min(files):
                archive.writestr(f"../{PurePosixPath(name).name}", data)
                archive.writestr(str(climb / PurePosixPath(name).name), data)
                archive.writestr(f"..\\{PurePosixPath(name).name}", data)
        if way == 1:
            archive.writestr("bomb.csv", b"a,b\n" * 5_000_000)
        elif way == 2:
            link = zipfile.ZipInfo("link.csv")
            link.external_attr = 0o120777 << 16
            archive.writestr(link, "/etc/passwd")
        elif way == 3:
            inner = io.BytesIO()
            with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as nested:
                nested.writestr("t.csv", b"a,b\n" * 1_000_000)
            archive.writestr("nested.zip", inner.getvalue())
    return out.getvalue()


def originals() -> list[tuple[str, Files]]:
    """Small datasets by their names: each original alone, in splits, and beside its likes."""
    found = [*_generated(), *_parallel()]
    for path in sorted(SHARED.rglob("*.gz")):
        name = path.name.removesuffix(".gz").removesuffix(".head")
        if not {"snips", "multi30k"} & {*path.parts} and name not in ("labels.txt", "classes.txt"):
            with gzip.open(path) as file:
                data = _small(name, file.read())
            found.append((name, {name: data}))
            if not name.endswith(".json") and len(data) > MOST // 4:
                found.append((f"{name} in splits", _in_splits(name, data)))
    return found


def _small(name: str, data: bytes) -> bytes:
    """The first whole lines, or of a document the first rows of each list."""
    if name.endswith(".json"):
        tree = json.loads(data)
        return json.dumps({key: rows[:40] for key, rows in tree.items()}, indent=1).encode()
    return data if len(data) <= MOST else data[: data.rfind(b"\n", 0, MOST) + 1]


def _in_splits(name: str, data: bytes) -> Files:
    """Three files of one: blocks stay whole, and a table keeps its header."""
    blocks = data.split(b"\n\n")
    between = b"\n\n" if len(blocks) > 12 else b"\n"
    parts = blocks if len(blocks) > 12 else data.split(b"\n")
    head = [parts[0]] if name.endswith(".csv") or name.startswith("SICK") else []
    end = PurePosixPath(name).suffix if name.count(".") == 1 else ".txt"
    third = len(parts) // 5
    return {
        f"train{end}": between.join(parts[: 3 * third]),
        f"dev{end}": between.join(head + parts[3 * third : 4 * third]),
        f"test{end}": between.join(head + parts[4 * third :]),
    }


def _first_lines(path: Path) -> bytes:
    with gzip.open(path) as file:
        return b"".join(line for line, _ in zip(file, range(LINES), strict=False))


def _parallel() -> list[tuple[str, Files]]:
    """Files that lie line by line beside each other: half of them alone is nothing."""
    files = sorted((SHARED / "snips").rglob("*.gz"))
    found = [
        (
            "snips",
            {f"{f.parent.name}/{f.name.removesuffix('.gz')}": _first_lines(f) for f in files},
        )
    ]
    texts = {
        f"train.{f.name.split('.')[1]}": _first_lines(f)
        for f in sorted((SHARED / "multi30k").glob("val.*"))
    }
    labels = b"".join(b"man\n" if i % 3 else b"dog\n" for i in range(LINES))
    found.append(("multi30k with labels", {**texts, "train.label": labels}))
    return [(name, files) for name, files in found if len(files) > 1]


def _generated() -> list[tuple[str, Files]]:
    rows: list[dict[str, Any]] = [
        {"text": f"a small text {i}", "label": "ab"[i % 2], "tags": ["O", "B-x", "O", "O"]}
        for i in range(60)
    ]
    for row in rows:
        row["tokens"] = row["text"].split()
    lines = "\n".join(map(json.dumps, rows)).encode()
    spans = [
        {"text": f"from Rome to Oslo {i}", "spans": [[5, 9, "city"], [13, 17, "city"]]}
        for i in range(60)
    ]
    table = b"text,label\n" + b"".join(b'"one, two %d",%d\n' % (i, i % 3) for i in range(60))
    many = [[i, f"text {i} of them", *range(60)] for i in range(40)]
    classes = {f"train/{c}/{i}.txt": b"a text %d\n" % i for c in ("good", "bad") for i in range(12)}
    found: list[tuple[str, Files]] = [
        ("rows.jsonl", {"rows.jsonl": lines}),
        ("spans.jsonl", {"spans.jsonl": "\n".join(map(json.dumps, spans)).encode()}),
        ("rows.json", {"rows.json": json.dumps({"train": rows, "test": rows[:20]}).encode()}),
        ("wide.csv", {"wide.csv": "\n".join(",".join(map(str, r)) for r in many).encode()}),
        ("table.csv", {"table.csv": table}),
        ("classes", classes),
        ("splits.jsonl", {"train.jsonl": lines, "dev.jsonl": lines[:3000], "test.jsonl": lines}),
    ]
    return found + _columnar(rows)


def _columnar(rows: Sequence[dict[str, Any]]) -> list[tuple[str, Files]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    table, parquet, arrow = pa.Table.from_pylist(rows), io.BytesIO(), io.BytesIO()
    pq.write_table(table, parquet)
    with pa.ipc.new_file(arrow, table.schema) as writer:
        writer.write_table(table)
    shards = {
        f"{s}-0000{i}-of-00002.parquet": parquet.getvalue() for s in ("train", "test") for i in "01"
    }
    return [
        ("rows.parquet", {"rows.parquet": parquet.getvalue()}),
        ("rows.arrow", {"rows.arrow": arrow.getvalue()}),
        ("shards", shards),
    ]
