"""Build a spec's image, or find it built, and have it in the engine."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from orchestrator.errors import LockError, NotFound, NotReplayable
from orchestrator.image.load import load
from orchestrator.image.oci import Image, known
from orchestrator.lock.model import Lock
from orchestrator.operations import locking
from orchestrator.operations.spec import read_spec
from orchestrator.plan import ImagePin
from orchestrator.store.streams import put_bytes, read_document
from orchestrator.workspace import Workspace


@dataclass(frozen=True)
class Built:
    """An image and the lock it was built from."""

    image: Image
    lock: Lock

    @property
    def pin(self) -> ImagePin:
        """As a plan names it."""
        return ImagePin(manifest=self.image.manifest, config=self.image.config, lock=self.lock.digest)


def build(workspace: Workspace, spec: Path) -> Built:
    """Build the image of a spec and load it into the engine.

    Raises:
        LockError: the lock is stale, or a wheel cannot be had.
    """
    read = read_spec(spec)
    built = from_lock(workspace, locking.fresh(workspace, read) or locking.resolve(workspace, read))
    load(built.image, workspace.engine, workspace.blobs)
    return built


def from_lock(workspace: Workspace, lock: Lock) -> Built:
    """Build the image of a lock, or find it built: its layers, config and manifest are in the store then."""
    put_bytes(workspace.blobs, lock.to_bytes())
    return Built(known(lock, workspace.records, workspace.blobs) or workspace.build_image(lock), lock)


def provide(workspace: Workspace, pin: ImagePin) -> str:
    """Have exactly this image in the engine: there already, loaded from the store, or rebuilt from its lock.

    Returns the name to make containers by.

    Raises:
        NotReplayable: it can be had no more, or came out as another image.
    """
    if name := workspace.engine.find(pin.config, pin.manifest):
        return name
    try:
        lock = read_document(workspace.blobs, Lock, pin.lock)
    except NotFound as error:
        raise NotReplayable("the engine has lost the image and the store its lock") from error
    workspace.report("the engine has lost the image: bringing it back from the store")
    try:
        image = from_lock(workspace, lock).image
    except LockError as error:
        raise NotReplayable(f"the image cannot be rebuilt: {error.message}", hint=error.hint) from error
    if (image.manifest, image.config) != (pin.manifest, pin.config):
        raise NotReplayable(f"the image was rebuilt as {image.manifest}; the plan names {pin.manifest}")
    return load(image, workspace.engine, workspace.blobs)
