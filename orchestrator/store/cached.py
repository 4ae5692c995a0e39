"""A store elsewhere, with a copy of what is used here. That store is the truth; the copies may go at any time."""

from __future__ import annotations

import contextlib
import os
import secrets
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from orchestrator.digest import Digest
from orchestrator.errors import Corruption, NotFound
from orchestrator.store.abilities import dated, linkable, removable, sized
from orchestrator.store.port import BlobStore, Fetching, FileBlobs
from orchestrator.store.streams import chunks, from_chunks

_TRIES = 2


class Cached:
    """Blobs that are files here and lie in another store.

    A blob is acknowledged once that store has it, and then only: it is written here first, so a crash in between
    leaves a copy that nobody counts on, and putting the blob again goes on from there.

    Args:
        local: the files here. Where its reads are verified, a damaged copy is fetched again.
        remote: the store. Its reads are verified: what is fetched becomes a file here as it is.
        scratch: a folder on the file system of ``local``; None: the system's, whence files are copied.
    """

    def __init__(self, local: FileBlobs, remote: BlobStore, scratch: Path | None = None) -> None:
        self.local = local
        self.remote = remote
        self._scratch = scratch or Path(tempfile.gettempdir())

    def get(self, digest: Digest) -> IO[bytes]:
        """See :class:`~orchestrator.store.port.BlobStore`."""
        return self.path(digest).open("rb")

    def path(self, digest: Digest) -> Path:
        """See :class:`~orchestrator.store.port.FileBacked`. The blob is fetched where it is not here, or damaged."""
        with contextlib.suppress(NotFound, Corruption):
            return self.local.path(digest)
        for left in reversed(range(_TRIES)):
            try:
                self._fetch(digest)
                break
            except Corruption:
                if not left:  # else it may have been damaged on its way
                    raise
        return self.local.path(digest)

    def put(self, stream: IO[bytes]) -> Digest:
        """See :class:`~orchestrator.store.port.BlobStore`."""
        digest = self.local.put(stream)
        self._send(digest)
        return digest

    def adopt(self, file: Path, digest: Digest) -> None:
        """See :class:`~orchestrator.store.port.FileBacked`."""
        self.local.adopt(file, digest)
        self._send(digest)

    def has(self, digest: Digest) -> bool:
        """See :class:`~orchestrator.store.port.BlobStore`. A copy here is no proof: others may have tidied up."""
        return self.remote.has(digest)

    def list(self) -> Iterator[Digest]:
        """See :class:`~orchestrator.store.port.BlobStore`."""
        return self.remote.list()

    def size(self, digest: Digest) -> int:
        """See :class:`~orchestrator.store.port.Sized`."""
        return sized(self.remote).size(digest)

    def since(self, digest: Digest) -> float:
        """See :class:`~orchestrator.store.port.Dated`."""
        return dated(self.remote).since(digest)

    def link(self, digest: Digest, seconds: int, name: str) -> str:
        """See :class:`~orchestrator.store.port.Linkable`."""
        return linkable(self.remote).link(digest, seconds, name)

    def remove(self, digest: Digest) -> None:
        """See :class:`~orchestrator.store.port.Removable`: there first, then here."""
        removable(self.remote).remove(digest)
        removable(self.local).remove(digest)

    def set_aside(self, digest: Digest) -> str:
        """See :class:`~orchestrator.store.port.Removable`: there, and the copy here if it is damaged.

        Reading fetches anew what is damaged here alone, so what is found damaged is damaged there.
        """
        places = []
        for store in (self.remote, self.local):
            with contextlib.suppress(NotFound):
                if store is self.remote or not self._is_intact(digest):
                    places.append(removable(store).set_aside(digest))
        if not places:
            raise NotFound(f"the store has no blob {digest}")
        return ", ".join(places)

    def _send(self, digest: Digest) -> None:
        with self.local.path(digest).open("rb") as stream:
            sent = self.remote.put(stream)
        if sent != digest:
            raise Corruption(f"blob {digest} was damaged on this machine before it was sent: its bytes hash to {sent}")

    def _fetch(self, digest: Digest) -> None:
        if not isinstance(self.remote, Fetching):
            self.local.put(from_chunks(chunks(self.remote.get(digest))))
            return
        fetched = self._scratch / f"{os.getpid()}-{secrets.token_hex(8)}"
        fetched.touch(mode=0o600, exist_ok=False)
        try:
            self.remote.fetch(digest, fetched)
            self.local.adopt(fetched, digest)
        finally:
            fetched.unlink(missing_ok=True)

    def _is_intact(self, digest: Digest) -> bool:
        try:
            with self.local.path(digest).open("rb") as stream:
                return Digest.of_stream(stream) == digest
        except Corruption:
            return False
