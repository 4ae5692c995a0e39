"""The recorded runs as a policy sees them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from orchestrator import runid
from orchestrator.errors import OrchestratorError
from orchestrator.maintenance import annotation, reading
from orchestrator.maintenance import records as recorded
from orchestrator.maintenance.policy import Candidate
from orchestrator.metrics import last_values
from orchestrator.outcome import Outcome
from orchestrator.run import Run, moment
from orchestrator.store.port import BlobStore, RecordStore
from orchestrator.store.streams import read_document

_UNKNOWN = datetime(1970, 1, 1, tzinfo=UTC)


def candidates(records: RecordStore, blobs: BlobStore, *, metrics: bool) -> Iterator[Candidate]:
    """Every recorded run. ``metrics``: whether their last values are wanted, which takes reading.

    Raises:
        Corruption: a run's record is damaged: what it needs is unknown, so nothing may be removed. Or what was said
            of it: a tag may keep it.
    """
    imports = {key.removeprefix("imports/") for key in records.list("imports/")}
    said = annotation.annotated(records)
    for key in records.list("runs/"):
        run = read_run(records, key)
        if run is not None:
            values = _last_values(run, blobs) if metrics else {}
            tags = annotation.tags_of(records, run, said.get(run.id, ()))
            yield candidate(run, values, tags, imported=runid.top(run.id) in imports)


def candidate(run: Run, metrics: dict[str, float] | None, tags: dict[str, str], *, imported: bool = False) -> Candidate:
    """A run as a policy sees it. ``tags``: those that it has now."""
    created = moment(run.facts.created) or _UNKNOWN
    return Candidate(run.id, run.name, created, run.origin.of, tags, metrics, imported)


def read_run(records: RecordStore, key: str) -> Run | None:
    """A run's record; None where it was removed meanwhile.

    Raises:
        Corruption: it is damaged.
    """
    return reading.whole(records, key, recorded.run, "run")


def _last_values(run: Run, blobs: BlobStore) -> dict[str, float] | None:
    if run.produced is None:
        return {}
    try:
        with blobs.get(read_document(blobs, Outcome, run.produced).metrics) as stream:
            return last_values(stream.read())
    except (OrchestratorError, OSError):
        return None
