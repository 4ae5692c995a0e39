"""No unverified byte leaves the store: a wrapper around any blob store that checks what is read."""

from __future__ import annotations

import hashlib
import io
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import IO, cast

from orchestrator.digest import Digest
from orchestrator.errors import Corruption
from orchestrator.store.abilities import dated, file_backed, linkable, removable, sized
from orchestrator.store.port import BlobStore, Fetching

_CHUNK = 1 << 20


class Verified:
    """A blob store whose reads are checked against the digest they were asked for."""

    def __init__(self, inner: BlobStore) -> None:
        self._inner = inner

    def get(self, digest: Digest) -> IO[bytes]:
        """See :class:`~orchestrator.store.port.BlobStore`."""
        return cast(IO[bytes], _Checking(self._inner.get(digest), digest))

    def put(self, stream: IO[bytes]) -> Digest:
        """See :class:`~orchestrator.store.port.BlobStore`."""
        return self._inner.put(stream)

    def has(self, digest: Digest) -> bool:
        """See :class:`~orchestrator.store.port.BlobStore`."""
        return self._inner.has(digest)

    def list(self) -> Iterator[Digest]:
        """See :class:`~orchestrator.store.port.BlobStore`."""
        return self._inner.list()

    def path(self, digest: Digest) -> Path:
        """See :class:`~orchestrator.store.port.FileBacked`: the file is read and checked before it is named."""
        path = file_backed(self._inner).path(digest)
        with path.open("rb") as stream:
            found = Digest.of_stream(stream)
        if found != digest:
            hint = f"remove {path}: whoever still has the right bytes stores them anew (for code and data: `submit`)"
            raise Corruption(f"blob {digest} is damaged: its bytes hash to {found}", hint=hint)
        return path

    def adopt(self, file: Path, digest: Digest) -> None:
        """See :class:`~orchestrator.store.port.FileBacked`."""
        file_backed(self._inner).adopt(file, digest)

    def fetch(self, digest: Digest, file: Path) -> None:
        """See :class:`~orchestrator.store.port.Fetching`. Works for every store."""
        if isinstance(self._inner, Fetching):
            self._inner.fetch(digest, file)
        else:
            with self._inner.get(digest) as stream, file.open("wb") as sink:
                shutil.copyfileobj(stream, sink, _CHUNK)
        with file.open("rb") as written:
            check(Digest.of_stream(written), digest)

    def link(self, digest: Digest, seconds: int, name: str) -> str:
        """See :class:`~orchestrator.store.port.Linkable`."""
        return linkable(self._inner).link(digest, seconds, name)

    def size(self, digest: Digest) -> int:
        """See :class:`~orchestrator.store.port.Sized`."""
        return sized(self._inner).size(digest)

    def since(self, digest: Digest) -> float:
        """See :class:`~orchestrator.store.port.Dated`."""
        return dated(self._inner).since(digest)

    def remove(self, digest: Digest) -> None:
        """See :class:`~orchestrator.store.port.Removable`."""
        removable(self._inner).remove(digest)

    def set_aside(self, digest: Digest) -> str:
        """See :class:`~orchestrator.store.port.Removable`."""
        return removable(self._inner).set_aside(digest)


def check(found: Digest, wanted: Digest) -> None:
    """Raise Corruption where two digests differ."""
    if found != wanted:
        raise Corruption(f"blob {wanted} is damaged: its bytes hash to {found}")


class _Checking(io.BufferedIOBase):
    """A stream that hashes what passes, and speaks up at its end."""

    def __init__(self, inner: IO[bytes], digest: Digest) -> None:
        self._inner = inner
        self._digest = digest
        self._hasher = hashlib.sha256()

    def readable(self) -> bool:
        return True

    def read(self, size: int | None = -1, /) -> bytes:
        data = self._inner.read(-1 if size is None else size)
        self._hasher.update(data)
        if size is None or size < 0 or (size > 0 and not data):
            check(Digest.from_hex(self._hasher.hexdigest()), self._digest)
        return data

    def close(self) -> None:
        self._inner.close()
        super().close()
