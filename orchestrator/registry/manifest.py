"""An OCI manifest, read strictly: which blobs belong to it, and how large they are."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, ValidationError

from orchestrator.digest import Digest
from orchestrator.errors import Corruption
from orchestrator.model import Frozen

_MAX_BLOB = 1 << 40


class Descriptor(Frozen):
    """A blob by content."""

    media_type: str = Field(alias="mediaType")
    digest: Digest
    size: Annotated[int, Field(ge=0, le=_MAX_BLOB)]
    annotations: dict[str, str] = Field(default_factory=dict)
    data: str = ""


class Manifest(Frozen):
    """An image, or another artifact that is made of a config and layers."""

    schema_version: Literal[2] = Field(alias="schemaVersion")
    media_type: Literal["application/vnd.oci.image.manifest.v1+json"] = Field(alias="mediaType")
    artifact_type: str | None = Field(default=None, alias="artifactType")
    config: Descriptor
    layers: tuple[Descriptor, ...]
    annotations: dict[str, str] = Field(default_factory=dict)

    @property
    def blobs(self) -> tuple[Descriptor, ...]:
        """Config and layers, each once."""
        return tuple({one.digest: one for one in (self.config, *self.layers)}.values())


def parse(data: bytes, name: str) -> Manifest:
    """A manifest from its bytes; ``name`` is what it is called in an error.

    Raises:
        Corruption: it is none, or of a kind that this program does not make (an index, a manifest of before OCI).
    """
    try:
        return Manifest.model_validate_json(data)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(map(str, first["loc"])) or "the whole"
        raise Corruption(
            f"{name} is no manifest of an image that orchestrator pushed: {place}: {first['msg']}",
            hint="`orchestrator push RUN` writes such images; others are named as an image's base in a runspec",
        ) from None
