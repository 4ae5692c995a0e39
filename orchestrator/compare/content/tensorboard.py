"""TensorBoard's event files, event by event. When an event was written is not content."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from itertools import zip_longest

from orchestrator.compare.content.port import Comparator, Desk, Side, Unreadable
from orchestrator.compare.difference import Difference, added, removed
from orchestrator.execution import tfrecord
from orchestrator.execution.protobuf import BYTES, FIXED32, FIXED64, VARINT, fields, key, pick, signed, varint

_WALL_TIME, _STEP, _SUMMARY = key(1, FIXED64), key(2, VARINT), key(5, BYTES)
_VALUE, _TAG, _SIMPLE = key(1, BYTES), key(1, BYTES), key(2, FIXED32)


def knows(side: Side) -> bool:
    """By its name."""
    return "tfevents" in posixpath.basename(side.name)


def compare(left: Side, right: Side, desk: Desk) -> Iterator[Difference]:
    """Event by event, in their order."""
    pairs = zip_longest(_events(left), _events(right))
    for number, (one, other) in enumerate(pairs):
        if one is None or other is None:
            name = f"event {number}"
            yield added(name, _about(other)) if one is None else removed(name, _about(one))
        elif _lasting(one) != _lasting(other):
            yield Difference(name=f"event {number}", state="changed", left=_about(one), right=_about(other))


def _events(side: Side) -> Iterator[bytes]:
    side.stream.seek(0)
    for record in tfrecord.records(side.stream):
        if record is None:
            raise Unreadable(f"an event of more than {tfrecord.MAX_RECORD >> 20} MiB")
        yield record


def _lasting(event: bytes) -> list[tuple[int, bytes]]:
    return [(kind, bytes(value)) for kind, value in fields(memoryview(event)) if kind != _WALL_TIME]


def _about(event: bytes | None) -> str:
    """``loss at step 3: 0.5``; of other events how large they are."""
    import struct

    found = pick(memoryview(event or b""), (_STEP, _SUMMARY))
    step = signed(varint(found[_STEP])[0]) if _STEP in found else 0
    values = [value for kind, value in fields(found.get(_SUMMARY, memoryview(b""))) if kind == _VALUE]
    if not values:
        return f"step {step}, {len(event or b'')} bytes"
    value = pick(values[0], (_TAG, _SIMPLE))
    tag = bytes(value.get(_TAG, b"")).decode("utf-8", "backslashreplace")
    number = repr(struct.unpack("<f", value[_SIMPLE])[0]) if _SIMPLE in value else f"{len(values[0])} bytes"
    return f"{tag} at step {step}: {number}"


TENSORBOARD = Comparator("TensorBoard events", knows, compare)
