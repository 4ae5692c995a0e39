"""A store in front of another: what is new stays in front, and of what lies behind only some is seen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from orchestrator.digest import Digest
from orchestrator.errors import NotFound
from orchestrator.store.port import FileBlobs


class Overlay:
    """Writes to ``front``; reads there first, then in ``back``, which is never written to.

    Args:
        front: an empty store, to be thrown away.
        back: the store behind.
        visible: which of its blobs are there at all.
    """

    def __init__(
        self, front: FileBlobs, back: FileBlobs, visible: Callable[[Digest], bool] = lambda digest: True
    ) -> None:
        self._front = front
        self._back = back
        self._visible = visible

    def get(self, digest: Digest) -> IO[bytes]:
        """See :class:`~orchestrator.store.port.BlobStore`."""
        return self._with(digest).get(digest)

    def put(self, stream: IO[bytes]) -> Digest:
        """See :class:`~orchestrator.store.port.BlobStore`."""
        return self._front.put(stream)

    def has(self, digest: Digest) -> bool:
        """See :class:`~orchestrator.store.port.BlobStore`."""
        return self._front.has(digest) or self._seen_behind(digest)

    def list(self) -> Iterator[Digest]:
        """See :class:`~orchestrator.store.port.BlobStore`."""
        behind = (digest for digest in self._back.list() if self._visible(digest))
        return iter(sorted({*self._front.list(), *behind}))

    def path(self, digest: Digest) -> Path:
        """See :class:`~orchestrator.store.port.FileBacked`."""
        return self._with(digest).path(digest)

    def adopt(self, file: Path, digest: Digest) -> None:
        """See :class:`~orchestrator.store.port.FileBacked`."""
        self._front.adopt(file, digest)

    def _with(self, digest: Digest) -> FileBlobs:
        if self._front.has(digest):
            return self._front
        if self._seen_behind(digest):
            return self._back
        raise NotFound(f"the store has no blob {digest}")

    def _seen_behind(self, digest: Digest) -> bool:
        return self._visible(digest) and self._back.has(digest)
