"""The Lock: everything an image is made from, by hash. It names no index: which server has a file is configuration."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from orchestrator.digest import Digest
from orchestrator.model import Document, Frozen

BUILDER = "orchestrator-layers/1"
"""Part of every lock. Raise it when the bytes of a layer change."""


Word = Annotated[str, Field(pattern=r"^\S+$")]


class LayerPin(Frozen):
    """An uncompressed layer: its diff ID is also its blob digest."""

    diff_id: Digest
    size: int


class DebPin(Frozen):
    """One Debian package of a base image."""

    package: str
    version: str
    architecture: str
    sha256: Digest
    size: int


class DebianBase(Document):
    """A base image's root file system, made by mmdebstrap from exactly these packages (``images/NAME/base.lock``)."""

    format: Literal["orchestrator.debian-base/1"] = "orchestrator.debian-base/1"
    recipe: Digest
    """The digest of recipe.yaml's bytes: a changed recipe makes the lock stale."""
    rootfs: LayerPin
    interpreter: str
    python: str
    glibc: str
    debs: tuple[DebPin, ...]


class BasePin(Frozen):
    """What the environment's layers stand on."""

    kind: Literal["debian", "reference", "dockerfile"]
    name: str
    """The folder under images/, the image reference, or the Dockerfile."""
    origin: Digest | None
    """What a person keeps of it, as a blob: the DebianBase document or the Dockerfile's text."""
    layers: tuple[LayerPin, ...]
    interpreter: str
    """The Python that the environment is made for, e.g. /usr/bin/python3.11."""
    python: str
    """Its full version, e.g. 3.11.2."""
    glibc: str
    env: tuple[str, ...] = ()
    """The base image's own environment, NAME=value."""


class WheelPin(Frozen):
    """One wheel."""

    name: Word
    version: Word
    file: Annotated[str, Field(pattern=r"^[^/\s]+$")]
    sha256: Digest
    size: int | None = None


class Lock(Document):
    """An image before it is built. Equal locks give equal images, on any machine and day."""

    format: Literal["orchestrator.lock/1"] = "orchestrator.lock/1"
    builder: str
    """The version of the layer writer: another one may lay down other bytes."""
    python: str
    """What the spec asked for, e.g. 3.11."""
    requirements: tuple[str, ...]
    """What the spec asked for: a lock whose requirements differ from the spec's is stale."""
    base: BasePin
    wheels: tuple[WheelPin, ...]
    layers: tuple[tuple[str, ...], ...]
    """The layer plan: which wheel files stand in which layer, in order."""


class Asked(Frozen):
    """What a spec asks of its image: a lock that answers another question is stale."""

    kind: Literal["debian", "reference", "dockerfile"]
    base: str
    origin: Digest | None
    python: str
    requirements: tuple[str, ...]
    builder: str
