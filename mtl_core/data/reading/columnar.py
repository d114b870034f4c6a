"""Rows of columnar files: Parquet, and Arrow as files or streams, also those of saved datasets.

Label numbers come out under the names that the Hugging Face library keeps in the file's schema.
"""

import json
import re
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from io import BufferedReader
from typing import IO, TYPE_CHECKING, Any

from mtl_core.errors import DataError

from .contract import Source
from .held import Columns
from .opened import binary_of

if TYPE_CHECKING:
    import pyarrow as pa

_AT_ONCE = 1 << 14  # rows
_INDEX = re.compile(r"__index_level_\d+__")  # how pandas keeps a frame's index
_DAMAGE = (
    OSError, ValueError, LookupError, TypeError, ArithmeticError, MemoryError, NotImplementedError
)  # fmt: skip
"""What the library raises at a damaged file besides errors of its own."""
Change = Callable[[Any], Any]


def read_columnar(source: Source) -> Iterator[Columns]:
    """A row a record. Raises DataError where the file is damaged."""
    import pyarrow as pa  # late: it takes a tenth of a second, and few cards need it

    with binary_of(source) as opened, _native(opened) as file:
        batches = _validated(_parquet(file) if source.layout.kind == "parquet" else _arrow(file))
        number = 1
        try:
            for batch in batches:
                names, columns = _columns(batch, source)
                yield Columns(range(number, number + batch.num_rows), names, columns)
                number += batch.num_rows
        except (*_DAMAGE, pa.ArrowException) as err:
            what = "Parquet" if source.layout.kind == "parquet" else "Arrow"
            why = " ".join(str(err).split())[:160] or type(err).__name__
            raise DataError(
                f"{source.address}: not a {what} file that can be read ({why}); save it once more, or "
                "correct layout.kind in the card"
            ) from err


def _native(file: IO[bytes]) -> "IO[bytes] | pa.NativeFile":
    """Arrow reads a file that it opens itself with a copy less."""
    import pyarrow as pa

    return pa.OSFile(file.name) if isinstance(file, BufferedReader) else file


def _parquet(file: "IO[bytes] | pa.NativeFile") -> Iterator["pa.RecordBatch"]:
    import pyarrow.parquet as pq

    yield from pq.ParquetFile(file).iter_batches(_AT_ONCE)


def _arrow(file: "IO[bytes] | pa.NativeFile") -> Iterator["pa.RecordBatch"]:
    import pyarrow as pa

    start = file.read(6)
    file.seek(0)
    if start != b"ARROW1":
        with pa.ipc.open_stream(file) as stream:
            yield from stream
        return
    with pa.ipc.open_file(file) as table:
        yield from (table.get_batch(i) for i in range(table.num_record_batches))


def _validated(batches: Iterator["pa.RecordBatch"]) -> Iterator["pa.RecordBatch"]:
    """Nothing in these files is checked when they are opened: a wrong offset would end the process.
    Each batch is checked while the next one is read."""
    waiting: deque[tuple[pa.RecordBatch, Future[None]]] = deque()
    with ThreadPoolExecutor(1) as pool:
        for batch in batches:
            waiting.append((batch, pool.submit(batch.validate, full=True)))
            if len(waiting) > 1:
                yield from _slices(*waiting.popleft())
        for batch, check in waiting:
            yield from _slices(batch, check)


def _slices(batch: "pa.RecordBatch", check: "Future[None]") -> Iterator["pa.RecordBatch"]:
    check.result()
    for start in range(0, batch.num_rows, _AT_ONCE):
        yield batch.slice(start, _AT_ONCE)


def _columns(batch: "pa.RecordBatch", source: Source) -> tuple[list[str], list[Any]]:
    """The names of the columns, and their values: as they are where they are plain, else as lists."""
    kept = [i for i, name in enumerate(batch.schema.names) if not _INDEX.fullmatch(name)]
    names = [batch.schema.names[i] for i in kept]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise DataError(f"{source.address}: two columns are called '{twice}'; rename one of them")
    features = _features(batch.schema)
    columns = []
    for i, name in zip(kept, names, strict=True):
        column = batch.column(i)
        plain = _is_plain(batch.schema.field(i).type)
        named = _named(features.get(name), source)
        if plain and named is None:
            columns.append(column)
            continue
        values = column.to_pylist() if plain else [_plain(value) for value in column.to_pylist()]
        columns.append(values if named is None else [named(value) for value in values])
    given = source.layout.columns
    if given and len(given) != len(names):
        raise DataError(
            f"{source.address}: the card names {len(given)} columns, but the file has {len(names)} "
            f"({', '.join(names)}); leave layout.columns out, or name them all"
        )
    return list(given) or names, columns


def _is_plain(kind: "pa.DataType") -> bool:
    """Whether values come out as texts, whole numbers, truth values, and lists of them."""
    from pyarrow import types

    if types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind):
        return _is_plain(kind.value_type)
    return (
        types.is_string(kind)
        or types.is_large_string(kind)
        or types.is_integer(kind)
        or types.is_boolean(kind)
        or types.is_null(kind)
    )


def _plain(value: Any) -> Any:
    """A value as JSON could hold it; NaN is how frames write that there is none."""
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return None if value != value else value
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if hasattr(value, "item"):  # a number of numpy's
        return _plain(value.item())
    return str(value)  # dates, times, decimals


def _features(schema: "pa.Schema") -> dict[str, Any]:
    """What the Hugging Face library wrote about the columns; empty where it wrote nothing."""
    written = (schema.metadata or {}).get(b"huggingface")
    try:
        tree = json.loads(written) if written else {}
        features = tree["info"]["features"]
    except (ValueError, LookupError, TypeError, RecursionError):
        return {}
    return features if isinstance(features, dict) else {}


def _named(feature: Any, source: Source) -> Change | None:
    """How label numbers inside a value become names; None where a column has no label names."""
    if isinstance(feature, list):  # a list of one kind, in an older spelling
        return _of_each(_named(feature[0], source)) if feature else None
    if not isinstance(feature, dict):
        return None
    kind = feature.get("_type")
    if kind == "ClassLabel":
        names = feature.get("names")
        return _name_of([str(name) for name in names], source) if isinstance(names, list) else None
    if isinstance(kind, str):
        return _of_each(_named(feature.get("feature"), source))
    inner = {key: change for key, one in feature.items() if (change := _named(one, source))}
    return _of_keys(inner) if inner else None


def _name_of(names: list[str], source: Source) -> Change:
    def name_of(value: Any) -> Any:
        """-1 is how the library writes "no label"."""
        if isinstance(value, list):
            return [name_of(one) for one in value]
        if not isinstance(value, int):
            return value
        if value < len(names):
            return names[value] if value >= 0 else None
        what = f"label {value} has no name: the schema names {len(names)} labels"
        source.say("label names", "warning", what, "correct the label, or the schema")
        return value

    return name_of


def _of_each(change: Change | None) -> Change | None:
    """The same for each value of a list; a list of objects may be kept as an object of lists."""
    if change is None:
        return None

    def of_each(value: Any) -> Any:
        return [change(one) for one in value] if isinstance(value, list) else change(value)

    return of_each


def _of_keys(changes: dict[str, Change]) -> Change:
    def of_keys(value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return {key: changes[key](one) if key in changes else one for key, one in value.items()}

    return of_keys
