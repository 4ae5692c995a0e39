"""What may go is removed, a little at a time, while others work.

A batch is removed while nobody adds to the store (``Claims.exclusive``), after a look at what has come since the
survey: a run that was recorded, that is live, or that was pinned meanwhile keeps what it needs. Between two batches
others go on.

What a crash leaves is whole. A run goes first from the index, then its record, and with that it is gone; the runs
within it, its certificate and its verdicts follow, and the next gc removes what is left of them. Blobs go last.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice

from orchestrator.bundle import imported
from orchestrator.digest import Digest
from orchestrator.errors import NotFound
from orchestrator.maintenance import of_sweeps, pins
from orchestrator.maintenance.candidates import read_run
from orchestrator.maintenance.finding import Tally
from orchestrator.maintenance.needed import Needed
from orchestrator.maintenance.port import Premises
from orchestrator.maintenance.records import CACHES
from orchestrator.maintenance.survey import Survey, Wanted, alive, whole
from orchestrator.run import Origin, Run

_RUNS = 32
_BLOBS = 1024
_AT_ONCE = 8
_NOBODY = "runs/00000000-000000-000000"
"""No run has this id."""


@dataclass
class Swept:
    """What was removed."""

    runs: list[str] = field(default_factory=list)
    blobs: Tally = field(default_factory=Tally)
    spared: list[str] = field(default_factory=list)
    """Runs that were to go, and were needed by then: pinned, or being replayed."""


def sweep(
    store: Premises, found: Survey, wanted: Wanted, forget: Callable[..., None], now: Callable[[], datetime]
) -> Swept:
    """Remove what a survey has found. ``forget``: takes run ids out of the index.

    Raises:
        Corruption: what a run needs that came meanwhile cannot be told. What was removed until then is gone.
    """
    done = Swept()
    store.records.remove(_NOBODY)  # whoever may not remove records is told so before the index loses one
    seen = {*found.kept, *(run_id for members in found.going.values() for run_id in members)}
    waiting = iter(found.going.items())
    while some := dict(islice(waiting, _RUNS)):
        with store.claims.exclusive():
            _remove_families(store, some, seen, wanted, forget, done)
    _remove_records(store, found.records)
    _remove_blobs(store, found, wanted, now, done)
    return done


def _remove_families(
    store: Premises,
    going: dict[str, list[str]],
    seen: set[str],
    wanted: Wanted,
    forget: Callable[..., None],
    done: Swept,
) -> None:
    wanted_again = _wanted_again(store, going, seen, wanted)
    for family, members in going.items():
        if family in wanted_again:
            done.spared += members
            continue
        forget(*members)
        for run_id in members:
            store.records.remove(f"runs/{run_id}")
            for key in _said_of(store, run_id):
                store.records.remove(key)
        done.runs += members


def _said_of(store: Premises, run_id: str) -> list[str]:
    listed = [key for prefix in ("verdicts", "annotations") for key in store.records.list(f"{prefix}/{run_id}/")]
    return [f"certificates/{run_id}", imported.key(run_id), *listed]


def _wanted_again(store: Premises, going: dict[str, list[str]], seen: set[str], wanted: Wanted) -> set[str]:
    """The families that were pinned meanwhile, are being replayed, or have a replay that is new."""
    family_of = {run_id: family for family, members in going.items() for run_id in members}
    ids = [*pins.pinned(store.records), *(_of(request.origin) for request in alive(store, wanted).requests)]
    ids += [_of(run.origin) for run in _new_runs(store, seen)]
    return {family_of[run_id] for run_id in ids if run_id in family_of}


def _of(origin: Origin) -> str:
    return origin.of or ""


def _new_runs(store: Premises, seen: set[str]) -> Iterator[Run]:
    for key in list(store.records.list("runs/")):
        if key.removeprefix("runs/") not in seen and (run := read_run(store.records, key)):
            yield run


def _remove_records(store: Premises, keys: list[str]) -> None:
    """What is said of a run that is still there stays; a cache's record may go at any time."""
    with store.claims.exclusive():
        for key in keys:
            about = key.split("/")[1]
            if key.startswith(CACHES) or store.records.read(f"runs/{about}") is None:
                store.records.remove(key)


def _remove_blobs(store: Premises, found: Survey, wanted: Wanted, now: Callable[[], datetime], done: Swept) -> None:
    needed, walked = Needed(store.blobs), set(found.kept)
    waiting = iter(found.blobs)
    while batch := list(islice(waiting, _BLOBS)):
        with store.claims.exclusive():
            _look_again(store, needed, walked, wanted)
            moment = now()
            going = [digest for digest in batch if digest not in needed and _may_go(store, digest, wanted, moment)]
            with ThreadPoolExecutor(_AT_ONCE) as pool:
                list(pool.map(store.blobs.remove, going))
        for digest in going:
            done.blobs.add(found.blobs[digest])


def _look_again(store: Premises, needed: Needed, walked: set[str], wanted: Wanted) -> None:
    """Add what runs and sweeps need that came since, or that were spared."""
    for run in _new_runs(store, walked):
        needed.run(run)
        walked.add(run.id)
    for request in alive(store, wanted).requests:
        needed.request(request)
    for record in of_sweeps.all_of(store.records):
        needed.sweep(record)
    whole(needed)


def _may_go(store: Premises, digest: Digest, wanted: Wanted, now: datetime) -> bool:
    try:
        return not wanted.is_young(store.blobs.since(digest), now)
    except NotFound:
        return False  # another gc was quicker
