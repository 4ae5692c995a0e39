"""An image read from its own bytes, whoever wrote them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from orchestrator.digest import Digest
from orchestrator.errors import Corruption
from orchestrator.image.oci import CONFIG_TYPE, LAYER_TYPE, assemble
from orchestrator.image.stored import parts, read_image, stored
from orchestrator.lock.model import LayerPin
from orchestrator.store.local import LocalBlobs
from orchestrator.store.streams import put_bytes

LAYERS = tuple(LayerPin(diff_id=Digest.of(data), size=len(data)) for data in (b"one", b"two"))
SOME = {"digest": str(Digest.of(b"x")), "size": 1}


@pytest.fixture
def blobs(tmp_path: Path) -> LocalBlobs:
    return LocalBlobs(tmp_path)


def test_what_was_assembled_is_read_back(blobs: LocalBlobs):
    image = assemble(LAYERS, {"A": "b"}, "/opt/env/bin/python", blobs)
    manifest, config = (blobs.get(digest).read() for digest in (image.manifest, image.config))
    assert read_image(manifest, config) == image
    assert parts(manifest) == (image.config, [layer.diff_id for layer in LAYERS])
    assert stored(image.manifest, blobs) is None  # its layers are not here
    for data in (b"one", b"two"):
        put_bytes(blobs, data)
    assert stored(image.manifest, blobs) == image


@pytest.mark.parametrize(
    "manifest",
    [
        {},
        [],
        {"config": SOME},
        {"config": "x", "layers": []},
        {"config": {"digest": "sha256:no"}, "layers": []},
        {"config": {"digest": 1}, "layers": []},
        {"config": SOME, "layers": [{"digest": "../../etc"}]},
        {"config": SOME, "layers": 7},
    ],
)
def test_a_manifest_that_is_none(blobs: LocalBlobs, manifest: object):
    data = json.dumps(manifest).encode()
    with pytest.raises(Corruption, match="is no image manifest"):
        parts(data)
    with pytest.raises(Corruption):
        stored(put_bytes(blobs, data), blobs)


@pytest.mark.parametrize("digest", ["sha256:no", "", 1])
def test_an_image_whose_digests_are_none(digest: object):
    layer = {"mediaType": LAYER_TYPE, "digest": digest, "size": 1}
    config = {"config": {"Cmd": ["python"]}, "rootfs": {"diff_ids": []}}
    manifest = {"config": {**SOME, "mediaType": CONFIG_TYPE}, "layers": [layer]}
    with pytest.raises(Corruption, match="not an image that orchestrator built"):
        read_image(json.dumps(manifest).encode(), json.dumps(config).encode())


@pytest.mark.parametrize("data", [b"", b"{", b"\xff", b"[" * 100_000])
def test_bytes_that_are_no_json(data: bytes):
    with pytest.raises(Corruption, match="neither a manifest nor a config"):
        parts(data)
