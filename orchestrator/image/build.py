"""Lock -> Image. The steps, in order; every port is an argument."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

from orchestrator.engine.port import ContainerEngine, ImageEngine
from orchestrator.errors import LockError
from orchestrator.failpoint import reached
from orchestrator.image import oci
from orchestrator.image.bytecode import Bytecode, compile_wheels
from orchestrator.image.layers import environment_layer, wheels_layer
from orchestrator.image.load import load
from orchestrator.image.oci import Image, known
from orchestrator.image.wheel import PREFIX
from orchestrator.lock.fetch import fetch
from orchestrator.lock.model import BUILDER, LayerPin, Lock
from orchestrator.lock.target import Target
from orchestrator.store.port import BlobStore, RecordStore

_JOBS = 2


class Engine(ContainerEngine, ImageEngine, Protocol):
    """What a build needs: to compile in a container of the base image."""


@dataclass(frozen=True)
class Builder:
    """What a build works with."""

    engine: Engine
    blobs: BlobStore
    records: RecordStore
    scratch: Path
    ensure_base: Callable[[Lock], None]
    """Has the base's layers in the store."""
    report: Callable[[str], None]


def build(lock: Lock, with_: Builder) -> Image:
    """Build the image of a lock, or find it built.

    Raises:
        LockError: the lock was made by another builder, or a wheel cannot be had.
    """
    if image := known(lock, with_.records, with_.blobs):
        return image
    if lock.builder != BUILDER:
        raise LockError(f"this lock is for {lock.builder}; this program lays down {BUILDER}")
    reached("build.asked")
    with_.ensure_base(lock)
    reached("build.base")
    if missing := sum(not with_.blobs.has(pin.sha256) for pin in lock.wheels):
        with_.report(f"fetching {missing} wheels")
    fetch(lock.wheels, Target(lock.base.python, lock.base.glibc), with_.blobs)
    reached("build.fetched")
    image = _assemble(lock, with_)
    reached("build.assembled")
    with_.records.create(f"images/{lock.digest.hex}", image.to_bytes())
    reached("build.recorded")
    return image


def _assemble(lock: Lock, with_: Builder) -> Image:
    base = lock.base
    if base.kind != "debian" and not lock.wheels:
        return oci.assemble(base.layers, oci.environment(lock, None), base.interpreter, with_.blobs)
    with_.report(f"laying down {len(lock.wheels)} wheels in {len(lock.layers)} layers")
    reached("build.planned")
    foundation = (*base.layers, _environment(lock, with_))
    python = f"/{PREFIX}/bin/python"
    env = oci.environment(lock, PREFIX)
    reached("build.environment")
    bare = partial(oci.assemble, foundation, env, python, with_.blobs)
    bytecode = compile_wheels(
        lock.wheels,
        base,
        lambda: load(bare(), with_.engine, with_.blobs),
        with_.engine,
        with_.blobs,
        with_.records,
        with_.scratch,
    )
    reached("build.bytecode")
    return oci.assemble((*foundation, *_wheel_layers(lock, bytecode, with_)), env, python, with_.blobs)


def _environment(lock: Lock, with_: Builder) -> LayerPin:
    return environment_layer(
        lock.base.interpreter,
        lock.base.python,
        see_system=lock.base.kind != "debian",
        blobs=with_.blobs,
        records=with_.records,
    )


def _wheel_layers(lock: Lock, bytecode: Bytecode, with_: Builder) -> list[LayerPin]:
    by_file = {pin.file: pin for pin in lock.wheels}
    groups = [[by_file[file] for file in group] for group in lock.layers]
    with ThreadPoolExecutor(_JOBS) as pool:  # inflating and hashing release the interpreter lock
        return list(
            pool.map(
                lambda pins: wheels_layer(pins, lock.base.python, bytecode, with_.blobs, with_.records),
                groups,
            )
        )
