"""No unverified record leaves the store: a wrapper around any record store that seals what it writes.

A blob's name says what its bytes must be; a record's does not. So each record ends with a line that holds the sha256 of
its key and its bytes: a flipped bit, a missing end, and the record of another key are all noticed. Records of before
this was so have no such line, and are handed on as they are.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator

from orchestrator.errors import Corruption, EnvironmentProblem
from orchestrator.store.port import RecordStore, RemovableRecords, key_parts

_SEAL = re.compile(rb"\nseal sha256:([0-9a-f]{64})\n\Z")


class Sealed:
    """A record store whose reads are checked against the seal they were written with."""

    def __init__(self, inner: RecordStore) -> None:
        self._inner = inner

    def read(self, key: str) -> bytes | None:
        """See :class:`~orchestrator.store.port.RecordStore`.

        Raises:
            Corruption: these are not the bytes that were written under this key.
        """
        data = self._inner.read(key)
        return None if data is None else opened(key, data)

    def create(self, key: str, data: bytes) -> bool:
        """See :class:`~orchestrator.store.port.RecordStore`."""
        return self._inner.create(key, sealed(key, data))

    def list(self, prefix: str) -> Iterator[str]:
        """See :class:`~orchestrator.store.port.RecordStore`."""
        return self._inner.list(prefix)

    def remove(self, key: str) -> None:
        """See :class:`~orchestrator.store.port.RemovableRecords`."""
        if not isinstance(self._inner, RemovableRecords):
            raise EnvironmentProblem("no record can be removed from this store")
        self._inner.remove(key)

    def as_it_lies(self, key: str) -> bytes | None:
        """A record's bytes unchecked, seal and all: to set a damaged one aside."""
        return self._inner.read(key)


def sealed(key: str, data: bytes) -> bytes:
    """A record as it is written.

    Raises:
        UsageError: this is no key.
    """
    key_parts(key)
    return data + _line(key, data)


def opened(key: str, data: bytes) -> bytes:
    """A record as it was handed over.

    Raises:
        Corruption: its seal is that of other bytes, or of another key.
    """
    found = _SEAL.search(data)
    if found is None:
        return data
    content = data[: found.start()]
    if _line(key, content) != data[found.start() :]:
        raise Corruption(f"record {key} is damaged: its seal is that of other bytes", hint="`orchestrator fsck`")
    return content


def is_sealed(data: bytes) -> bool:
    """Whether a record as it lies carries a seal."""
    return _SEAL.search(data) is not None


def _line(key: str, data: bytes) -> bytes:
    return b"\nseal sha256:" + hashlib.sha256(key.encode() + b"\0" + data).hexdigest().encode() + b"\n"
