"""The documents of a bundle: its manifest as registries know it, and what it says of itself."""

from __future__ import annotations

from typing import Annotated, Literal, Self, TypeVar

from pydantic import Field, ValidationError

from orchestrator.digest import Digest, canonical
from orchestrator.errors import Corruption, UsageError
from orchestrator.image.oci import MANIFEST_TYPE
from orchestrator.model import Document, Frozen

BUNDLE_TYPE = "application/vnd.orchestrator.bundle.v1"
DOCUMENT_TYPE = "application/vnd.orchestrator.bundle.config.v1+json"
PACK_TYPE = "application/vnd.orchestrator.bundle.pack.v1"
BLOB_TYPE = "application/vnd.orchestrator.bundle.blob.v1"

MAX_DOCUMENT = 16 << 20
"""Bytes of the bundle document: half a million small files."""
MAX_PIECE = 1 << 20
"""A blob below this size travels in a pack."""
MAX_PACK = 32 << 20

_D = TypeVar("_D", bound=Document)

Size = Annotated[int, Field(ge=0, le=1 << 50, strict=True)]


class BadBundle(UsageError):
    """A file that is no bundle, or one that this program will not take in. Nothing was recorded."""

    default_hint = "nothing was imported; ask whoever made the file for `orchestrator export` once more"


class DamagedBundle(Corruption):
    """A bundle that was cut short, or whose bytes are not what they were. Nothing was recorded."""

    default_hint = "nothing was imported; copy the file again, or have it exported again"


class Descriptor(Frozen):
    """A blob as an OCI manifest names it."""

    mediaType: Literal[
        "application/vnd.orchestrator.bundle.config.v1+json",
        "application/vnd.orchestrator.bundle.pack.v1",
        "application/vnd.orchestrator.bundle.blob.v1",
        "application/vnd.oci.image.config.v1+json",
        "application/vnd.oci.image.layer.v1.tar",
    ]
    digest: Digest
    size: Size


class Manifest(Document):
    """The artifact: its digest is the name of the bundle, in a file and in a registry."""

    schemaVersion: Literal[2] = 2
    mediaType: Literal["application/vnd.oci.image.manifest.v1+json"] = "application/vnd.oci.image.manifest.v1+json"
    artifactType: Literal["application/vnd.orchestrator.bundle.v1"] = "application/vnd.orchestrator.bundle.v1"
    config: Descriptor
    layers: tuple[Descriptor, ...]

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """A manifest from anywhere. Raises BadBundle where it is not one that ``export`` writes, byte for byte."""
        return _exactly(cls, data, "manifest")


class Piece(Frozen):
    """A blob within a pack; pieces follow one another without a gap."""

    digest: Digest
    size: Annotated[int, Field(ge=0, lt=MAX_PIECE, strict=True)]


class LeftOut(Frozen):
    """What the runs need and the bundle does not bring."""

    digest: Digest
    what: str
    why: Literal["not asked for", "made again from its lock"]


class Bundle(Document):
    """What is in a bundle. It is the artifact's config."""

    format: Literal["orchestrator.bundle/1"] = "orchestrator.bundle/1"
    runs: tuple[str, ...]
    """Ids, in order; runs within runs come with them and are not named here."""
    records: dict[str, str]
    """Key -> the record's text, as it stands in the store."""
    images: tuple[Digest, ...]
    """The manifests of the runs' images that are here whole."""
    packs: dict[Digest, tuple[Piece, ...]]
    left_out: tuple[LeftOut, ...]

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """A document from anywhere. Raises BadBundle where it is not one that ``export`` writes, byte for byte."""
        return _exactly(cls, data, "bundle document")


def index(manifest: bytes, images: list[tuple[Digest, int]]) -> bytes:
    """The ``index.json`` of a bundle file: the artifact, then each image (digest, bytes of its manifest)."""
    artifact = {
        "mediaType": MANIFEST_TYPE,
        "artifactType": BUNDLE_TYPE,
        "digest": str(Digest.of(manifest)),
        "size": len(manifest),
    }
    others = [{"mediaType": MANIFEST_TYPE, "digest": str(digest), "size": size} for digest, size in images]
    return canonical({"schemaVersion": 2, "manifests": [artifact, *others]})


def _exactly(kind: type[_D], data: bytes, what: str) -> _D:
    try:
        found = kind.model_validate_json(data)
        same = found.to_bytes() == data
    except (ValidationError, UsageError, RecursionError) as error:
        raise BadBundle(f"the {what} cannot be read: {_brief(error)}") from error
    if not same:
        raise BadBundle(f"the {what} is not in canonical form")
    return found


def _brief(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors(include_input=False, include_url=False)[0]
        return f"{'.'.join(str(part)[:80] for part in first['loc'])}: {first['msg']}"[:300]
    return str(error)[:300]
