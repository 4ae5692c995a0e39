"""Decoded tables of metrics, kept at hand: a chart that is zoomed into asks again and again."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable

from orchestrator.metrics import Series

Table = dict[str, Series]
MOST_BYTES = 256 << 20


class Tables:
    """The tables that were asked for last, as long as they fit. Many threads may ask."""

    def __init__(self, most: int = MOST_BYTES) -> None:
        self._most = most
        self._kept: OrderedDict[Hashable, Table] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def get(self, key: Hashable, read: Callable[[], Table]) -> Table:
        """The table of this name; ``read`` is asked where it is not here. What it has must never change."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        table = read()
        with self._lock:
            if key not in self._kept:
                self._kept[key] = table
                self._bytes += _size(table)
            while self._bytes > self._most and len(self._kept) > 1:
                self._bytes -= _size(self._kept.popitem(last=False)[1])
        return table


def _size(table: Table) -> int:
    return sum(len(series.packed) for series in table.values())
