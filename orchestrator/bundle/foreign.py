"""What a plan from elsewhere may say, and what it asks of this machine. Pure but for the documents it reads.

Names in a plan become file names on this machine, names in a lock become words on the command lines of pip and apt: a
runspec and a resolver would never have written what is refused here.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

import orchestrator
from orchestrator import metrics
from orchestrator.bundle.model import BadBundle
from orchestrator.digest import Digest
from orchestrator.errors import Corruption, OrchestratorError
from orchestrator.image.debian_recipe import RECIPE, read_lock
from orchestrator.image.stored import stored
from orchestrator.lock.model import DebianBase, Lock
from orchestrator.model import Frozen
from orchestrator.outcome import Outcome
from orchestrator.plan import Plan
from orchestrator.runspec.fields import EnvironmentName, MountPath, Name, SecretReference
from orchestrator.store import tree
from orchestrator.store.port import BlobStore
from orchestrator.store.streams import read_document
from orchestrator.store.tree import LinkEntry

Ask = Literal["secrets", "network", "packages"]

_PROJECT = r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?"
_VERSION = r"[A-Za-z0-9][A-Za-z0-9.+!_-]*"
_WHEEL = r"[A-Za-z0-9][A-Za-z0-9._+!-]*\.whl"
_DEB = r"[a-z0-9][a-z0-9+.-]*"
_DEB_VERSION = r"[A-Za-z0-9][A-Za-z0-9.+~:-]*"
_DEB_ARCHITECTURE = r"[a-z0-9-]+"


@dataclass(frozen=True)
class Asked:
    """Something that a plan needs of the machine it is replayed on, and that its owner has to allow."""

    kind: Ask
    text: str


class _Said(Frozen):
    """What of a plan becomes a name on this machine, as a runspec could have said it."""

    data: tuple[Name, ...]
    mounts: tuple[MountPath, ...]
    secrets: dict[EnvironmentName, SecretReference]


def check(plan: Plan, blobs: BlobStore) -> None:
    """Hold a plan, its agent, lock and image against what this program writes.

    Raises:
        BadBundle: one of them says what no submit would have recorded.
        NotFound, Corruption: a document that it names is not there, or is damaged.
    """
    _check_names(plan)
    if any(isinstance(entry, LinkEntry) for entry in tree.load(blobs, plan.agent).entries):
        raise BadBundle("its agent holds symbolic links: they could lead anywhere on this machine")
    _check_lock(read_document(blobs, Lock, plan.image.lock), blobs)
    _check_image(plan, blobs)


def asks(plan: Plan, blobs: BlobStore, *, building: bool) -> Iterator[Asked]:
    """What the plan asks of this machine. ``building``: its base image would be made here, from the lock's packages.

    Maintainer scripts of Debian packages run as root while a base is made: those of a base that comes with this program
    are trusted as the program is, others are asked about.
    """
    for name, reference in sorted(plan.secrets.items()):
        yield Asked("secrets", f"the secret {name}, from {reference} of this machine")
    if plan.network != "none":
        yield Asked("network", "the network")
    base = read_document(blobs, Lock, plan.image.lock).base
    if base.kind == "debian" and building and base.origin not in set(_own_bases()):
        yield Asked("packages", f"to install the packages of the base image {base.name!r}, as root")


def would_build(plan: Plan, blobs: BlobStore) -> bool:
    """Whether the store lacks the base that the plan's image stands on."""
    base = read_document(blobs, Lock, plan.image.lock).base
    return any(not blobs.has(layer.diff_id) for layer in base.layers)


def check_metrics(outcome: Digest, blobs: BlobStore) -> None:
    """What the index will read of an outcome can be read, and written. Raises BadBundle where it cannot."""
    try:
        with blobs.get(read_document(blobs, Outcome, outcome).metrics) as stream:
            "".join(metrics.decode(stream.read())).encode()
    except (Corruption, UnicodeEncodeError) as error:
        raise BadBundle(f"its metrics cannot be read: {str(error)[:300]}") from error


def _check_names(plan: Plan) -> None:
    mounts = tuple(pin.mount for pin in plan.data.values())
    try:
        said = _Said(data=tuple(plan.data), mounts=mounts, secrets=plan.secrets)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        raise BadBundle(f"its plan says what no spec can, of its {first['loc'][0]}: {first['msg'][:200]}") from error
    if said.mounts != mounts or len(set(mounts)) < len(mounts):
        raise BadBundle("its plan mounts data where no spec would have it")
    words = [*plan.command, plan.interpreter, *plan.env, *plan.env.values()]
    if any("\0" in word for word in words) or any("=" in name or not name for name in plan.env):
        raise BadBundle("its plan has a command or an environment that no program can be given")


def _check_lock(lock: Lock, blobs: BlobStore) -> None:
    for wheel in lock.wheels:
        _all_match("wheel", ((wheel.name, _PROJECT), (wheel.version, _VERSION), (wheel.file, _WHEEL)))
    if sorted(file for layer in lock.layers for file in layer) != sorted(wheel.file for wheel in lock.wheels):
        raise BadBundle("its lock has layers of other wheels than it names")
    if lock.base.kind == "debian":
        if lock.base.origin is None:
            raise BadBundle("its lock names no origin of its base")
        base = read_document(blobs, DebianBase, lock.base.origin)
        for deb in base.debs:
            names = ((deb.package, _DEB), (deb.version, _DEB_VERSION), (deb.architecture, _DEB_ARCHITECTURE))
            _all_match("package", names)
        if lock.base.layers != (base.rootfs,):
            raise BadBundle("its lock stands on another layer than its base comes to")


def _all_match(what: str, words: Iterable[tuple[str, str]]) -> None:
    for word, pattern in words:
        if not re.fullmatch(pattern, word, re.ASCII):
            raise BadBundle(f"its lock names a {what} that no index has: {word[:120]!r}")


def _check_image(plan: Plan, blobs: BlobStore) -> None:
    """Manifest, config and plan must tell one story; the engine holds the layers against the config."""
    try:
        image = stored(plan.image.manifest, blobs)
    except (Corruption, KeyError, TypeError, ValueError) as error:
        raise BadBundle(
            f"its image {plan.image.manifest} is none that this program writes: {str(error)[:200]}"
        ) from error
    if image and image.config != plan.image.config:
        raise BadBundle("its image has another config than its plan names")


def _own_bases() -> Iterator[Digest]:
    """The bases that come with this program, as locks name them."""
    package = Path(orchestrator.__file__).resolve().parent
    for images in (package / "_images", package.parent / "images"):
        for recipe in sorted(images.glob(f"*/{RECIPE}")):
            with contextlib.suppress(OrchestratorError):
                yield read_lock(recipe.parent).digest
