"""What sweeps need, as runs do: what their trials are made from. They stay, and so it does."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.errors import Corruption
from orchestrator.maintenance import reading
from orchestrator.references.follow import Walk
from orchestrator.references.reference import Reference
from orchestrator.store.port import RecordStore
from orchestrator.sweep.model import PREFIX, SweepRecord, TrialRecord, is_id, sweep_key, trial_key


def check(key: str, data: bytes) -> None:
    """A record of a sweep, or of one of its trials.

    Raises:
        Corruption: it is none, or that of another one.
    """
    if key.endswith("/sweep"):
        wanted = sweep_key(SweepRecord.from_bytes(data).id)
    else:
        trial = TrialRecord.from_bytes(data)
        wanted = trial_key(trial.sweep, trial.number)
    if key != wanted or not is_id(key.split("/")[1]):
        raise Corruption(f"this is the record {wanted}")


def all_of(records: RecordStore) -> Iterator[SweepRecord]:
    """The recorded sweeps.

    Raises:
        Corruption: one is damaged: what it needs is unknown, so nothing may be removed.
    """
    found = (reading.whole(records, key, _parsed, "sweep") for key in _keys(records))
    return (record for record in found if record is not None)


def readable(records: RecordStore) -> Iterator[SweepRecord]:
    """The recorded sweeps. What is damaged is left out."""
    return reading.readable(records, _keys(records), _parsed)


def needs(walk: Walk, record: SweepRecord) -> Iterator[Reference]:
    """The plan that all trials share, and the texts it was asked for with."""
    by = f"sweep {record.id}"
    yield from walk.plan(record.plan, by)
    yield from walk.origin(record.origin, by)


def _keys(records: RecordStore) -> list[str]:
    return [key for key in records.list(PREFIX) if key.endswith("/sweep")]


def _parsed(key: str, data: bytes) -> SweepRecord:
    check(key, data)
    return SweepRecord.from_bytes(data)
