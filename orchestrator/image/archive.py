"""A built image as a docker-archive: what an engine loads from a stream."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from orchestrator.digest import Digest, canonical
from orchestrator.image import oci
from orchestrator.image.oci import Image
from orchestrator.image.tar import BLOCK, Entry, member
from orchestrator.store.port import BlobStore


def archive(image: Image, tag: str, blobs: BlobStore, *, omit: int = 0) -> Iterator[bytes]:
    """The archive's bytes, an OCI layout too where nothing is left out (engines with the containerd store read that).

    The bytes of the first ``omit`` layers are left out: the engine has them, in this order.
    """
    yield from _small(image.config, blobs)
    for layer in dict.fromkeys(image.layers[omit:]):
        yield from member(oci.place(layer.diff_id), Entry(open=partial(blobs.get, layer.diff_id), size=layer.size))
    if omit == 0:
        yield from _layout(image, tag, blobs)
    listing = [
        {
            "Config": oci.place(image.config),
            "RepoTags": [tag],
            "Layers": [oci.place(layer.diff_id) for layer in image.layers],
        }
    ]
    yield from member("manifest.json", Entry(data=canonical(listing)))
    yield b"\0" * (2 * BLOCK)


def _layout(image: Image, tag: str, blobs: BlobStore) -> Iterator[bytes]:
    with blobs.get(image.manifest) as stream:
        size = len(stream.read())
    index = {
        "schemaVersion": 2,
        "manifests": [
            {
                "mediaType": oci.MANIFEST_TYPE,
                "digest": str(image.manifest),
                "size": size,
                "annotations": {
                    "io.containerd.image.name": tag,
                    "org.opencontainers.image.ref.name": tag.split(":")[-1],
                },
            }
        ],
    }
    yield from _small(image.manifest, blobs)
    yield from member(oci.LAYOUT[0], Entry(data=oci.LAYOUT[1]))
    yield from member("index.json", Entry(data=canonical(index)))


def _small(digest: Digest, blobs: BlobStore) -> Iterator[bytes]:
    with blobs.get(digest) as stream:
        yield from member(oci.place(digest), Entry(data=stream.read()))
