"""The store in memory: for tests, and the smallest example of the ports."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import IO

from orchestrator.digest import Digest
from orchestrator.errors import NotFound
from orchestrator.store.port import key_parts


class MemoryBlobs:
    """Blobs in a dictionary."""

    def __init__(self) -> None:
        self._blobs: dict[Digest, bytes] = {}

    def get(self, digest: Digest) -> IO[bytes]:
        """See :class:`~orchestrator.store.port.BlobStore`."""
        if digest not in self._blobs:
            raise NotFound(f"the store has no blob {digest}")
        return io.BytesIO(self._blobs[digest])

    def put(self, stream: IO[bytes]) -> Digest:
        """See :class:`~orchestrator.store.port.BlobStore`."""
        data = stream.read()
        digest = Digest.of(data)
        self._blobs[digest] = data
        return digest

    def has(self, digest: Digest) -> bool:
        """See :class:`~orchestrator.store.port.BlobStore`."""
        return digest in self._blobs

    def list(self) -> Iterator[Digest]:
        """See :class:`~orchestrator.store.port.BlobStore`."""
        return iter(sorted(self._blobs))


class MemoryRecords:
    """Records in a dictionary."""

    def __init__(self) -> None:
        self._records: dict[str, tuple[bytes]] = {}

    def read(self, key: str) -> bytes | None:
        """See :class:`~orchestrator.store.port.RecordStore`."""
        key_parts(key)
        return self._records.get(key, (None,))[0]

    def create(self, key: str, data: bytes) -> bool:
        """See :class:`~orchestrator.store.port.RecordStore`."""
        key_parts(key)
        mine = (data,)  # a new object each time: the same bytes may come twice
        return self._records.setdefault(key, mine) is mine

    def list(self, prefix: str) -> Iterator[str]:
        """See :class:`~orchestrator.store.port.RecordStore`."""
        return iter(sorted(key for key in self._records if key.startswith(prefix)))
