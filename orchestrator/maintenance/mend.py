"""What a check has found, mended: damage is set aside, then what is needed is brought back from where it can be had."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from orchestrator.digest import Digest
from orchestrator.errors import OrchestratorError
from orchestrator.maintenance import records as recorded
from orchestrator.maintenance.check import check
from orchestrator.maintenance.finding import Finding
from orchestrator.maintenance.port import Premises
from orchestrator.store.port import BlobStore, RecordStore
from orchestrator.store.verified import Verified

_ROUNDS = 8
"""A document that is brought back names others, which may be missing too."""


_ASIDE = "set aside"


@dataclass(frozen=True)
class Sources:
    """Where lost things are had again."""

    blobs: tuple[BlobStore, ...] = ()
    """Other stores: a second one; the copies on this disk of one that lies elsewhere."""
    records: RecordStore | None = None
    remake: Callable[[str], None] = lambda run_id: None
    """Has the image of a run made again, and the packages it is made of fetched; raises where it cannot."""


def mend(store: Premises, findings: Iterable[Finding], sources: Sources) -> list[Finding]:
    """Mend what can be mended; returns the findings, with what was done about each.

    What cannot be had again is set aside all the same: a gap is never taken for the real thing, and a later
    repair can fill it.
    """
    done = [_set_aside(store, finding) for finding in findings]
    done = [_bring_back_record(store, finding, sources.records) for finding in done]
    for _ in range(_ROUNDS):
        mended = [_made_again(store, one, sources) for one in [_brought_back(store, one, sources) for one in done]]
        further = _with_what_is_missing(store, mended)
        if further == done:
            break
        done = further
    return [_came_back(store, finding) for finding in done]


def _came_back(store: Premises, finding: Finding) -> Finding:
    """With something else: it could not be told that anything needs it."""
    there = finding.kind == "damaged blob" and finding.mended == _ASIDE and store.blobs.has(Digest(finding.what))
    return replace(finding, mended="made again") if there else finding


def _with_what_is_missing(store: Premises, findings: list[Finding]) -> list[Finding]:
    """A document that came back names others: some of what was set aside may be needed after all, and more be gone."""
    quiet = replace(store, report=lambda line: None)
    missing = {finding.what: finding for finding in check(quiet, quick=True).findings if finding.kind == "missing blob"}
    known = [missing.get(finding.what, finding) if finding.mended else finding for finding in findings]
    return known + [finding for what, finding in missing.items() if what not in {one.what for one in known}]


def _set_aside(store: Premises, finding: Finding) -> Finding:
    if finding.kind == "damaged blob":
        return _blob_aside(store, finding)
    if finding.kind == "damaged record" and "/" in finding.what:
        return _record_aside(store, finding)
    return finding


def _blob_aside(store: Premises, finding: Finding) -> Finding:
    try:
        place = store.blobs.set_aside(Digest(finding.what))
    except OrchestratorError:
        return finding  # gone meanwhile
    detail = f"{finding.detail}; set aside as {place}"
    return replace(finding, detail=detail, mended="" if finding.runs else _ASIDE)


def _record_aside(store: Premises, finding: Finding) -> Finding:
    """A cache's record is made again by whoever misses it."""
    key = finding.what
    data = store.records.as_it_lies(key)
    aside = f"{recorded.ASIDE}{key}-{secrets.token_hex(4)}"
    if data is not None and store.records.create(aside, data):
        store.records.remove(key)
    mended = "set aside: it is made again when it is needed" if key.startswith(recorded.CACHES) else ""
    return replace(finding, detail=f"{finding.detail}; set aside as {aside}", mended=mended)


def _bring_back_record(store: Premises, finding: Finding, source: RecordStore | None) -> Finding:
    if source is None or not finding.wrong or finding.kind not in ("damaged record", "missing record"):
        return finding
    try:
        data = source.read(finding.what)
        if data is None or next(recorded.check(source, [finding.what]), None) is not None:
            return finding
    except OrchestratorError:
        return finding
    store.records.create(finding.what, data)
    return replace(finding, mended="brought back from the second store")


def _brought_back(store: Premises, finding: Finding, sources: Sources) -> Finding:
    if not _is_lost(finding):
        return finding
    digest = Digest(finding.what)
    if store.blobs.has(digest):
        return replace(finding, mended="made again")  # on the way to something else
    if any(_copied(digest, source, store.blobs) for source in sources.blobs):
        return replace(finding, mended="brought back from another store")
    return finding


def _made_again(store: Premises, finding: Finding, sources: Sources) -> Finding:
    if not _is_lost(finding) or finding.part != "image" or not finding.runs:
        return finding
    if not store.blobs.has(Digest(finding.what)):
        try:
            sources.remake(finding.runs[0])
        except (OrchestratorError, OSError) as error:
            store.report(f"the image of run {finding.runs[0]} cannot be made again: {error}")
    return replace(finding, mended="made again") if store.blobs.has(Digest(finding.what)) else finding


def _is_lost(finding: Finding) -> bool:
    return finding.kind in ("damaged blob", "missing blob") and finding.wrong


def _copied(digest: Digest, source: BlobStore, target: BlobStore) -> bool:
    try:
        with Verified(source).get(digest) as stream:
            return target.put(stream) == digest
    except (OrchestratorError, OSError):
        return False
