"""An image from its own bytes: manifest and config say all that there is to know of it."""

from __future__ import annotations

import json
from typing import Any

from orchestrator.digest import Digest
from orchestrator.errors import Corruption, NotFound, UsageError
from orchestrator.image.oci import CONFIG_TYPE, LAYER_TYPE, Image
from orchestrator.lock.model import LayerPin
from orchestrator.store.port import BlobStore

MAX_CONFIG = 4 << 20
"""Bytes of an image's config."""


def stored(manifest: Digest, blobs: BlobStore) -> Image | None:
    """The image of this manifest, where the store has all of it.

    Raises:
        Corruption: its manifest or config is damaged, or not one of ours.
    """
    try:
        with blobs.get(manifest) as stream:
            data = stream.read()
        with blobs.get(parts(data)[0]) as stream:
            image = read_image(data, stream.read())
    except NotFound:
        return None
    return image if all(blobs.has(layer.diff_id) for layer in image.layers) else None


def parts(manifest: bytes) -> tuple[Digest, list[Digest]]:
    """The config and the layers that a manifest names.

    Raises:
        Corruption: it is no image manifest.
    """
    described = _json(manifest)
    try:
        return Digest(described["config"]["digest"]), [Digest(layer["digest"]) for layer in described["layers"]]
    except (KeyError, TypeError, UsageError) as error:
        raise Corruption(f"{Digest.of(manifest)} is no image manifest: {error}") from error


def read_image(manifest: bytes, config: bytes) -> Image:
    """An image from the bytes of its manifest and config.

    Raises:
        Corruption: they do not belong together, or the image is of another make: compressed layers, other types.
    """
    try:
        described, configured = _json(manifest), _json(config)
        image = Image(
            manifest=Digest.of(manifest),
            config=Digest(described["config"]["digest"]),
            layers=tuple(_layer(one) for one in described["layers"]),
            python=configured["config"]["Cmd"][0],
        )
        diff_ids = configured["rootfs"]["diff_ids"]
    except (KeyError, TypeError, IndexError, ValueError, UsageError) as error:
        raise _foreign(f"{type(error).__name__} {error}") from error
    if described["config"].get("mediaType") != CONFIG_TYPE or Digest.of(config) != image.config:
        raise _foreign("its config is another one")
    if diff_ids != [layer.diff_id for layer in image.layers]:
        raise _foreign("its config names other layers than its manifest")
    return image


def _layer(described: dict[str, Any]) -> LayerPin:
    if described["mediaType"] != LAYER_TYPE:
        raise ValueError(f"a layer is {described['mediaType']!r}; ours are {LAYER_TYPE}")
    return LayerPin(diff_id=Digest(described["digest"]), size=described["size"])


def _json(data: bytes) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise Corruption(f"neither a manifest nor a config: {error}") from error


def _foreign(why: str) -> Corruption:
    return Corruption(
        f"not an image that orchestrator built: {why}",
        hint="`orchestrator push RUN` writes such images; others are named as an image's base in a runspec",
    )
