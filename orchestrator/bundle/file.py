"""An artifact as one file: a plain tar of an OCI image layout, in one order, the same bytes for the same artifact."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from orchestrator.bundle.artifact import Artifact
from orchestrator.bundle.model import index
from orchestrator.image.oci import LAYOUT, place
from orchestrator.image.tar import BLOCK, Entry, member

INDEX = "index.json"


def stream(artifact: Artifact) -> Iterator[bytes]:
    """The file's bytes. What announces comes before what is announced, so that it can be read in one pass.

    Raises:
        NotFound, Corruption: a blob is gone meanwhile, or is damaged: what was written so far is no bundle.
    """
    sizes = {one.digest: one.size for one in artifact.descriptors}
    images = [(digest, sizes[digest]) for digest in artifact.images]
    yield from member(LAYOUT[0], Entry(data=LAYOUT[1]))
    yield from member(INDEX, Entry(data=index(artifact.manifest, images)))
    yield from member(place(artifact.digest), Entry(data=artifact.manifest))
    for one in artifact.descriptors:
        yield from member(place(one.digest), Entry(open=partial(artifact.blobs.get, one.digest), size=one.size))
    yield b"\0" * (2 * BLOCK)
