"""The interposer's ledger of one run: laid down before it starts, kept once it has ended."""

from __future__ import annotations

import contextlib
import os
import time
from dataclasses import dataclass, field
from pathlib import Path

from orchestrator.agent import wire
from orchestrator.determinism import UID
from orchestrator.digest import Digest
from orchestrator.errors import Corruption
from orchestrator.execution import ledger
from orchestrator.execution.in_force import in_force
from orchestrator.execution.ledger import Began, Mode, NoLedger
from orchestrator.execution.live import LiveRun
from orchestrator.execution.untrusted import open_regular
from orchestrator.plan import Plan
from orchestrator.store.port import BlobStore
from orchestrator.store.streams import from_chunks

VARIABLE = "ORCHESTRATOR_LEDGER"
"""Where it stands, for the interposer: in a plan's environment, where it is in force."""


@dataclass(frozen=True)
class Kept:
    """What is left of a ledger."""

    clock: Digest | None = None
    counters: dict[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def lay_down(plan: Plan, run: LiveRun, blobs: BlobStore, owner: tuple[int, int] | None) -> None:
    """Make the ledger, where the plan asks for one: the job maps it, whoever it runs as.

    Raises:
        NotFound, Corruption: the clock of the original run is gone, or damaged.
    """
    if VARIABLE not in plan.env:
        return
    place = run.record / wire.LEDGER
    if run.request.clock is not None:
        _restore(place, blobs, run.request.clock)
    else:
        records = run.request.origin.kind == "submit" and in_force(plan, "clock")
        ledger.create(place, Mode.RECORD if records else Mode.COUNT, _now())
    place.chmod(0o600 if owner or os.geteuid() == UID else 0o666)
    if owner:
        os.chown(place, *owner)


def keep(run: LiveRun, plan: Plan, blobs: BlobStore) -> Kept:
    """Store the clock that was recorded, and read what was counted; a replay's clock is the one it was given.

    Raises:
        OSError: the store has no room for it. Whatever the job did to the ledger is a note.
    """
    if VARIABLE not in plan.env:
        return Kept()
    clock = run.request.clock
    with contextlib.ExitStack() as held:
        try:
            stream = held.enter_context(open_regular(run.record / wire.LEDGER))
            seen = ledger.read(stream)
        except (OSError, NoLedger) as error:
            return Kept(clock, notes=(f"the interposer's ledger cannot be read: {_why(error)}",))
        if clock is None and seen.mode == Mode.RECORD and in_force(plan, "clock"):
            clock = blobs.put(from_chunks(ledger.pack(stream, seen)))
            seen.counters["readings"] = ledger.readings(stream, seen)
    return Kept(clock, seen.counters, tuple(_about(seen.counters)))


def _restore(place: Path, blobs: BlobStore, clock: Digest) -> None:
    try:
        with blobs.get(clock) as stream:
            ledger.restore(place, stream)
    except NoLedger as error:
        raise Corruption(f"the recorded clock {clock} is none: {error}") from error


def _now() -> Began:
    return Began(time.clock_gettime_ns(time.CLOCK_REALTIME), time.clock_gettime_ns(time.CLOCK_MONOTONIC))


def _why(error: OSError | NoLedger) -> str:
    return (error.strerror if isinstance(error, OSError) else "") or str(error)


def _about(counted: dict[str, int]) -> list[str]:
    """What a reader of the record must know of what was not owned."""
    told = {
        "dropped": "the ledger was full: {} clock readings are not recorded, and a replay reads the real clock there",
        "beyond": "{} clock readings beyond the record: real time went on from there",
        "waits": "{} waits that the recorded clock did not end: real time did",
        "static_programs": "{} programs were run that the interposer cannot reach: they are linked statically",
    }
    notes = [text.format(counted[name]) for name, text in told.items() if counted[name]]
    if not counted["processes"]:
        notes.append("no process of the job has loaded the interposer: entropy, clock and listings were not owned")
    return notes
