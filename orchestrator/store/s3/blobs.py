"""Blobs in S3: ``blobs/sha256/ab/abcd…``, each followed by its marker ``commits/sha256/abcd…``.

Only what has its marker counts. The marker is written last, after the server has said that the bytes are there; it
holds their number. So an upload that was broken off, or is still going on, is never seen.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import IO
from urllib.parse import quote

from orchestrator.digest import Digest, canonical
from orchestrator.errors import Corruption, EnvironmentProblem, NotFound, UsageError
from orchestrator.store.s3 import download
from orchestrator.store.s3.bucket import Bucket
from orchestrator.store.s3.source import PART, Source, measured
from orchestrator.store.s3.upload import is_there, upload

LONGEST_LINK = 7 * 24 * 3600
_MARKERS = "commits/sha256/"


class S3Blobs:
    """Blobs as objects under a prefix.

    Whoever removes must be alone (:class:`~orchestrator.store.port.Claims`): a blob that is put while it is removed
    may be gone afterwards.

    Args:
        bucket: where they lie.
        scratch: a folder for large streams that can be read only once; None: the system's.
        part: bytes; what is larger is sent in parts of at least this size. S3 allows no less than 5 MiB.
    """

    def __init__(self, bucket: Bucket, scratch: Path | None = None, part: int = PART) -> None:
        self._bucket = bucket
        self._scratch = scratch
        self._part = part

    def get(self, digest: Digest) -> IO[bytes]:
        """See :class:`~orchestrator.store.port.BlobStore`. Where reading breaks off it goes on from there."""
        return download.stream(self._bucket, _object(digest), self.size(digest))

    def fetch(self, digest: Digest, file: Path) -> None:
        """See :class:`~orchestrator.store.port.Fetching`."""
        download.into_file(self._bucket, _object(digest), self.size(digest), file)

    def put(self, stream: IO[bytes]) -> Digest:
        """See :class:`~orchestrator.store.port.BlobStore`.

        A small blob is always sent: that heals a damaged one. A large one is not sent where the server says that it
        holds these very bytes.
        """
        with measured(stream, self._scratch, self._part) as source:
            name = _object(source.digest)
            if len(source.parts) == 1 or not is_there(self._bucket, name, source):
                upload(self._bucket, name, source)
                self._see(name, source)
            self._commit(source.digest, source.size)
        return source.digest

    def has(self, digest: Digest) -> bool:
        """See :class:`~orchestrator.store.port.BlobStore`. Both the marker and the bytes are asked for."""
        try:
            size = self._committed(digest)
        except Corruption:
            return False  # putting it again heals the marker
        there = None if size is None else self._bucket.head(_object(digest))
        return there is not None and there.size == size

    def list(self) -> Iterator[Digest]:
        """See :class:`~orchestrator.store.port.BlobStore`."""
        for name in self._bucket.names(_MARKERS):
            digits = name.removeprefix(_MARKERS)
            if re.fullmatch("[0-9a-f]{64}", digits):  # whatever else lies there is none of ours
                yield Digest.from_hex(digits)

    def size(self, digest: Digest) -> int:
        """See :class:`~orchestrator.store.port.Sized`."""
        size = self._committed(digest)
        if size is None:
            raise NotFound(f"the store has no blob {digest}")
        return size

    def since(self, digest: Digest) -> float:
        """See :class:`~orchestrator.store.port.Dated`: putting a blob again counts."""
        marker = self._bucket.head(_marker(digest))
        if marker is None:
            raise NotFound(f"the store has no blob {digest}")
        return marker.modified

    def remove(self, digest: Digest) -> None:
        """See :class:`~orchestrator.store.port.Removable`. The marker goes first."""
        self._bucket.remove(_marker(digest))
        self._bucket.remove(_object(digest))

    def set_aside(self, digest: Digest) -> str:
        """See :class:`~orchestrator.store.port.Removable`: into ``damaged/`` of the store."""
        marked, there = self._bucket.head(_marker(digest)), self._bucket.head(_object(digest))
        if marked is None and there is None:
            raise NotFound(f"the store has no blob {digest}")
        aside = f"damaged/{digest.hex}-{secrets.token_hex(4)}"
        if there is not None:
            self._bucket.copy(_object(digest), aside)
        self.remove(digest)
        return f"{self._bucket.address}/{aside}" if there else "nowhere: its bytes were gone"

    def link(self, digest: Digest, seconds: int, name: str) -> str:
        """See :class:`~orchestrator.store.port.Linkable`."""
        if not 0 < seconds <= LONGEST_LINK:
            raise UsageError("a link is good for at least a second, and for seven days at most")
        if not self.has(digest):
            raise NotFound(f"the store has no blob {digest}")
        plain = re.sub(r"[^A-Za-z0-9._ -]", "_", name)
        return self._bucket.link(
            _object(digest), seconds, f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
        )

    def _see(self, name: str, source: Source) -> None:
        """The server has it now, and says so.

        Raises:
            EnvironmentProblem: it does not: nothing is acknowledged.
        """
        there = self._bucket.head(name)
        if there is None or there.size != source.size:
            raise EnvironmentProblem(
                f"{self._bucket.address}: the server took {source.digest} and does not have it",
                hint="run the command again; if it stays so, the server loses data: do not use it",
            )

    def _commit(self, digest: Digest, size: int) -> None:
        """Write the marker. One that is there is written again: it may be damaged, and tells when it was put last."""
        marker = canonical({"digest": digest, "size": size})
        if not self._bucket.create(_marker(digest), marker):
            self._bucket.write(_marker(digest), marker)

    def _committed(self, digest: Digest) -> int | None:
        """The size that a blob's marker tells; None where there is no marker.

        Raises:
            Corruption: the marker is damaged.
        """
        for failed in range(1, self._bucket.patience.attempts + 1):
            found = self._bucket.read(_marker(digest))
            if found is None:
                return None
            size = _size_in(found[0], digest)
            if size is not None:
                return size
            self._bucket.patience.wait(failed)  # damaged on its way, perhaps
        raise Corruption(
            f"{self._bucket.address}: the marker of blob {digest} is damaged",
            hint="whoever still has the right bytes stores them anew (for code and data: `submit`)",
        )


def _size_in(marker: bytes, digest: Digest) -> int | None:
    try:
        told = json.loads(marker)
    except ValueError:
        return None
    size = told.get("size") if isinstance(told, dict) and told.get("digest") == digest else None
    return size if isinstance(size, int) and canonical({"digest": digest, "size": size}) == marker else None


def _object(digest: Digest) -> str:
    return f"blobs/sha256/{digest.hex[:2]}/{digest.hex}"


def _marker(digest: Digest) -> str:
    return _MARKERS + digest.hex
