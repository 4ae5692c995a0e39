"""Writes event files from the specification, byte by byte: it shares no code with the reader."""

from __future__ import annotations

import struct


def crc32c(data: bytes) -> int:
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82F63B78 * (crc & 1))
    return crc ^ 0xFFFFFFFF


def masked(data: bytes) -> bytes:
    crc = crc32c(data)
    return struct.pack("<I", (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF)


def head(length: int) -> bytes:
    raw = struct.pack("<Q", length)
    return raw + masked(raw)


def record(data: bytes) -> bytes:
    """A frame; the checksum of the data is not looked at and left out."""
    return head(len(data)) + data + b"\0\0\0\0"


def varint(number: int) -> bytes:
    number %= 1 << 64
    out = b""
    while number >= 128:
        out += bytes([number % 128 + 128])
        number //= 128
    return out + bytes([number])


def number(field: int, value: int) -> bytes:
    return varint(field * 8) + varint(value)


def double(field: int, value: float) -> bytes:
    return varint(field * 8 + 1) + struct.pack("<d", value)


def message(field: int, value: bytes) -> bytes:
    return varint(field * 8 + 2) + varint(len(value)) + value


def single(field: int, value: float) -> bytes:
    return varint(field * 8 + 5) + struct.pack("<f", value)


def event(step: int, *values: bytes) -> bytes:
    """An event as SummaryWriter writes it: no step where it is 0."""
    summary = b"".join(message(1, value) for value in values)
    return double(1, 1.7e9) + (number(2, step) if step else b"") + message(5, summary)


def simple(tag: bytes, value: float) -> bytes:
    return message(1, tag) + single(2, value)


def tensor(tag: bytes, content: bytes, plugin: bytes | None = b"scalars") -> bytes:
    """A value with a tensor; with metadata unless ``plugin`` is None."""
    return message(1, tag) + message(8, content) + (metadata(plugin) if plugin is not None else b"")


def metadata(plugin: bytes) -> bytes:
    return message(9, message(1, message(1, plugin)))


def start(step: int) -> bytes:
    """A writer that begins anew at a step: ``SummaryWriter(purge_step=…)``."""
    return double(1, 1.7e9) + number(2, step) + message(7, number(1, 1))


def scalar(tag: bytes, step: int, value: float) -> bytes:
    return record(event(step, simple(tag, value)))


VERSION = record(double(1, 1.7e9) + message(3, b"brain.Event:2"))
