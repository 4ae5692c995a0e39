"""The metrics table: every point of every series, exactly, as one canonical byte string.

A header (one line of canonical JSON with each series' name and count, by name) is followed by the points of each
series: 16 bytes a point, little-endian, ``int64`` step then ``float64`` value. Points stand by step; points of one
step stand in the order they were logged. Times are facts and are not here.
"""

from __future__ import annotations

import json
import struct
import sys
from array import array
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from operator import gt

from orchestrator.digest import canonical
from orchestrator.errors import Corruption

FORMAT = "orchestrator.metrics/1"
_POINT = struct.Struct("<qd")


@dataclass(frozen=True)
class Series:
    """The points of one metric, packed."""

    packed: bytes

    @classmethod
    def of(cls, points: Iterable[tuple[int, float]]) -> Series:
        """Pack (step, value) points; they are put in order of step."""
        ordered = sorted(points, key=lambda point: point[0])
        return cls(b"".join(_POINT.pack(step, value) for step, value in ordered))

    @classmethod
    def of_columns(cls, steps: array[int], values: array[float]) -> Series:
        """Pack columns of type ``q`` and ``d``, of one length; they are put in order of step, where they are not."""
        if any(map(gt, steps, islice(steps, 1, None))):
            order = sorted(range(len(steps)), key=steps.__getitem__)
            steps, values = (
                array("q", map(steps.__getitem__, order)),
                array("d", map(values.__getitem__, order)),
            )
        words = array("q", bytes(len(steps) * _POINT.size))
        words[::2] = steps
        words[1::2] = array("q", values.tobytes())
        if sys.byteorder == "big":
            words.byteswap()
        return cls(words.tobytes())

    def __len__(self) -> int:
        return len(self.packed) // _POINT.size

    def __iter__(self) -> Iterator[tuple[int, float]]:
        return _POINT.iter_unpack(self.packed)

    @property
    def last(self) -> tuple[int, float]:
        """The point of the highest step."""
        step, value = _POINT.unpack(self.packed[-_POINT.size :])
        return step, value


def encode(table: Mapping[str, Series]) -> bytes:
    """The canonical bytes of a table."""
    names = sorted(table)
    header = canonical({"format": FORMAT, "series": [{"name": name, "count": len(table[name])} for name in names]})
    return b"".join([header, b"\n", *(table[name].packed for name in names)])


def decode(data: bytes) -> dict[str, Series]:
    """The table in these bytes.

    Raises:
        Corruption: they are not a metrics table.
    """
    head, _, body = data.partition(b"\n")
    try:
        header = json.loads(head)
        rows = [(row["name"], row["count"]) for row in header["series"]]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise Corruption(f"not a metrics table: {error}") from error
    countable = all(type(name) is str and type(count) is int and count >= 0 for name, count in rows)
    if header.get("format") != FORMAT or not countable or sum(count for _, count in rows) * _POINT.size != len(body):
        raise Corruption("not a metrics table: the header does not fit the points")
    counts = dict(rows)
    if len(counts) < len(rows):
        raise Corruption("not a metrics table: two series of one name")
    table, start = {}, 0
    for name, count in counts.items():
        end = start + count * _POINT.size
        table[name] = Series(body[start:end])
        start = end
    return table


def last_values(data: bytes) -> dict[str, float]:
    """The last value of each metric in :func:`encode`'s bytes that has any. Raises as :func:`decode` does."""
    return {name: series.last[1] for name, series in decode(data).items() if len(series)}
