"""Build a spec's image, or find it built, and have it in the engine."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from orchestrator.errors import Corruption, LockError, NotFound, NotReplayable
from orchestrator.image import load as loading
from orchestrator.image.oci import Image, known
from orchestrator.image.stored import stored
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
    with workspace.claims.shared():
        built = from_lock(workspace, locking.fresh(workspace, read) or locking.resolve(workspace, read))
    load(workspace, built.image)
    return built


def from_lock(workspace: Workspace, lock: Lock) -> Built:
    """Build the image of a lock, or find it built: its layers, config and manifest are in the store then."""
    put_bytes(workspace.blobs, lock.to_bytes())
    if image := known(lock, workspace.records, workspace.blobs):
        return Built(image, lock)
    with workspace.alone(f"build-{lock.digest.short}", "another command builds this image: waiting for it"):
        return Built(workspace.build_image(lock), lock)  # or finds it built meanwhile


def load(workspace: Workspace, image: Image) -> str:
    """Have a built image in the engine; returns the name to make containers by. Raises as ``image.load`` does."""
    if name := workspace.engine.find(image.config, image.manifest):
        return name
    with workspace.alone(f"load-{image.config.short}", "another command loads this image: waiting for it"):
        return loading.load(image, workspace.engine, workspace.blobs)


def provide(workspace: Workspace, pin: ImagePin) -> str:
    """Have exactly this image in the engine: there already, from the store, from the registry, or rebuilt.

    Returns the name to make containers by.

    Raises:
        NotReplayable: it can be had no more, or came out as another image.
    """
    if name := workspace.engine.find(pin.config, pin.manifest):
        return name
    workspace.report("the engine has lost the image: bringing it back from the store")
    image = _stored(workspace, pin) or workspace.pull_image(pin) or rebuild(workspace, pin)
    return load(workspace, image)


def rebuild(workspace: Workspace, pin: ImagePin) -> Image:
    """Build an image again from its lock: all of it is in the store then.

    Raises:
        NotReplayable: it can be had no more, or came out as another image.
    """
    try:
        lock = read_document(workspace.blobs, Lock, pin.lock)
    except NotFound as error:
        raise NotReplayable("the engine has lost the image and the store its lock") from error
    try:
        image = from_lock(workspace, lock).image
    except LockError as error:
        raise NotReplayable(f"the image cannot be rebuilt: {error.message}", hint=error.hint) from error
    if (image.manifest, image.config) != (pin.manifest, pin.config):
        raise NotReplayable(f"the image was rebuilt as {image.manifest}; the plan names {pin.manifest}")
    return image


def _stored(workspace: Workspace, pin: ImagePin) -> Image | None:
    """The image, where the store has all of it; where a part is damaged, the others may still bring it back."""
    try:
        image = stored(pin.manifest, workspace.blobs)
    except Corruption as error:
        workspace.report(f"the store's copy of the image is of no use: {error.message}")
        return None
    return image if image and image.config == pin.config else None
