"""A base image as a pure function of pinned Debian packages.

Same recipe, same packages: same tar, to the bit, on any machine and day. The network is needed only for
packages that the store does not have; mmdebstrap itself runs without any.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from orchestrator.digest import Digest
from orchestrator.errors import NotReplayable, UsageError
from orchestrator.image.deb_source import fetch_debs, resolve_debs
from orchestrator.image.debian_bootstrap import bootstrap, check_host, workshop
from orchestrator.image.debian_recipe import (
    Recipe,
    read_lock,
    read_recipe,
    recipe_digest,
    relock_hint,
    write_lock,
)
from orchestrator.lock.model import DebianBase, DebPin, LayerPin
from orchestrator.store.port import BlobStore

__all__ = ["Recipe", "build", "read_lock", "read_recipe", "relock"]

Report = Callable[[str], None]


def build(recipe: Recipe, base: DebianBase, blobs: BlobStore, scratch: Path, report: Report) -> LayerPin:
    """Have the base's root file system in the store, its digest the diff ID; built in about 20 s if absent.

    ``scratch`` is an existing folder on a file system that allows devices and programs; it takes about 500 MB
    for a while.

    Raises:
        NotReplayable: a package is nowhere to be had, or the tar comes out with another digest.
        EnvironmentProblem: mmdebstrap is missing or fails, or no mirror answers.
        Corruption: the store's bytes of a package are not the pinned ones.
    """
    if blobs.has(base.rootfs.diff_id):
        return base.rootfs
    check_host()
    with workshop(scratch) as folder:
        provide(recipe, base.debs, blobs, folder, report)
        report(f"building the base image from {len(base.debs)} Debian packages")
        tar = bootstrap(recipe, base.debs, blobs, folder)
        _check(_pin(tar), base.rootfs)
        _put(blobs, tar)
    return base.rootfs


def relock(recipe_folder: Path, blobs: BlobStore, scratch: Path, report: Report) -> DebianBase:
    """Pin today's packages and what they come to: writes ``base.lock``; packages and tar go to the store.

    Raises:
        UsageError: the recipe cannot be right.
        EnvironmentProblem: no mirror answers, or mmdebstrap is missing or fails.
    """
    recipe = read_recipe(recipe_folder)
    digest = recipe_digest(recipe_folder)
    check_host()
    with workshop(scratch) as folder:
        report(f"resolving and fetching today's packages of {recipe.suite}")
        debs = _store(resolve_debs(recipe, folder), blobs)
        report(f"building the base image from {len(debs)} Debian packages")
        tar = bootstrap(recipe, debs, blobs, folder)
        rootfs = _pin(tar)
        _put(blobs, tar)
    base = DebianBase(
        recipe=digest,
        rootfs=rootfs,
        interpreter=recipe.interpreter,
        python=upstream_version(debs, Path(recipe.interpreter).name),
        glibc=upstream_version(debs, "libc6"),
        debs=debs,
    )
    write_lock(recipe_folder, base)
    return base


def upstream_version(debs: Iterable[DebPin], package: str) -> str:
    """A package's version without Debian's epoch and revision: ``3.11.2`` of ``3.11.2-6+deb12u6``.

    Raises:
        UsageError: the package is not among them.
    """
    for pin in debs:
        if pin.package == package:
            without_epoch = pin.version.partition(":")[2] or pin.version
            return without_epoch.rpartition("-")[0] or without_epoch
    raise UsageError(f"the recipe's packages do not bring {package}", hint="images/README.md explains recipes")


def provide(recipe: Recipe, pins: Sequence[DebPin], blobs: BlobStore, scratch: Path, report: Report) -> None:
    """Have every package in the store, fetching those that are not."""
    missing = [pin for pin in pins if not blobs.has(pin.sha256)]
    if missing:
        report(f"fetching {len(missing)} Debian packages")
        _store(fetch_debs(recipe, missing, scratch), blobs)


def _store(debs: Iterable[tuple[DebPin, Path]], blobs: BlobStore) -> tuple[DebPin, ...]:
    pins = []
    for pin, file in debs:
        if not blobs.has(pin.sha256):
            _put(blobs, file)
        pins.append(pin)
    return tuple(pins)


def _put(blobs: BlobStore, file: Path) -> None:
    with file.open("rb") as stream:
        blobs.put(stream)


def _pin(tar: Path) -> LayerPin:
    with tar.open("rb") as stream:
        return LayerPin(diff_id=Digest.of_stream(stream), size=tar.stat().st_size)


def _check(built: LayerPin, wanted: LayerPin) -> None:
    if built.diff_id != wanted.diff_id:
        raise NotReplayable(
            f"the base image came out as {built.diff_id}, but its lock says {wanted.diff_id}",
            hint="is another mmdebstrap or tar at work? copy the blob from a store that has it, or "
            f"{relock_hint('images/NAME')}",
        )
