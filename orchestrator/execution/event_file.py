"""TensorBoard's event files: the scalars in them, tag by tag. A hostile job may have written them.

Nearly every event of a training run is a time, a step and one value of a tag that is known already. It differs from the
event before it of that tag in the time, the step and the last four bytes only, so it is known by what lies between.
Any other event is taken apart field by field.
"""

from __future__ import annotations

import struct
from collections import Counter
from pathlib import Path

from orchestrator.agent import wire
from orchestrator.execution import tensor, tfrecord
from orchestrator.execution.columns import Column, Columns, Full, Room
from orchestrator.execution.protobuf import (
    BYTES,
    FIXED32,
    FIXED64,
    VARINT,
    fields,
    key,
    pick,
    signed,
    varint,
    write_varint,
)  # fmt: skip
from orchestrator.execution.untrusted import open_regular

_TIME, _STEP, _SUMMARY, _SESSION = key(1, FIXED64), key(2, VARINT), key(5, BYTES), key(7, BYTES)
_VALUE = key(1, BYTES)
_TAG, _SIMPLE, _TENSOR, _METADATA = key(1, BYTES), key(2, FIXED32), key(8, BYTES), key(9, BYTES)
_PLUGIN, _PLUGIN_NAME = key(1, BYTES), key(1, BYTES)
_STATUS, _START = key(1, VARINT), 1

_FLOAT = struct.Struct("<f")
_AFTER_TIME = 9
_LONG = wire.MAX_NAME_BYTES + 64
"""Longer than any event of the common shape."""


class Folder:
    """The event files of one folder: each goes on where the one before it ended, as TensorBoard reads them."""

    def __init__(self, room: Room) -> None:
        self.columns = Columns(room)
        self._common: dict[bytes, Column] = {}
        """Columns by what lies between step and value."""
        self._scalar_tags: set[bytes] = set()
        self._started = False
        self._left_out: Counter[str] = Counter()

    def read(self, file: Path) -> list[str]:
        """Take in a file, up to its end or its first damage; returns what there is to note of it. Never raises."""
        self._left_out.clear()
        events, notes = 0, []
        try:
            with open_regular(file) as stream:
                for record in tfrecord.records(stream):
                    events += 1
                    self._take(record)
        except ValueError as damage:
            notes.append(f"{damage} after {events} events")
        except Full:
            notes.append(f"left out from event {events} on: there are more points than are kept of event files")
        except OSError as error:
            notes.append(f"not readable after {events} events: {error.strerror or 'no regular file'}")
        return notes + [f"{what} ({count})" for what, count in self._left_out.items()]

    def _take(self, record: bytes | None) -> None:
        if record is None:
            self._left_out[f"events of more than {tfrecord.MAX_RECORD >> 20} MiB were not looked into"] += 1
            return
        try:
            if not self._take_common(record):
                self._take_any(memoryview(record))
        except (ValueError, IndexError):
            self._left_out["damaged events were skipped"] += 1

    def _take_common(self, event: bytes) -> bool:
        """Take in an event of the common shape; False if it is not one, or its tag is new."""
        if not _AFTER_TIME < len(event) < _LONG or event[0] != _TIME:
            return False
        step, at = varint(event, _AFTER_TIME + 1) if event[_AFTER_TIME] == _STEP else (0, _AFTER_TIME)
        column = self._common.get(event[at : -_FLOAT.size])
        if column is None:
            return False
        self.columns.add(column, signed(step), _FLOAT.unpack_from(event, -_FLOAT.size)[0])
        return True

    def _take_any(self, event: memoryview) -> None:
        found = pick(event, (_STEP, _SUMMARY, _SESSION))
        step = signed(varint(found[_STEP])[0]) if _STEP in found else 0
        if _SESSION in found and _starts(found[_SESSION]):
            self._start(step)
        for kind, value in fields(found.get(_SUMMARY, event[:0])):
            if kind == _VALUE:
                self._take_value(step, value)

    def _start(self, step: int) -> None:
        """The first start of a writer is a start; each further one is a restart: ``SummaryWriter(purge_step=…)``."""
        if self._started:
            self.columns.restart(step)
            self._common.clear()
        self._started = True

    def _take_value(self, step: int, value: memoryview) -> None:
        found = pick(value, (_TAG, _SIMPLE, _TENSOR, _METADATA))
        tag = bytes(found.get(_TAG, b""))
        if _SIMPLE in found:
            if column := self._column(tag):
                self._common[_between(tag)] = column
                self.columns.add(column, step, _FLOAT.unpack(found[_SIMPLE])[0])
            return
        if _plugin(found.get(_METADATA)) == b"scalars" and self._column(tag):
            self._scalar_tags.add(tag)
        if _TENSOR in found and tag in self._scalar_tags:
            self._take_tensor(tag, step, found[_TENSOR])

    def _take_tensor(self, tag: bytes, step: int, value: memoryview) -> None:
        number = tensor.number(value)
        if number is None:
            self._left_out["tensors were left out: they hold no single number"] += 1
        elif column := self._column(tag):
            self.columns.add(column, step, number)

    def _column(self, tag: bytes) -> Column | None:
        column = None
        if not tag:
            self._left_out["values without a tag were left out"] += 1
        elif len(tag) > wire.MAX_NAME_BYTES:
            self._left_out[f"values were left out: a tag of more than {wire.MAX_NAME_BYTES} bytes"] += 1
        elif (column := self.columns.of(tag)) is None:
            self._left_out["values were left out: there are more metrics than are kept of event files"] += 1
        return column


def _starts(session: memoryview) -> bool:
    status = pick(session, (_STATUS,))
    return _STATUS in status and varint(status[_STATUS])[0] == _START


def _plugin(metadata: memoryview | None) -> bytes:
    """The plugin that a tag is for. Metadata come with the first value of a tag, often with that one only."""
    if metadata is None:
        return b""
    plugin = pick(metadata, (_PLUGIN,)).get(_PLUGIN, metadata[:0])
    return bytes(pick(plugin, (_PLUGIN_NAME,)).get(_PLUGIN_NAME, b""))


def _between(tag: bytes) -> bytes:
    """What lies between step and value in an event of the common shape."""
    value = bytes([_TAG]) + write_varint(len(tag)) + tag + bytes([_SIMPLE])
    summary = bytes([_VALUE]) + write_varint(len(value) + _FLOAT.size) + value
    return bytes([_SUMMARY]) + write_varint(len(summary) + _FLOAT.size) + summary
