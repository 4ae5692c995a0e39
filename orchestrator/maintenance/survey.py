"""What may go, and why the rest stays: found out without a lock, while others work."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from orchestrator import runid
from orchestrator.digest import Digest
from orchestrator.errors import Corruption, NotFound
from orchestrator.execution.live import ANNOUNCED
from orchestrator.maintenance import caches, of_sweeps, pins
from orchestrator.maintenance.candidates import candidates, read_run
from orchestrator.maintenance.finding import Tally
from orchestrator.maintenance.needed import Needed
from orchestrator.maintenance.policy import Candidate, Policy, families, keep
from orchestrator.maintenance.port import Live, Premises
from orchestrator.store.port import RecordStore


@dataclass(frozen=True)
class Wanted:
    """What was asked for."""

    policy: Policy = field(default_factory=Policy)
    grace: timedelta = timedelta(days=1)
    """Blobs that came or were used within this time stay, needed or not."""
    drop_rebuildable: bool = False
    """Image layers go that can be made again."""

    def is_young(self, since: float, now: datetime) -> bool:
        """Whether what came at this time (seconds since 1970) stays for that."""
        return bool(self.grace) and since > (now - self.grace).timestamp()


@dataclass
class Survey:
    """What may go, and what stays."""

    going: dict[str, list[str]] = field(default_factory=dict)
    """Runs by family, in the order in which they are removed."""
    kept: dict[str, list[str]] = field(default_factory=dict)
    """Runs that stay, with why."""
    blobs: dict[Digest, int] = field(default_factory=dict)
    """Blobs that nothing will need: their sizes."""
    kinds: dict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))
    """The same, by what they were."""
    staying: Tally = field(default_factory=Tally)
    """Blobs that something needs."""
    young: Tally = field(default_factory=Tally)
    """Blobs that nothing needs, and that came or were used lately."""
    records: list[str] = field(default_factory=list)
    """What is said of runs that are gone, and of images whose parts go."""


def survey(store: Premises, wanted: Wanted, now: datetime) -> Survey:
    """Look through the whole store.

    Raises:
        UsageError: a rule of the policy keeps nothing.
        Corruption: what some run needs cannot be told: its record or a document of it is damaged.
    """
    found = Survey()
    live = alive(store, wanted)
    everything = list(candidates(store.records, store.blobs, metrics=bool(wanted.policy.best)))
    given_up = {run_id for run_id in wanted.policy.drop if store.records.read(f"{ANNOUNCED}{run_id}") is not None}
    _choose_runs(found, everything, wanted.policy, set(pins.pinned(store.records)), live, given_up, now)
    needed = whole(_needed(store, found.kept, live))
    going = Needed(store.blobs)
    for run_id in (run_id for family in found.going.values() for run_id in family):
        if run := read_run(store.records, f"runs/{run_id}"):
            going.run(run)
    droppable = _droppable(store, needed, live) if wanted.drop_rebuildable else set()
    known = caches.read(store.records, store.blobs, needed)
    _choose_blobs(found, store, needed, going, known, droppable, lambda since: wanted.is_young(since, now))
    found.records = [*_dangling(store.records, found, live), *known.naming(found.blobs.keys())]
    found.records += [f"{ANNOUNCED}{run_id}" for run_id in sorted(given_up)]
    return found


def alive(store: Premises, wanted: Wanted) -> Live:
    """The live runs, but for those that are given up by name.

    Raises:
        Corruption: one cannot be read.
    """
    live = store.live()
    if live.unreadable:
        raise Corruption(
            f"what a live run needs cannot be told: {live.unreadable[0]}", hint="look at it, then move it away"
        )
    return Live(tuple(request for request in live.requests if request.id not in wanted.policy.drop))


def whole(needed: Needed) -> Needed:
    """What is needed, all of it.

    Raises:
        Corruption: a document cannot be read, and so what it names is unknown.
    """
    for reference, error in needed.broken:
        if not (reference.rebuildable and isinstance(error, NotFound)):
            raise Corruption(
                f"nothing is removed: {reference.by} needs {reference.digest}, and what that needs cannot be told: "
                f"{error.message}",
                hint="`orchestrator fsck --repair` may bring it back; `gc --drop RUN` gives the run up",
            )
    return needed


def _choose_runs(
    found: Survey,
    everything: list[Candidate],
    policy: Policy,
    pinned: set[str],
    live: Live,
    given_up: set[str],
    now: datetime,
) -> None:
    """A live replay keeps what it repeats. A run within one that is neither recorded nor live is what a crash left."""
    ids = {run.id for run in everything} | {request.id for request in live.requests}
    if unknown := policy.drop - ids - given_up:
        raise NotFound(f"no run {', '.join(sorted(unknown))}")
    orphans = {run.id for run in everything if runid.top(run.id) not in ids}
    whole_ones = [run for run in everything if run.id not in orphans]
    family_of = families(everything)
    found.kept = keep(whole_ones, policy, pinned, now)
    for request in live.requests:
        _keep_family(found, whole_ones, family_of, family_of.get(request.origin.of or "", request.id), request.id)
    for run in sorted(everything, key=lambda run: runid.in_order(run.id)):
        if run.id not in found.kept:
            found.going.setdefault(family_of[run.id], []).append(run.id)
    for family, members in found.going.items():
        members.sort(key=lambda run_id: _order(run_id, family))


def _keep_family(
    found: Survey, runs: Iterable[Candidate], family_of: dict[str, str], family: str, live_one: str
) -> None:
    for run in runs:
        if family_of[run.id] == family:
            found.kept.setdefault(run.id, []).append(f"run {live_one} is live")


def _order(run_id: str, family: str) -> tuple[bool, str, int]:
    """Replays first, the original last; each before the runs within it: those are no runs without it."""
    top, number = runid.in_order(run_id)
    return top == family, top, number


def _needed(store: Premises, kept: Iterable[str], live: Live) -> Needed:
    needed = Needed(store.blobs)
    for run_id in kept:
        if run := read_run(store.records, f"runs/{run_id}"):
            needed.run(run)
    for request in live.requests:
        needed.request(request)
    for record in of_sweeps.all_of(store.records):
        needed.sweep(record)
    return needed


def _droppable(store: Premises, needed: Needed, live: Live) -> set[Digest]:
    """Image parts that can be made again, and that no live run may be about to use.

    Raises:
        UsageError: what images are made of is not all there, or was laid down by another version.
    """
    caches.check_rebuildable(store.blobs, needed)
    busy = Needed(store.blobs)
    for request in live.requests:
        busy.request(request)
    return {reference.digest for reference in needed if reference.rebuildable and reference.digest not in busy}


def _choose_blobs(
    found: Survey,
    store: Premises,
    needed: Needed,
    going: Needed,
    known: caches.Caches,
    droppable: set[Digest],
    is_young: Callable[[float], bool],
) -> None:
    for digest in store.blobs.list():
        try:
            size = store.blobs.size(digest)
            reference = needed.first(digest)
            if (reference or digest in known.wanted) and digest not in droppable:
                found.staying.add(size)
            elif is_young(store.blobs.since(digest)):
                found.young.add(size)
            else:
                once = reference or going.first(digest)
                found.blobs[digest] = size
                found.kinds[once.kind if once else known.kind(digest)].add(size)
        except NotFound:
            continue  # another gc was quicker


def _dangling(records: RecordStore, found: Survey, live: Live) -> list[str]:
    """What is said of runs that are gone, or go."""
    ids = {*found.kept, *(request.id for request in live.requests)}
    keys = [
        key for prefix in ("verdicts/", "certificates/", "imports/", "annotations/") for key in records.list(prefix)
    ]
    return [key for key in keys if key.split("/")[1] not in ids]
