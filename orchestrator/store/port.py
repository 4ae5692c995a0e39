"""The two ports of the store: blobs named by their digest, and records named by a key."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import IO, Protocol, runtime_checkable

from orchestrator.digest import Digest
from orchestrator.errors import UsageError

_MAX_PART = 255


class BlobStore(Protocol):
    """Immutable bytes named by their sha256. Conformance: tests/contracts/test_blob_store.py."""

    def get(self, digest: Digest) -> IO[bytes]:
        """Open a blob for reading. Reading to the end verifies it.

        Raises:
            NotFound: no such blob.
            Corruption: raised at the end of reading where the bytes are not what the name says.
        """
        ...

    def put(self, stream: IO[bytes]) -> Digest:
        """Store all that is left in a stream, durably, and return its digest."""
        ...

    def has(self, digest: Digest) -> bool:
        """Whether the blob is there (its bytes are not read)."""
        ...

    def list(self) -> Iterator[Digest]:
        """Every blob, in the order of their digests."""
        ...


@runtime_checkable
class FileBacked(Protocol):
    """A blob store whose blobs are files on this machine: they can be linked, mounted and adopted."""

    def path(self, digest: Digest) -> Path:
        """The file of a blob; the caller must not write to it.

        Raises:
            NotFound: no such blob.
        """
        ...

    def adopt(self, file: Path, digest: Digest) -> None:
        """Take a finished file as a blob without copying it. The caller has just hashed it and nothing writes to it."""
        ...


@runtime_checkable
class Sized(Protocol):
    """A store that knows how many bytes a blob has without reading it."""

    def size(self, digest: Digest) -> int:
        """The blob's size in bytes.

        Raises:
            NotFound: no such blob.
        """
        ...


@runtime_checkable
class Removable(Protocol):
    """A blob store that can be tidied: what ``gc`` and ``fsck --repair`` need, and nobody else has."""

    def remove(self, digest: Digest) -> None:
        """Delete a blob; nothing happens where it is not there. The caller knows that nobody needs it."""
        ...

    def set_aside(self, digest: Digest) -> str:
        """Move a damaged blob out of the way; returns where it lies now, for a person. Afterwards ``has`` is False.

        Raises:
            NotFound: no such blob.
        """
        ...


@runtime_checkable
class Dated(Protocol):
    """A store that knows since when it has had a blob."""

    def since(self, digest: Digest) -> float:
        """When the blob was last put here, or used, where the store can tell: seconds since 1970.

        Raises:
            NotFound: no such blob.
        """
        ...


@runtime_checkable
class Fetching(Protocol):
    """A blob store elsewhere, which brings a blob into a file by several connections at once."""

    def fetch(self, digest: Digest, file: Path) -> None:
        """Write a blob to a file, which is there and empty.

        Raises:
            NotFound: no such blob.
            Corruption: the bytes are not what the name says, or gone.
        """
        ...


@runtime_checkable
class Linkable(Protocol):
    """A blob store whose blobs can be read by anyone who was given a link."""

    def link(self, digest: Digest, seconds: int, name: str) -> str:
        """An address under which the blob can be read for so long, as a download that is called ``name``.

        Raises:
            NotFound: no such blob.
            UsageError: no link lasts that long.
        """
        ...


class FileBlobs(BlobStore, FileBacked, Protocol):
    """Blobs that are files here: what the container's mounts are made of."""


@runtime_checkable
class RemovableRecords(Protocol):
    """A record store that can be tidied."""

    def remove(self, key: str) -> None:
        """Delete a record, durably; nothing happens where it is not there."""
        ...


class Claims(Protocol):
    """Who is at work on a store: many may add to it at once, and who removes from it is alone."""

    def shared(self) -> AbstractContextManager[None]:
        """Within this block nothing is removed from the store: what was seen there may be built upon."""
        ...

    def exclusive(self) -> AbstractContextManager[None]:
        """Within this block nobody relies on blobs that no record names: those may be removed."""
        ...


class RecordStore(Protocol):
    """Small named documents: runs, and what was built from what. Conformance: tests/contracts/test_record_store.py."""

    def read(self, key: str) -> bytes | None:
        """The record's bytes, or None."""
        ...

    def create(self, key: str, data: bytes) -> bool:
        """Write a record that is not there yet, durably and whole; False (and nothing written) where it is."""
        ...

    def list(self, prefix: str) -> Iterator[str]:
        """The keys that begin with ``prefix``, in order. A key is ``folder/name``."""
        ...


def key_parts(key: str) -> list[str]:
    """The folders and the name that a record key is made of.

    Raises:
        UsageError: it is no key: not ``folder/name``, or it could lead elsewhere.
    """
    parts = key.split("/")
    whole = all(
        part.strip(".") and "\0" not in part and part.isprintable() and len(part) <= _MAX_PART for part in parts
    )
    if len(parts) < 2 or not whole or not key.isascii():
        raise UsageError(f"not a record key: {key!r}")
    return parts


def is_key(name: str) -> bool:
    """Whether this is a record's key; whatever else lies among the records is none of ours."""
    try:
        return bool(key_parts(name))
    except UsageError:
        return False
