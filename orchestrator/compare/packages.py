"""Two locks side by side: which packages an image has more, fewer, or in another version."""

from __future__ import annotations

from orchestrator.compare.difference import Difference, group, keyed, leaf
from orchestrator.digest import Digest
from orchestrator.lock.model import BasePin, DebianBase, Lock, WheelPin
from orchestrator.store.port import BlobStore
from orchestrator.store.streams import read_document


def compare_locks(left: Digest, right: Digest, blobs: BlobStore) -> Difference:
    """Equal digests are not read. A lock this store does not have is said to be missing, not guessed at."""
    whole = leaf("lock", left, right)
    if whole.equal:
        return whole
    absent = [digest.short for digest in (left, right) if not blobs.has(digest)]
    if absent:
        return whole.model_copy(update={"detail": f"not in this store: {', '.join(absent)}"})
    before, after = (_read(blobs, digest) for digest in (left, right))
    parts = [
        leaf("builder", before.builder, after.builder),
        leaf("python", before.python, after.python),
        leaf("requirements", before.requirements, after.requirements),
        group("base", _base(before.base, after.base, blobs)),
        group("packages", _packages(before, after)),
        leaf("layers", before.layers, after.layers),
    ]
    return group("lock", parts, left=left, right=right)


def _read(blobs: BlobStore, digest: Digest) -> Lock:
    return read_document(blobs, Lock, digest)


def _packages(left: Lock, right: Lock) -> list[Difference]:
    before, after = ({wheel.name: wheel for wheel in lock.wheels} for lock in (left, right))

    def compare(name: str, old: str, new: str) -> Difference:
        if old != new:
            return leaf(name, old, new)
        return leaf(name, _file(before[name]), _file(after[name]), detail=f"another file of version {old}")

    return keyed(_versions(before), _versions(after), compare)


def _versions(wheels: dict[str, WheelPin]) -> dict[str, str]:
    return {name: wheel.version for name, wheel in wheels.items()}


def _file(wheel: WheelPin) -> str:
    return f"{wheel.version} ({wheel.file}, {wheel.sha256})"


def _base(left: BasePin, right: BasePin, blobs: BlobStore) -> list[Difference]:
    parts = keyed(left.model_dump(mode="json"), right.model_dump(mode="json"))
    before, after = _debs(left, blobs), _debs(right, blobs)
    if before is not None and after is not None and left.origin != right.origin:
        parts.append(group("debs", keyed(before, after)))
    return parts


def _debs(base: BasePin, blobs: BlobStore) -> dict[str, str] | None:
    if base.kind != "debian" or base.origin is None or not blobs.has(base.origin):
        return None
    with blobs.get(base.origin) as stream:
        debs = DebianBase.from_bytes(stream.read()).debs
    return {f"{deb.package}:{deb.architecture}": deb.version for deb in debs}
