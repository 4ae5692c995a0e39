"""Pins: a person's word that a run stays, whatever the policy says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from orchestrator.model import Document
from orchestrator.store.port import RecordStore

PREFIX = "pins/"


class Pin(Document):
    """Stored under the run's id."""

    format: Literal["orchestrator.pin/1"] = "orchestrator.pin/1"
    run: str
    created: str
    note: str = ""


def key(run_id: str) -> str:
    """Where a run's pin stands among the records."""
    return f"{PREFIX}{run_id}"


def pinned(records: RecordStore) -> Iterator[str]:
    """The runs that are pinned. The key alone counts: a damaged pin holds."""
    for name in records.list(PREFIX):
        yield name.removeprefix(PREFIX)


def read(records: RecordStore, run_id: str) -> Pin | None:
    """A run's pin.

    Raises:
        Corruption: it is damaged.
    """
    record = records.read(key(run_id))
    return None if record is None else Pin.from_bytes(record)
