"""The store in memory: for tests, and the smallest example of the ports."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator
from typing import IO

from orchestrator.digest import Digest
from orchestrator.errors import NotFound
from orchestrator.store.port import key_parts


class MemoryBlobs:
    """Blobs in a dictionary. ``now``: the clock, in seconds."""

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._since: dict[Digest, float] = {}
        self._blobs: dict[Digest, bytes] = {}
        self._damaged: dict[Digest, bytes] = {}

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
        self._since[digest] = self._now()
        return digest

    def has(self, digest: Digest) -> bool:
        """See :class:`~orchestrator.store.port.BlobStore`."""
        return digest in self._blobs

    def list(self) -> Iterator[Digest]:
        """See :class:`~orchestrator.store.port.BlobStore`."""
        return iter(sorted(self._blobs))

    def size(self, digest: Digest) -> int:
        """See :class:`~orchestrator.store.port.Sized`."""
        if digest not in self._blobs:
            raise NotFound(f"the store has no blob {digest}")
        return len(self._blobs[digest])

    def since(self, digest: Digest) -> float:
        """See :class:`~orchestrator.store.port.Dated`."""
        if digest not in self._blobs:
            raise NotFound(f"the store has no blob {digest}")
        return self._since.get(digest, 0.0)

    def remove(self, digest: Digest) -> None:
        """See :class:`~orchestrator.store.port.Removable`."""
        self._blobs.pop(digest, None)

    def set_aside(self, digest: Digest) -> str:
        """See :class:`~orchestrator.store.port.Removable`."""
        if digest not in self._blobs:
            raise NotFound(f"the store has no blob {digest}")
        self._damaged[digest] = self._blobs.pop(digest)
        return f"memory: {digest}"


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

    def remove(self, key: str) -> None:
        """See :class:`~orchestrator.store.port.RemovableRecords`."""
        key_parts(key)
        self._records.pop(key, None)

    def list(self, prefix: str) -> Iterator[str]:
        """See :class:`~orchestrator.store.port.RecordStore`."""
        return iter(sorted(key for key in self._records if key.startswith(prefix)))
