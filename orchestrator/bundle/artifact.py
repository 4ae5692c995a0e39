"""Contents -> the artifact: small blobs packed, a document that says so, a manifest that names all of it."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import IO

from orchestrator.bundle.gather import Contents
from orchestrator.bundle.model import (
    BLOB_TYPE,
    DOCUMENT_TYPE,
    MAX_DOCUMENT,
    MAX_PACK,
    MAX_PIECE,
    PACK_TYPE,
    Bundle,
    Descriptor,
    Manifest,
    Piece,
)
from orchestrator.digest import Digest
from orchestrator.errors import Corruption, EnvironmentProblem, UsageError
from orchestrator.image.oci import CONFIG_TYPE, LAYER_TYPE, MAX_MANIFEST
from orchestrator.store.port import BlobStore, Sized
from orchestrator.store.streams import chunks, from_chunks


@dataclass(frozen=True)
class Artifact:
    """A bundle that is ready to travel."""

    manifest: bytes
    descriptors: tuple[Descriptor, ...]
    """The document, then the packs, then all else: the order of a bundle file."""
    document: Bundle
    blobs: ArtifactBlobs

    @property
    def digest(self) -> Digest:
        """The bundle's name."""
        return Digest.of(self.manifest)

    @property
    def images(self) -> tuple[Digest, ...]:
        """The manifests of the images that are here whole, in the order of ``index.json``."""
        return self.document.images

    @property
    def size(self) -> int:
        """Bytes of all blobs."""
        return sum(one.size for one in self.descriptors)


class ArtifactBlobs:
    """A view of a store: its blobs, and the packs and the document besides. Packs are made while they are read."""

    def __init__(self, store: BlobStore, document: bytes, packs: Mapping[Digest, tuple[Piece, ...]]) -> None:
        self._store = store
        self._document = document
        self._packs = packs

    def get(self, digest: Digest) -> IO[bytes]:
        """See :class:`~orchestrator.store.port.BlobStore`."""
        if pieces := self._packs.get(digest):
            return from_chunks(_pack(pieces, self._store))
        if digest == Digest.of(self._document):
            return io.BytesIO(self._document)
        return self._store.get(digest)

    def has(self, digest: Digest) -> bool:
        """See :class:`~orchestrator.store.port.BlobStore`."""
        return digest in self._packs or digest == Digest.of(self._document) or self._store.has(digest)


def make(contents: Contents, store: BlobStore) -> Artifact:
    """Describe these contents. The same contents give the same bytes; packs are read to be hashed, big blobs are not.

    Raises:
        NotFound, Corruption: a blob is gone, or a small one is damaged.
        UsageError: too much for one bundle.
    """
    sizes = {digest: size_of(store, digest) for digest in sorted(contents.blobs)}
    alone = contents.configs | contents.layers | set(contents.images)
    small = [digest for digest, size in sizes.items() if size < MAX_PIECE and digest not in alone]
    packs = dict(_packs(small, contents.image_blobs, sizes, store))
    packed = set(small)
    document = Bundle(
        runs=contents.runs,
        records=contents.records,
        images=contents.images,
        packs=packs,
        left_out=contents.left_out,
    )
    data = document.to_bytes()
    described = (
        Descriptor(mediaType=DOCUMENT_TYPE, digest=Digest.of(data), size=len(data)),
        *(
            Descriptor(mediaType=PACK_TYPE, digest=digest, size=sum(piece.size for piece in pieces))
            for digest, pieces in packs.items()
        ),
        *(_described(digest, size, contents) for digest, size in sizes.items() if digest not in packed),
    )
    manifest = Manifest(config=described[0], layers=described[1:]).to_bytes()
    if len(manifest) > MAX_MANIFEST or len(data) > MAX_DOCUMENT:
        raise UsageError("this is too much for one bundle", hint="export fewer runs at once")
    return Artifact(manifest, described, document, ArtifactBlobs(store, data, packs))


def size_of(store: BlobStore, digest: Digest) -> int:
    """A blob's bytes: asked for where the store can tell, counted where it cannot.

    Raises:
        NotFound: no such blob.
    """
    if isinstance(store, Sized):
        try:
            return store.size(digest)
        except EnvironmentProblem:  # a wrapper around a store that does not tell
            pass
    return sum(len(chunk) for chunk in chunks(store.get(digest)))


def _described(digest: Digest, size: int, contents: Contents) -> Descriptor:
    if digest in contents.configs:
        return Descriptor(mediaType=CONFIG_TYPE, digest=digest, size=size)
    if digest in contents.layers:
        return Descriptor(mediaType=LAYER_TYPE, digest=digest, size=size)
    return Descriptor(mediaType=BLOB_TYPE, digest=digest, size=size)


def _packs(
    small: Iterable[Digest], of_images: frozenset[Digest], sizes: Mapping[Digest, int], store: BlobStore
) -> Iterator[tuple[Digest, tuple[Piece, ...]]]:
    """What belongs to images has packs of its own: bundles of the same image share them in a registry."""
    small = list(small)
    for group in ([one for one in small if one in of_images], [one for one in small if one not in of_images]):
        for pieces in _filled(group, sizes):
            hasher = hashlib.sha256()
            for data in _pack(pieces, store):
                hasher.update(data)
            yield Digest.from_hex(hasher.hexdigest()), pieces


def _filled(group: Iterable[Digest], sizes: Mapping[Digest, int]) -> Iterator[tuple[Piece, ...]]:
    pieces: list[Piece] = []
    total = 0
    for digest in group:
        if total + sizes[digest] > MAX_PACK:
            yield tuple(pieces)
            pieces, total = [], 0
        pieces.append(Piece(digest=digest, size=sizes[digest]))
        total += sizes[digest]
    if pieces:
        yield tuple(pieces)


def _pack(pieces: tuple[Piece, ...], store: BlobStore) -> Iterator[bytes]:
    for piece in pieces:
        with store.get(piece.digest) as stream:
            data = stream.read()
        if len(data) != piece.size:
            raise Corruption(f"blob {piece.digest} is damaged: it has {len(data)} bytes, not {piece.size}")
        yield data
