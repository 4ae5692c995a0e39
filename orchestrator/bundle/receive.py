"""What an artifact brings, into a store: every byte is hashed on its way in, and nothing is recorded here."""

from __future__ import annotations

import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import IO, cast

from orchestrator.bundle.model import (
    BLOB_TYPE,
    DOCUMENT_TYPE,
    MAX_DOCUMENT,
    MAX_PACK,
    PACK_TYPE,
    BadBundle,
    Bundle,
    DamagedBundle,
    Descriptor,
    Manifest,
    Piece,
)
from orchestrator.digest import Digest
from orchestrator.image.oci import MAX_MANIFEST
from orchestrator.store.port import BlobStore
from orchestrator.store.streams import put_bytes

Open = Callable[[Descriptor], IO[bytes]]
"""A blob as a stream, asked for in the order of the manifest."""

_WRITERS = 16
"""At once: their fsyncs share the disk's flushes."""


@dataclass(frozen=True)
class Incoming:
    """A bundle whose documents are read, and whose blobs are not."""

    digest: Digest
    manifest: Manifest
    document: Bundle

    @property
    def size(self) -> int:
        """Bytes of all blobs."""
        return sum(layer.size for layer in self.manifest.layers)


def describe(manifest: bytes, open_blob: Open) -> Incoming:
    """Read the manifest and the document, and hold them against each other.

    Raises:
        BadBundle, DamagedBundle: they are not what ``export`` writes.
    """
    if len(manifest) > MAX_MANIFEST:
        raise BadBundle(f"the manifest is larger than {MAX_MANIFEST} bytes")
    parsed = Manifest.parse(manifest)
    if parsed.config.mediaType != DOCUMENT_TYPE or parsed.config.size > MAX_DOCUMENT:
        raise BadBundle("the manifest names no bundle document")
    with open_blob(parsed.config) as stream:
        data = _bytes(stream, parsed.config)
    incoming = Incoming(Digest.of(manifest), parsed, Bundle.parse(data))
    _hold_together(incoming)
    return incoming


def take(incoming: Incoming, open_blob: Open, blobs: BlobStore) -> None:
    """Put every blob into the store, in the manifest's order.

    Raises:
        DamagedBundle: a blob is not what its name says. What is in the store by then is what it is called there.
    """
    for layer in incoming.manifest.layers:
        with open_blob(layer) as stream:
            if layer.mediaType == PACK_TYPE:
                _unpack(_bytes(stream, layer), incoming.document.packs[layer.digest], blobs)
            else:
                _check(blobs.put(cast(IO[bytes], _Counted(stream, layer))), layer.digest)


def _hold_together(incoming: Incoming) -> None:
    layers = {layer.digest: layer for layer in incoming.manifest.layers}
    if len(layers) < len(incoming.manifest.layers) or incoming.manifest.config.digest in layers:
        raise BadBundle("the manifest names a blob twice")
    packs = {digest: sum(piece.size for piece in pieces) for digest, pieces in incoming.document.packs.items()}
    named = {layer.digest: layer.size for layer in layers.values() if layer.mediaType == PACK_TYPE}
    if packs != named:
        raise BadBundle("the document describes other packs than the manifest names")
    if any(size > MAX_PACK for size in packs.values()):
        raise BadBundle(f"a pack is larger than {MAX_PACK} bytes")
    if any(layer.mediaType == DOCUMENT_TYPE for layer in layers.values()):
        raise BadBundle("the manifest names two documents")
    images = [layers.get(digest) for digest in incoming.document.images]
    if any(image is None or image.mediaType != BLOB_TYPE for image in images):
        raise BadBundle("the document names an image that the bundle does not bring")


def _unpack(data: bytes, pieces: tuple[Piece, ...], blobs: BlobStore) -> None:
    def put(place: tuple[int, Piece]) -> None:
        start, piece = place
        content = data[start : start + piece.size]
        _check(Digest.of(content), piece.digest)
        put_bytes(blobs, content)

    places, start = [], 0
    for piece in pieces:
        places.append((start, piece))
        start += piece.size
    with ThreadPoolExecutor(_WRITERS) as pool:
        for _ in pool.map(put, places):
            pass


def _bytes(stream: IO[bytes], descriptor: Descriptor) -> bytes:
    data = cast(IO[bytes], _Counted(stream, descriptor)).read()
    _check(Digest.of(data), descriptor.digest)
    return data


def _check(found: Digest, wanted: Digest) -> None:
    if found != wanted:
        raise DamagedBundle(f"blob {wanted} is damaged: its bytes hash to {found}")


class _Counted(io.RawIOBase):
    """A stream that has exactly as many bytes as were announced, whatever a server sends."""

    def __init__(self, stream: IO[bytes], descriptor: Descriptor) -> None:
        self._stream = stream
        self._left = descriptor.size
        self._digest = descriptor.digest

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        if size is None or size < 0:
            return b"".join(iter(lambda: self.read(1 << 20), b""))
        data = self._stream.read(min(size, self._left)) if self._left else b""
        if not data and self._left and size:
            raise DamagedBundle(f"blob {self._digest} was cut short: {self._left} bytes are missing")
        self._left -= len(data)
        if not self._left and not data and self._stream.read(1):
            raise DamagedBundle(f"blob {self._digest} has more bytes than were announced")
        return data
