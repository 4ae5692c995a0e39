"""What lies in a store that others have used before: the image that jobs run in."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from desk import Desk

from orchestrator.digest import Digest
from orchestrator.image.oci import Image
from orchestrator.lock.model import Lock
from orchestrator.references.follow import Walk
from orchestrator.settings.model import Settings
from orchestrator.workspace import Workspace


def workspace_of_team(s3: tuple[str, str], index: str, home: Path) -> Workspace:
    """A store in S3, as the fixture ``s3`` names it, an index in PostgreSQL, and a home of somebody's own."""
    return Workspace(settings=Settings(home=home, store=s3[0], store_endpoint=s3[1], index=index))


def give_base(desk: Desk, shared: Workspace) -> None:
    """Copy the base image from a desk's own store into another, so that nobody has to build it."""
    lock = Lock.from_bytes(desk.build({}))
    own = desk.workspace
    image = Image.from_bytes(own.records.read(f"images/{lock.digest.hex}") or b"")
    walk = Walk(own.blobs)
    needed = {one.digest for one in (*walk.lock(lock.digest, "test"), *walk.image(image.manifest, "test"))}

    def send(digest: Digest) -> None:
        with own.blobs.get(digest) as stream:
            shared.blobs.put(stream)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(send, needed))
    for folder in ("images", "layers", "bytecode"):
        for key in own.records.list(f"{folder}/"):
            shared.records.create(key, own.records.read(key) or b"")
