"""Parquet and Arrow (Feather) files: schema, then column by column.

Row groups, encodings and the writer's name are not content. A NaN equals any other here; 0.0 is not -0.0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from orchestrator.compare.content.port import Comparator, Desk, Side, Unreadable, some
from orchestrator.compare.difference import Difference, keyed, leaf

_PARQUET, _ARROW = b"PAR1", b"ARROW1"
_ROWS = 4096
_MOST_ROWS = 100_000_000
_Batches = Callable[[str], Iterator[Any]]


def knows(side: Side) -> bool:
    """By its first bytes."""
    return side.head(4) == _PARQUET


def knows_arrow(side: Side) -> bool:
    """By its first bytes."""
    return side.head(6) == _ARROW


def compare(left: Side, right: Side, desk: Desk) -> Iterator[Difference]:
    """Two Parquet files."""
    _arrow()
    from pyarrow import parquet

    files = []
    for side in (left, right):
        side.stream.seek(0)
        files.append(parquet.ParquetFile(side.stream))
    rows = [file.metadata.num_rows for file in files]

    def batches(file: Any) -> _Batches:
        return lambda name: (
            batch.column(0) for batch in file.iter_batches(batch_size=_ROWS, columns=[name], use_threads=False)
        )

    yield from _tables([file.schema_arrow for file in files], rows, [batches(file) for file in files], desk)


def compare_arrow(left: Side, right: Side, desk: Desk) -> Iterator[Difference]:
    """Two Arrow files."""
    pyarrow = _arrow()
    readers = []
    for side in (left, right):
        side.stream.seek(0)
        readers.append(pyarrow.ipc.open_file(side.stream))
    rows = [sum(batch.num_rows for batch in _batches(reader)) for reader in readers]

    def column(reader: Any) -> _Batches:
        return lambda name: (batch.column(name) for batch in _batches(reader))

    yield from _tables([reader.schema for reader in readers], rows, [column(reader) for reader in readers], desk)


def _batches(reader: Any) -> Iterator[Any]:
    return (reader.get_batch(i) for i in range(reader.num_record_batches))


def _arrow() -> Any:
    try:
        import pyarrow
        import pyarrow.ipc
    except ImportError as error:
        raise Unreadable("pyarrow is not installed (the extra `formats`)") from error
    return pyarrow


def _tables(schemas: list[Any], rows: list[int], columns: list[_Batches], desk: Desk) -> Iterator[Difference]:
    yield from some([leaf("(rows)", rows[0], rows[1])])
    yield from some(keyed(_metadata(schemas[0]), _metadata(schemas[1])))
    kinds = [
        {field.name: f"{field.type}{'' if field.nullable else ' not null'}" for field in schema} for schema in schemas
    ]
    if any(len(kind) != len(schema) for kind, schema in zip(kinds, schemas, strict=True)):
        raise Unreadable("two columns of one name")
    yield from some([leaf("(columns)", list(kinds[0]), list(kinds[1]))])
    yield from some(keyed(kinds[0], kinds[1]))
    if max(rows) > _MOST_ROWS:
        raise Unreadable(f"more than {_MOST_ROWS:,} rows")
    for name in kinds[0]:
        if kinds[1].get(name) == kinds[0][name]:
            yield from some([_column(name, columns[0](name), columns[1](name), desk)])


def _metadata(schema: Any) -> dict[str, str]:
    found = schema.metadata or {}
    return {f"(metadata {key.decode(errors='replace')})": repr(value) for key, value in found.items()}


def _column(name: str, left: Iterator[Any], right: Iterator[Any], desk: Desk) -> Difference | None:
    at = differing = 0
    first: tuple[int, str, str] | None = None
    for one, other in _aligned(left, right):
        desk.budget.spend(one.nbytes + other.nbytes)
        if not _equal(one, other):
            values = zip(_values(one), _values(other), strict=True)
            apart = [(i, repr(a), repr(b)) for i, (a, b) in enumerate(values) if repr(a) != repr(b)]
            differing += len(apart)
            if apart and first is None:
                first = (at + apart[0][0], *apart[0][1:])
        at += len(one)
    if first is None:
        return None
    node = leaf(name, first[1], first[2])
    detail = f"{differing:,} values differ, first in row {first[0]}: {node.left} → {node.right}"
    return node.model_copy(update={"detail": detail, "measures": {"differing": differing, "first_row": first[0]}})


def _equal(left: Any, right: Any) -> bool:
    """Whether two pieces are surely equal; else their values are looked at, one by one."""
    from pyarrow import BaseExtensionType, types

    if not left.equals(right):  # nor are they where a NaN is on both sides
        return False
    kind = left.type
    if types.is_floating(kind):  # 0.0 and -0.0 are equal to Arrow
        one, other = (side.view(f"int{kind.bit_width}") for side in (left, right))
        return bool(one.equals(other))
    if types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind):
        return _equal(left.flatten(), right.flatten())
    if types.is_struct(kind):
        return all(map(_equal, left.flatten(), right.flatten()))
    return not (kind.num_fields or types.is_dictionary(kind) or isinstance(kind, BaseExtensionType))


def _values(column: Any) -> list[Any]:
    """As Python's; dates and times as the numbers they are stored as."""
    from pyarrow import types

    if types.is_temporal(column.type) and not types.is_interval(column.type):
        column = column.view("int64" if column.type.bit_width == 64 else "int32")
    values: list[Any] = column.to_pylist()
    return values


def _aligned(left: Iterator[Any], right: Iterator[Any]) -> Iterator[tuple[Any, Any]]:
    """Both columns in pieces of the same lengths, wherever each side's row groups end; as far as both go."""
    one, other = next(left, None), next(right, None)
    while one is not None and other is not None:
        count = min(len(one), len(other))
        yield one.slice(0, count), other.slice(0, count)
        one = one.slice(count) if count < len(one) else next(left, None)
        other = other.slice(count) if count < len(other) else next(right, None)


PARQUET = Comparator("Parquet", knows, compare)
ARROW = Comparator("Arrow", knows_arrow, compare_arrow)
