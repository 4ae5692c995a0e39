"""The check of a store: every record parsed, every blob hashed again, every reference followed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from orchestrator import runid
from orchestrator.digest import Digest
from orchestrator.errors import Corruption
from orchestrator.execution.live import Request
from orchestrator.maintenance import of_sweeps
from orchestrator.maintenance import records as recorded
from orchestrator.maintenance.finding import Checked, Finding, Kind, Tally
from orchestrator.maintenance.needed import Avoiding, Needed, who_needs
from orchestrator.maintenance.port import Live, Premises
from orchestrator.maintenance.rehash import Read, rehash
from orchestrator.run import Run
from orchestrator.store.sealed import is_sealed
from orchestrator.sweep.model import SweepRecord

_NOT_LOOKED_AT = (recorded.ASIDE, "claims/")


def check(store: Premises, *, quick: bool = False) -> Checked:
    """Look at the whole store. Others may go on working: what changes meanwhile is no finding.

    ``quick``: blobs are looked for, but only documents are read.
    """
    keys = [key for key in store.records.list("") if not key.startswith(_NOT_LOOKED_AT)]
    store.report(f"checking {len(keys)} records")
    findings = [*recorded.check(store.records, keys), *_unsealed(store, keys)]
    present = set(store.blobs.list())
    store.report(f"{'looking for' if quick else 'reading'} {len(present)} blobs")
    read = Read(Tally(len(present))) if quick else rehash(store.lying, sorted(present), store.report)
    needed, runs = Needed(Avoiding(store.lying, read.damaged)), 0
    for run in recorded.readable_runs(store.records):
        needed.run(run)
        runs += 1
    live = store.live()
    for request in live.requests:
        needed.request(request)
    for record in of_sweeps.readable(store.records):
        needed.sweep(record)
    looked = _Looked(store, needed, read, present - read.gone)
    findings += looked.findings(
        lambda: recorded.readable_runs(store.records), live.requests, lambda: of_sweeps.readable(store.records)
    )
    return Checked(read.tally, len(keys), runs, (*findings, *_running(store, live), *_orphans(keys, live)))


def _unsealed(store: Premises, keys: list[str]) -> Iterator[Finding]:
    """Runs, verdicts and certificates that could have been changed by anybody. Those of before there were seals are."""
    bare = [key for key in keys if not key.startswith(recorded.CACHES) and _is_bare(store, key)]
    if bare:
        more = f", and {len(bare) - 1} more" if len(bare) > 1 else ""
        yield Finding("unsealed record", bare[0] + more, "written before records were sealed, or changed since")


def _is_bare(store: Premises, key: str) -> bool:
    data = store.records.as_it_lies(key)
    return data is not None and not is_sealed(data)


def check_runs(store: Premises, runs: list[Run], *, quick: bool = False) -> Checked:
    """Look at what some runs need, and at nothing else."""
    needed = Needed(Avoiding(store.lying, {}))
    for run in runs:
        needed.run(run)
    wanted = sorted(reference.digest for reference in needed)
    read = Read(Tally(len(wanted))) if quick else rehash(store.lying, wanted, store.report)
    present = {digest for digest in wanted if store.blobs.has(digest)}
    looked = _Looked(store, needed, read, present)
    return Checked(read.tally, len(runs), len(runs), tuple(looked.findings(lambda: runs, ())))


@dataclass(frozen=True)
class _Looked:
    """What was seen of a store's blobs."""

    store: Premises
    needed: Needed
    read: Read
    present: set[Digest]

    def findings(
        self,
        runs: Callable[[], Iterable[Run]],
        live: Iterable[Request],
        sweeps: Callable[[], Iterable[SweepRecord]] = lambda: (),
    ) -> Iterator[Finding]:
        """The damaged blobs, and the missing ones. ``runs``, ``sweeps``: as they are now."""
        wrong, missing = self._wrong(), self._missing()
        damaged = self.read.damaged | {digest: said for digest, said in wrong.items() if not self._is_whole(digest)}
        missing -= damaged.keys() | wrong.keys()
        unsure = missing | damaged.keys() | wrong.keys()
        needing = who_needs(unsure, runs(), live, Avoiding(self.store.lying, damaged), sweeps())
        for digest in sorted(damaged.keys() | wrong.keys()):
            kind: Kind = "damaged blob" if digest in damaged else "wrong blob"
            yield self._finding(kind, digest, damaged.get(digest) or wrong[digest], needing[digest])
        for digest in sorted(missing):
            if needing[digest]:  # else gc removed it meanwhile, with the runs that needed it
                yield self._finding("missing blob", digest, "is not in the store", needing[digest])

    def _wrong(self) -> dict[Digest, str]:
        """Documents that cannot be read: they are damaged, or no such documents."""
        return {
            reference.digest: error.message.splitlines()[0]
            for reference, error in self.needed.broken
            if isinstance(error, Corruption)
        }

    def _is_whole(self, digest: Digest) -> bool:
        return not rehash(self.store.lying, [digest], self.store.report).damaged

    def _missing(self) -> set[Digest]:
        absent = {reference.digest for reference in self.needed} - self.present
        return {digest for digest in absent if digest in self.read.gone or not self.store.blobs.has(digest)}

    def _finding(self, kind: Kind, digest: Digest, detail: str, runs: list[str]) -> Finding:
        reference = self.needed.first(digest)
        return Finding(
            kind=kind,
            what=digest,
            detail=f"{reference.kind} of {reference.by}: {detail}"
            if reference
            else f"{detail}; no run is known to need it",
            runs=tuple(runs),
            rebuildable=reference is not None and reference.rebuildable,
            part=reference.part if reference else "",
        )


def _running(store: Premises, live: Live) -> Iterator[Finding]:
    for request in live.requests:
        if store.records.as_it_lies(f"runs/{request.id}") is None:
            yield Finding("live run", request.id, f"{request.name}: has not ended, or waits for the next command")
    for what in live.unreadable:
        yield Finding("damaged record", "live run", what)


def _orphans(keys: list[str], live: Live) -> Iterator[Finding]:
    """Runs within a run that was never recorded, or is removed: a crash came between."""
    there = {key.removeprefix("runs/") for key in keys} | {request.id for request in live.requests}
    for key in keys:
        if key.startswith("runs/") and runid.top(key.removeprefix("runs/")) not in there:
            yield Finding("left over", key, "the run that it was made within is gone: `gc --delete` removes it")
