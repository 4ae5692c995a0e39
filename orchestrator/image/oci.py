"""The OCI image: config and manifest as canonical JSON, so that their digests are known before any engine is asked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Literal

from orchestrator.determinism import EPOCH
from orchestrator.digest import Digest, canonical
from orchestrator.errors import Corruption
from orchestrator.lock.model import LayerPin, Lock
from orchestrator.model import Document
from orchestrator.store.port import BlobStore, RecordStore
from orchestrator.store.streams import put_bytes

CONFIG_TYPE = "application/vnd.oci.image.config.v1+json"
MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
LAYER_TYPE = "application/vnd.oci.image.layer.v1.tar"
MAX_MANIFEST = 4 << 20
"""Bytes; registries take no larger one."""
LAYOUT = "oci-layout", b'{"imageLayoutVersion":"1.0.0"}'
"""The file that says that a folder, or a tar, is an OCI image layout."""
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class Image(Document):
    """A built image. Its layers, config and manifest are blobs in the store."""

    format: Literal["orchestrator.image/1"] = "orchestrator.image/1"
    manifest: Digest
    config: Digest
    layers: tuple[LayerPin, ...]
    python: str
    """The interpreter jobs get, as a path inside the image."""


def place(digest: Digest) -> str:
    """Where a blob stands in an OCI image layout."""
    return f"blobs/sha256/{digest.hex}"


def known(lock: Lock, records: RecordStore, blobs: BlobStore) -> Image | None:
    """The image that this lock gave before, where the store still has all of it."""
    image = _recorded(records.read(f"images/{lock.digest.hex}"))
    if image and all(
        blobs.has(digest) for digest in (image.config, image.manifest, *(layer.diff_id for layer in image.layers))
    ):
        return image
    return None


def _recorded(record: bytes | None) -> Image | None:
    """A cache's record; a damaged one counts as none."""
    try:
        return Image.from_bytes(record) if record else None
    except Corruption:
        return None


def assemble(layers: tuple[LayerPin, ...], env: Mapping[str, str], python: str, blobs: BlobStore) -> Image:
    """Write config and manifest for these layers."""
    created = datetime.fromtimestamp(EPOCH, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    config = _put(
        blobs,
        {
            "architecture": "amd64",
            "os": "linux",
            "created": created,
            "config": {"Env": [f"{name}={value}" for name, value in sorted(env.items())], "Cmd": [python]},
            "rootfs": {"type": "layers", "diff_ids": [str(layer.diff_id) for layer in layers]},
            "history": [{"created": created, "created_by": "orchestrator"} for _ in layers],
        },
    )
    manifest = _put(
        blobs,
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST_TYPE,
            "config": {"mediaType": CONFIG_TYPE, "digest": str(config.diff_id), "size": config.size},
            "layers": [{"mediaType": LAYER_TYPE, "digest": str(layer.diff_id), "size": layer.size} for layer in layers],
        },
    )
    return Image(manifest=manifest.diff_id, config=config.diff_id, layers=layers, python=python)


def environment(lock: Lock, prefix: str | None) -> dict[str, str]:
    """The image's environment: the base's, with the virtual environment at ``prefix`` first on PATH."""
    env = dict(pair.split("=", 1) for pair in lock.base.env if "=" in pair)
    env.setdefault("LANG", "C.UTF-8")
    path = env.get("PATH", _PATH)
    if prefix:
        env["VIRTUAL_ENV"] = f"/{prefix}"
        path = f"/{prefix}/bin:{path}"
    return {**env, "PATH": path}


def _put(blobs: BlobStore, value: object) -> LayerPin:
    data = canonical(value)
    return LayerPin(diff_id=put_bytes(blobs, data), size=len(data))
