"""What the maintenance of a store works with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from orchestrator.execution.live import Request
from orchestrator.store.port import BlobStore, Claims, Dated, RecordStore, Removable, RemovableRecords, Sized


class TidyBlobs(BlobStore, Sized, Dated, Removable, Protocol):
    """Blobs that can be looked after."""


class TidyRecords(RecordStore, RemovableRecords, Protocol):
    """Records that can be looked after."""

    def as_it_lies(self, key: str) -> bytes | None:
        """A record's bytes unchecked."""
        ...


@dataclass(frozen=True)
class Live:
    """The runs that are not recorded yet."""

    requests: tuple[Request, ...] = ()
    unreadable: tuple[str, ...] = ()
    """What is there of others: nobody knows what those need."""


@dataclass(frozen=True)
class Premises:
    """A store and who works on it."""

    blobs: TidyBlobs
    records: TidyRecords
    claims: Claims
    live: Callable[[], Live] = Live
    truth: BlobStore | None = None
    """The store's own blobs, where ``blobs`` are read through copies on this disk; verified when read."""
    report: Callable[[str], None] = lambda line: None

    @property
    def lying(self) -> BlobStore:
        """The blobs as they lie in the store."""
        return self.truth or self.blobs
