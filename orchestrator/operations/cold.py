"""A cold start: a run's image made again as if this machine had never had it, from what its lock names and no more.

The build sees a store in which lie the lock, its wheels, its .debs and the base's recipe, and nothing else: no layer,
no bytecode, no config, no manifest, none of the records that say what was built before. An engine that seems to hold no
image takes the archive. Nothing is fetched, for nothing is missing. What is made lies in a scratch folder and goes with
it.
"""

from __future__ import annotations

import copy
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, cast

from orchestrator.digest import Digest
from orchestrator.engine.port import Engine
from orchestrator.errors import Corruption, LockError, NotFound, NotReplayable
from orchestrator.image.load import load
from orchestrator.image.oci import Image
from orchestrator.lock.model import Lock
from orchestrator.plan import ImagePin
from orchestrator.references.follow import Walk
from orchestrator.store.local import LocalBlobs
from orchestrator.store.memory import MemoryRecords
from orchestrator.store.overlay import Overlay
from orchestrator.store.streams import read_document
from orchestrator.store.verified import Verified
from orchestrator.workspace import Workspace


@dataclass
class ColdStart:
    """What a cold start did: each step in words, with its seconds."""

    manifest: Digest
    steps: list[tuple[str, float]] = field(default_factory=list)


class _Unaware:
    """An engine that knows of no image but the one it was given last; all else passes through."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._given = False

    def find(self, config: Digest, manifest: Digest) -> str | None:
        found = self._engine.find(config, manifest) if self._given else None
        self._given = False
        return found

    def load(self, archive: Iterable[bytes]) -> None:
        self._engine.load(archive)
        self._given = True

    def layer_chains(self) -> Iterator[tuple[str, ...]]:
        return iter(())

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)


def provide(workspace: Workspace, pin: ImagePin) -> tuple[str, ColdStart]:
    """Make a plan's image again and load it; returns the name to make containers by, and what was done.

    Raises:
        NotReplayable: the store lacks something it is made from, or it comes out as another image: the first layer that
            differs is named.
        Corruption: something it is made from is damaged.
    """
    done = ColdStart(pin.manifest)
    clock = _Clock(workspace.now, done)
    lock = _lock(workspace, pin)
    made_from = _made_from(workspace, pin)
    clock.lap(f"found all {len(made_from)} files that it is made from in the store: nothing is fetched")
    with tempfile.TemporaryDirectory(dir=workspace.scratch, prefix="cold-") as folder:
        bare = _bare(workspace, Path(folder), made_from)
        image = _build(bare, lock, clock)
        hold(workspace, pin, lock, image)
        name = load(image, bare.engine, bare.blobs)
        clock.lap(f"loaded the image into the engine: {pin.manifest}")
    return name, done


def _bare(workspace: Workspace, folder: Path, made_from: set[Digest]) -> Workspace:
    """The same workspace as if nothing had ever been built in it; what is, goes into the folder."""
    bare = copy.copy(workspace)
    bare.blobs = Overlay(Verified(LocalBlobs(folder)), workspace.blobs, made_from.__contains__)
    bare.records = MemoryRecords()
    bare.scratch = folder
    bare.engine = cast("Engine", _Unaware(workspace.engine))
    return bare


class _Clock:
    """Takes the time between steps; they are told as they are done."""

    def __init__(self, now: Callable[[], datetime], done: ColdStart) -> None:
        self._now = now
        self._done = done
        self._last = now()

    def lap(self, step: str) -> None:
        now = self._now()
        self._done.steps.append((step, (now - self._last).total_seconds()))
        self._last = now


def _lock(workspace: Workspace, pin: ImagePin) -> Lock:
    try:
        return read_document(workspace.blobs, Lock, pin.lock)
    except NotFound as error:
        raise NotReplayable("the store has lost the lock of the run's image") from error


def _made_from(workspace: Workspace, pin: ImagePin) -> set[Digest]:
    """What the build may see."""
    needed = [one for one in Walk(workspace.blobs).lock(pin.lock, "image") if not one.rebuildable]
    if missing := [one for one in needed if not workspace.blobs.has(one.digest)]:
        named = "\n".join(f"- {one.by}: {one.digest}" for one in missing[:10])
        raise NotReplayable(f"the store lacks {len(missing)} of what the image is made from:\n{named}")
    return {one.digest for one in needed}


def _build(bare: Workspace, lock: Lock, clock: _Clock) -> Image:
    try:
        image = bare.build_image(lock, based=lambda: clock.lap(_base(lock)))
    except LockError as error:
        raise NotReplayable(f"the image cannot be made again: {error.message}", hint=error.hint) from error
    clock.lap(f"laid down {len(lock.wheels)} wheels in {len(lock.layers)} layers, their bytecode compiled anew")
    return image


def _base(lock: Lock) -> str:
    (first, *_) = lock.base.layers
    if lock.base.kind == "debian":
        return f"made the base {lock.base.name} from its .debs: {first.diff_id}"
    return f"took the {len(lock.base.layers)} layers of {lock.base.name} from the store: they cannot be made again"


def hold(workspace: Workspace, pin: ImagePin, lock: Lock, image: Image) -> None:
    """The image must be the one that the plan names."""
    if (image.manifest, image.config) == (pin.manifest, pin.config):
        return
    raise NotReplayable(
        f"the image came out as {image.manifest}; the plan names {pin.manifest}\n{_first(workspace, pin, lock, image)}",
        hint="is another mmdebstrap, tar or engine at work here? the image as it was replays without --cold",
    )


def _first(workspace: Workspace, pin: ImagePin, lock: Lock, image: Image) -> str:
    try:
        named = Walk(workspace.blobs).image(pin.manifest, "image")
        recorded = [one.digest for one in named if one.kind == "layer"]
    except (NotFound, Corruption):
        return "the store does not have that manifest: which layer differs cannot be told"
    for number, (ours, theirs) in enumerate(zip(image.layers, recorded, strict=False)):
        if ours.diff_id != theirs:
            return f"layer {number + 1}, {_name(lock, number)}: {ours.diff_id} instead of {theirs}"
    return f"it has {len(image.layers)} layers instead of {len(recorded)}, or another configuration"


def _name(lock: Lock, number: int) -> str:
    """What a layer holds: the base, the empty environment, then the lock's groups of wheels."""
    behind = number - len(lock.base.layers)
    if behind < 0:
        return f"the base {lock.base.name}"
    return "the empty environment" if behind == 0 else ", ".join(lock.layers[behind - 1][:3])
