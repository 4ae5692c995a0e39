"""A manifest with its blobs, from a store to a repository and back. What comes in is verified before it is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import partial
from threading import Event
from typing import IO, Protocol, TypeVar

from orchestrator.digest import Digest
from orchestrator.errors import Corruption, NotFound
from orchestrator.registry import manifest as manifests
from orchestrator.registry.errors import RegistryProblem
from orchestrator.registry.manifest import Descriptor
from orchestrator.registry.repository import Repository
from orchestrator.registry.upload import Source
from orchestrator.store.port import BlobStore
from orchestrator.store.streams import chunks, from_chunks, put_bytes, read_through

_JOBS = 4
T = TypeVar("T")


class Readable(Protocol):
    """The part of a blob store that pushing needs."""

    def get(self, digest: Digest) -> IO[bytes]:
        """See :class:`~orchestrator.store.port.BlobStore`."""
        ...


@dataclass(frozen=True)
class Moved:
    """What a transfer came to."""

    manifest: Digest
    blobs: int
    sent: int
    """Of the blobs: how many had to be transferred. The others were there."""
    bytes: int
    """That were transferred."""


def push(data: bytes, blobs: Readable, repository: Repository, tag: str | None) -> Moved:
    """Write a manifest by its digest and by a tag, its blobs before it; then read it back.

    Raises:
        NotFound, Corruption: the store lacks one of the blobs, or it is damaged; the manifest was not written.
        RegistryProblem: the registry refused, is broken, or gave back something else.
    """
    manifest = manifests.parse(data, "what is to be pushed")
    told = _side_by_side(partial(_push_blob, blobs, repository), manifest.blobs)
    digest = Digest.of(data)
    for name in filter(None, (digest, tag)):
        repository.put_manifest(name, data)
        if (found := Digest.of(repository.manifest(name))) != digest:
            raise Corruption(f"the registry was given {digest} as {name}, and gives back {found}")
    return _moved(digest, told)


def pull(data: bytes, repository: Repository, blobs: BlobStore) -> Moved:
    """Bring a manifest's blobs into the store, then the manifest. Those that are there, and undamaged, are left.

    Raises:
        Corruption: the registry sent other bytes than a digest says; nothing of them was kept.
        RegistryProblem: the registry refused, or is broken.
    """
    manifest = manifests.parse(data, "what is to be pulled")
    told = _side_by_side(partial(pull_blob, repository, blobs), manifest.blobs)
    return _moved(put_bytes(blobs, data), told)


def pull_blob(repository: Repository, blobs: BlobStore, blob: Descriptor, stop: Event | None = None) -> int | None:
    """Bring one blob into the store; how many bytes had to come, None where it was there."""
    if is_intact(blobs, blob.digest):
        return None
    blobs.put(_until(stop, repository.open(blob.digest, blob.size)))
    return blob.size


def is_intact(blobs: BlobStore, digest: Digest) -> bool:
    """Whether the store has a blob that is what its name says: it is read."""
    if not blobs.has(digest):
        return False
    try:
        read_through(blobs, digest)
    except (NotFound, Corruption):
        return False
    return True


def _push_blob(blobs: Readable, repository: Repository, blob: Descriptor, stop: Event) -> int | None:
    if repository.has(blob.digest):
        return None
    source = Source(blob.digest, blob.size, lambda: _until(stop, blobs.get(blob.digest)))
    return blob.size if repository.upload(source) else None


def _moved(manifest: Digest, told: list[int | None]) -> Moved:
    came = [size for size in told if size is not None]
    return Moved(manifest, len(told), len(came), sum(came))


def _side_by_side(work: Callable[[Descriptor, Event], T], blobs: Iterable[Descriptor]) -> list[T]:
    """Several at a time. After the first error, or a signal, nothing new is begun and what is under way ends."""
    pool = ThreadPoolExecutor(_JOBS, thread_name_prefix="registry")
    stop = Event()
    try:
        begun = [pool.submit(work, blob, stop) for blob in blobs]
        ended = wait(begun, return_when=FIRST_EXCEPTION).done
        for one in ended:
            one.result()  # raises what it raised
        return [one.result() for one in begun]
    finally:
        stop.set()
        pool.shutdown(cancel_futures=True)


def _until(stop: Event | None, stream: IO[bytes]) -> IO[bytes]:
    """The stream, which ends with an error once it is to stop."""

    def watched() -> Iterator[bytes]:
        for chunk in chunks(stream):
            if stop is not None and stop.is_set():
                raise RegistryProblem("the transfer was given up, because another part of it failed")
            yield chunk

    return from_chunks(watched())
