"""What is kept about a run that was made elsewhere: the record ``imports/RUN``."""

from __future__ import annotations

from typing import Literal

from orchestrator.digest import Digest
from orchestrator.model import Document
from orchestrator.run import Run
from orchestrator.store.port import RecordStore


class ImportRecord(Document):
    """Where a run came from. It is written before the run is, so no run from elsewhere passes for one of ours."""

    format: Literal["orchestrator.import/1"] = "orchestrator.import/1"
    run: str
    imported: str
    """RFC 3339, UTC."""
    bundle: Digest
    """The artifact's manifest: equal for the same bundle in a file and in a registry."""
    source: str
    """The file's name, or the registry's reference."""


def key(run_id: str) -> str:
    """Where it stands among the records."""
    return f"imports/{run_id}"


def of(run_id: str, records: RecordStore) -> ImportRecord | None:
    """The record of an imported run, None of one that was made here.

    Raises:
        Corruption: it is damaged; then the run counts as imported by nobody knows whom, and is not used.
    """
    record = records.read(key(run_id))
    return ImportRecord.from_bytes(record) if record is not None else None


def behind(run: Run, records: RecordStore) -> ImportRecord | None:
    """The import that a run goes back to: its own, or that of the run which it replays, however far back."""
    seen = set[str]()
    while (found := of(run.id, records)) is None:
        seen.add(run.id)
        above = run.origin.of
        record = records.read(f"runs/{above}") if above and above not in seen else None
        if record is None:
            return None
        run = Run.from_bytes(record)
    return found
