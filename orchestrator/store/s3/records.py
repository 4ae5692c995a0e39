"""Records in S3: ``records/folder/name``, each made by one conditional put. Its own sha256 travels with it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from orchestrator.errors import Corruption
from orchestrator.store.port import is_key, key_parts
from orchestrator.store.s3.bucket import Bucket, Head

_FOLDER = "records/"
_SHA256 = "sha256"


class S3Records:
    """Records as small objects. The first of several writers wins, and each is told the truth about it."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket

    def read(self, key: str) -> bytes | None:
        """See :class:`~orchestrator.store.port.RecordStore`.

        Raises:
            Corruption: the bytes are not those that were written.
        """
        for failed in range(1, self._bucket.patience.attempts + 1):
            found = self._bucket.read(_name(key))
            if found is None:
                return None
            if _is_whole(*found):
                return found[0]
            self._bucket.patience.wait(failed)  # damaged on its way, perhaps
        raise Corruption(f"{self._bucket.address}: the record {key} is damaged")

    def create(self, key: str, data: bytes) -> bool:
        """See :class:`~orchestrator.store.port.RecordStore`."""
        return self._bucket.create(_name(key), data, {_SHA256: hashlib.sha256(data).hexdigest()})

    def remove(self, key: str) -> None:
        """See :class:`~orchestrator.store.port.RemovableRecords`."""
        self._bucket.remove(_name(key))

    def list(self, prefix: str) -> Iterator[str]:
        """See :class:`~orchestrator.store.port.RecordStore`."""
        keys = (name.removeprefix(_FOLDER) for name in self._bucket.names(_FOLDER + prefix))
        return (key for key in keys if is_key(key))


def _is_whole(data: bytes, head: Head) -> bool:
    """Whether these are the bytes that were written. Of one that was copied here by other means the ETag must do."""
    told = head.metadata.get(_SHA256)
    if told is not None:
        return hashlib.sha256(data).hexdigest() == told
    return hashlib.md5(data, usedforsecurity=False).hexdigest() == head.etag


def _name(key: str) -> str:
    key_parts(key)
    return _FOLDER + key
