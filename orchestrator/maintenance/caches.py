"""What was built from what: records that may be dropped, and blobs that only they name."""

from __future__ import annotations

from collections.abc import Iterator, Set
from dataclasses import dataclass, field

from orchestrator.digest import Digest
from orchestrator.errors import OrchestratorError, UsageError
from orchestrator.image.bytecode import record_key
from orchestrator.image.oci import Image
from orchestrator.lock.model import BUILDER, LayerPin, Lock
from orchestrator.maintenance.needed import Needed
from orchestrator.maintenance.records import CACHES
from orchestrator.maintenance.rehash import rehash
from orchestrator.store.port import BlobStore, RecordStore
from orchestrator.store.streams import read_document


@dataclass
class Caches:
    """The records, and the blobs that each names."""

    names: dict[str, tuple[Digest, ...]] = field(default_factory=dict)
    wanted: set[Digest] = field(default_factory=set)
    """Compiled bytecode of wheels that kept runs' images are made of: no run names it, and it saves a container."""
    bytecode: set[Digest] = field(default_factory=set)

    def naming(self, blobs: Set[Digest]) -> list[str]:
        """The records that name any of these blobs."""
        return [key for key, named in self.names.items() if not blobs.isdisjoint(named)]

    def kind(self, digest: Digest) -> str:
        """What a blob that no run names is."""
        return "bytecode" if digest in self.bytecode else "of no run"


def read(records: RecordStore, blobs: BlobStore, needed: Needed) -> Caches:
    """All of them. A damaged one names nothing: whoever asks for it takes it for none."""
    found = Caches()
    wanted = {record_key(pin, lock.base) for lock in _locks(blobs, needed) for pin in lock.wheels}
    for prefix in CACHES:
        for key in records.list(prefix):
            try:
                found.names[key] = _named(prefix, records.read(key) or b"")
            except (OrchestratorError, ValueError):
                continue
            if prefix == "bytecode/":
                found.bytecode.update(found.names[key])
                if key in wanted:
                    found.wanted.update(found.names[key])
    return found


def check_rebuildable(blobs: BlobStore, needed: Needed) -> None:
    """Whether every image that is needed can be made again from what is here.

    Raises:
        UsageError: it cannot.
    """
    sources = {ref.digest: ref for ref in needed if ref.part == "image" and not ref.rebuildable}
    read = rehash(blobs, sources, lambda line: None)
    for digest in sorted(read.gone | read.damaged.keys()):
        state = "is damaged" if digest in read.damaged else "is gone"
        raise UsageError(
            f"layers cannot be dropped: {sources[digest].by}: a {sources[digest].kind} {state}: {digest}",
            hint="`orchestrator fsck --repair` may bring it back",
        )
    if others := {lock.builder for lock in _locks(blobs, needed)} - {BUILDER}:
        raise UsageError(
            f"layers cannot be dropped: some were laid down by {', '.join(sorted(others))}, this program is {BUILDER}",
            hint="leave --drop-rebuildable out",
        )


def _locks(blobs: BlobStore, needed: Needed) -> Iterator[Lock]:
    for reference in needed:
        if reference.kind == "lock":
            yield read_document(blobs, Lock, reference.digest)


def _named(prefix: str, data: bytes) -> tuple[Digest, ...]:
    if prefix == "images/":
        image = Image.from_bytes(data)
        return (image.manifest, image.config, *(layer.diff_id for layer in image.layers))
    if prefix == "layers/":
        return (LayerPin.model_validate_json(data).diff_id,)
    return (Digest(data.decode()),)
